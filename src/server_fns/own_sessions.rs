//! Where the viewer is signed in, and ending what they do not know.

use crate::{domain::session::OwnSession, error::Error, server_fns::client::PageClient};
use leptos::{prelude::*, server_fn::codec::Json};

/// The viewer's sessions, this one first. Errors: `unauthenticated`.
#[server(client = PageClient, prefix = "/rpc", endpoint = "get_own_sessions", input = Json, output = Json)]
pub async fn get_own_sessions() -> Result<Vec<OwnSession>, Error> {
    let ctx = crate::server::context::Context::current()?;
    crate::server::service::own_sessions::list(&ctx).await
}

/// Ends one of the viewer's other sessions. Errors: `not_found` when it has ended already, `invalid` for this one.
#[server(client = PageClient, prefix = "/rpc", endpoint = "end_own_session", input = Json, output = Json)]
pub async fn end_own_session(session_id: String) -> Result<(), Error> {
    let ctx = crate::server::context::Context::current()?;
    crate::server::service::own_sessions::end(&ctx, session_id).await
}

/// Ends all of the viewer's other sessions; how many that were. Doing it twice does no harm.
#[server(client = PageClient, prefix = "/rpc", endpoint = "end_other_sessions", input = Json, output = Json)]
pub async fn end_other_sessions() -> Result<u64, Error> {
    let ctx = crate::server::context::Context::current()?;
    crate::server::service::own_sessions::end_others(&ctx).await
}
