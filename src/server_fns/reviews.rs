//! What the two of a conversation are told about its reviews.

use crate::{
    domain::{ids::ConversationId, review::ReviewNotice},
    error::Error,
    server_fns::client::PageClient,
};
use leptos::{prelude::*, server_fn::codec::Json};

/// The reviews of a conversation of the viewer, the last one first. Errors: `not_found`, also when it is not theirs.
#[server(client = PageClient, prefix = "/rpc", endpoint = "get_conversation_reviews", input = Json, output = Json)]
pub async fn get_conversation_reviews(conversation_id: ConversationId) -> Result<Vec<ReviewNotice>, Error> {
    let ctx = crate::server::context::Context::current()?;
    crate::server::service::review_reading::notices(&ctx, conversation_id).await
}
