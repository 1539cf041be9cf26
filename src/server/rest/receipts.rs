//! Acknowledging what arrived, and what was on the screen. Pointers only grow: each call may be repeated.

use super::{
    extract::{Body, Id},
    messages::Place,
};
use crate::{
    domain::receipt::{Acknowledgement, Evidence, ReceiptKind},
    error::Error,
    server::{
        context::Context,
        service::{of_known, receipts},
    },
};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// Up to where.
#[derive(Deserialize, ToSchema)]
pub struct UpTo {
    /// Everything up to and including this seq.
    #[schema(value_type = i64, minimum = 0)]
    up_to_seq: Place,
}

/// Where, and up to where.
#[derive(Deserialize, ToSchema)]
pub struct DeliveredItem {
    // not an id yet: a malformed one is 404, like an unknown one
    /// The conversation.
    #[schema(format = Uuid)]
    conversation_id: String,
    /// Everything up to and including this seq.
    #[schema(value_type = i64, minimum = 0)]
    up_to_seq: Place,
}

/// Many at once.
#[derive(Deserialize, ToSchema)]
pub struct DeliveredItems {
    /// All or none of them.
    #[schema(min_items = 1, max_items = 500)]
    items: Vec<DeliveredItem>,
}

/// Acknowledge delivery
///
/// A client of the viewer holds everything up to this seq. What is known already changes nothing.
#[utoipa::path(post, path = "/conversations/{id}/delivered", tag = "receipts", operation_id = "acknowledge_delivery", request_body = UpTo,
    params(("id" = uuid::Uuid, Path, description = "The conversation.")), responses((status = 204, description = "Known.")),
    extensions(("x-errors" = json!(["not_found", "invalid"]))))]
pub async fn delivered(ctx: Context, Id(id): Id, Body(body): Body<UpTo>) -> Result<StatusCode, Error> {
    let up_to_seq = of_known(&ctx, id, body).await?.up_to_seq.into();
    let items = vec![Acknowledgement { conversation_id: id, up_to_seq }];
    receipts::acknowledge(&ctx, ReceiptKind::Delivered, Evidence::Client, items).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Acknowledge many
///
/// All or none: one unknown conversation is 404, one seq beyond the last message 422.
#[utoipa::path(post, path = "/delivered", tag = "receipts", operation_id = "acknowledge_many", request_body = DeliveredItems,
    responses((status = 204, description = "Known.")), extensions(("x-errors" = json!(["not_found", "invalid"]))))]
pub async fn delivered_many(ctx: Context, Body(body): Body<DeliveredItems>) -> Result<StatusCode, Error> {
    let items = body?.items.into_iter().map(|item| {
        let conversation_id = item.conversation_id.parse().map_err(|_| Error::not_found())?;
        Ok(Acknowledgement { conversation_id, up_to_seq: item.up_to_seq.into() })
    });
    receipts::acknowledge(&ctx, ReceiptKind::Delivered, Evidence::Client, items.collect::<Result<_, Error>>()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mark as read
///
/// Everything up to this seq was on the viewer's screen. Raises what is delivered too.
#[utoipa::path(post, path = "/conversations/{id}/read", tag = "receipts", operation_id = "mark_as_read", request_body = UpTo,
    params(("id" = uuid::Uuid, Path, description = "The conversation.")), responses((status = 204, description = "Known.")),
    extensions(("x-errors" = json!(["not_found", "invalid"]))))]
pub async fn read(ctx: Context, Id(id): Id, Body(body): Body<UpTo>) -> Result<StatusCode, Error> {
    let up_to_seq = of_known(&ctx, id, body).await?.up_to_seq.into();
    let items = vec![Acknowledgement { conversation_id: id, up_to_seq }];
    receipts::acknowledge(&ctx, ReceiptKind::Read, Evidence::Client, items).await?;
    Ok(StatusCode::NO_CONTENT)
}
