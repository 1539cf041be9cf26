//! The export of the audit log. Authorised by type: an [`Operator`] is never made from a request.

use crate::{
    domain::time::Timestamp,
    error::Error,
    server::{
        db::{self, audit::ExportedEntry},
        operator::Operator,
    },
};
use futures_util::TryStreamExt;
use std::pin::pin;

/// Hands every entry since a moment to `take`, by id, until it says stop. From one snapshot, without holding it in memory.
pub async fn export(
    operator: &Operator,
    since: Timestamp,
    mut take: impl FnMut(ExportedEntry) -> std::ops::ControlFlow<()>,
) -> Result<(), Error> {
    let mut connection = operator.pool.acquire().await?;
    let mut entries = pin!(db::audit::export(&mut connection, since));
    while let Some(entry) = entries.try_next().await? {
        if take(entry).is_break() {
            break;
        }
    }
    Ok(())
}
