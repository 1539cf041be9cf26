//! A stream ends: with its session, its token, its person and its server, and whoever opens too many gets none.

use super::{Listener, PATIENCE, pair};
use crate::support::{
    person::{LEAVES, change},
    server::Server,
    settings,
};
use cms_messages::{domain::ids::ChangeNo, server::live::watch};
use reqwest::Method;
use sqlx::Connection;
use std::time::Duration;

#[tokio::test]
async fn a_stream_that_the_database_keeps_waiting_ends_all_the_same() {
    let server = Server::start().await;
    let (_, bikram, _) = pair(&server).await;
    let mut listener = Listener::open(&server.browser(&bikram).await, "", None).await;
    listener.ready().await;
    let mut owner = server.office.database.owner().await;
    let mut holds = owner.begin().await.expect("begun");
    sqlx::query("lock table participants").execute(&mut *holds).await.expect("held");
    server.office.state.hub.hint(bikram.id(), ChangeNo(0));
    let waits = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut *holds).await.expect("asked") {
        tokio::task::yield_now().await;
    }
    server.office.state.hub.end(|_| false);
    // the lock would be waited for twice as long
    let end = tokio::time::timeout(Duration::from_millis(2_500), listener.next()).await;
    assert!(end.expect("at once").is_none());
    holds.rollback().await.expect("let go");
}

#[tokio::test]
async fn a_stream_ends_with_its_session_its_token_and_its_person() {
    let server = Server::start().await;
    let state = &server.office.state;
    let (asha, bikram, _) = pair(&server).await;
    let session = server.browser(&asha).await;
    let (mut signed_out, mut stays) =
        (Listener::open(&session, "", None).await, Listener::open(&server.browser(&asha).await, "", None).await);
    let mut revoked = Listener::open(&server.program(&asha).await, "", None).await;
    let mut gone = Listener::open(&server.browser(&bikram).await, "", None).await;
    for listener in [&mut signed_out, &mut stays, &mut revoked, &mut gone] {
        listener.ready().await;
    }
    assert_eq!(session.delete("/api/v1/session").await.status, 204);
    sqlx::query("update api_tokens set revoked_at = clock_timestamp()").execute(&*state.pool).await.expect("revoked");
    change(state, &bikram, LEAVES).await;
    watch::look(state).await.expect("a look");
    let rest = async |listener: &mut Listener| while listener.next().await.is_some() {};
    for listener in [&mut signed_out, &mut revoked, &mut gone] {
        tokio::time::timeout(PATIENCE, rest(listener)).await.expect("it ends");
    }
    let id = asha.open(&server.office.person("chen").await).await;
    asha.write(id, "still here").await;
    while stays.texts().await != ["still here"] {}
    assert_eq!(state.hub.len(), 1);
}

#[tokio::test]
async fn one_stream_too_many_is_refused() {
    let mut settings = settings();
    settings.limits.streams_per_user = 2;
    let server = Server::with(settings).await;
    let (asha, ..) = pair(&server).await;
    let client = server.browser(&asha).await;
    let _first = Listener::open(&client, "", None).await;
    let second = Listener::open(&client, "", None).await;
    let refused = client.get("/api/v1/events").await;
    assert_eq!(refused.outcome(), "429 rate_limited");
    assert!(!refused.header("retry-after").is_empty());
    drop(second);
    // the server notices when it next writes or reads there
    let again = async {
        while client.request(Method::GET, "/api/v1/events").send().await.expect("an answer").status() != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.expect("a closed one makes room");
}

#[tokio::test]
async fn before_the_server_goes_it_says_so_and_does_not_wait_for_the_streams() {
    let mut server = Server::start().await;
    let (asha, ..) = pair(&server).await;
    let mut listener = Listener::open(&server.browser(&asha).await, "", None).await;
    listener.ready().await;
    let stopping = tokio::spawn(async move { server.stop().await });
    let bye = listener.next().await.expect("an event");
    assert_eq!(bye.name, "bye");
    assert!(bye.data["retry_ms"].as_i64().is_some_and(|ms| (500..=3_000).contains(&ms)), "{bye:?}");
    assert!(listener.next().await.is_none());
    tokio::time::timeout(PATIENCE, stopping).await.expect("in time").expect("no panic");
}
