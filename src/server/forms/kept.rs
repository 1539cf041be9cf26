//! The form that carries a message never loses it. Whatever refuses it on its way (a layer, the service, a page that
//! cannot be rendered), this layer around all of them answers with a page of our own: the text, and a form that sends it
//! once more under the same key. So an outcome that nobody knows ends as one message, or none.
//!
//! It stands inside of `cross_site`: a text that another site has posted never comes back beside a button of ours.

use crate::{
    error::{Code, Error},
    server::{
        middleware::{
            body,
            problem::{self, escape},
            request_id, signed_in,
        },
        urlencoded,
    },
};
use axum::{
    body::{Body, Bytes},
    extract::Request,
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};
use http::{HeaderValue, Method, Uri, header};
use std::collections::BTreeMap;

/// As for everything that is not a page, but for this form.
const CONTENT_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");

/// What makes the next try the same one.
const HIDDEN: [&str; 3] = ["client_id", "displayed_seq", "action"];

/// Reads the form before anything can refuse it, and gives its text back when something does.
pub async fn layer(request: Request, next: Next) -> Response {
    if !signed_in::carries_text(&request) || !body::is_form(request.headers()) {
        return next.run(request).await;
    }
    let (uri, request_id) = (request.uri().clone(), request_id::of(request.extensions()));
    let request = match body::read(request).await {
        Ok(read) => read.request,
        Err(error) => return error.into_response(),
    };
    let form: Bytes = request.body().clone();
    let mut response = next.run(request.map(Body::from)).await;
    let Some(error) = response.extensions_mut().remove::<Error>() else { return response };
    let fields = urlencoded::fields(&form).unwrap_or_default();
    if fields.get("body").is_some_and(|text| !text.is_empty()) {
        page(&error, &uri, &fields, &request_id)
    } else if error.code == Code::Unauthenticated {
        Redirect::to(&signed_in::sign_in_and_back(&Method::POST, &uri)).into_response()
    } else {
        // as it was: for `problem` to write
        response.extensions_mut().insert(error);
        response
    }
}

fn page(error: &Error, uri: &Uri, fields: &BTreeMap<String, String>, request_id: &str) -> Response {
    let field = |name: &str| escape(fields.get(name).map_or("", String::as_str));
    // a line break right after the tag belongs to HTML, not to the text
    let text = format!(
        "<p><label for=\"body\">This was your text:</label></p><p><textarea id=\"body\" name=\"body\" rows=\"8\" cols=\"60\" readonly>\n{}</textarea></p>",
        field("body")
    );
    let signed_out = error.code == Code::Unauthenticated;
    let sign_in =
        if signed_out { "<p><a href=\"/sign_in\" target=\"_blank\">Sign in in another tab</a>, then try again here.</p>" } else { "" };
    let extra = if signed_out || error.is_transient() {
        let hidden: String =
            HIDDEN.iter().map(|name| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", field(name))).collect();
        let action = escape(uri.path());
        format!("{sign_in}<form action=\"{action}\" method=\"post\">{hidden}{text}<p><button>Try again</button></p></form>")
    } else {
        text
    };
    let mut response = (error.status(), Html(problem::page(&error.detail, request_id, &extra))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    if let Some(seconds) = error.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
