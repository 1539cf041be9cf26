//! The messages of a conversation, and sending one.

use crate::{
    domain::{
        ids::{ClientId, ConversationId},
        message::SentMessage,
        page::{MessagePage, PageAt},
    },
    error::Error,
    server_fns::client::PageClient,
};
use leptos::{prelude::*, server_fn::codec::Json};

/// 50 messages, ascending by seq. Errors: `not_found`, also when it is not theirs.
#[server(client = PageClient, prefix = "/rpc", endpoint = "get_messages", input = Json, output = Json)]
pub async fn get_messages(conversation_id: ConversationId, at: PageAt) -> Result<MessagePage, Error> {
    let ctx = crate::server::context::Context::current()?;
    crate::server::service::messages::page(&ctx, conversation_id, at, None).await
}

/// Sends a text of 1 to 4,000 characters. The same `client_id` may be sent again until it is answered: it is written
/// once. Errors: `not_found`, `invalid`, `idempotency_conflict`, `policy_denied`, `rate_limited`.
#[server(client = PageClient, prefix = "/rpc", endpoint = "send_message", input = Json, output = Json)]
pub async fn send_message(conversation_id: ConversationId, client_id: ClientId, body: String) -> Result<SentMessage, Error> {
    use crate::server::service::messages::{SendMessage, send};
    let ctx = crate::server::context::Context::current()?;
    send(&ctx, SendMessage { conversation_id, client_id, body }).await
}
