//! The one error that crosses the wire: a stable code for programs, an HTTP status, a sentence for the user.
//!
//! What went wrong inside is logged where it happened, with the request id, and never travels. An error carries no text
//! that somebody wrote, no id and no path, so it may stand on any screen and in any URL.

use http::StatusCode;
use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// The stable, machine-readable names of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Code {
    /// Not UTF-8, not JSON, not an object.
    MalformedRequest,
    /// Nobody is signed in.
    Unauthenticated,
    /// Signed in, but not for this.
    Forbidden,
    /// The organisation's policy says no; `rule` names why.
    PolicyDenied,
    /// A state change that came from another site.
    CrossSiteRequest,
    /// Unknown, malformed or not yours: they look the same.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// The key was used for another text or another conversation.
    IdempotencyConflict,
    /// Somebody else has changed the policy since it was read.
    PolicyChanged,
    /// Nobody else could administer: the last admin who can sign in can be neither demoted nor deactivated.
    LastAdmin,
    /// People have changed since the preview: the import would do something else than was agreed to.
    PreviewOutdated,
    /// Somebody has decided about the review already, or it has ended.
    ReviewSettled,
    /// The body is over its limit: 64 KiB, 1 MiB for an import.
    TooLarge,
    /// Not JSON, or not a form where a form is expected.
    UnsupportedMediaType,
    /// A field is missing, of the wrong type or out of range; `fields` says which.
    Invalid,
    /// Too many of these; `retry_after` seconds.
    RateLimited,
    /// Our fault.
    Internal,
    /// Nothing was begun; try again.
    Unavailable,
    /// The page was made for another viewer than the one who is signed in here by now.
    ViewerChanged,
    /// The browser lost the answer: whether it happened is not known; try again with the same key.
    Unconfirmed,
}

impl Code {
    /// The HTTP status of this error.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::MalformedRequest => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::PolicyDenied | Self::CrossSiteRequest => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::IdempotencyConflict
            | Self::PolicyChanged
            | Self::LastAdmin
            | Self::PreviewOutdated
            | Self::ReviewSettled
            | Self::ViewerChanged => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal | Self::Unconfirmed => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::MalformedRequest => "The request could not be understood.",
            Self::Unauthenticated => "Please sign in.",
            Self::Forbidden => "You may not do this.",
            Self::PolicyDenied => "Your organisation does not allow messages to this person.",
            Self::CrossSiteRequest => "This request came from another site and was refused.",
            Self::NotFound => "There is nothing here, or it is not yours.",
            Self::MethodNotAllowed => "This cannot be done here.",
            Self::IdempotencyConflict => "This message was already sent with another text.",
            Self::PolicyChanged => "Somebody else has changed the rules meanwhile. Look at theirs first; yours are kept.",
            Self::LastAdmin => {
                "This is the last admin who can sign in: make somebody else an admin first, who counts once they have a password."
            }
            Self::PreviewOutdated => "People have changed since the preview. Nothing was imported: look at what it would do now.",
            Self::ReviewSettled => "Somebody has decided about this request already, or it was taken back.",
            Self::TooLarge => "That is too much at once.",
            Self::UnsupportedMediaType => "The request has a content type that is not accepted here.",
            Self::Invalid => "Something in it is not right.",
            Self::RateLimited => "That was too fast. Wait a moment, then try again.",
            Self::Internal => "Something went wrong on our side. Your messages are safe.",
            Self::Unavailable => "The service cannot be reached right now. Nothing was changed; try again in a moment.",
            Self::ViewerChanged => "Somebody else has signed in here meanwhile. Nothing was done in their name.",
            Self::Unconfirmed => "The connection was lost before the answer came. Trying again does no harm.",
        }
    }
}

/// What went wrong, as far as the outside may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// The stable name.
    pub code: Code,
    /// One sentence for the user.
    pub detail: String,
    /// Per field, the reason it was refused.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// The policy's rule that said no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Seconds until another try makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

impl Error {
    /// The error of this code with its usual sentence.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self { code, detail: code.sentence().to_owned(), fields: BTreeMap::new(), rule: None, retry_after: None }
    }

    /// One field was refused; the sentence is for the user.
    #[must_use]
    pub fn invalid(field: &str, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        let mut error = Self { detail: reason.clone(), ..Self::new(Code::Invalid) };
        error.fields.insert(field.to_owned(), reason);
        error
    }

    /// Unknown, malformed or not the viewer's: all the same.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// The policy's rule `rule` says no, in its own words.
    #[must_use]
    pub fn policy_denied(rule: String, reason: String) -> Self {
        Self { detail: reason, rule: Some(rule), ..Self::new(Code::PolicyDenied) }
    }

    /// Too many; worth another try after so many seconds.
    #[must_use]
    pub fn rate_limited(retry_after: u32) -> Self {
        Self { retry_after: Some(retry_after.max(1)), ..Self::new(Code::RateLimited) }
    }

    /// Nothing was begun; worth another try in a moment.
    #[must_use]
    pub fn unavailable() -> Self {
        Self { retry_after: Some(2), ..Self::new(Code::Unavailable) }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.code.status()
    }

    /// Whether the same request, with the same key, may be tried again by itself.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.code, Code::Internal | Code::Unavailable | Code::Unconfirmed | Code::RateLimited)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Error {}

impl FromServerFnError for Error {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(value: ServerFnErrorErr) -> Self {
        Self::new(match value {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Deserialization(_) | ServerFnErrorErr::Response(_) => Code::Unconfirmed,
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Code::MalformedRequest,
            _ => Code::Internal,
        })
    }

    fn status_code(&self) -> StatusCode {
        self.status()
    }
}
