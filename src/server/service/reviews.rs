//! Reviews: asking for one, deciding about it, ending it. `[audit] review` says whether there are any, and whether a second
//! admin has to agree. Reading under one is in `review_reading`.

use super::{limit, meant, salt};
use crate::{
    domain::{
        ids::{ConversationId, UserId},
        review::{
            REASON_MAX, Review, ReviewCursor, ReviewId, ReviewList, ReviewMode, ReviewRequest, ReviewScope, ReviewState, can_be_shown,
        },
    },
    error::{Code, Error},
    server::{
        context::Context,
        db::{
            self,
            review::{Decision, RequestSalts},
        },
    },
};

/// So many people are named when a name means several.
const NAMED: i64 = 5;

/// A request. Where one person is enough (`single`), it is granted at once.
///
/// # Errors
/// `forbidden` for who is no admin, and where reviews are switched off; `invalid` when it does not say enough, or concerns
/// the viewer's own conversations; `not_found` for an unknown person or conversation.
pub async fn request(ctx: &Context, request: ReviewRequest) -> Result<Review, Error> {
    let viewer = ctx.admin()?.id();
    let mode = switched_on(ctx)?;
    let request = request.parse().map_err(|(field, reason)| Error::invalid(field, reason))?;
    let hours = granted_hours(ctx);
    let (salts, unused) = (RequestSalts { case: salt()?, reason: salt()? }, salt()?);
    let state = ctx.state.clone();
    let id = ctx
        .state
        .transaction(async move {
            let mut transaction = state.pool.begin().await?;
            let pair = match request.scope {
                ReviewScope::UserId(user) => {
                    if !db::review::is_person(&mut transaction, user).await? {
                        return Err(Error::not_found());
                    }
                    own_matter(user == viewer)?;
                    None
                }
                ReviewScope::ConversationId(conversation) => {
                    let pair = db::review::people_of(&mut transaction, conversation).await?.ok_or_else(Error::not_found)?;
                    own_matter(pair.0 == viewer || pair.1 == viewer)?;
                    Some(pair)
                }
            };
            let id = db::review::request(&mut transaction, viewer, mode, &request, pair, salts).await?;
            if mode == ReviewMode::Single {
                let decision = Decision { by: viewer, hours: Some(hours), note: None, salt: unused };
                if !db::review::decide(&mut transaction, id, &decision).await? {
                    return Err(Error::new(Code::Internal));
                }
            }
            transaction.commit().await?;
            Ok(id)
        })
        .await?;
    get(ctx, id).await
}

/// What a second person says to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It may be read for `[audit] review_grant_hours`.
    Approve,
    /// It may not.
    Refuse,
}

/// Approves or refuses a request of somebody else.
///
/// # Errors
/// `forbidden` for who is no admin, who asked themself, and where reviews are switched off; `not_found`, also for who is its
/// matter; `review_settled` when it has been decided or taken back meanwhile; `invalid` for a note that is too long.
pub async fn decide(ctx: &Context, id: ReviewId, answer: Answer, note: Option<String>) -> Result<Review, Error> {
    let viewer = ctx.admin()?.id();
    switched_on(ctx)?;
    let review = get(ctx, id).await?;
    let note = note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    if note.as_ref().is_some_and(|note| !can_be_shown(note)) {
        return Err(Error::invalid("note", "The note holds control characters."));
    }
    if note.as_ref().is_some_and(|note| note.chars().count() > REASON_MAX) {
        return Err(Error::invalid("note", format!("A note has at most {REASON_MAX} characters.")));
    }
    if review.requested_by.id == viewer {
        return Err(sentence(Code::Forbidden, "Nobody decides about a request of their own: another admin has to."));
    }
    if review.state != ReviewState::Requested {
        return Err(Error::new(Code::ReviewSettled));
    }
    let hours = (answer == Answer::Approve).then(|| granted_hours(ctx));
    let decision = Decision { by: viewer, hours, note, salt: salt()? };
    let decided = one_statement(ctx, move |mut db| async move { db::review::decide(&mut db, id, &decision).await }).await?;
    if decided { get(ctx, id).await } else { Err(Error::new(Code::ReviewSettled)) }
}

/// Ends a review before its time, or takes a request back. Its reader may, and so may any other admin: less is read then.
///
/// # Errors
/// `forbidden` for who is no admin; `not_found`; `review_settled` when it has ended already.
pub async fn end(ctx: &Context, id: ReviewId) -> Result<Review, Error> {
    let viewer = ctx.admin()?.id();
    get(ctx, id).await?;
    let ended = one_statement(ctx, move |mut db| async move { db::review::end(&mut db, id, viewer).await }).await?;
    if ended { get(ctx, id).await } else { Err(sentence(Code::ReviewSettled, "This review has ended already.")) }
}

