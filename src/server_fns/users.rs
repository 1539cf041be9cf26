//! The search for people to write to.

use crate::{domain::user::FoundUser, error::Error, server_fns::client::PageClient};
use leptos::{prelude::*, server_fn::codec::Json};

/// At most 20 people, best match first; never the viewer, never people whom the policy hides.
/// Errors: `invalid` when there is nothing to look for, `rate_limited`.
#[server(client = PageClient, prefix = "/rpc", endpoint = "search_users", input = Json, output = Json)]
pub async fn search_users(q: String) -> Result<Vec<FoundUser>, Error> {
    let ctx = crate::server::context::Context::current()?;
    crate::server::service::people::search(&ctx, &q, None).await
}
