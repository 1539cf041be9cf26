//! What machines ask: does the process live, may it get traffic, what has it counted.

use crate::server::{db, metrics, state::AppState};
use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{StatusCode, header};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// A database that answers later than this does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// `/healthz` and `/readyz`, beside the application.
pub fn router() -> Router<AppState> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready))
}

/// `/metrics`, on an address of its own.
pub fn metrics_router(state: AppState) -> Router {
    Router::new().route("/metrics", get(counted)).with_state(state)
}

/// What was last found out, and when it was asked. Nobody signs in to ask, so nobody is counted: however many ask, one
/// question at a time goes to the database, and its answer is that of all who had asked by then.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<Option<(Instant, Option<&'static str>)>>);

impl Readiness {
    /// The reason why no traffic should come here, found out after this call.
    async fn ask(&self, find_out: impl Future<Output = Option<&'static str>>) -> Option<&'static str> {
        let asked = Instant::now();
        let mut last = self.0.lock().await;
        match *last {
            Some((began, reason)) if began >= asked => reason,
            _ => {
                let began = Instant::now();
                let reason = find_out.await;
                *last = Some((began, reason));
                reason
            }
        }
    }
}

async fn alive() -> &'static str {
    "ok\n"
}

async fn ready(State(state): State<AppState>) -> Response {
    match tokio::time::timeout(PATIENCE, state.readiness.ask(why_not_ready(&state))).await {
        Ok(None) => "ready\n".into_response(),
        Ok(Some(reason)) => not_ready(reason),
        Err(_) => not_ready("the database does not answer"),
    }
}

fn not_ready(reason: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")], format!("not ready: {reason}\n")).into_response()
}

/// The reason why no traffic should come here now.
async fn why_not_ready(state: &AppState) -> Option<&'static str> {
    if state.shutdown.is_cancelled() {
        return Some("draining");
    }
    let standing = db::read(&state.pool, |mut connection| async move { db::health::standing(&mut connection).await });
    match standing.await {
        Ok(standing) if standing.is_superuser => Some("the database role is a superuser"),
        Ok(standing) if standing.owns_tables => Some("the database role owns the tables"),
        Ok(standing) if standing.lacks_migrations => Some("the schema is older than this program"),
        Ok(_) => None,
        Err(_) => Some("the database does not answer"),
    }
}

async fn counted(State(state): State<AppState>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], state.metrics.render())
}
