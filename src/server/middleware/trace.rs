//! One span and one line per request: method, route template, status, time, request id. Never a path, a query, a body, a
//! name or a token: a path can hold a one-time link, a query what somebody looks for.

use crate::server::{metrics, middleware::request_id, state::AppState};
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use std::time::Instant;
use tracing::Instrument;

/// What stands for paths without a route of their own: files, and what is not found.
pub const NO_ROUTE: &str = "(none)";

/// Follows the request.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let route = template(&request);
    let request_id = request_id::of(request.extensions());
    // who invents a method writes nothing into the log with it
    let span = tracing::info_span!("request", %request_id, method = metrics::known(&method), route);
    async move {
        let response = next.run(request).await;
        let (status, took) = (response.status(), began.elapsed());
        state.metrics.request(&method, &route, status, took);
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if status.is_server_error() {
            tracing::warn!(status = status.as_u16(), ms, "answered");
        } else {
            tracing::info!(status = status.as_u16(), ms, "answered");
        }
        response
    }
    .instrument(span)
    .await
}

/// The route's template; the router's own names for what it did not find are no routes.
#[must_use]
pub fn template(request: &Request) -> String {
    match request.extensions().get::<MatchedPath>() {
        Some(path) if !path.as_str().contains("__private") => path.as_str().to_owned(),
        _ => NO_ROUTE.to_owned(),
    }
}
