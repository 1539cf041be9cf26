//! What is done to one person with a button: in, out, signed out, a link. The last is shown in the answer to its POST and
//! nowhere else.

use super::{Id, confirm, details, failed, is_self, settle};
use crate::{
    admin::{
        done::Done,
        screen::{Tab, show},
    },
    domain::ids::UserId,
    error::Error,
    server::{
        context::Context,
        service::{user_records, users},
    },
};
use axum::{
    extract::{Path, rejection::PathRejection},
    response::Response,
};

/// Asks before somebody's access ends.
pub async fn ask_deactivate(ctx: Context, id: Result<Id<UserId>, Error>) -> Response {
    let outcome = details(&ctx, &id).await;
    let is_self = is_self(&ctx, &id);
    show(&ctx, Tab::People, outcome, move |details| confirm::deactivate(details, is_self)).await
}

/// Ends somebody's access.
pub async fn deactivate(ctx: Context, id: Result<Id<UserId>, Error>) -> Response {
    let outcome = match &id {
        Ok(Id(id)) => users::deactivate(&ctx, *id).await.map(|_| Done::Deactivated),
        Err(error) => ctx.admin().and(Err(error.clone())),
    };
    settle(&ctx, id, None, outcome).await
}

/// Lets somebody in again.
pub async fn activate(ctx: Context, id: Result<Id<UserId>, Error>) -> Response {
    let outcome = match &id {
        Ok(Id(id)) => users::activate(&ctx, *id).await.map(|_| Done::Activated),
        Err(error) => ctx.admin().and(Err(error.clone())),
    };
    settle(&ctx, id, None, outcome).await
}

/// Asks before somebody is signed out everywhere.
pub async fn ask_sign_out(ctx: Context, id: Result<Id<UserId>, Error>) -> Response {
    let outcome = match details(&ctx, &id).await {
        Ok(details) => user_records::sessions(&ctx, details.record.user.id).await.map(|sessions| (details, sessions.len())),
        Err(error) => Err(error),
    };
    let is_self = is_self(&ctx, &id);
    show(&ctx, Tab::People, outcome, move |(details, sessions)| confirm::sign_out(details, sessions, is_self)).await
}

/// Signs somebody out everywhere.
pub async fn sign_out(ctx: Context, id: Result<Id<UserId>, Error>) -> Response {
    let outcome = match &id {
        Ok(Id(id)) => user_records::sign_out_everywhere(&ctx, *id).await.map(|_| Done::SignedOut),
        Err(error) => ctx.admin().and(Err(error.clone())),
    };
    settle(&ctx, id, None, outcome).await
}

/// Ends one session.
pub async fn end_session(ctx: Context, ids: Result<Path<(String, String)>, PathRejection>) -> Response {
    let ids = ids.ok().and_then(|Path((user, session))| Some((user.parse::<UserId>().ok()?, session)));
    let Some((user, session)) = ids else {
        return failed(&ctx, ctx.admin().err().unwrap_or_else(Error::not_found)).await;
    };
    let outcome = user_records::end_session(&ctx, user, session).await;
    settle(&ctx, Ok(Id(user)), None, outcome.map(|()| Done::SessionEnded)).await
}

/// A link with which somebody sets their password: this page is the only one that shows it.
pub async fn link(ctx: Context, id: Result<Id<UserId>, Error>) -> Response {
    let made = match details(&ctx, &id).await {
        Ok(details) => users::link(&ctx, details.record.user.id).await.map(|link| (details.record.user, link)),
        Err(error) => Err(error),
    };
    let origin = ctx.state.settings.server.origin(ctx.state.leptos.site_addr);
    match made {
        Ok(made) => show(&ctx, Tab::People, Ok(made), move |(user, link)| confirm::link(&user, link, &origin)).await,
        Err(error) => settle(&ctx, id, None, Err(error)).await,
    }
}
