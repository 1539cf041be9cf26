//! One UUIDv7 per request: in the answer's `x-request-id`, in its problem, in the log. Never taken from the client, who
//! could make two requests look like one.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderName, HeaderValue};
use uuid::Uuid;

/// The header of every answer.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request that is being answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Names the request.
pub async fn layer(mut request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let header = HeaderValue::from_str(&id).ok();
    request.extensions_mut().insert(RequestId(id));
    let mut response = next.run(request).await;
    if let Some(header) = header {
        response.headers_mut().insert(HEADER, header);
    }
    response
}

/// The id of this request; empty outside of the layer.
#[must_use]
pub fn of(extensions: &http::Extensions) -> String {
    extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}
