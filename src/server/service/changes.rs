//! The change feed: what looks different since a change number. A conversation that changed 500 times is one item.

use super::{conversations::seen_by, limit};
use crate::{
    domain::{change::Changes, ids::ChangeNo},
    error::Error,
    server::{context::Context, db, live},
};

/// The viewer's conversations that changed after `since`, ascending; `reset` when `since` is from a lost future.
///
/// # Errors
/// `invalid` for a negative `since` or a limit outside of 1 to 500.
pub async fn since(ctx: &Context, since: i64, limit: Option<i64>) -> Result<Changes, Error> {
    let id = ctx.viewer()?.id();
    let limit = self::limit(limit, 500, 500)?;
    if since < 0 {
        return Err(Error::invalid("since", "Changes are numbered from 1."));
    }
    let mut read = db::read(&ctx.state.pool, |mut db| async move {
        // one more than asked for tells whether there is more
        db::conversation::changed(&mut db, id, ChangeNo(since), limit.saturating_add(1)).await
    })
    .await?;

    let rules = live::policy::at(&ctx.state, read.policy_version).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = read.items.len() > wanted;
    read.items.truncate(wanted);
    let items: Vec<_> = read.items.into_iter().map(|entry| seen_by(&rules, &read.viewer, entry, read.now)).collect();
    let change_no = items.last().filter(|_| more).map_or(read.newest, |last| last.change_no);
    Ok(Changes { items, change_no, more, policy_version: rules.version, reset: since > read.newest.0 })
}
