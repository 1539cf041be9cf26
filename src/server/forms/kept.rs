//! Where a message could not be sent and its page cannot be shown either: the text comes back, to be copied or sent again.

use crate::{
    error::Error,
    server::middleware::{
        problem::{self, escape},
        request_id,
    },
};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, header, request::Parts};

/// A page of our own with the text in it.
pub fn page(error: &Error, text: &str, parts: &Parts) -> Response {
    // a line break right after the tag belongs to HTML, not to the text
    let extra = format!("<p>This was your text:</p><p><textarea rows=\"8\" cols=\"60\" readonly>\n{}</textarea></p>", escape(text));
    let html = problem::page(&error.detail, &request_id::of(&parts.extensions), &extra);
    let mut response = (error.status(), Html(html)).into_response();
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
