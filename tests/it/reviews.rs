//! Reviews: an admin reads other people's conversation only with a reason, a second person and an end, each page is written
//! down before it is read, and the two are told.

use crate::support::{
    Office,
    person::{LEAVES, Person, RETURNS, change, context},
    server::{Answer, Server},
    settings, state,
};
use cms_messages::{
    domain::{
        ids::{ConversationId, Seq},
        review::{Review, ReviewCategory, ReviewMode, ReviewRequest, ReviewScope, ReviewState},
        time::Timestamp,
        user::Role,
    },
    error::Code,
    server::{
        service::{
            review_reading,
            reviews::{self, Answer as Decision},
        },
        settings::{Audit, Settings},
        state::AppState,
    },
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor};

/// What nobody but the two may see without a review.
const CANARY: &str = "the canary sings at noon";

/// asha and bikram write to each other; meera and noor are admins.
struct Scene {
    server: Server,
    asha: Person,
    bikram: Person,
    meera: Person,
    noor: Person,
    conversation: ConversationId,
}

async fn admin(office: &Office, username: &str) -> Person {
    let mut person = office.person_in(username, "Internal Audit").await;
    let sql = AssertSqlSafe(format!("update users set role = 'admin' where username = '{username}'"));
    sqlx::query(sql).execute(&*office.state.pool).await.expect("an admin");
    person.user.role = Role::Admin;
    person.ctx = context(&office.state, &person.user);
    person
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start().await;
        let office = &server.office;
        let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
        let (meera, noor) = (admin(office, "meera").await, admin(office, "noor").await);
        let conversation = asha.open(&bikram).await;
        asha.write(conversation, CANARY).await;
        bikram.write(conversation, "and so does the other one").await;
        Self { server, asha, bikram, meera, noor, conversation }
    }

    fn request(&self) -> ReviewRequest {
        ReviewRequest {
            case_id: "TP-C-118".into(),
            category: ReviewCategory::Complaint,
            reason: "Gate passes were promised outside the tender.".into(),
            scope: ReviewScope::ConversationId(self.conversation),
            from: Timestamp::parse("2020-01-01T00:00:00Z").expect("a moment"),
            until: Timestamp::parse("2100-01-01T00:00:00Z").expect("a moment"),
        }
    }

    /// Asked for by meera.
    async fn requested(&self) -> Review {
        reviews::request(&self.meera.ctx, self.request()).await.expect("asked for")
    }

    /// Asked for by meera, approved by noor.
    async fn approved(&self) -> Review {
        let review = self.requested().await;
        reviews::decide(&self.noor.ctx, review.id, Decision::Approve, Some("Agreed.".into())).await.expect("approved")
    }

    async fn reads(&self, reader: &Person, review: &Review) -> Result<Vec<String>, Code> {
        let page = review_reading::page(&reader.ctx, review.id, self.conversation, Seq(0)).await.map_err(|error| error.code)?;
        Ok(page.items.into_iter().map(|message| message.body).collect())
    }

    /// Another instance, whose settings say this about reviews.
    fn where_policy_is(&self, review: ReviewMode) -> AppState {
        state(with(review), self.server.office.database.pool(2))
    }

    async fn owner_does(&self, sql: &'static str) {
        self.server.office.database.owner().await.execute(sql).await.expect(sql);
    }
}

fn with(review: ReviewMode) -> Settings {
    Settings { audit: Audit { review, ..Audit::default() }, ..settings() }
}

