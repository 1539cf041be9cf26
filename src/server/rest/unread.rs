//! The unread totals, cheap to ask for again: an `ETag` says that nothing has moved.

use crate::{
    domain::unread::Unread,
    error::{Code, Error},
    server::{context::Context, service::unread},
};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// Unread count
///
/// The client sends `If-None-Match` itself: the answer is never stored on the way.
#[utoipa::path(get, path = "/unread", tag = "messages", operation_id = "get_unread_count",
    params(("If-None-Match" = Option<String>, Header, description = "The ETag of the last answer.")),
    responses((status = 200, description = "The totals.", body = Unread, headers(("ETag" = String, description = "Of these totals."))), (status = 304, description = "As before.")),
    extensions(("x-errors" = json!([]))))]
pub async fn count(ctx: Context, headers: HeaderMap) -> Result<Response, Error> {
    let unread = unread::count(&ctx).await?;
    let tag = format!("\"{}-{}\"", unread.messages, unread.conversations);
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let unchanged = known.flat_map(|value| value.split(',')).any(|known| matches(known.trim(), &tag));
    let tag = HeaderValue::from_str(&tag).map_err(|_| Error::new(Code::Internal))?;
    let mut response = if unchanged { StatusCode::NOT_MODIFIED.into_response() } else { Json(unread).into_response() };
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}

/// `If-None-Match` compares weakly (RFC 9110, 13.1.2).
fn matches(known: &str, tag: &str) -> bool {
    known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
}
