//! Changing the own password, and setting one from a one-time link. What was typed never comes back.

use super::{Posted, to};
use crate::{
    error::{Code, Error},
    server::{
        context::Context,
        cookie,
        service::passwords::{self, Renewed},
    },
};
use axum::response::Response;
use http::header;

/// `current_password`, `new_password` -> the settings, saved.
pub async fn change(ctx: Context, posted: Posted) -> Response {
    let outcome = changed(&ctx, &posted).await;
    posted.answer_on("/settings", "password", outcome).await
}

async fn changed(ctx: &Context, posted: &Posted) -> Result<Response, Error> {
    let renewed = passwords::change_password(ctx, posted.field("current_password"), posted.field("new_password")).await?;
    let mut response = to("/settings?saved=1");
    if let Some(Renewed { token, max_age_seconds }) = renewed {
        let cookie = cookie::set(&ctx.state.settings.server, &token, max_age_seconds);
        response.headers_mut().insert(header::SET_COOKIE, cookie.ok_or_else(|| Error::new(Code::Internal))?);
    }
    Ok(response)
}

/// `new_password` -> the sign-in page.
pub async fn set(ctx: Context, posted: Posted) -> Response {
    let outcome = passwords::set_password(&ctx, posted.of_path("token"), posted.field("new_password")).await;
    posted.answer(outcome.map(|()| to("/sign_in?password=set")), &[]).await
}
