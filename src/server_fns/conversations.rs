//! The inbox, one conversation, and opening one.

use crate::{
    domain::{
        conversation::Conversation,
        ids::{ConversationId, UserId},
        page::ConversationPage,
    },
    error::Error,
    server_fns::client::PageClient,
};
use leptos::{prelude::*, server_fn::codec::Json};

/// A page of 50, latest activity first; `q` filters by the peer's name. Errors: `invalid` for a cursor or a search that
/// cannot be.
#[server(client = PageClient, prefix = "/rpc", endpoint = "get_conversations", input = Json, output = Json)]
pub async fn get_conversations(q: Option<String>, cursor: Option<String>) -> Result<ConversationPage, Error> {
    let ctx = crate::server::context::Context::current()?;
    crate::server::service::conversations::list(&ctx, q.as_deref(), None, cursor.as_deref()).await
}

/// One conversation of the viewer. Errors: `not_found`, also when it is not theirs.
#[server(client = PageClient, prefix = "/rpc", endpoint = "get_conversation", input = Json, output = Json)]
pub async fn get_conversation(id: ConversationId) -> Result<Conversation, Error> {
    let ctx = crate::server::context::Context::current()?;
    crate::server::service::conversations::get(&ctx, id).await
}

/// Opens the conversation with this person; opening it again gives the same one, so a retry is safe.
/// Errors: `not_found`, `policy_denied`, `invalid` with oneself.
#[server(client = PageClient, prefix = "/rpc", endpoint = "create_conversation", input = Json, output = Json)]
pub async fn create_conversation(recipient_id: UserId) -> Result<Conversation, Error> {
    let ctx = crate::server::context::Context::current()?;
    crate::server::service::conversations::open(&ctx, recipient_id).await.map(|opened| opened.conversation)
}
