//! Receipts: what the viewer's client holds, and what stood on their screen. Pointers only grow, so repeats do no harm.

use crate::{
    domain::receipt::{Acknowledgement, Evidence, MAX_ACKNOWLEDGEMENTS, ReceiptKind},
    error::Error,
    server::{context::Context, db, live},
};

/// Moves the viewer's pointers forward, all items or none. Reading raises delivered too.
///
/// # Errors
/// `not_found` when one of the conversations does not stand in the viewer's inbox; `invalid` beyond the last message,
/// and for no items or more than 500.
pub async fn acknowledge(ctx: &Context, kind: ReceiptKind, evidence: Evidence, items: Vec<Acknowledgement>) -> Result<(), Error> {
    let viewer = ctx.viewer()?.id();
    if items.is_empty() || items.len() > MAX_ACKNOWLEDGEMENTS {
        return Err(Error::invalid("items", format!("Acknowledge 1 to {MAX_ACKNOWLEDGEMENTS} at once.")));
    }
    let items = items.as_slice();
    let mut told =
        db::keyed(&ctx.state.pool, |mut db| async move { db::receipt::acknowledge(&mut db, viewer, kind, evidence, items).await }).await?;
    if !told.is_empty() {
        told.push(viewer);
        live::publish(&ctx.state, &told);
    }
    Ok(())
}
