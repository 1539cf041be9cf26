//! The change feed, asked for by the browser's interval.

use crate::{
    domain::{change::Changes, ids::ChangeNo},
    error::Error,
    server_fns::client::PageClient,
};
use leptos::{prelude::*, server_fn::codec::Json};

/// Every conversation that changed after `since`, at most 500 of them; `more` says that there are further ones.
#[server(client = PageClient, prefix = "/rpc", endpoint = "get_changes", input = Json, output = Json)]
pub async fn get_changes(since: ChangeNo) -> Result<Changes, Error> {
    let ctx = crate::server::context::Context::current()?;
    crate::server::service::changes::since(&ctx, since.0, None).await
}
