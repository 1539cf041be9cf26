//! Conversations: opening one, the inbox, one of them. Whether the viewer may write is decided anew with every answer.

use super::limit;
use crate::{
    domain::{
        conversation::Conversation,
        ids::{ChangeNo, ConversationId, UserId},
        page::{ConversationPage, Cursor},
        policy::{Circumstances, Decision, Party, PolicyAction, decide},
        time::Timestamp,
        user::PeopleQuery,
    },
    error::Error,
    server::{
        context::Context,
        db::{self, conversation::Entry},
        live,
        state::Rules,
    },
};

/// A conversation that was opened, and whether that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// As the viewer sees it.
    pub conversation: Conversation,
    /// False when it had been there.
    pub created: bool,
}

/// Opens the conversation with this person. Opening it again gives the same one, whatever the policy says by then.
///
/// # Errors
/// `invalid` with oneself; `not_found` for an unknown person, and for a deactivated one without history; `policy_denied`.
pub async fn open(ctx: &Context, recipient: UserId) -> Result<Opened, Error> {
    let viewer = ctx.viewer()?;
    let pool = &ctx.state.pool;
    let id = viewer.id();
    if recipient == id {
        return Err(Error::invalid("recipient_id", "You cannot write to yourself."));
    }

    let found = db::read(pool, |mut db| async move { db::conversation::recipient(&mut db, id, recipient).await }).await?;
    let found = found.ok_or_else(Error::not_found)?;
    if let Some(known) = found.conversation {
        return Ok(Opened { conversation: get(ctx, known).await?, created: false });
    }
    if !found.user.active {
        return Err(Error::not_found());
    }
    let asked = Circumstances { recipient_wrote_at: found.wrote_at, now: found.now };
    let rules = live::policy::at(&ctx.state, found.policy_version).await?;
    let parties = (Party::from(&viewer.user), Party::from(&found.user));
    // whom the policy hides there is nobody
    if !decide(&rules.policy, &parties.0, &parties.1, PolicyAction::Find, asked).allows() {
        return Err(Error::not_found());
    }
    if let Decision::Deny { rule, reason } = decide(&rules.policy, &parties.0, &parties.1, PolicyAction::Open, asked) {
        return Err(Error::policy_denied(rule, reason));
    }

    let (opened, created) = db::keyed(pool, |mut db| async move { db::conversation::open(&mut db, id, recipient).await }).await?;
    let conversation = get(ctx, opened).await;
    live::hint(&ctx.state, id, conversation.as_ref().map_or(ChangeNo(0), |seen| seen.change_no));
    Ok(Opened { conversation: conversation?, created })
}

/// A page of the inbox, latest activity first; `q` filters by the peers' names as the search for people does.
///
/// # Errors
/// `invalid` for a limit outside of 1 to 100, a cursor that is none, or a `q` without a letter.
pub async fn list(ctx: &Context, q: Option<&str>, limit: Option<i64>, cursor: Option<&str>) -> Result<ConversationPage, Error> {
    let viewer = ctx.viewer()?;
    let limit = self::limit(limit, 50, 100)?;
    let patterns = match q.map(str::trim) {
        None | Some("") => Vec::new(),
        Some(q) => PeopleQuery::parse(q).map_err(|reason| Error::invalid("q", reason))?.patterns(),
    };
    let after = match cursor {
        None => None,
        Some(cursor) => Some(Cursor::parse(cursor).ok_or_else(|| Error::invalid("cursor", "This is no cursor of ours."))?),
    };

    let (id, patterns) = (viewer.id(), &patterns);
    let mut page = db::read(&ctx.state.pool, |mut db| async move {
        // one more than asked for tells whether there is another page
        db::conversation::page(&mut db, id, patterns, after, limit.saturating_add(1)).await
    })
    .await?;

    let rules = live::policy::at(&ctx.state, page.policy_version).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = page.items.len() > wanted;
    page.items.truncate(wanted);
    let items: Vec<Conversation> = page.items.into_iter().map(|entry| seen_by(&rules, &page.viewer, entry, page.now)).collect();
    let next_cursor =
        items.last().filter(|_| more).map(|last| Cursor { last_activity_at: last.last_activity_at, conversation_id: last.id }.encode());
    Ok(ConversationPage { items, next_cursor, change_no: page.newest })
}

/// One conversation.
///
/// # Errors
/// `not_found` when it does not stand in the viewer's inbox.
pub async fn get(ctx: &Context, id: ConversationId) -> Result<Conversation, Error> {
    let user = ctx.viewer()?.id();
    let found = db::read(&ctx.state.pool, |mut db| async move { db::conversation::get(&mut db, user, id).await }).await?;
    let entry = found.items.into_iter().next().ok_or_else(Error::not_found)?;
    let rules = live::policy::at(&ctx.state, found.policy_version).await?;
    Ok(seen_by(&rules, &found.viewer, entry, found.now))
}

/// For refusals that come after the look at the id: nothing, when the conversation stands in the viewer's inbox.
///
/// # Errors
/// `not_found` when it does not.
pub async fn require(ctx: &Context, id: ConversationId) -> Result<(), Error> {
    let viewer = ctx.viewer()?.id();
    let visible = db::read(&ctx.state.pool, |mut db| async move { db::conversation::is_visible(&mut db, viewer, id).await }).await?;
    if visible { Ok(()) } else { Err(Error::not_found()) }
}

/// The conversation as this viewer sees it: with the policy's word on writing.
pub(super) fn seen_by(rules: &Rules, viewer: &Party, entry: Entry, now: Timestamp) -> Conversation {
    let Entry { mut conversation, peer_wrote_at } = entry;
    let asked = Circumstances { recipient_wrote_at: peer_wrote_at, now };
    match decide(&rules.policy, viewer, &Party::from(&conversation.peer), PolicyAction::Send, asked) {
        Decision::Allow => conversation.can_write = true,
        Decision::Deny { reason, .. } => conversation.cannot_write_reason = Some(reason),
    }
    conversation
}
