//! Who asks and who agrees: two people, neither of whom it is about, by the server and by the database.

use super::{CANARY, Scene, admin};
use crate::support::person::context;
use cms_messages::{
    domain::ids::Seq,
    domain::review::{ReviewMode, ReviewRequest, ReviewScope, ReviewState},
    error::Code,
    server::service::{
        review_reading,
        reviews::{self, Answer as Decision},
    },
};
use sqlx::{AssertSqlSafe, Executor};

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
