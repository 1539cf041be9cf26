//! Looking at people as admins do: the list with its filters, one person, their sessions and their end.

use super::{
    administrators::Administers,
    limit,
    users::{Whom, find},
};
use crate::{
    domain::{
        ids::UserId,
        user::{PeopleQuery, Role},
        user_record::{UserDetails, UserFilter, UserRecord, UserRecordPage, UserSession, encode_cursor, parse_cursor},
    },
    error::Error,
    server::{
        context::Context,
        db::{self, user_record::Wanted},
    },
};

/// A page of people, by name.
///
/// # Errors
/// `forbidden` for who is no admin; `invalid` for a `q` without a letter, a limit outside of 1 to 200, a foreign cursor.
pub async fn page(
    caller: &impl Administers,
    filter: UserFilter,
    limit: Option<i64>,
    cursor: Option<&str>,
) -> Result<UserRecordPage, Error> {
    let administrator = caller.administrator()?;
    let limit = self::limit(limit, 50, 200)?;
    let patterns = match filter.q.as_deref().map(PeopleQuery::parse).transpose() {
        Ok(query) => query.map(|query| query.patterns()).unwrap_or_default(),
        Err(reason) => return Err(Error::invalid("q", reason)),
    };
    let foreign = || Error::invalid("cursor", "This is no cursor of ours.");
    let after = match cursor.map(|cursor| parse_cursor(cursor).ok_or_else(foreign)).transpose()? {
        None => None,
        Some(id) => {
            let place = db::read(&administrator.pool, |mut db| async move { db::user_record::place(&mut db, id).await }).await?;
            Some(place.ok_or_else(foreign)?)
        }
    };
    let wanted = Wanted { filter: &filter, patterns: &patterns, after: after.as_ref(), limit: limit.saturating_add(1) };
    let mut items = db::read(&administrator.pool, |mut db| async move { db::user_record::page(&mut db, wanted).await }).await?;
    // one more than asked for tells whether there is another page
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > wanted;
    items.truncate(wanted);
    let next_cursor = items.last().filter(|_| more).map(|last| encode_cursor(last.user.id));
    Ok(UserRecordPage { items, next_cursor })
}

/// The departments that there are, for a filter: by name, at most 500.
///
/// # Errors
/// `forbidden` for who is no admin.
pub async fn departments(ctx: &Context) -> Result<Vec<String>, Error> {
    ctx.admin()?;
    db::read(&ctx.state.pool, |mut db| async move { db::user_record::departments(&mut db, 500).await }).await
}

/// One person.
///
/// # Errors
/// `forbidden`, `not_found`.
pub async fn get(ctx: &Context, id: UserId) -> Result<UserDetails, Error> {
    ctx.admin()?;
    let (record, tokens, other_admins): (UserRecord, i64, i64) =
        db::read(&ctx.state.pool, |mut db| async move { db::user_record::get(&mut db, id).await }).await?.ok_or_else(Error::not_found)?;
    let is_last_admin = record.user.active && record.user.role == Role::Admin && other_admins == 0;
    Ok(UserDetails { record, is_last_admin, tokens })
}

/// Where somebody is signed in, the latest first; at most 200.
///
/// # Errors
/// `forbidden`, `not_found`.
pub async fn sessions(ctx: &Context, id: UserId) -> Result<Vec<UserSession>, Error> {
    ctx.admin()?;
    let idle = db::session::idle(ctx.state.settings.sessions.idle_hours);
    let found = db::read(&ctx.state.pool, |mut db| async move {
        match db::user::by_id(&mut db, id).await? {
            Some(_) => db::user_session::list(&mut db, id, idle, 200).await.map(Some),
            None => Ok(None),
        }
    });
    found.await?.ok_or_else(Error::not_found)
}

/// Signs somebody out everywhere; how many sessions that were. Live streams end with their sessions, within seconds.
///
/// # Errors
/// `forbidden`, `not_found`.
pub async fn sign_out_everywhere(caller: &impl Administers, whom: impl Into<Whom>) -> Result<u64, Error> {
    let administrator = caller.administrator()?;
    let (by, whom) = (administrator.clone(), whom.into());
    administrator
        .work(async move {
            let mut transaction = by.begin().await?;
            let user = find(&mut transaction, &whom).await?;
            let ended = db::session::end_all(&mut transaction, &[user.id.0], None, by.actor, "signed_out_by_admin").await?;
            by.commit(transaction).await?;
            Ok(ended)
        })
        .await
}

/// Ends one session. Doing it twice is `not_found` the second time.
///
/// # Errors
/// `forbidden`; `not_found` for a session that is not this person's, or has ended.
pub async fn end_session(ctx: &Context, id: UserId, session: String) -> Result<(), Error> {
    let administrator = ctx.administrator()?;
    let by = administrator.clone();
    administrator
        .work(async move {
            let mut transaction = by.begin().await?;
            if !db::user_session::end(&mut transaction, id, &session, by.actor, "signed_out_by_admin").await? {
                return Err(Error::not_found());
            }
            by.commit(transaction).await?;
            Ok(())
        })
        .await
}
