//! Administration on several instances: who is deactivated or signed out is so everywhere within five seconds, with or
//! without the hints between instances; and two who administer at once leave an admin.

use crate::support::{
    instances::{IN_TIME, ends, is_out, stream, two},
    person::Person,
    server::{Client, Server},
};
use serde_json::json;
use std::time::Instant;

async fn whoever_is_deactivated_is_out_in_time(hints: bool) {
    let (server, elsewhere, address) = two(hints).await;
    let (_, meera) = server.admin("meera").await;
    let (bikram, asha) = (server.office.person("bikram").await, server.office.person("asha").await);
    let here = server.browser(&bikram).await;
    let there = server.browser(&bikram).await.at(address);
    let program = server.program(&bikram).await.at(address);
    let stays = server.browser(&asha).await.at(address);
    let (mut one, mut two, mut three, mut other) =
        (stream(&here).await, stream(&there).await, stream(&program).await, stream(&stays).await);

    let began = Instant::now();
    assert_eq!(meera.patch(&format!("/api/v1/admin/users/{}", bikram.id()), json!({"active": false})).await.status, 200);
    for stream in [&mut one, &mut two, &mut three] {
        ends(stream, began).await;
    }
    for client in [&here, &there, &program] {
        is_out(client, began).await;
    }
    assert_eq!(stays.get("/api/v1/me").await.status, 200);
    let id = asha.open(&server.office.person("chen").await).await;
    asha.at(&elsewhere).write(id, "still heard").await;
    let heard = async {
        while let Ok(Some(bytes)) = other.chunk().await {
            if String::from_utf8_lossy(&bytes).contains("still heard") {
                return;
            }
        }
        panic!("the stream of somebody else has ended");
    };
    tokio::time::timeout(IN_TIME, heard).await.expect("the others go on");
    elsewhere.shutdown.cancel();
}

#[tokio::test]
async fn deactivation_ends_sessions_and_streams_everywhere() {
    whoever_is_deactivated_is_out_in_time(true).await;
}

#[tokio::test]
async fn deactivation_ends_sessions_and_streams_everywhere_when_the_instances_hear_nothing_of_each_other() {
    whoever_is_deactivated_is_out_in_time(false).await;
}

#[tokio::test]
async fn signing_somebody_out_everywhere_ends_their_streams_on_another_instance() {
    let (server, elsewhere, address) = two(false).await;
    let (_, meera) = server.admin("meera").await;
    let bikram = server.office.person("bikram").await;
    let there = server.browser(&bikram).await.at(address);
    let mut stream = stream(&there).await;
    let began = Instant::now();
    assert_eq!(meera.delete(&format!("/api/v1/admin/users/{}/sessions", bikram.id())).await.json(), json!({"ended": 1}));
    ends(&mut stream, began).await;
    is_out(&there, began).await;
    elsewhere.shutdown.cancel();
}

#[tokio::test]
async fn two_admins_who_demote_each_other_on_two_instances_leave_one() {
    let server = Server::start().await;
    let (elsewhere, address) = server.another_instance().await;
    let ((meera, hers), (farhan, his)) = (server.admin("meera").await, server.admin("farhan").await);
    let his = his.at(address);
    // a deactivation ends their sessions: that round is the last
    for round in 0..7 {
        let change = if round < 6 { json!({"role": "member"}) } else { json!({"active": false}) };
        let demote = async |client: &Client, whom: &Person| {
            client.patch(&format!("/api/v1/admin/users/{}", whom.id()), change.clone()).await.outcome()
        };
        let (one, other) = tokio::join!(demote(&hers, &farhan), demote(&his, &meera));
        let outcomes = [one.as_str(), other.as_str()];
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == "200").count(), 1, "{outcomes:?}");
        // who lost is an admin no more, or not even signed in
        assert!(
            outcomes.iter().all(|outcome| ["200", "403 forbidden", "401 unauthenticated", "409 last_admin"].contains(outcome)),
            "{outcomes:?}"
        );
        assert_eq!(server.office.count("select count(*) from users where role = 'admin' and active").await, 1);
        let both = "update users set role = 'admin', active = true, deactivated_at = null where username in ('meera', 'farhan')";
        sqlx::query(both).execute(&*server.office.state.pool).await.expect("again");
    }
    elsewhere.shutdown.cancel();
}

#[tokio::test]
async fn an_admin_who_is_demoted_while_their_request_waits_changes_nothing() {
    let server = Server::start().await;
    server.admin("meera").await;
    let (farhan, his) = server.admin("farhan").await;
    let asha = server.office.person("asha").await;
    let mut owner = server.office.database.owner().await;
    let mut holds = sqlx::Connection::begin(&mut owner).await.expect("begun");
    cms_messages::server::db::user::lock_administration(&mut holds).await.expect("locked");
    let path = format!("/api/v1/admin/users/{}", asha.id());
    let asked = tokio::spawn(async move { his.patch(&path, json!({"role": "admin"})).await.outcome() });
    let waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted
                   and database = (select oid from pg_database where datname = current_database())";
    while server.office.count(waiting).await == 0 {
        assert!(!asked.is_finished(), "it waits for the lock");
    }
    sqlx::query("update users set role = 'member' where id = $1").bind(farhan.id().0).execute(&mut *holds).await.expect("demoted");
    holds.commit().await.expect("committed");
    assert_eq!(asked.await.expect("no panic"), "403 forbidden");
    assert_eq!(server.office.count("select count(*) from users where username = 'asha' and role = 'admin'").await, 0);
}
