//! An answer that is kept as a file instead of being shown.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};

/// Of this type and name. Nothing that somebody has written belongs into the name.
pub fn attachment(body: Body, media_type: &'static str, name: &str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// The same of a known length: who gets less knows that it broke off.
pub fn of_length(mut response: Response, bytes: u64) -> Response {
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    response
}

/// The type of what is taken away of a review; it is not compressed on its way, so that its length is known.
pub const ARCHIVE: &str = "application/x-tar";
