//! Reading is recorded before it happens, and the two whose texts it were are told.

use super::Scene;
use crate::support::{person::Person, server::Answer};
use cms_messages::{
    domain::{ids::Seq, review::ReviewCategory, user::Role},
    error::Code,
    server::service::review_reading,
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor};

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
