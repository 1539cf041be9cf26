//! Signing in and out, and who is signed in.

use super::extract::Body;
use crate::{
    domain::{session::Me, user::User},
    error::{Code, Error},
    server::{
        context::Context,
        cookie,
        middleware::user_agent,
        service::session::{self, SignIn},
    },
};
use axum::{Json, response::IntoResponse};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody signs in with.
#[derive(Deserialize, ToSchema)]
pub struct Credentials {
    /// The short name.
    pub username: String,
    /// Kept nowhere.
    #[schema(format = Password)]
    pub password: String,
}

/// Who is signed in now.
#[derive(Serialize, ToSchema)]
pub struct SignedInUser {
    /// The viewer.
    pub user: User,
}

/// Sign in
///
/// Sets the session cookie. A wrong pair, an unknown user and a deactivated one get the same answer in the same time.
#[utoipa::path(post, path = "/session", tag = "session", operation_id = "sign_in", request_body = Credentials,
    responses((status = 200, description = "Signed in.", body = SignedInUser, headers(("Set-Cookie" = String, description = "The session.")))),
    extensions(("x-errors" = json!(["unauthenticated", "invalid"]))), security(()))]
pub async fn sign_in(ctx: Context, headers: HeaderMap, Body(body): Body<Credentials>) -> Result<impl IntoResponse, Error> {
    let Credentials { username, password } = body?;
    let signed_in = session::sign_in(&ctx, SignIn { username, password, user_agent: user_agent::of(&headers) }).await?;
    let cookie = cookie::set(&ctx.state.settings.server, &signed_in.token, signed_in.max_age_seconds);
    let cookie = cookie.ok_or_else(|| Error::new(Code::Internal))?;
    Ok(([(header::SET_COOKIE, cookie)], Json(SignedInUser { user: signed_in.user })))
}

/// Sign out
///
/// The session and its cookie are gone.
#[utoipa::path(delete, path = "/session", tag = "session", operation_id = "sign_out",
    responses((status = 204, description = "Signed out.")), extensions(("x-errors" = json!([]))))]
pub async fn sign_out(ctx: Context) -> Result<impl IntoResponse, Error> {
    session::sign_out(&ctx).await?;
    let cookie = cookie::remove(&ctx.state.settings.server).ok_or_else(|| Error::new(Code::Internal))?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]))
}

/// Who am I
///
/// The viewer, their unread totals and their newest change, all of one moment.
#[utoipa::path(get, path = "/me", tag = "session", operation_id = "me",
    responses((status = 200, description = "The viewer.", body = Me)), extensions(("x-errors" = json!([]))))]
pub async fn me(ctx: Context) -> Result<Json<Me>, Error> {
    Ok(Json(session::me(&ctx).await?))
}
