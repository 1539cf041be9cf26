//! Changing the own password, and setting one from a one-time link. What was typed never comes back.

use super::{Posted, to};
use crate::server::{context::Context, service::passwords};
use axum::response::Response;

/// `current_password`, `new_password` -> the settings, saved.
pub async fn change(ctx: Context, posted: Posted) -> Response {
    let changed = passwords::change_password(&ctx, posted.field("current_password"), posted.field("new_password")).await;
    posted.answer(changed.map(|()| to("/settings?saved=1")), &[]).await
}

/// `new_password` -> the sign-in page.
pub async fn set(ctx: Context, posted: Posted) -> Response {
    let outcome = passwords::set_password(&ctx, posted.of_path("token"), posted.field("new_password")).await;
    posted.answer(outcome.map(|()| to("/sign_in?password=set")), &[]).await
}
