//! The plain-form path of every page, for browsers without (or before) script: POST, service, redirect.
//!
//! A refusal shows the page again, with the reason and what was typed, under the status of the refusal. Only when the page
//! itself cannot be shown, a small page of our own (`kept`) hands the text back.

pub mod conversations;
pub mod kept;
pub mod messages;
pub mod own_sessions;
pub mod passwords;
pub mod session;

use crate::{
    domain::form::{FORM, FormFlash},
    error::{Code, Error},
    server::{middleware::body, pages, state::AppState, urlencoded},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    middleware::from_fn,
    response::{IntoResponse, Redirect, Response},
    routing::{MethodRouter, post},
};
use http::{HeaderValue, Method, Uri, header, request::Parts};
use std::collections::BTreeMap;

/// Where forms are posted to: the paths of the pages that show them, or paths below these.
pub fn routes() -> [(&'static str, MethodRouter<AppState>); 8] {
    [
        ("/sign_in", post(session::sign_in)),
        ("/sign_out", post(session::sign_out)),
        ("/messages/new", post(conversations::open)),
        ("/messages/{id}", post(messages::post)),
        ("/settings", post(passwords::change)),
        ("/settings/sessions/end_others", post(own_sessions::end_others)),
        ("/settings/sessions/{session_id}/end", post(own_sessions::end)),
        ("/password/{token}", post(passwords::set)),
    ]
}

/// All of them, each for plain forms only.
pub fn router() -> Router<AppState> {
    routes().into_iter().fold(Router::new(), |router, (path, methods)| router.route(path, methods.route_layer(from_fn(body::form))))
}

/// What was posted, and the request to show its page again.
pub struct Posted {
    fields: BTreeMap<String, String>,
    path: Option<RawPathParams>,
    parts: Parts,
    state: AppState,
}

impl FromRequest<AppState> for Posted {
    type Rejection = Error;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Error> {
        let (mut parts, body) = request.into_parts();
        let bytes: Bytes = axum::body::to_bytes(body, body::MAX_BYTES).await.map_err(|_| Error::new(Code::TooLarge))?;
        let fields = urlencoded::fields(&bytes).ok_or_else(|| Error::new(Code::MalformedRequest))?;
        // what cannot be decoded is the id of nothing
        let path = RawPathParams::from_request_parts(&mut parts, state).await.ok();
        Ok(Self { fields, path, parts, state: state.clone() })
    }
}

impl Posted {
    /// A field; empty when it was not sent.
    fn field(&self, name: &str) -> String {
        self.fields.get(name).cloned().unwrap_or_default()
    }

    /// A part of the path; empty when the route has none of this name.
    fn of_path(&self, name: &str) -> &str {
        self.path.iter().flatten().find(|(key, _)| *key == name).map(|(_, value)| value).unwrap_or_default()
    }

    /// To the next page, or this one again with the reason and the values of `shown` (never a password).
    async fn answer(self, outcome: Result<Response, Error>, shown: &[&str]) -> Response {
        match outcome {
            Ok(response) => response,
            Err(error) => self.refused(error, shown).await,
        }
    }

    /// As [`answer`](Self::answer), for one of the forms of a page that has several; the page says the reason beside it.
    async fn answer_on(mut self, page: &'static str, form: &str, outcome: Result<Response, Error>) -> Response {
        self.parts.uri = Uri::from_static(page);
        self.fields.insert(FORM.into(), form.into());
        self.answer(outcome, &[FORM]).await
    }

    async fn refused(mut self, error: Error, shown: &[&str]) -> Response {
        let fields: BTreeMap<_, _> = shown.iter().map(|name| ((*name).to_owned(), self.field(name))).collect();
        // a text that its page cannot show comes back by `kept`
        let keeps_text = fields.get("body").is_some_and(|text| !text.is_empty());
        if keeps_text && !can_be_shown(&error) {
            return error.into_response();
        }
        self.parts.method = Method::GET;
        let flash = FormFlash { reason: Some(error.detail.clone()), fields };
        match pages::render(&self.state, Request::from_parts(self.parts, Body::empty()), flash).await {
            // an error instead of the page: the text is not on it
            Ok(page) if keeps_text && !page.status().is_success() => Error::unavailable().into_response(),
            Ok(mut page) => {
                *page.status_mut() = error.status();
                if let Some(seconds) = error.retry_after {
                    page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                }
                page
            }
            Err(cannot) => cannot.into_response(),
        }
    }
}

/// Whether the conversation's page can still be rendered around the text.
fn can_be_shown(error: &Error) -> bool {
    !matches!(error.code, Code::Unauthenticated | Code::NotFound | Code::Internal | Code::Unavailable | Code::Unconfirmed)
}

/// After a form comes a page.
fn to(path: &str) -> Response {
    Redirect::to(path).into_response()
}
