//! What an export covers: found once, in the sealed log up to its checkpoint, and kept. Whatever is written, read or sealed
//! later changes nothing of it.

use super::not_together;
use crate::{
    domain::{audit::Action, ids::ConversationId, time::Timestamp},
    error::Error,
    server::{
        db::{
            self,
            review_export_cover::{self as read, Found, Part, Window},
        },
        state::AppState,
    },
};
use std::collections::BTreeMap;

use super::source::{WINDOW, beginning};

/// Finds it, unless it is kept already.
///
/// # Errors
/// `invalid` when there is nothing; `internal` when the messages are not those that were sealed.
pub(super) async fn cover(state: &AppState, take: i64, from: Timestamp, size: u64) -> Result<(), Error> {
    let kept = async || db::read(&state.pool, |mut db| async move { read::covered(&mut db, take).await }).await;
    if !kept().await?.is_empty() {
        return Ok(());
    }
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let mut at = i64::try_from(beginning(state, from, size).await?.size()).unwrap_or(i64::MAX);
    let mut gathered = BTreeMap::new();
    while at < size {
        let window = Window { from: at, until: size.min(at.saturating_add(WINDOW)) };
        let found = db::read(&state.pool, |mut db| async move { read::found(&mut db, take, window).await }).await?;
        found.into_iter().for_each(|found| gather(&mut gathered, found));
        at = window.until;
    }
    let people = db::read(&state.pool, |mut db| {
        let ids: Vec<ConversationId> = gathered.keys().copied().collect();
        async move { read::pairs(&mut db, &ids).await }
    })
    .await?;
    let mut parts = Vec::new();
    for (conversation, gathered) in gathered {
        let Some((first, last)) = gathered.messages else { continue };
        if gathered.number != last.saturating_sub(first).saturating_add(1) {
            return Err(not_together("between two messages of the scope one was never recorded"));
        }
        let [low, high] = people.get(&conversation).copied().ok_or_else(|| not_together("a conversation is gone"))?;
        let got = |who, action: Action| gathered.got.get(&(who, action.as_str().to_owned())).copied();
        let (delivered, read) = (Action::MessageDelivered, Action::MessageRead);
        parts.push(Part { conversation, first, last, got: [got(low, delivered), got(low, read), got(high, delivered), got(high, read)] });
    }
    if parts.is_empty() {
        return Err(Error::invalid("id", "Nothing that was sealed lies within the scope of this review: there is nothing to take away."));
    }
    let expected: Vec<_> = parts.iter().map(|part| (part.conversation, part.first, part.last)).collect();
    let keeping = state.clone();
    state
        .transaction(async move {
            let mut transaction = keeping.pool.begin().await?;
            for some in parts.chunks(500) {
                read::cover(&mut transaction, take, some).await?;
            }
            transaction.commit().await?;
            Ok(())
        })
        .await?;
    let there = kept().await?.into_iter().map(|kept| (kept.id, kept.first_seq, kept.last_seq));
    if there.eq(expected) { Ok(()) } else { Err(not_together("messages of the scope are gone, or were never recorded")) }
}

/// What the entries of one conversation say.
#[derive(Debug, Default)]
struct Gathered {
    /// The first and the last message.
    messages: Option<(i64, i64)>,
    number: i64,
    /// The last receipt of each person and kind.
    got: BTreeMap<(crate::domain::ids::UserId, String), i64>,
}

fn gather(all: &mut BTreeMap<ConversationId, Gathered>, found: Found) {
    let gathered = all.entry(found.conversation).or_default();
    if found.action == Action::MessageSent.as_str() {
        let (first, last) = gathered.messages.unwrap_or((found.first, found.last));
        gathered.messages = Some((first.min(found.first), last.max(found.last)));
        gathered.number = gathered.number.saturating_add(found.number);
    } else {
        let last = gathered.got.entry((found.who, found.action)).or_default();
        *last = found.last.max(*last);
    }
}
