//! The newest checkpoint of the audit log's tree, as text: a reader keeps it and holds the organisation to it.

use crate::{
    error::Error,
    server::{context::Context, service::audit},
};
use axum::response::{IntoResponse, Response};
use http::header;

/// Audit checkpoint
///
/// A C2SP signed note: whose tree, how many entries, the root, and who vouches for it. An export of a later day has to be
/// consistent with it.
#[utoipa::path(get, path = "/audit/checkpoint", tag = "audit", operation_id = "get_audit_checkpoint",
    responses((status = 200, description = "The newest signed checkpoint.", content_type = "text/plain", body = String)),
    extensions(("x-errors" = json!(["not_found"]))))]
pub async fn checkpoint(ctx: Context) -> Result<Response, Error> {
    let note = audit::checkpoint(&ctx).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], note).into_response())
}
