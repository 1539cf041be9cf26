//! Exports of a review: its reader asks to take it away, another admin releases that where the review needed a second
//! person, and each time that it is taken is written down first. What is taken is made in `review_archive`.

use super::{
    review_archive::{self, Archive},
    reviews::{self, Answer, sentence, switched_on},
    salt,
};
use crate::{
    domain::{
        review::{REASON_MAX, Review, ReviewId, ReviewMode, ReviewState, can_be_shown},
        review_export::{ExportId, ExportState, ReviewExport},
    },
    error::{Code, Error},
    server::{
        context::Context,
        db::{self, review_export::Decision},
        jobs::anchor,
    },
};

/// Asks to take an open review away. Where one person is enough (`single`), it is released at once.
///
/// # Errors
/// `forbidden` for who is no admin, did not ask for this review, or when it is not open; `not_found`, also for who is its
/// matter; `invalid` while an earlier request waits, and where nothing was ever sealed.
pub async fn request(ctx: &Context, review: ReviewId) -> Result<ReviewExport, Error> {
    let viewer = ctx.admin()?.id();
    let (review, policy) = open(ctx, review).await?;
    if review.requested_by.id != viewer {
        return Err(sentence(Code::Forbidden, "Only who asked for this review takes it away."));
    }
    sealed(ctx).await?;
    let alone = review.mode == ReviewMode::Single;
    let salt = salt()?;
    let state = ctx.state.clone();
    let id = ctx
        .state
        .transaction(async move {
            let mut transaction = state.pool.begin().await?;
            let Some(id) = db::review_export::request(&mut transaction, review.id, viewer, policy).await? else { return Ok(None) };
            let decision = Decision { by: viewer, release: true, note: None, salt, policy };
            // its time may be over by now: then nothing was asked for either
            if alone && !db::review_export::decide(&mut transaction, id, &decision).await? {
                return Err(over());
            }
            transaction.commit().await?;
            Ok(Some(id))
        })
        .await?;
    let Some(id) = id else { return Err(not_asked(ctx, review.id).await) };
    released(ctx, get(ctx, review.id, id).await?).await
}

/// Releases or refuses what somebody else has asked for. What it covers is what is sealed at this moment.
///
/// # Errors
/// `forbidden` for who is no admin, who asked themself, and when the review is over; `not_found`, also for who is its matter;
/// `review_settled` when it was decided meanwhile; `invalid` for a note that is too long.
pub async fn decide(ctx: &Context, review: ReviewId, id: ExportId, answer: Answer, note: Option<String>) -> Result<ReviewExport, Error> {
    let viewer = ctx.admin()?.id();
    let policy = switched_on(ctx)?;
    let export = get(ctx, review, id).await?;
    let note = note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    if note.as_ref().is_some_and(|note| !can_be_shown(note)) {
        return Err(Error::invalid("note", "The note holds control characters."));
    }
    if note.as_ref().is_some_and(|note| note.chars().count() > REASON_MAX) {
        return Err(Error::invalid("note", format!("A note has at most {REASON_MAX} characters.")));
    }
    if export.requested_by.id == viewer {
        return Err(sentence(Code::Forbidden, "Nobody decides about a request of their own: another admin has to."));
    }
    if export.state != ExportState::Requested {
        return Err(decided_already());
    }
    let release = answer == Answer::Approve;
    if release {
        open(ctx, review).await?;
        sealed(ctx).await?;
    }
    let decision = Decision { by: viewer, release, note, salt: salt()?, policy };
    let state = ctx.state.clone();
    let decided =
        ctx.state.transaction(async move { Ok(db::review_export::decide(&mut *state.connection().await?, id, &decision).await?) }).await?;
    if decided {
        return released(ctx, get(ctx, review, id).await?).await;
    }
    // the one or the other has come in between
    Err(if get(ctx, review, id).await?.state == ExportState::Requested { over() } else { decided_already() })
}

/// The exports of a review, the newest first.
///
/// # Errors
/// `forbidden` for who is no admin; `not_found`, also for who is its matter.
pub async fn list(ctx: &Context, review: ReviewId) -> Result<Vec<ReviewExport>, Error> {
    ctx.admin()?;
    let review = reviews::get(ctx, review).await?.id;
    db::read(&ctx.state.pool, |mut db| async move { db::review_export::list(&mut db, review, None).await }).await
}

