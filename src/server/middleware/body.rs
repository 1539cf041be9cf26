//! What comes in: the content type (415), the size (413), and for JSON that it is an object (400). Nothing is unpacked: a few
//! packed bytes could become gigabytes, so a body with a `Content-Encoding` is 415.
//!
//! server_fn looks at no content type: without this layer a page of another site could post `text/plain` to a server
//! function without the browser asking first. The whole body is read here, within a time and a size, so no handler ever
//! waits for a client.

use crate::{
    error::{Code, Error},
    server::{context::Context, middleware::authenticate, service::import},
};
use axum::{
    body::{Body, Bytes},
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use serde_json::Value;
use std::{future::poll_fn, pin::pin, time::Duration};

/// The most bytes of a body.
pub const MAX_BYTES: usize = 64 * 1024;

/// What exceeds the limit is read and dropped, so that the client hears the answer instead of a reset; so much of it.
const MAX_DROPPED: usize = 1024 * 1024;

/// A body that has not arrived by then is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// The JSON object of this request, for the extractor of the REST handlers.
#[derive(Debug, Clone)]
pub struct JsonObject(pub Value);

/// For what takes JSON.
pub async fn json(request: Request, next: Next) -> Response {
    if !is(request.headers(), "application/json") {
        return Error::new(Code::UnsupportedMediaType).into_response();
    }
    let read = read(request).await.and_then(|read| Ok(Read { request: with_object(read.request)?, waited: read.waited }));
    run(read, next).await
}

/// For what takes a plain form.
pub async fn form(request: Request, next: Next) -> Response {
    if !is_form(request.headers()) {
        return Error::new(Code::UnsupportedMediaType).into_response();
    }
    let read = read(request).await.map(|read| Read { request: read.request.map(Body::from), waited: read.waited });
    run(read, next).await
}

/// For a file of people, which may be larger. Of who may not import it nothing is kept.
pub async fn people_file(request: Request, next: Next) -> Response {
    file(request, next, "text/csv", import::MAX_BYTES).await
}

/// The same from a screen: the file is a part of a form, whose other parts are small, and browsers lengthen its line ends.
pub async fn people_form(request: Request, next: Next) -> Response {
    file(request, next, "multipart/form-data", import::MAX_BYTES.saturating_add(import::MAX_BYTES / 2)).await
}

async fn file(request: Request, next: Next, media_type: &str, most: usize) -> Response {
    let context = request.extensions().get::<Context>().ok_or_else(|| Error::new(Code::Internal));
    if let Err(error) = context.and_then(|context| context.admin().map(|_| ())) {
        let _ = read_within(PATIENCE, 0, request).await;
        return error.into_response();
    }
    if !is(request.headers(), media_type) {
        return Error::new(Code::UnsupportedMediaType).into_response();
    }
    let read = read_within(PATIENCE, most, request).await.map(|read| Read { request: read.request.map(Body::from), waited: read.waited });
    run(read, next).await
}

/// Goes on with what was read. Who was signed in when the head came may be so no longer when the body has come (I12).
async fn run(read: Result<Read<Body>, Error>, next: Next) -> Response {
    let mut read = match read {
        Ok(read) => read,
        Err(error) => return error.into_response(),
    };
    match if read.waited { authenticate::again(&mut read.request).await } else { Ok(()) } {
        Ok(()) => next.run(read.request).await,
        Err(error) => error.into_response(),
    }
}

/// A request whose body is here.
pub struct Read<B> {
    /// The request.
    pub request: http::Request<B>,
    /// The body was not there when it was asked for.
    pub waited: bool,
}

/// Whether a plain form was sent.
#[must_use]
pub fn is_form(headers: &HeaderMap) -> bool {
    is(headers, "application/x-www-form-urlencoded")
}

/// The whole body, within its time and size.
///
/// # Errors
/// `too_large`; `malformed_request` when it breaks off or does not come to an end.
pub async fn read(request: Request) -> Result<Read<Bytes>, Error> {
    read_within(PATIENCE, MAX_BYTES, request).await
}

async fn read_within(patience: Duration, most: usize, request: Request) -> Result<Read<Bytes>, Error> {
    let (parts, body) = request.into_parts();
    let mut waited = false;
    let mut collecting = pin!(tokio::time::timeout(patience, collect(body, most)));
    let collected = poll_fn(|context| {
        let polled = collecting.as_mut().poll(context);
        waited |= polled.is_pending();
        polled
    });
    match collected.await {
        Ok(bytes) => Ok(Read { request: http::Request::from_parts(parts, bytes?), waited }),
        Err(_) => Err(Error::new(Code::MalformedRequest)),
    }
}

fn is(headers: &HeaderMap, media_type: &str) -> bool {
    if headers.get_all(header::CONTENT_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return false;
    }
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
}

async fn collect(mut body: Body, most: usize) -> Result<Bytes, Error> {
    let mut bytes = Vec::new();
    let mut seen = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Error::new(Code::MalformedRequest))?;
        let Ok(data) = frame.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= most {
            bytes.extend_from_slice(&data);
        } else if seen > most.saturating_add(MAX_DROPPED) {
            break;
        }
    }
    if seen > most { Err(Error::new(Code::TooLarge)) } else { Ok(bytes.into()) }
}

fn with_object(request: http::Request<Bytes>) -> Result<Request, Error> {
    let (mut parts, bytes) = request.into_parts();
    // from_slice refuses what is not UTF-8 and escapes of lone surrogates
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(value) if value.is_object() => {
            parts.extensions.insert(JsonObject(value));
            Ok(Request::from_parts(parts, Body::from(bytes)))
        }
        _ => Err(Error::new(Code::MalformedRequest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream::unfold;

    #[tokio::test]
    async fn a_body_that_trickles_is_given_up_however_much_of_it_comes() {
        let bytes = unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b"x")), ()))
        });
        let read = read_within(Duration::from_millis(50), MAX_BYTES, Request::new(Body::from_stream(bytes)));
        let read = tokio::time::timeout(Duration::from_secs(10), read).await.expect("an end");
        assert_eq!(read.err().map(|error| error.code), Some(Code::MalformedRequest));
    }
}
