//! Writing an answer, and marking as read, from the page of a conversation.

use super::{Posted, to};
use crate::{
    domain::{
        ids::{ConversationId, Seq},
        receipt::{Acknowledgement, Evidence, ReceiptKind},
    },
    error::Error,
    server::{
        context::Context,
        service::{
            messages::{self, SendMessage},
            of_known, receipts,
        },
    },
};
use axum::response::Response;

/// `body`, `client_id`, `displayed_seq`, `action` -> the end of the conversation.
pub async fn post(ctx: Context, posted: Posted) -> Response {
    let outcome = match posted.of_path("id").parse() {
        Ok(id) => act(&ctx, id, &posted).await,
        Err(_) => Err(Error::not_found()),
    };
    posted.answer(outcome, &["body"]).await
}

async fn act(ctx: &Context, id: ConversationId, posted: &Posted) -> Result<Response, Error> {
    match posted.field("action").as_str() {
        "mark_as_read" => read_displayed(ctx, id, posted).await?,
        "send" | "" => send(ctx, id, posted).await?,
        _ => return of_known(ctx, id, Err(Error::invalid("action", "This form is not known here. Reload the page."))).await,
    }
    Ok(to(&format!("/messages/{id}#end")))
}

async fn send(ctx: &Context, id: ConversationId, posted: &Posted) -> Result<(), Error> {
    let client_id = posted.field("client_id").parse().map_err(|_| Error::invalid("client_id", "Reload the page, then send again."));
    let client_id = of_known(ctx, id, client_id).await?;
    // who answers has seen what the page displayed
    read_displayed(ctx, id, posted).await?;
    messages::send(ctx, SendMessage { conversation_id: id, client_id, body: posted.field("body") }).await?;
    Ok(())
}

/// The seq that the page displayed is read up to there. An empty conversation displays none.
async fn read_displayed(ctx: &Context, id: ConversationId, posted: &Posted) -> Result<(), Error> {
    let displayed = posted.field("displayed_seq");
    if displayed.is_empty() {
        return Ok(());
    }
    let seq = displayed.parse::<Seq>().map_err(|_| Error::invalid("displayed_seq", "Reload the page, then try again."));
    let up_to_seq = of_known(ctx, id, seq).await?;
    receipts::acknowledge(ctx, ReceiptKind::Read, Evidence::Form, vec![Acknowledgement { conversation_id: id, up_to_seq }]).await
}
