//! A form in which somebody has written never loses it. Whatever refuses it on its way (a layer, the service, a page that
//! cannot be rendered), this layer around all of them answers with a page of our own: the text, and a form that sends it
//! once more. A message goes under the same key, so an outcome that nobody knows ends as one message, or none. A form of the
//! administration has no key: it comes back when a layer has refused it, before anything was begun.
//!
//! It stands inside of `cross_site`: a text that another site has posted never comes back beside a button of ours.

use crate::{
    error::{Code, Error},
    server::{
        middleware::{
            body,
            plain_page::{self, escape},
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

/// What makes the next try of a message the same one.
const KEY: [&str; 3] = ["client_id", "displayed_seq", "action"];

/// What was posted, for the page that gives it back.
struct Written {
    uri: Uri,
    fields: BTreeMap<String, String>,
}

impl Written {
    fn is_message(&self) -> bool {
        self.uri.path().starts_with("/messages/")
    }

    /// Whether there is anything to keep: of a message its text.
    fn says_something(&self) -> bool {
        self.fields.iter().any(|(name, value)| !value.is_empty() && (!self.is_message() || name == "body"))
    }

    /// Whether it may be sent once more.
    fn may_go_again(&self, error: &Error) -> bool {
        match error.code {
            Code::Unauthenticated | Code::RateLimited | Code::Unavailable => true,
            _ => self.is_message() && error.is_transient(),
        }
    }

    /// The sentences, which are shown, and what goes along with them.
    fn parts(&self) -> (Vec<Field<'_>>, Vec<Field<'_>>) {
        let goes = |(name, _): &Field<'_>| !self.is_message() || *name == "body" || KEY.contains(&name.as_str());
        let is_shown = |(name, value): &Field<'_>| if self.is_message() { *name == "body" } else { value.contains(char::is_whitespace) };
        self.fields.iter().filter(goes).partition(is_shown)
    }
}

/// Name and value.
type Field<'a> = (&'a String, &'a String);

/// Reads the form before anything can refuse it, and gives what was written back when something does.
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
    let written = Written { uri, fields: urlencoded::fields(&form).unwrap_or_default() };
    if written.says_something() && (written.is_message() || written.may_go_again(&error)) {
        page(&error, &written, &request_id)
    } else if error.code == Code::Unauthenticated {
        Redirect::to(&signed_in::sign_in_and_back(&Method::POST, &written.uri)).into_response()
    } else {
        // as it was: for `problem` to write
        response.extensions_mut().insert(error);
        response
    }
}

fn page(error: &Error, written: &Written, request_id: &str) -> Response {
    let (shown, along) = written.parts();
    // a line break right after the tag belongs to HTML, not to the text
    let area = |(nth, (name, text)): (usize, Field<'_>)| {
        format!(
            "<p><label for=\"text{nth}\">This was your text:</label></p>\
             <p><textarea id=\"text{nth}\" name=\"{}\" rows=\"8\" cols=\"60\" dir=\"auto\" readonly>\n{}</textarea></p>",
            escape(name),
            escape(text)
        )
    };
    let text: String = shown.into_iter().enumerate().map(area).collect();
    let extra = if written.may_go_again(error) {
        let sign_in = if error.code == Code::Unauthenticated {
            "<p><a href=\"/sign_in\" target=\"_blank\">Sign in in another tab</a>, then try again here.</p>"
        } else {
            ""
        };
        let field = |(name, value): Field<'_>| format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value));
        let hidden: String = along.into_iter().map(field).collect();
        let action = escape(written.uri.path());
        format!("{sign_in}<form action=\"{action}\" method=\"post\">{hidden}{text}<p><button>Try again</button></p></form>")
    } else {
        text
    };
    let mut response = (error.status(), Html(plain_page::html(&error.detail, request_id, &extra))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, plain_page::content_policy(plain_page::Form::Ours));
    if let Some(seconds) = error.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