/// Takes a released export. That it is taken is committed before any of it is read.
///
/// # Errors
/// `forbidden` for who is no admin, did not ask for it, when it was not released, and when the review is over; `not_found`;
/// `invalid` when there is nothing in it; `unavailable` when it could not be written down: nothing was read then.
pub async fn take(ctx: &Context, review: ReviewId, id: ExportId) -> Result<Archive, Error> {
    let viewer = ctx.admin()?.id();
    let export = get(ctx, review, id).await?;
    if export.requested_by.id != viewer {
        return Err(sentence(Code::Forbidden, "Only who asked for it takes it."));
    }
    match export.state {
        ExportState::Released => {}
        ExportState::Requested => return Err(sentence(Code::Forbidden, "Nobody has released it yet.")),
        _ => return Err(sentence(Code::Forbidden, "It was refused.")),
    }
    let (_, policy) = open(ctx, review).await?;
    let state = ctx.state.clone();
    let take = ctx
        .state
        .transaction(async move {
            let mut transaction = state.pool.begin().await?;
            let take = db::review_export::record_take(&mut transaction, id, viewer, policy).await?;
            transaction.commit().await?;
            Ok(take)
        })
        .await
        // whatever the reason: without the record nothing is read
        .map_err(|_| Error::unavailable())?
        .ok_or_else(over)?;
    review_archive::taken(ctx, review, take).await
}

/// What a released one is proven against is taken out of the database: whoever keeps it can hold the export against it.
async fn released(ctx: &Context, export: ReviewExport) -> Result<ReviewExport, Error> {
    if let Some(size) = export.tree_size {
        let note = db::read(&ctx.state.pool, |mut db| async move { db::seal::note_of(&mut db, size).await }).await?;
        if let Some(note) = note {
            anchor::take_out(&ctx.state, &note).await;
        }
    }
    Ok(export)
}

async fn get(ctx: &Context, review: ReviewId, id: ExportId) -> Result<ReviewExport, Error> {
    let review = reviews::get(ctx, review).await?.id;
    let found = db::read(&ctx.state.pool, |mut db| async move { db::review_export::list(&mut db, review, Some(id)).await }).await?;
    found.into_iter().next().ok_or_else(Error::not_found)
}

/// The review, when it is open; the statements that write ask once more.
async fn open(ctx: &Context, id: ReviewId) -> Result<(Review, ReviewMode), Error> {
    let policy = switched_on(ctx)?;
    let review = reviews::get(ctx, id).await?;
    match review.state {
        ReviewState::Open if review.mode.satisfies(policy) => Ok((review, policy)),
        ReviewState::Open => Err(sentence(Code::Forbidden, "Nobody agreed to this review, and by now a second person has to.")),
        ReviewState::Requested => Err(sentence(Code::Forbidden, "Nobody has agreed to this review yet.")),
        _ => Err(over()),
    }
}

/// Without a checkpoint there is nothing that an export could be proven against.
async fn sealed(ctx: &Context) -> Result<(), Error> {
    let newest = db::read(&ctx.state.pool, |mut db| async move { db::seal::newest_note(&mut db).await }).await?;
    match newest {
        Some(_) if !ctx.state.keys().is_empty() => Ok(()),
        _ => Err(Error::invalid("id", "The audit log is not sealed here, so nothing could be proven: an export needs its key.")),
    }
}

/// Why a request was not written down: another one waits, or the review has ended in between.
async fn not_asked(ctx: &Context, review: ReviewId) -> Error {
    match list(ctx, review).await {
        Ok(exports) if exports.iter().any(|export| export.state == ExportState::Requested) => {
            Error::invalid("id", "This was asked for already: another admin has to decide about it first.")
        }
        Ok(_) => over(),
        Err(error) => error,
    }
}

fn decided_already() -> Error {
    sentence(Code::ReviewSettled, "Somebody has decided about this request already.")
}

fn over() -> Error {
    sentence(Code::Forbidden, "This review is over: nothing of it can be taken away any more.")
}
