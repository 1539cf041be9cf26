//! The live stream's use-cases: a place to listen from, and what has changed since.

use super::{changes, conversations::seen_by};
use crate::{
    domain::{
        change::{Changes, LiveChange},
        conversation::Conversation,
        ids::{ChangeNo, ConversationId, Seq, UserId},
        message::Message,
        policy::Party,
    },
    error::Error,
    server::{
        context::Context,
        db::{self, sides::Sides},
        live::{self, Moved, hub::Place},
        state::AppState,
    },
};
use std::collections::HashMap;

/// A stream as it begins.
pub struct Beginning {
    /// Its place in the hub.
    pub place: Place,
    /// Where it stands.
    pub position: Position,
    /// The cursor was of a future that is lost: start from a fresh list.
    pub reset: bool,
}

/// Where a stream stands in its viewer's feed.
#[derive(Debug, Default)]
pub struct Position {
    /// Everything up to here was sent.
    cursor: ChangeNo,
    /// Where the present round of catching up began: messages are counted from there.
    base: ChangeNo,
    /// What this round has sent of each conversation.
    sent: HashMap<ConversationId, Seq>,
}

impl Position {
    /// At this change.
    #[must_use]
    pub fn at(cursor: ChangeNo) -> Self {
        Self { cursor, base: cursor, sent: HashMap::new() }
    }

    /// Everything up to here was sent.
    #[must_use]
    pub fn cursor(&self) -> ChangeNo {
        self.cursor
    }

    /// Everything up to here was handed over ready-made.
    pub fn moved(&mut self, up_to: ChangeNo) {
        *self = Self::at(up_to);
    }
}

/// So many conversations are read at once, each with up to 50 messages: what a stream holds for a client that is slow.
const AT_ONCE: i64 = 8;

/// Takes a place, then looks where the feed stands: what happens in between is heard. Without a cursor it begins at now.
///
/// # Errors
/// `rate_limited` for one stream too many, `unavailable` when the process has enough; `invalid` for a negative cursor.
pub async fn begin(ctx: &Context, cursor: Option<i64>) -> Result<Beginning, Error> {
    let viewer = ctx.viewer()?;
    let place = ctx.state.hub.subscribe(viewer.id(), viewer.credential.clone())?;
    let seen = changes::since(ctx, cursor.unwrap_or(i64::MAX), Some(1)).await?;
    // a cursor beyond the newest change is answered with the newest
    let newest = seen.reset.then_some(seen.change_no);
    let position = Position::at(newest.or(cursor.map(ChangeNo)).unwrap_or_default());
    Ok(Beginning { place, position, reset: seen.reset && cursor.is_some() })
}

/// What a look at the feed has found.
#[derive(Debug)]
pub enum Found {
    /// The next changes of this stream, ascending.
    Changes {
        /// What looks different.
        items: Vec<LiveChange>,
        /// Whether there is more.
        more: bool,
    },
    /// The stream stands at a change of a future that is lost (another database has taken over, and lacks the last commits):
    /// what comes next has numbers that it takes for known ones.
    Reset,
}

/// The next changes of this stream.
///
/// # Errors
/// When the database cannot be asked; the position has not moved then.
pub async fn next(ctx: &Context, position: &mut Position) -> Result<Found, Error> {
    let viewer = ctx.viewer()?.id();
    let Changes { items, change_no, more, reset, .. } = changes::since(ctx, position.cursor.0, Some(AT_ONCE)).await?;
    if reset {
        return Ok(Found::Reset);
    }
    if items.is_empty() {
        return Ok(Found::Changes { items: Vec::new(), more: false });
    }
    let (base, changed) = (position.base, &items);
    let mut messages = db::read(&ctx.state.pool, |mut db| async move { db::live::messages(&mut db, viewer, changed, base).await }).await?;
    messages.retain(|message| position.sent.get(&message.conversation_id).is_none_or(|sent| *sent < message.seq));

    let mut by_conversation: HashMap<ConversationId, Vec<Message>> = HashMap::new();
    for message in messages {
        position.sent.insert(message.conversation_id, message.seq);
        by_conversation.entry(message.conversation_id).or_default().push(message);
    }
    position.cursor = change_no;
    if !more {
        // caught up: a later message has a later change
        *position = Position::at(change_no);
    }
    let with_messages = |conversation: Conversation| {
        let messages = by_conversation.remove(&conversation.id).unwrap_or_default();
        LiveChange { conversation, messages }
    };
    Ok(Found::Changes { items: items.into_iter().map(with_messages).collect(), more })
}

/// What a write has done to one conversation.
#[derive(Debug)]
pub struct Happened<'a> {
    /// How it looks now, for both.
    pub sides: &'a Sides,
    /// What was written.
    pub message: Option<&'a Message>,
}

/// Tells everybody whom a transaction concerns, all of it at once, right after the commit and before anybody is answered.
pub fn tell(state: &AppState, happened: &[Happened<'_>]) {
    let mut moved: HashMap<UserId, Moved> = HashMap::new();
    let rules = state.policy.current();
    for Happened { sides, message } in happened {
        for (side, peer) in sides.both() {
            let mine = moved.entry(side.user.id).or_insert_with(|| Moved {
                after: ChangeNo(i64::MAX),
                policy_version: rules.version,
                ..Moved::default()
            });
            mine.after = mine.after.min(ChangeNo(side.moved_to.0.saturating_sub(1)));
            mine.up_to = mine.up_to.max(side.moved_to);
            // who begins to listen from here on reads the feed, which has all of this by now
            if !state.hub.listens(side.user.id) {
                continue;
            }
            let entry = sides.entry(side, peer);
            let (conversation, message) = (seen_by(&rules, &Party::from(&side.user), entry, sides.now), message.cloned());
            match mine.changes.iter_mut().find(|change| change.conversation.id == sides.conversation_id) {
                Some(change) => {
                    // each has its own message as the last one: of several of a conversation the last is right
                    change.conversation = conversation;
                    change.messages.extend(message);
                }
                None => mine.changes.push(LiveChange { conversation, messages: message.into_iter().collect() }),
            }
        }
    }
    for (user, mut moved) in moved {
        moved.changes.sort_by_key(|change| change.conversation.change_no);
        live::push(state, user, &moved);
    }
}
