//! Receipts: what the viewer's client holds, and what stood on their screen. Pointers only grow, so repeats do no harm.

use super::groups;
use crate::{
    domain::receipt::{Acknowledgement, Evidence, MAX_ACKNOWLEDGEMENTS, ReceiptKind},
    error::Error,
    server::{
        context::Context,
        db::receipt::{Acknowledged, NewReceipts},
    },
};

/// Moves the viewer's pointers forward, all items or none. Reading raises delivered too.
///
/// # Errors
/// `not_found` when one of the conversations does not stand in the viewer's inbox; `invalid` beyond the last message,
/// and for no items or more than 500.
pub async fn acknowledge(ctx: &Context, kind: ReceiptKind, evidence: Evidence, items: Vec<Acknowledgement>) -> Result<(), Error> {
    let user = ctx.viewer()?.id();
    if items.is_empty() || items.len() > MAX_ACKNOWLEDGEMENTS {
        return Err(Error::invalid("items", format!("Acknowledge 1 to {MAX_ACKNOWLEDGEMENTS} at once.")));
    }
    match groups::acknowledge(&ctx.state, NewReceipts { user, kind, evidence, items }).await? {
        Acknowledged::Done(_) => Ok(()),
        Acknowledged::NotFound => Err(Error::not_found()),
        Acknowledged::Beyond => Err(Error::invalid("up_to_seq", "There is no message with this number yet.")),
    }
}
