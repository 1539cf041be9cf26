//! Ending the own sessions from the settings.

use super::{Posted, to};
use crate::server::{context::Context, service::own_sessions};
use axum::response::Response;

/// One of them -> the settings, which say so.
pub async fn end(ctx: Context, posted: Posted) -> Response {
    let outcome = own_sessions::end(&ctx, posted.of_path("session_id").to_owned()).await;
    posted.answer_on("/settings", "sessions", outcome.map(|()| to("/settings?ended=one#sessions"))).await
}

/// All but this one -> the settings, which say so.
pub async fn end_others(ctx: Context, posted: Posted) -> Response {
    let outcome = own_sessions::end_others(&ctx).await;
    posted.answer_on("/settings", "sessions", outcome.map(|_| to("/settings?ended=others#sessions"))).await
}
