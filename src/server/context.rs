//! Who asks: built once per request by `middleware::authenticate`, handed to every service function.
//!
//! The first line of a service function is `let viewer = ctx.viewer()?;` — who may do a thing is decided there and in the
//! statement that finds the thing, never in a handler.

use crate::{
    domain::{
        ids::UserId,
        session::VIEWER_HEADER,
        user::{Role, User},
    },
    error::{Code, Error},
    server::state::AppState,
};
use axum::extract::FromRequestParts;
use http::request::Parts;
use leptos::prelude::use_context;
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Set once a server function has its arguments and asks who calls.
#[derive(Debug, Clone)]
pub struct Begun(pub Arc<AtomicBool>);

/// The caller of a service function.
#[derive(Clone)]
pub struct Context {
    /// What the process shares.
    pub state: AppState,
    /// `None` when nobody is signed in.
    pub caller: Option<Viewer>,
    /// The client's address; of the proxy's header only when the proxy is configured.
    pub address: IpAddr,
    /// Stands in the log, in every answer, and in what a user quotes to the service desk.
    pub request_id: String,
}

/// The signed-in user on whose behalf code runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// As the database had them when the request began.
    pub user: User,
    /// How they proved it.
    pub credential: Credential,
}

impl Viewer {
    /// Shorthand for the viewer's id.
    #[must_use]
    pub fn id(&self) -> UserId {
        self.user.id
    }
}

/// How a viewer proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// The session cookie; the digest is the key of its row.
    Session {
        /// SHA-256 of the cookie's token.
        token_sha256: Vec<u8>,
    },
    /// A program's bearer token.
    Token {
        /// The id of its row.
        id: uuid::Uuid,
    },
}

impl Context {
    /// The signed-in user.
    ///
    /// # Errors
    /// `unauthenticated` when nobody is.
    pub fn viewer(&self) -> Result<&Viewer, Error> {
        self.caller.as_ref().ok_or_else(|| Error::new(Code::Unauthenticated))
    }

    /// The signed-in user, who has to be an admin. The role was read with this very request, so losing it takes effect at once.
    ///
    /// # Errors
    /// `unauthenticated` when nobody is signed in, `forbidden` for everybody else.
    pub fn admin(&self) -> Result<&Viewer, Error> {
        let viewer = self.viewer()?;
        if viewer.user.role == Role::Admin { Ok(viewer) } else { Err(Error::new(Code::Forbidden)) }
    }

    /// The context of the request that is being rendered or answered, for server functions. A page that speaks for another
    /// viewer than is signed in by now does nothing in their name.
    ///
    /// # Errors
    /// `viewer_changed` for such a page, `internal` outside of a request.
    pub fn current() -> Result<Self, Error> {
        if let Some(Begun(begun)) = use_context() {
            begun.store(true, Ordering::Relaxed);
        }
        let parts = use_context::<Parts>().ok_or_else(|| Error::new(Code::Internal))?;
        let context = parts.extensions.get::<Self>().cloned().ok_or_else(|| Error::new(Code::Internal))?;
        match (&context.caller, parts.headers.get(VIEWER_HEADER)) {
            (Some(viewer), Some(meant)) if meant.as_bytes() != viewer.id().to_string().as_bytes() => Err(Error::new(Code::ViewerChanged)),
            _ => Ok(context),
        }
    }
}

/// For handlers: the context that `middleware::authenticate` left in the request.
impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Error::new(Code::Internal))
    }
}
