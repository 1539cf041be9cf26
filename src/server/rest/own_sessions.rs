//! Where one is signed in oneself.

use super::{admin_users::EndedSessions, extract::OfSession};
use crate::{
    domain::session::OwnSession,
    error::Error,
    server::{context::Context, service::own_sessions},
};
use axum::Json;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// Where the viewer is signed in.
#[derive(Serialize, ToSchema)]
pub struct OwnSessions {
    /// The one that asks first, then the last used first.
    pub items: Vec<OwnSession>,
}

/// Own sessions
///
/// A program sees those of its owner; none of them is its own.
#[utoipa::path(get, path = "/me/sessions", tag = "session", operation_id = "list_own_sessions",
    responses((status = 200, description = "Where one is signed in; at most 200.", body = OwnSessions)), extensions(("x-errors" = json!([]))))]
pub async fn list(ctx: Context) -> Result<Json<OwnSessions>, Error> {
    Ok(Json(OwnSessions { items: own_sessions::list(&ctx).await? }))
}

/// Sign out everywhere else
///
/// Ends all own sessions but the one that asks, and within 5 s their live streams. Programs' tokens stay.
#[utoipa::path(delete, path = "/me/sessions", tag = "session", operation_id = "end_other_sessions",
    responses((status = 200, description = "Signed out everywhere else.", body = EndedSessions)), extensions(("x-errors" = json!([]))))]
pub async fn end_others(ctx: Context) -> Result<Json<EndedSessions>, Error> {
    Ok(Json(EndedSessions { ended: own_sessions::end_others(&ctx).await? }))
}

/// End one of the own sessions
///
/// The one that asks is 422 `invalid`: signing out ends it.
#[utoipa::path(delete, path = "/me/sessions/{session_id}", tag = "session", operation_id = "end_own_session",
    params(("session_id" = String, Path, description = "Of the list of sessions.")),
    responses((status = 204, description = "It has ended.")), extensions(("x-errors" = json!(["not_found", "invalid"]))))]
pub async fn end(ctx: Context, OfSession(session): OfSession) -> Result<StatusCode, Error> {
    own_sessions::end(&ctx, session).await?;
    Ok(StatusCode::NO_CONTENT)
}
