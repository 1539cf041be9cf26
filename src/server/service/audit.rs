//! What is handed out of the audit log: its export, to an [`Operator`], which is never made from a request; and the newest
//! checkpoint of its tree, to everybody who is signed in.

use crate::{
    domain::time::Timestamp,
    error::Error,
    server::{
        context::Context,
        db::{self, audit::ExportedEntry},
        operator::Operator,
        proof::{
            bundle::{End, Line, Record},
            tree::Hash,
            verify::Consistency,
        },
    },
};
use futures_util::TryStreamExt;
use std::{ops::ControlFlow, pin::pin};

/// Hands every entry since a moment to `take`, by id, until it says stop. From one snapshot, without holding it in memory.
pub async fn export(operator: &Operator, since: Timestamp, mut take: impl FnMut(ExportedEntry) -> ControlFlow<()>) -> Result<(), Error> {
    let mut connection = operator.pool.acquire().await?;
    let mut entries = pin!(db::audit::export(&mut connection, since));
    while let Some(entry) = entries.try_next().await? {
        if take(entry).is_break() {
            break;
        }
    }
    Ok(())
}

/// Hands everything that is needed to verify the log to `take`, line by line, until it says stop. From one snapshot,
/// without holding it in memory and without holding anybody up.
pub async fn export_whole(operator: &Operator, mut take: impl FnMut(Line) -> ControlFlow<()>) -> Result<(), Error> {
    let mut connection = operator.pool.acquire().await?;
    let mut tx = db::bundle::snapshot(&mut connection).await?;
    let mut end = End { entries: 0, records: 0 };
    db::bundle::in_order(&mut tx).await?;
    for part in db::bundle::PARTS {
        if part.whole_tables {
            db::bundle::in_any_way(&mut tx).await?;
        }
        let mut lines = (part.lines)(&mut tx);
        while let Some(line) = lines.try_next().await? {
            let counted = if matches!(line, Line::Entry(_)) { &mut end.entries } else { &mut end.records };
            *counted = counted.saturating_add(1);
            if take(line).is_break() {
                return Ok(());
            }
        }
    }
    tx.rollback().await?;
    let _ = take(Line::Record(Record::End(end)));
    Ok(())
}

/// Proofs that the tree at each of these sizes begins with the tree at the next smaller one. The leaves of the largest are held
/// in memory, 32 bytes each.
///
/// # Errors
/// `invalid` for less than two sizes, and when there are not as many leaves.
pub async fn consistency(operator: &Operator, mut sizes: Vec<u64>) -> Result<Vec<Consistency>, Error> {
    sizes.sort_unstable();
    sizes.dedup();
    let most = sizes.last().and_then(|most| i64::try_from(*most).ok()).unwrap_or(i64::MAX);
    if sizes.len() < 2 || sizes.first() == Some(&0) {
        return Err(Error::invalid("sizes", "Give the sizes of two checkpoints or more: the second line of each."));
    }
    let mut connection = operator.pool.acquire().await?;
    let leaves: Vec<Hash> = db::seal::hashes(&mut connection, most).try_collect().await?;
    let there = leaves.len();
    let proofs = sizes.iter().zip(sizes.iter().skip(1)).map(|(from, to)| Consistency::of(&leaves, *from, *to));
    proofs
        .collect::<Option<_>>()
        .ok_or_else(|| Error::invalid("sizes", format!("{there} entries are sealed here: there is no tree over {most}.")))
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
