//! Conversations: opening one, the inbox, one of them.

use super::extract::{Body, Id, Query};
use crate::{
    domain::{conversation::Conversation, page::ConversationPage},
    error::Error,
    server::{context::Context, service::conversations},
};
use axum::{Json, response::IntoResponse};
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// With whom.
#[derive(Deserialize, ToSchema)]
pub struct NewConversation {
    // not an id yet: a malformed one is 404, like an unknown one
    /// The other person.
    #[schema(format = Uuid)]
    recipient_id: String,
}

/// Which part of the inbox.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InboxQuery {
    /// Only conversations with people who are found by this.
    #[param(min_length = 1, max_length = 80)]
    q: Option<String>,
    /// 50 unless given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Create conversation
///
/// There is one conversation per pair: opening it again gives the same one, so this may be repeated. One that exists is
/// given back also when the policy denies writing by now (`can_write` is false).
#[utoipa::path(post, path = "/conversations", tag = "conversations", operation_id = "create_conversation", request_body = NewConversation,
    responses((status = 201, description = "It was not there before.", body = Conversation), (status = 200, description = "It was there already.", body = Conversation)),
    extensions(("x-errors" = json!(["not_found", "invalid", "policy_denied"]))))]
pub async fn open(ctx: Context, Body(body): Body<NewConversation>) -> Result<impl IntoResponse, Error> {
    let recipient = body?.recipient_id.parse().map_err(|_| Error::not_found())?;
    let opened = conversations::open(&ctx, recipient).await?;
    Ok((if opened.created { StatusCode::CREATED } else { StatusCode::OK }, Json(opened.conversation)))
}

/// Conversation list
///
/// Latest activity first. Its pages plus `/changes` since the first page's `change_no` are complete.
#[utoipa::path(get, path = "/conversations", tag = "conversations", operation_id = "list_conversations", params(InboxQuery),
    responses((status = 200, description = "A part of the inbox.", body = ConversationPage)),
    extensions(("x-errors" = json!(["malformed_request", "invalid"]))))]
pub async fn list(ctx: Context, Query(query): Query<InboxQuery>) -> Result<Json<ConversationPage>, Error> {
    let InboxQuery { q, limit, cursor } = query?;
    Ok(Json(conversations::list(&ctx, q.as_deref(), limit, cursor.as_deref()).await?))
}

/// One conversation
#[utoipa::path(get, path = "/conversations/{id}", tag = "conversations", operation_id = "get_conversation",
    params(("id" = uuid::Uuid, Path, description = "The conversation.")),
    responses((status = 200, description = "As the viewer sees it.", body = Conversation)),
    extensions(("x-errors" = json!(["not_found"]))))]
pub async fn get(ctx: Context, Id(id): Id) -> Result<Json<Conversation>, Error> {
    Ok(Json(conversations::get(&ctx, id).await?))
}
