//! Refuses what is not for strangers, and counts requests. Everything needs a viewer but what stands in [`OPEN`].
//!
//! A program gets 401; a person is sent to the sign-in page and comes back afterwards. Only a form in which somebody has
//! written is refused like a program: `forms::kept` gives the words back, a redirect would lose them.

use crate::{
    error::{Code, Error},
    server::{
        context::Context,
        limits::Requester,
        middleware::{body, trace},
    },
};
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http::{Method, Uri};

/// What works signed out: method and route template. HEAD goes with GET.
pub const OPEN: &[(&str, &str)] = &[
    ("POST", "/api/v1/session"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/api/docs"),
    ("GET", "/api/docs.css"),
    ("POST", "/rpc/get_frame"),
    ("POST", "/rpc/get_password_link"),
    ("GET", "/sign_in"),
    ("POST", "/sign_in"),
    ("GET", "/password/{token}"),
    ("POST", "/password/{token}"),
];

/// For programs and server functions: 401.
pub async fn for_programs(request: Request, next: Next) -> Response {
    match admit(&request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// For pages and forms: to the sign-in page.
pub async fn for_people(request: Request, next: Next) -> Response {
    match admit(&request) {
        Ok(()) => next.run(request).await,
        Err(Error { code: Code::Unauthenticated, .. }) if !carries_text(&request) => {
            Redirect::to(&sign_in_and_back(request.method(), request.uri())).into_response()
        }
        Err(error) => error.into_response(),
    }
}

/// Whether this is a form in which somebody writes: of a message, or a plain one of the administration.
#[must_use]
pub fn carries_text(request: &Request) -> bool {
    let template = trace::template(request);
    let is_written = template == "/messages/{id}" || (template.starts_with("/admin/") && body::is_form(request.headers()));
    request.method() == Method::POST && is_written
}

/// Counts this request, then asks whether it needs a viewer.
fn admit(request: &Request) -> Result<(), Error> {
    let context = request.extensions().get::<Context>().ok_or_else(|| Error::new(Code::Internal))?;
    count(context)?;
    if is_open(request.method(), &trace::template(request)) { Ok(()) } else { context.viewer().map(|_| ()) }
}

/// Counts this request against its user, or against its address.
///
/// # Errors
/// `rate_limited`, with the seconds to wait.
pub fn count(context: &Context) -> Result<(), Error> {
    context.state.limits.check_request(match &context.caller {
        Some(viewer) => Requester::User(viewer.id()),
        None => Requester::Address(context.address),
    })
}

fn is_open(method: &Method, template: &str) -> bool {
    let method = if method == Method::HEAD { Method::GET } else { method.clone() };
    OPEN.contains(&(method.as_str(), template))
}

/// The sign-in page that leads back to this one; a form comes back to the page that showed it.
#[must_use]
pub fn sign_in_and_back(method: &Method, uri: &Uri) -> String {
    let back = match *method {
        Method::GET | Method::HEAD => uri.path_and_query().map_or("/", |path| path.as_str()),
        _ => page_of(uri.path()),
    };
    match serde_urlencoded::to_string([("next", back)]) {
        Ok(query) if !matches!(back, "/" | "/messages" | "/sign_out") => format!("/sign_in?{query}"),
        _ => "/sign_in".to_owned(),
    }
}

/// The page that shows the form which is posted there.
fn page_of(path: &str) -> &str {
    // what is posted below a page has so many parts more than the page
    let parts = [("/settings/", 1), ("/admin/audit/", 2), ("/admin/", 3)].into_iter().find(|(above, _)| path.starts_with(above));
    let end = parts.and_then(|(_, parts)| path.match_indices('/').nth(parts));
    end.and_then(|(end, _)| path.get(..end)).unwrap_or(path)
}