/// One review.
///
/// # Errors
/// `forbidden` for who is no admin; `not_found`, also for who is its matter.
pub async fn get(ctx: &Context, id: ReviewId) -> Result<Review, Error> {
    let viewer = ctx.admin()?.id();
    let found = db::read(&ctx.state.pool, |mut db| async move { db::review::list(&mut db, viewer, Some(id), None, 1).await }).await?;
    found.into_iter().next().ok_or_else(Error::not_found)
}

/// Reviews, newest first, but those of which the viewer is the matter.
///
/// # Errors
/// `forbidden` for who is no admin; `invalid` for a limit outside of 1 to 100, a foreign cursor.
pub async fn list(ctx: &Context, limit: Option<i64>, cursor: Option<&str>) -> Result<ReviewList, Error> {
    let viewer = ctx.admin()?.id();
    let limit = self::limit(limit, 50, 100)?;
    let below = match cursor {
        None => None,
        Some(cursor) => Some(ReviewCursor::parse(cursor).ok_or_else(|| Error::invalid("cursor", "This is no cursor of ours."))?),
    };
    // one more than asked for tells whether there is another page
    let most = limit.saturating_add(1);
    let mut items = db::read(&ctx.state.pool, |mut db| async move { db::review::list(&mut db, viewer, None, below, most).await }).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > wanted;
    items.truncate(wanted);
    let next_cursor = items.last().filter(|_| more).map(|last| ReviewCursor { requested_at: last.requested_at, id: last.id }.encode());
    Ok(ReviewList { items, next_cursor })
}

/// Whom an admin means by what they typed: all conversations of one person, or the one of two people.
///
/// # Errors
/// `forbidden` for who is no admin; `invalid` for a name that nobody has, or several, and for two without a conversation.
pub async fn scope(ctx: &Context, person: &str, peer: Option<&str>) -> Result<ReviewScope, Error> {
    ctx.admin()?;
    let user = one(ctx, "person", person).await?;
    let Some(peer) = peer else { return Ok(ReviewScope::UserId(user)) };
    let peer = one(ctx, "peer", peer).await?;
    let found: Option<ConversationId> =
        db::read(&ctx.state.pool, |mut db| async move { db::review::conversation_of(&mut db, user, peer).await }).await?;
    found.map(ReviewScope::ConversationId).ok_or_else(|| Error::invalid("peer", "These two have no conversation."))
}

async fn one(ctx: &Context, field: &'static str, typed: &str) -> Result<UserId, Error> {
    match meant::people(ctx, field, typed, NAMED.saturating_sub(1)).await?.as_slice() {
        [one] => Ok(one.id),
        several => {
            let names: Vec<&str> = several.iter().map(|user| user.username.as_str()).collect();
            Err(Error::invalid(field, format!("Several people are called that. Type a user name: {} …", names.join(", "))))
        }
    }
}

/// What the policy of the organisation says, where it allows reviews at all.
///
/// # Errors
/// `forbidden` where they are switched off.
pub(super) fn switched_on(ctx: &Context) -> Result<ReviewMode, Error> {
    match ctx.state.settings.audit.review {
        ReviewMode::Off => Err(sentence(Code::Forbidden, "This organisation has switched reviews off.")),
        mode => Ok(mode),
    }
}

/// An error of this code, in a sentence of its own.
pub(super) fn sentence(code: Code, detail: &str) -> Error {
    Error { detail: detail.into(), ..Error::new(code) }
}

fn own_matter(own: bool) -> Result<(), Error> {
    if own { Err(Error::invalid("scope", "Nobody reviews a conversation of their own: another admin has to.")) } else { Ok(()) }
}

fn granted_hours(ctx: &Context) -> i32 {
    i32::try_from(ctx.state.settings.audit.review_grant_hours).unwrap_or(i32::MAX)
}

/// One statement that changes nothing when it finds itself done; in a task that a client who hangs up does not drop.
async fn one_statement<F, W, E>(ctx: &Context, work: F) -> Result<bool, Error>
where
    F: FnOnce(db::pool::Lent) -> W + Send + 'static,
    W: Future<Output = Result<bool, E>> + Send,
    Error: From<E>,
{
    let state = ctx.state.clone();
    ctx.state.transaction(async move { Ok(work(state.connection().await?).await?) }).await
}
