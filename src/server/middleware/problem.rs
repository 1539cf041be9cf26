//! How an `Error` looks on the outside: `application/problem+json` (RFC 9457) for programs and for server functions, a
//! small page for people. A handler returns the error, the layer here writes it, so every refusal has one shape.
//!
//! A problem holds every field of `Error`, so the browser's half reads the refusal of a layer and that of a server
//! function alike.

use crate::{
    error::{Code, Error},
    server::middleware::{plain_page, request_id},
};
use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use serde::Serialize;
use std::collections::BTreeMap;

/// The body of every refusal (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(title = "Problem")]
pub struct Problem {
    /// Where the code is explained.
    #[schema(format = "uri-reference", example = "/api/docs#not_found")]
    pub r#type: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable name of the error.
    pub code: Code,
    /// One sentence for a person.
    pub detail: String,
    /// Quote it when something is to be looked up in the log.
    pub request_id: String,
    /// `invalid`: the reason per field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// `policy_denied`: the rule that said no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Seconds until another try makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// The problem that this error is for this request.
    #[must_use]
    pub fn new(error: Error, request_id: String) -> Self {
        let status = error.status();
        Self {
            r#type: format!("/api/docs#{}", word(error.code)),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code: error.code,
            detail: error.detail,
            request_id,
            fields: error.fields,
            rule: error.rule,
            retry_after: error.retry_after,
        }
    }
}

/// The code as it stands in JSON.
#[must_use]
pub fn word(code: Code) -> String {
    serde_json::to_value(code).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

impl IntoResponse for Error {
    /// The status, and the error itself for [`layer`] to write.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the error that an inner layer or a handler returned.
pub async fn layer(request: Request, next: Next) -> Response {
    let request_id = request_id::of(request.extensions());
    let path = request.uri().path();
    let for_programs = ["/api/", "/rpc/"].iter().any(|prefix| path.starts_with(prefix));
    let mut response = next.run(request).await;
    let Some(error) = response.extensions_mut().remove::<Error>() else { return response };
    let headers = response.headers_mut();
    if let Some(seconds) = error.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    headers.remove(header::CONTENT_LENGTH);
    let body = if for_programs {
        if error.code == Code::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        serde_json::to_string(&Problem::new(error, request_id)).unwrap_or_default()
    } else {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_SECURITY_POLICY, plain_page::content_policy(plain_page::Form::None));
        plain_page::html(&error.detail, &request_id, "")
    };
    *response.body_mut() = Body::from(body);
    response
}

#[cfg(test)]
mod tests {
    use super::Problem;
    use crate::error::Error;

    #[test]
    fn a_problem_is_read_as_the_error_it_was() {
        let error = Error::policy_denied("audit_is_closed".into(), "Internal Audit takes no messages.".into());
        let problem = serde_json::to_value(Problem::new(error.clone(), "id".into())).expect("json");
        assert_eq!(problem["type"], "/api/docs#policy_denied");
        assert_eq!(serde_json::from_value::<Error>(problem).expect("an error"), error);
    }
}
