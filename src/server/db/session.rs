//! Sessions, each write with its audit entry in the same statement: one call in autocommit, nothing to cancel.
//!
//! In the audit log a session goes by the first 16 hex digits of its digest: enough to follow it, not enough to find its row.

use crate::domain::{
    ids::{ChangeNo, UserId},
    session::Me,
    unread::Unread,
    user::User,
};
use sqlx::{PgConnection, postgres::types::PgInterval};

/// A session as it begins.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Whose.
    pub user: UserId,
    /// Of the cookie's token.
    pub token_sha256: Vec<u8>,
    /// The hash that the password was found right for: a change of it in between refuses the session.
    pub password_hash: String,
    /// Ends in any case after so many days.
    pub lifetime_days: i32,
    /// What the browser calls itself, at most 200 characters.
    pub user_agent: String,
}

/// How long a session may rest.
#[must_use]
pub fn idle(hours: u32) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::from(hours).saturating_mul(3_600_000_000) }
}

/// Begins a session. `false` when the person was deactivated or got another password in between: the share lock waits for
/// whoever is doing that, so that no session slips through behind the one who ends them all.
pub async fn insert(connection: &mut PgConnection, session: &NewSession) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "with owner as (
             select id from users where id = $2 and active and password_hash = $3 for share
         ), begun as (
             insert into sessions (token_sha256, user_id, expires_at, user_agent)
             select $1, id, clock_timestamp() + make_interval(days => $4), $5 from owner
             returning user_id, token_sha256
         )
         insert into audit_entries (actor_id, action, object)
         select user_id, 'session.created', left(encode(token_sha256, 'hex'), 16) from begun",
        session.token_sha256,
        session.user.0,
        session.password_hash,
        session.lifetime_days,
        session.user_agent,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How long a renewed session's old token is still good: other requests of the same browser are on their way with it.
pub const GRACE_SECONDS: i32 = 10;

/// Another token for a session, which keeps its end; the old one ends in a moment. Returns the seconds that the session has
/// left, `None` when it has ended.
pub async fn renew(connection: &mut PgConnection, old_sha256: &[u8], new_sha256: &[u8]) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"with old as (
               select token_sha256, user_id, expires_at, user_agent from sessions
               where token_sha256 = $1 and expires_at > clock_timestamp() for update
           ), begun as (
               insert into sessions (token_sha256, user_id, expires_at, user_agent)
               select $2, user_id, expires_at, user_agent from old
               returning user_id, token_sha256, expires_at
           ), noted as (
               insert into audit_entries (actor_id, action, object)
               select user_id, 'session.created', left(encode(token_sha256, 'hex'), 16) from begun
           ), shortened as (
               update sessions s set expires_at = least(old.expires_at, clock_timestamp() + make_interval(secs => $3))
               from old where s.token_sha256 = old.token_sha256
           )
           select extract(epoch from expires_at - clock_timestamp())::bigint as "left!" from begun"#,
        old_sha256,
        new_sha256,
        f64::from(GRACE_SECONDS)
    )
    .fetch_optional(connection)
    .await
}

/// Signs one session out. Doing it twice changes nothing the second time.
pub async fn end(connection: &mut PgConnection, token_sha256: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"with ended as (delete from sessions where token_sha256 = $1 returning user_id, token_sha256)
           insert into audit_entries (actor_id, action, object, details)
           select user_id, 'session.ended', left(encode(token_sha256, 'hex'), 16), '{"reason": "signed_out"}' from ended"#,
        token_sha256
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the sessions of these people, but perhaps one; how many that were. An entry says whose it was, unless its actor is.
pub async fn end_all(
    connection: &mut PgConnection,
    users: &[uuid::Uuid],
    but: Option<&[u8]>,
    actor: Option<UserId>,
    reason: &str,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "with ended as (
             delete from sessions where user_id = any ($1) and token_sha256 is distinct from $2 returning user_id, token_sha256
         )
         insert into audit_entries (actor_id, action, object, details)
         select $3, 'session.ended', left(encode(token_sha256, 'hex'), 16),
                jsonb_strip_nulls(jsonb_build_object('reason', $4::text, 'user_id', nullif(user_id, $3)))
         from ended",
        users,
        but,
        actor.map(|actor| actor.0),
        reason
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Removes what has expired; returns how many sessions that were.
pub async fn remove_expired(connection: &mut PgConnection, idle: PgInterval) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        r#"with ended as (
               delete from sessions
               where expires_at <= clock_timestamp() or last_seen_at <= clock_timestamp() - $1::interval
               returning user_id, token_sha256
           )
           insert into audit_entries (action, object, details)
           select 'session.ended', left(encode(token_sha256, 'hex'), 16), jsonb_build_object('reason', 'expired', 'user_id', user_id)
           from ended"#,
        idle
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Records a failed sign-in, at most once per account and minute. Unknown names share the nil id, so that it costs the same.
pub async fn refuse(connection: &mut PgConnection, account: Option<UserId>) -> Result<(), sqlx::Error> {
    let account = account.map_or(uuid::Uuid::nil(), |account| account.0);
    sqlx::query!(
        "with first as (
             insert into sign_in_failures (account, minute) values ($1, date_trunc('minute', clock_timestamp()))
             on conflict do nothing
             returning account
         )
         insert into audit_entries (action, object)
         select 'session.refused', nullif(account, '00000000-0000-0000-0000-000000000000')::text from first",
        account
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets which minutes had a failed sign-in; only the present one is asked for.
pub async fn remove_old_refusals(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from sign_in_failures where minute < clock_timestamp() - interval '1 day'").execute(connection).await?;
    Ok(())
}

/// The numbers a client starts from, of one moment.
pub async fn standing(connection: &mut PgConnection, user: User) -> Result<Me, sqlx::Error> {
    let row = sqlx::query!(
        r#"select f.change_no, t.messages as "messages!", t.conversations as "conversations!",
                  (select coalesce(max(version), 0) from policy_versions) as "policy_version!"
           from user_feeds f,
                (select coalesce(sum(unread), 0)::bigint as messages, count(*) as conversations
                 from participants where user_id = $1 and unread > 0) t
           where f.user_id = $1"#,
        user.id.0
    )
    .fetch_one(connection)
    .await?;
    Ok(Me {
        user,
        unread: Unread { messages: row.messages, conversations: row.conversations },
        change_no: ChangeNo(row.change_no),
        policy_version: row.policy_version,
    })
}
