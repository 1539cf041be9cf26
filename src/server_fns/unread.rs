//! The unread totals.

use crate::{domain::unread::Unread, error::Error, server_fns::client::PageClient};
use leptos::{prelude::*, server_fn::codec::Json};

/// The viewer's unread messages and the conversations that hold them.
#[server(client = PageClient, prefix = "/rpc", endpoint = "get_unread_count", input = Json, output = Json)]
pub async fn get_unread_count() -> Result<Unread, Error> {
    let ctx = crate::server::context::Context::current()?;
    crate::server::service::unread::count(&ctx).await
}
