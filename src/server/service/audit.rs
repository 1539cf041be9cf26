//! What is handed out of the audit log: its export, to an [`Operator`], which is never made from a request; and the newest
//! checkpoint of its tree, to everybody who is signed in.

use crate::{
    domain::time::Timestamp,
    error::Error,
    server::{
        context::Context,
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

/// The newest checkpoint, as it was signed: a size and a hash, and nothing of what was said and done. Who keeps it can hold
/// the organisation to it.
///
/// # Errors
/// `unauthenticated`; `not_found` when nothing has been sealed yet.
pub async fn checkpoint(ctx: &Context) -> Result<String, Error> {
    ctx.viewer()?;
    let note = db::read(&ctx.state.pool, |mut db| async move { db::seal::newest_note(&mut db).await }).await?;
    note.ok_or_else(Error::not_found)
}
