//! Reading other people's conversations under a review, and what the two of them are told of it.
//!
//! The order is the promise: the page is written down and committed, and only then are its texts read, by the number of
//! that record. When it cannot be written down, nothing is read and nothing is shown. No pointer moves, no change is told.

use super::{
    limit,
    reviews::{self, sentence, switched_on},
};
use crate::{
    domain::{
        ids::{ConversationId, Seq},
        page::Cursor,
        review::{ReviewId, ReviewNotice, ReviewState, ReviewedConversations, ReviewedPage},
    },
    error::{Code, Error},
    server::{
        context::Context,
        db::{
            self,
            review_read::{Asked, Part},
        },
    },
};

/// Messages on a page.
const PAGE: i64 = 50;

/// A page of a conversation in the scope of an open review, from above this seq on.
///
/// # Errors
/// `forbidden` for who is no admin, did not ask for this review, or when it is not open; `not_found` for a conversation
/// outside of its scope; `unavailable` when the reading could not be written down: nothing was read then.
pub async fn page(ctx: &Context, review: ReviewId, conversation: ConversationId, after: Seq) -> Result<ReviewedPage, Error> {
    let reader = ctx.admin()?.id();
    let policy = open(ctx, review).await?;
    let asked = Asked { review, reader, policy, conversation, after, limit: PAGE };
    let state = ctx.state.clone();
    let recorded = ctx
        .state
        .transaction(async move {
            let mut transaction = state.pool.begin().await?;
            let recorded = db::review_read::record(&mut transaction, asked).await?;
            transaction.commit().await?;
            Ok(recorded)
        })
        .await
        // whatever the reason: without the record there is no reading
        .map_err(|_| Error::unavailable())?
        .ok_or_else(Error::not_found)?;
    let (people, items) = db::read(&ctx.state.pool, |mut db| async move { db::review_read::texts(&mut db, recorded).await }).await?;
    Ok(ReviewedPage { read_id: recorded.id, people, items, next_after: recorded.to_seq.filter(|_| recorded.more) })
}

/// Conversations in the scope of an open review, latest message first. Looking at them is written down as well.
///
/// # Errors
/// `forbidden` as [`page`]; `invalid` for a limit outside of 1 to 100, a foreign cursor; `unavailable` when it could not be
/// written down.
pub async fn conversations(
    ctx: &Context,
    review: ReviewId,
    limit: Option<i64>,
    cursor: Option<&str>,
) -> Result<ReviewedConversations, Error> {
    let reader = ctx.admin()?.id();
    let policy = open(ctx, review).await?;
    let limit = self::limit(limit, 50, 100)?;
    let below = match cursor {
        None => None,
        Some(cursor) => Some(Cursor::parse(cursor).ok_or_else(|| Error::invalid("cursor", "This is no cursor of ours."))?),
    };
    // one more than asked for tells whether there is another page
    let part = Part { below, limit: limit.saturating_add(1) };
    let state = ctx.state.clone();
    let found = ctx
        .state
        .transaction(async move {
            let mut transaction = state.pool.begin().await?;
            let found = db::review_read::conversations(&mut transaction, review, reader, policy, part).await?;
            transaction.commit().await?;
            Ok(found)
        })
        .await
        .map_err(|_| Error::unavailable())?;
    let mut found = found.ok_or_else(closed)?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > wanted;
    found.truncate(wanted);
    let next_cursor = found.last().filter(|_| more).map(|(cursor, _)| cursor.encode());
    Ok(ReviewedConversations { items: found.into_iter().map(|(_, conversation)| conversation).collect(), next_cursor })
}

/// What one of the two is told: that their conversation was read by an admin, when, and for what kind of reason.
///
/// # Errors
/// `not_found` when it is not theirs.
pub async fn notices(ctx: &Context, conversation: ConversationId) -> Result<Vec<ReviewNotice>, Error> {
    let viewer = ctx.viewer()?.id();
    let found = db::read(&ctx.state.pool, |mut db| async move { db::review_read::notices(&mut db, viewer, conversation).await }).await?;
    found.ok_or_else(Error::not_found)
}

/// Why not, in a sentence; the statement that writes the reading down asks once more.
async fn open(ctx: &Context, id: ReviewId) -> Result<crate::domain::review::ReviewMode, Error> {
    let policy = switched_on(ctx)?;
    let reader = ctx.admin()?.id();
    let review = reviews::get(ctx, id).await?;
    if review.requested_by.id != reader {
        return Err(sentence(Code::Forbidden, "Only who asked for this review reads under it."));
    }
    match review.state {
        ReviewState::Open if review.mode.satisfies(policy) => Ok(policy),
        ReviewState::Open => Err(sentence(Code::Forbidden, "Nobody agreed to this review, and by now a second person has to.")),
        ReviewState::Requested => Err(sentence(Code::Forbidden, "Nobody has agreed to this review yet.")),
        _ => Err(closed()),
    }
}

fn closed() -> Error {
    sentence(Code::Forbidden, "This review is over: nothing of it can be read any more.")
}