#[tokio::test]
async fn a_second_admin_agrees_then_who_asked_reads_and_nobody_else_ever_does() {
    let scene = Scene::new().await;
    let review = scene.requested().await;
    assert_eq!((review.state, review.mode, review.people.len()), (ReviewState::Requested, ReviewMode::Dual, 2));
    assert_eq!(scene.reads(&scene.meera, &review).await, Err(Code::Forbidden), "nobody has agreed");
    let own = reviews::decide(&scene.meera.ctx, review.id, Decision::Approve, None).await.expect_err("one's own request");
    assert_eq!(own.code, Code::Forbidden);

    let review = reviews::decide(&scene.noor.ctx, review.id, Decision::Approve, None).await.expect("approved");
    assert_eq!(review.state, ReviewState::Open);
    assert_eq!(scene.reads(&scene.meera, &review).await.expect("read")[0], CANARY);
    assert_eq!(scene.reads(&scene.noor, &review).await, Err(Code::Forbidden), "who agreed does not read");
    for member in [&scene.asha, &scene.bikram, &scene.server.office.person("chen").await] {
        assert_eq!(scene.reads(member, &review).await, Err(Code::Forbidden), "no admin");
        assert!(reviews::list(&member.ctx, None, None).await.is_err());
    }
    let again = reviews::decide(&scene.noor.ctx, review.id, Decision::Refuse, None).await.expect_err("it was decided");
    assert_eq!(again.code, Code::ReviewSettled);
    let noor = scene.server.browser(&scene.noor).await;
    let (api, screen) = (format!("/api/v1/admin/reviews/{}", review.id), format!("/admin/reviews/{}", review.id));
    for answer in ["approve", "refuse"] {
        assert_eq!(noor.post(&format!("{api}/{answer}"), serde_json::json!({})).await.outcome(), "409 review_settled");
        let shown = noor.submit(&format!("{screen}/decide"), &[("decision", answer), ("note", "")]).await;
        assert_eq!((shown.status, shown.text.contains("Somebody has decided about this request already")), (409, true), "{}", shown.text);
    }
}

#[tokio::test]
async fn each_page_is_a_record_and_an_entry_and_no_pointer_moves() {
    let scene = Scene::new().await;
    for number in 0..60 {
        scene.asha.write(scene.conversation, &format!("number {number}")).await;
    }
    let pointers = "select sum(delivered_seq * 1000 + read_seq + change_no)::bigint from participants";
    let before = (scene.server.office.count(pointers).await, scene.server.office.count("select count(*) from receipts").await);
    let review = scene.approved().await;
    let first = review_reading::page(&scene.meera.ctx, review.id, scene.conversation, Seq(0)).await.expect("read");
    let next = first.next_after.expect("there is more");
    let second = review_reading::page(&scene.meera.ctx, review.id, scene.conversation, next).await.expect("read");
    let seqs: Vec<i64> = first.items.iter().chain(&second.items).map(|message| message.seq.0).collect();
    assert_eq!((seqs, second.next_after), ((1..=62).collect(), None));
    assert_eq!((scene.server.office.count(pointers).await, scene.server.office.count("select count(*) from receipts").await), before);

    let recorded: Vec<(i64, i64)> = sqlx::query_as("select from_seq, to_seq from review_reads order by id")
        .fetch_all(&*scene.server.office.state.pool)
        .await
        .expect("the record");
    assert_eq!(recorded, [(1, 50), (51, 62)]);
    let entries: Vec<(String, Value)> =
        sqlx::query_as("select action, details from audit_entries where action like 'review.%' order by id")
            .fetch_all(&*scene.server.office.state.pool)
            .await
            .expect("the log");
    let actions: Vec<&str> = entries.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["review.requested", "review.approved", "review.read", "review.read"]);
    assert_eq!(entries[2].1, json!({"read_id": first.read_id, "from_seq": 1, "to_seq": 50}));
    let words = "select count(*) from audit_entries where details::text ~* 'canary|gate passes|TP-C-118|agreed'";
    assert_eq!(scene.server.office.count(words).await, 0, "no typed word in the log");
}

