//! Passwords and the one-time links that set them. A new password ends sessions and unused links in the same transaction.

use super::{audit, session, user::UserRow};
use crate::domain::{audit::Action, ids::UserId, time::Timestamp, user::User};
use sqlx::PgConnection;

/// How long a link can be used.
pub const HOURS: i32 = 24;

/// A new link, with its audit entry; until when it can be used.
pub async fn insert(
    connection: &mut PgConnection,
    user: UserId,
    token_sha256: &[u8],
    actor: Option<UserId>,
) -> Result<Timestamp, sqlx::Error> {
    let expires_at = sqlx::query_scalar!(
        "insert into password_links (token_sha256, user_id, expires_at)
         values ($1, $2, clock_timestamp() + make_interval(hours => $3)) returning expires_at",
        token_sha256,
        user.0,
        HOURS
    )
    .fetch_one(&mut *connection)
    .await?;
    audit::append(connection, audit::Entry { actor, ..audit::Entry::about(Action::LinkCreated, user.0) }).await?;
    Ok(expires_at.into())
}

/// Whose link this is, if it can still be used.
pub async fn owner(connection: &mut PgConnection, token_sha256: &[u8]) -> Result<Option<User>, sqlx::Error> {
    let row = sqlx::query_as!(
        UserRow,
        "select u.id, u.username, u.display_name, u.department, u.role, u.active
         from password_links l join users u on u.id = l.user_id
         where l.token_sha256 = $1 and l.used_at is null and l.expires_at > clock_timestamp() and u.active",
        token_sha256
    );
    Ok(row.fetch_optional(connection).await?.map(User::from))
}

/// Uses a link up. `None` when it cannot be used (any more): of two at once, one gets it.
pub async fn take(connection: &mut PgConnection, token_sha256: &[u8]) -> Result<Option<UserId>, sqlx::Error> {
    let user = sqlx::query_scalar!(
        "update password_links l set used_at = clock_timestamp() from users u
         where l.token_sha256 = $1 and l.used_at is null and l.expires_at > clock_timestamp() and u.id = l.user_id and u.active
         returning l.user_id",
        token_sha256
    );
    Ok(user.fetch_optional(connection).await?.map(UserId))
}

/// A new password: ends the person's sessions (but perhaps one) and their unused links.
/// With `was`, only if the password is still that one; `false` when it is not.
pub async fn set_password(
    connection: &mut PgConnection,
    user: UserId,
    was: Option<&str>,
    hash: &str,
    keep: Option<&[u8]>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update users set password_hash = $2 where id = $1 and active and ($3::text is null or password_hash = $3)",
        user.0,
        hash,
        was
    )
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    audit::append(&mut *connection, audit::Entry { actor: Some(user), ..audit::Entry::about(Action::PasswordChanged, user.0) }).await?;
    remove_unused(&mut *connection, &[user.0]).await?;
    session::end_all(connection, &[user.0], keep, Some(user), "password_changed").await?;
    Ok(true)
}

/// Links that were made before another one, before a password was set otherwise, or before the person left, open nothing any more.
pub async fn remove_unused(connection: &mut PgConnection, users: &[uuid::Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from password_links where user_id = any ($1) and used_at is null", users).execute(connection).await?;
    Ok(())
}

/// Removes links that expired a week ago.
pub async fn remove_expired(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from password_links where expires_at < clock_timestamp() - interval '7 days'").execute(connection).await?;
    Ok(())
}
