//! A grant ends: with its time, its reader, its policy, and at once when somebody ends it.

use super::Scene;
use crate::support::person::{LEAVES, RETURNS, change, context};
use cms_messages::{
    domain::{
        ids::Seq,
        review::{ReviewMode, ReviewState},
        user::Role,
    },
    error::Code,
    server::service::{review_reading, reviews},
};

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