#[tokio::test]
async fn only_what_was_sent_within_the_period_is_read() {
    let scene = Scene::new().await;
    scene
        .owner_does("update messages set sent_at = case seq when 1 then '2024-05-01 10:00+00' else '2024-05-02 00:00+00' end::timestamptz")
        .await;
    let at = |text: &str| Timestamp::parse(text).expect("a moment");
    let period = ReviewRequest { from: at("2024-05-01T00:00:00Z"), until: at("2024-05-02T00:00:00Z"), ..scene.request() };
    let review = reviews::request(&scene.meera.ctx, period).await.expect("asked for");
    let review = reviews::decide(&scene.noor.ctx, review.id, Decision::Approve, None).await.expect("approved");
    assert_eq!(scene.reads(&scene.meera, &review).await.expect("read"), [CANARY]);
    let later = ReviewRequest { from: at("2024-05-02T00:00:00Z"), ..scene.request() };
    let later = reviews::request(&scene.meera.ctx, later).await.expect("asked for");
    let later = reviews::decide(&scene.noor.ctx, later.id, Decision::Approve, None).await.expect("approved");
    assert_eq!(scene.reads(&scene.meera, &later).await.expect("read"), ["and so does the other one"]);
    let empty = review_reading::page(&scene.meera.ctx, review.id, scene.conversation, Seq(1)).await.expect("read");
    assert_eq!((empty.items.len(), empty.next_after), (0, None));
    let unknown = review_reading::page(&scene.meera.ctx, review.id, scene.meera.open(&scene.asha).await, Seq(0)).await;
    assert_eq!(unknown.map_err(|error| error.code).err(), Some(Code::NotFound), "another conversation");
}

#[tokio::test]
async fn a_person_in_scope_is_read_in_all_conversations_but_those_with_the_reader() {
    let scene = Scene::new().await;
    let (chen, meera) = (scene.server.office.person("chen").await, &scene.meera);
    let with_chen = scene.asha.open(&chen).await;
    scene.asha.write(with_chen, "to chen").await;
    let with_reader = scene.asha.open(meera).await;
    scene.asha.write(with_reader, "to the reader").await;
    let not_hers = scene.bikram.open(&chen).await;
    scene.bikram.write(not_hers, "from bikram").await;
    let request = ReviewRequest { scope: ReviewScope::UserId(scene.asha.id()), ..scene.request() };
    let review = reviews::request(&meera.ctx, request).await.expect("asked for");
    assert!(review_reading::conversations(&meera.ctx, review.id).await.is_err(), "nobody has agreed");
    reviews::decide(&scene.noor.ctx, review.id, Decision::Approve, None).await.expect("approved");

    let listed = review_reading::conversations(&meera.ctx, review.id).await.expect("listed");
    let mut ids: Vec<ConversationId> = listed.iter().map(|conversation| conversation.id).collect();
    ids.sort_unstable();
    let mut expected = vec![scene.conversation, with_chen];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    assert_eq!(scene.server.office.count("select count(*) from audit_entries where action = 'review.listed'").await, 1);
    for (conversation, readable) in [(scene.conversation, true), (with_chen, true), (with_reader, false), (not_hers, false)] {
        let page = review_reading::page(&meera.ctx, review.id, conversation, Seq(0)).await;
        assert_eq!(page.is_ok(), readable, "{conversation}");
        assert!(readable || page.is_err_and(|error| error.code == Code::NotFound));
    }
}

