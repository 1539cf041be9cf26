//! What this client holds, and what stood on its screen. Pointers only grow, so every call may be repeated.

use crate::{
    domain::{
        ids::{ConversationId, Seq},
        receipt::Acknowledgement,
    },
    error::Error,
    server_fns::client::PageClient,
};
use leptos::{prelude::*, server_fn::codec::Json};

/// Up to 500 acknowledgements, all or none. Errors: `not_found`, `invalid` beyond the last message.
#[server(client = PageClient, prefix = "/rpc", endpoint = "mark_delivered", input = Json, output = Json)]
pub async fn mark_delivered(items: Vec<Acknowledgement>) -> Result<(), Error> {
    use crate::domain::receipt::{Evidence, ReceiptKind};
    let ctx = crate::server::context::Context::current()?;
    crate::server::service::receipts::acknowledge(&ctx, ReceiptKind::Delivered, Evidence::Client, items).await
}

/// Everything up to this seq was displayed. Errors: `not_found`, `invalid` beyond the last message.
#[server(client = PageClient, prefix = "/rpc", endpoint = "mark_read", input = Json, output = Json)]
pub async fn mark_read(conversation_id: ConversationId, up_to_seq: Seq) -> Result<(), Error> {
    use crate::domain::receipt::{Evidence, ReceiptKind};
    let ctx = crate::server::context::Context::current()?;
    let items = vec![Acknowledgement { conversation_id, up_to_seq }];
    crate::server::service::receipts::acknowledge(&ctx, ReceiptKind::Read, Evidence::Client, items).await
}
