//! Two instances, live streams of them, and the time in which who is out is out everywhere.

use super::server::{Client, Server};
use cms_messages::server::{jobs, live, state::AppState};
use reqwest::{Method, Response};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// What I12 allows.
pub const IN_TIME: Duration = Duration::from_secs(5);

/// A live stream that has begun.
pub async fn stream(client: &Client) -> Response {
    let mut answer = client.request(Method::GET, "/api/v1/events").send().await.expect("the server answers");
    assert_eq!(answer.status(), 200);
    answer.chunk().await.expect("it begins").expect("ready");
    answer
}

/// Within the time that is allowed from `since`.
pub async fn ends(stream: &mut Response, since: Instant) {
    let rest = async { while let Ok(Some(_)) = stream.chunk().await {} };
    tokio::time::timeout(IN_TIME.saturating_sub(since.elapsed()), rest).await.expect("the stream ends in time");
}

/// Within the time that is allowed from `since`.
pub async fn is_out(client: &Client, since: Instant) {
    while client.get("/api/v1/me").await.status != 401 {
        assert!(since.elapsed() < IN_TIME, "still signed in after {:?}", since.elapsed());
    }
}

/// Two instances with their jobs.
pub async fn two(hints: bool) -> (Server, AppState, SocketAddr) {
    let server = Server::start().await;
    let (elsewhere, address) = server.another_instance().await;
    for state in [&server.office.state, &elsewhere] {
        if hints {
            live::join(state);
        }
        jobs::spawn(state, &state.shutdown);
    }
    (server, elsewhere, address)
}