#[tokio::test]
async fn both_are_told_when_by_which_role_and_which_kind_and_nobody_else() {
    let scene = Scene::new().await;
    let told = async |person: &Person| review_reading::notices(&person.ctx, scene.conversation).await.map_err(|error| error.code);
    let review = scene.approved().await;
    assert_eq!(told(&scene.asha).await, Ok(Vec::new()), "nothing has been read");
    scene.reads(&scene.meera, &review).await.expect("read");
    scene.reads(&scene.meera, &review).await.expect("read again");
    for person in [&scene.asha, &scene.bikram] {
        let notices = told(person).await.expect("told");
        let [notice] = notices.as_slice() else { panic!("{notices:?}") };
        assert_eq!((notice.category, notice.role, notice.pages_read), (ReviewCategory::Complaint, Role::Admin, 2));
        assert!(notice.first_read_at < notice.last_read_at);
        let json = serde_json::to_string(notice).expect("json");
        for secret in ["meera", "noor", "TP-C-118", "Gate passes", &scene.meera.id().to_string(), &review.id.to_string()] {
            assert!(!json.contains(secret), "{secret} in {json}");
        }
    }
    for person in [&scene.meera, &scene.noor, &scene.server.office.person("chen").await] {
        assert_eq!(told(person).await, Err(Code::NotFound));
    }
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_read() {
    let scene = Scene::new().await;
    let review = scene.approved().await;
    let meera = scene.server.browser(&scene.meera).await;
    let api = format!("/api/v1/admin/reviews/{}/conversations/{}/messages", review.id, scene.conversation);
    let screen = format!("/admin/reviews/{}/conversations/{}", review.id, scene.conversation);
    let shows = async |path: &str| {
        let answer: Answer = meera.get(path).await;
        (answer.status, answer.text.contains("canary"))
    };
    assert_eq!((shows(&api).await, shows(&screen).await), ((200, true), (200, true)), "this test can fail");

    let recorded = scene.server.office.count("select count(*) from review_reads").await;
    let broken = [
        // the record itself
        ("revoke insert on review_reads from cms_messages_app", "grant insert (review_id, conversation_id, reader_id, from_seq, to_seq) on review_reads to cms_messages_app"),
        // its audit entry
        ("alter table audit_entries add constraint closed check (action <> 'review.read') not valid", "alter table audit_entries drop constraint closed"),
        // only the commit: every statement before it has succeeded
        (
            "create function fails_late() returns trigger language plpgsql as 'begin raise exception ''late''; end';
             create constraint trigger late after insert on review_reads deferrable initially deferred for each row execute function fails_late()",
            "drop trigger late on review_reads",
        ),
    ];
    for (breaks, mends) in broken {
        for statement in breaks.split(";\n") {
            scene.server.office.database.owner().await.execute(AssertSqlSafe(statement.to_owned())).await.expect("broken");
        }
        assert_eq!((shows(&api).await, shows(&screen).await), ((503, false), (503, false)), "{breaks}");
        assert_eq!(scene.server.office.count("select count(*) from review_reads").await, recorded);
        scene.owner_does(mends).await;
        assert_eq!(shows(&api).await, (200, true), "mended");
        scene.owner_does("alter table review_reads disable trigger user").await;
        scene.owner_does("delete from review_reads where id > 2").await;
        scene.owner_does("alter table review_reads enable trigger user").await;
    }
}

#[tokio::test]
async fn a_grant_ends_with_its_time_its_reader_its_policy_and_at_once_when_somebody_ends_it() {
    let scene = Scene::new().await;
    let review = scene.approved().await;
    scene.reads(&scene.meera, &review).await.expect("open");

    // the policy
    for (policy, expected) in [(ReviewMode::Off, Err(Code::Forbidden)), (ReviewMode::Single, Ok(())), (ReviewMode::Dual, Ok(()))] {
        let there = context(&scene.where_policy_is(policy), &scene.meera.user);
        let read = review_reading::page(&there, review.id, scene.conversation, Seq(0)).await;
        assert_eq!(read.map(|_| ()).map_err(|error| error.code), expected, "{policy:?}");
    }
    // the role, as the database has it at the next request
    let mut member = scene.meera.user.clone();
    member.role = Role::Member;
    let read = review_reading::page(&context(&scene.server.office.state, &member), review.id, scene.conversation, Seq(0)).await;
    assert_eq!(read.map_err(|error| error.code).err(), Some(Code::Forbidden));
    // any other admin ends it
    let ended = reviews::end(&scene.noor.ctx, review.id).await.expect("ended");
    assert_eq!(ended.state, ReviewState::Ended);
    assert_eq!(scene.reads(&scene.meera, &review).await, Err(Code::Forbidden));
    assert_eq!(reviews::end(&scene.noor.ctx, review.id).await.map_err(|error| error.code).err(), Some(Code::ReviewSettled));
    // its time
    let review = scene.approved().await;
    scene.owner_does("alter table reviews disable trigger user").await;
    scene
        .owner_does(
            "update reviews set decided_at = now() - interval '9 hours', expires_at = now() - interval '1 second' where ended_at is null",
        )
        .await;
    scene.owner_does("alter table reviews enable trigger user").await;
    assert_eq!(scene.reads(&scene.meera, &review).await, Err(Code::Forbidden));
    assert_eq!(reviews::get(&scene.meera.ctx, review.id).await.expect("seen").state, ReviewState::Expired);
    assert_eq!(scene.server.office.count("select count(*) from review_reads").await, 3, "each refusal left no record");
}

#[tokio::test]
async fn where_one_person_is_enough_the_request_is_granted_at_once_and_ends_where_two_are_needed() {
    let scene = Scene::new().await;
    let single = context(&scene.where_policy_is(ReviewMode::Single), &scene.meera.user);
    let review = reviews::request(&single, scene.request()).await.expect("granted");
    assert_eq!((review.state, review.mode), (ReviewState::Open, ReviewMode::Single));
    assert!(review_reading::page(&single, review.id, scene.conversation, Seq(0)).await.is_ok());
    assert_eq!(scene.reads(&scene.meera, &review).await, Err(Code::Forbidden), "by now a second person has to agree");
    let off = context(&scene.where_policy_is(ReviewMode::Off), &scene.meera.user);
    assert_eq!(reviews::request(&off, scene.request()).await.map_err(|error| error.code).err(), Some(Code::Forbidden));
}

#[tokio::test]
async fn nobody_asks_for_or_decides_about_what_is_their_own() {
    let scene = Scene::new().await;
    let with_meera = scene.asha.open(&scene.meera).await;
    let own = ReviewRequest { scope: ReviewScope::ConversationId(with_meera), ..scene.request() };
    assert_eq!(reviews::request(&scene.meera.ctx, own.clone()).await.map_err(|error| error.code).err(), Some(Code::Invalid));
    let herself = ReviewRequest { scope: ReviewScope::UserId(scene.meera.id()), ..scene.request() };
    assert_eq!(reviews::request(&scene.meera.ctx, herself.clone()).await.map_err(|error| error.code).err(), Some(Code::Invalid));
    // an admin who is the matter of a review sees nothing of it, and so decides nothing about it
    for request in [own, herself] {
        let review = reviews::request(&scene.noor.ctx, request).await.expect("asked for");
        assert_eq!(reviews::get(&scene.meera.ctx, review.id).await.map_err(|error| error.code).err(), Some(Code::NotFound));
        assert_eq!(reviews::list(&scene.meera.ctx, None, None).await.expect("the list").items, []);
        let decided = reviews::decide(&scene.meera.ctx, review.id, Decision::Approve, None).await;
        assert_eq!(decided.map_err(|error| error.code).err(), Some(Code::NotFound));
    }
}

#[tokio::test]
async fn the_rules_hold_in_the_database_whatever_the_server_does() {
    let scene = Scene::new().await;
    let review = scene.requested().await;
    let (meera, noor, asha) = (scene.meera.id(), scene.noor.id(), scene.asha.id());
    let (id, conversation) = (review.id, scene.conversation);
    let approve = |by, and: &str| {
        format!(
            "update reviews set decision = 'approved', decided_by = '{by}', decided_at = now(), expires_at = now() + interval '1 hour' {and} where id = '{id}'"
        )
    };
    let read =
        |reader| format!("insert into review_reads (review_id, conversation_id, reader_id) values ('{id}', '{conversation}', '{reader}')");
    let refused = async |sql: String, constraint: &str| {
        let error = scene.server.office.state.pool.execute(AssertSqlSafe(sql.clone())).await.expect_err(&sql);
        let error = error.as_database_error().expect("of the database");
        assert_eq!(error.constraint().unwrap_or_else(|| error.message()), constraint, "{sql}");
    };
    refused(approve(meera, ""), "reviews_second_person_check").await;
    refused(approve(asha, ""), "reviews_decider_check").await;
    refused(format!("update reviews set decided_by = '{noor}' where id = '{id}'"), "reviews_decision_check").await;
    refused(
        format!("update reviews set decision = 'approved', decided_by = '{noor}', decided_at = now() where id = '{id}'"),
        "reviews_grant_check",
    )
    .await;
    refused(read(meera), "review_reads_grant_check").await;
    scene.server.office.state.pool.execute(AssertSqlSafe(approve(noor, ""))).await.expect("a second person");
    refused(read(noor), "review_reads_grant_check").await;
    refused("update reviews set expires_at = now() + interval '10 years'".into(), "reviews_stays_check").await;
    refused("update reviews set decided_by = null, decision = null, decided_at = null, expires_at = null".into(), "reviews_stays_check")
        .await;
    scene.server.office.state.pool.execute(AssertSqlSafe(read(meera))).await.expect("granted");
    for forbidden in [
        "update reviews set requested_by = decided_by",
        "update reviews set mode = 'single'",
        "update reviews set reason = 'another reason altogether'",
        "update reviews set conversation_id = null",
        "delete from reviews",
        "truncate reviews",
        "update review_reads set reader_id = reader_id",
        "delete from review_reads",
        "truncate review_reads",
        "insert into review_reads (review_id, conversation_id, reader_id, at) select review_id, conversation_id, reader_id, '2000-01-01' from review_reads",
    ] {
        let error = scene.server.office.state.pool.execute(forbidden).await.expect_err(forbidden);
        let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
        assert_eq!(code, "42501", "{forbidden}: {error}");
    }
}

#[tokio::test]
async fn of_two_who_decide_at_once_one_is_heard() {
    let scene = Scene::new().await;
    let omar = admin(&scene.server.office, "omar").await;
    for _ in 0..10 {
        let review = scene.requested().await;
        let (yes, no) = tokio::join!(
            reviews::decide(&scene.noor.ctx, review.id, Decision::Approve, None),
            reviews::decide(&omar.ctx, review.id, Decision::Refuse, None)
        );
        assert_eq!([yes.is_ok(), no.is_ok()].iter().filter(|heard| **heard).count(), 1);
        let unheard = [&yes, &no].into_iter().find_map(|answer| answer.as_ref().err()).map(|error| error.code);
        assert_eq!(unheard, Some(Code::ReviewSettled));
        let stands = reviews::get(&scene.meera.ctx, review.id).await.expect("seen").state;
        assert_eq!(stands, if yes.is_ok() { ReviewState::Open } else { ReviewState::Refused });
    }
    let decided = "select count(*) from audit_entries where action in ('review.approved', 'review.refused')";
    assert_eq!(scene.server.office.count(decided).await, 10, "one entry each");
}

#[tokio::test]
async fn a_link_on_another_site_reads_nothing() {
    let scene = Scene::new().await;
    let review = scene.approved().await;
    let meera = scene.server.browser(&scene.meera).await;
    let path = format!("/admin/reviews/{}/conversations/{}", review.id, scene.conversation);
    for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-purpose", "prefetch")] {
        for path in [path.clone(), format!("/api/v1{path}/messages")] {
            let answer = Answer::of(meera.request(reqwest::Method::GET, &path).header(name, value)).await;
            assert_eq!((answer.status, answer.text.contains("canary")), (403, false), "{path} {name}");
        }
    }
    assert_eq!(scene.server.office.count("select count(*) from review_reads").await, 0);
    assert_eq!(meera.get(&path).await.status, 200);
}

#[tokio::test]
async fn a_reader_who_leaves_reads_no_more() {
    let scene = Scene::new().await;
    let review = scene.approved().await;
    let meera = scene.server.browser(&scene.meera).await;
    let path = format!("/api/v1/admin/reviews/{}/conversations/{}/messages", review.id, scene.conversation);
    assert_eq!(meera.get(&path).await.status, 200);
    change(&scene.server.office.state, &scene.meera, LEAVES).await;
    assert_eq!(meera.get(&path).await.status, 401, "who left");
    change(&scene.server.office.state, &scene.meera, RETURNS).await;
    assert_eq!(meera.get(&path).await.status, 200);
    scene.owner_does("update users set role = 'member' where username = 'meera'").await;
    assert_eq!(meera.get(&path).await.outcome(), "403 forbidden", "the role is gone");
}
