//! The inbox, one conversation, and opening one.

use crate::{
    domain::{
        conversation::Conversation,
        ids::{ConversationId, UserId},
        page::ConversationPage,
    },
    error::{Code, Error},
};
use leptos::{prelude::*, server_fn::codec::Json};

/// A page of 50, latest activity first; `q` filters by the peer's name. Errors: `invalid` for a cursor or a search that
/// cannot be.
#[server(prefix = "/rpc", endpoint = "get_conversations", input = Json, output = Json)]
pub async fn get_conversations(q: Option<String>, cursor: Option<String>) -> Result<ConversationPage, Error> {
    let _ = (q, cursor);
    Err(Error::new(Code::Unavailable))
}

/// One conversation of the viewer. Errors: `not_found`, also when it is not theirs.
#[server(prefix = "/rpc", endpoint = "get_conversation", input = Json, output = Json)]
pub async fn get_conversation(id: ConversationId) -> Result<Conversation, Error> {
    let _ = id;
    Err(Error::new(Code::Unavailable))
}

/// Opens the conversation with this person; opening it again gives the same one, so a retry is safe.
/// Errors: `not_found`, `policy_denied`, `invalid` with oneself.
#[server(prefix = "/rpc", endpoint = "create_conversation", input = Json, output = Json)]
pub async fn create_conversation(recipient_id: UserId) -> Result<Conversation, Error> {
    let _ = recipient_id;
    Err(Error::new(Code::Unavailable))
}
