//! Opening a conversation from the page of the search for people.

use super::{Posted, to};
use crate::{
    error::Error,
    server::{context::Context, service::conversations},
};
use axum::response::Response;

/// `recipient_id` -> the conversation.
pub async fn open(ctx: Context, posted: Posted) -> Response {
    let outcome = begin(&ctx, &posted).await;
    posted.answer(outcome, &[]).await
}

async fn begin(ctx: &Context, posted: &Posted) -> Result<Response, Error> {
    let recipient = posted.field("recipient_id").parse().map_err(|_| Error::not_found())?;
    let opened = conversations::open(ctx, recipient).await?;
    Ok(to(&format!("/messages/{}", opened.conversation.id)))
}
