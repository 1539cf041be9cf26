//! The site's files: what cargo-leptos put into `LEPTOS_SITE_ROOT`, compressed beforehand where there is a `.br` or `.gz`.
//!
//! A file with a hash in its name never changes and may be kept for ever; any other is asked for again (`ETag`).

use crate::{
    error::{Code, Error},
    server::{pages, state::AppState},
};
use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::{HeaderValue, Method, StatusCode, header};
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// The most bytes of a path, and of a name in it, as they are asked for; names of ours are far shorter.
const LONGEST_PATH: usize = 1024;
const LONGEST_NAME: usize = 200;

/// What no route knows: a file, or not found.
pub async fn fallback(State(state): State<AppState>, request: Request) -> Result<Response, Error> {
    let path = request.uri().path();
    if ["/api", "/rpc"].iter().any(|prefix| path == *prefix || path.starts_with(&format!("{prefix}/"))) {
        return Err(Error::not_found());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) || !path.starts_with('/') {
        return Err(Error::not_found());
    }
    match file(&state, without_body(&request)?).await {
        Some(response) => Ok(response),
        None => pages::not_found(&state, request).await,
    }
}

/// Whether a file could be called that: what the system refuses as a name would be an error in our log, as often as anybody
/// who is not even signed in likes.
fn could_be_a_file(path: &str) -> bool {
    path.len() <= LONGEST_PATH && path.split('/').all(|name| name.len() <= LONGEST_NAME)
}

fn without_body(request: &Request) -> Result<Request, Error> {
    let mut asked = http::Request::builder().method(request.method().clone()).uri(request.uri().clone());
    if let Some(headers) = asked.headers_mut() {
        headers.clone_from(request.headers());
    }
    asked.body(Body::empty()).map_err(|_| Error::new(Code::Internal))
}

async fn file(state: &AppState, request: Request) -> Option<Response> {
    if !could_be_a_file(request.uri().path()) {
        return None;
    }
    let hashed = state.leptos.hash_files && request.uri().path().starts_with(&format!("/{}/", state.leptos.site_pkg_dir));
    let keep = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    let files = ServeDir::new(&*state.leptos.site_root).append_index_html_on_directories(false);
    let Ok(response) = files.precompressed_br().precompressed_gzip().oneshot(request).await;
    let mut response = response.map(Body::new);
    match response.status() {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::RANGE_NOT_SATISFIABLE => {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
            Some(response)
        }
        _ => None,
    }
}
