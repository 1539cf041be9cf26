//! The sessions of one person, as an admin sees and ends them. A session goes by its name in the audit log, the first 16
//! hex digits of its digest: whoever reads that here or there cannot use it.

use crate::domain::{ids::UserId, user_record::UserSession};
use sqlx::{PgConnection, postgres::types::PgInterval};

/// The sessions that are still good, the latest first.
pub async fn list(connection: &mut PgConnection, user: UserId, idle: PgInterval, limit: i64) -> Result<Vec<UserSession>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select left(encode(token_sha256, 'hex'), 16) as "id!", created_at, last_seen_at, expires_at, user_agent
           from sessions
           where user_id = $1 and expires_at > clock_timestamp() and last_seen_at > clock_timestamp() - $2::interval
           order by last_seen_at desc, token_sha256
           limit $3"#,
        user.0,
        idle,
        limit
    );
    let sessions = rows.fetch_all(connection).await?.into_iter().map(|row| UserSession {
        id: row.id,
        created_at: row.created_at.into(),
        last_seen_at: row.last_seen_at.into(),
        expires_at: row.expires_at.into(),
        user_agent: row.user_agent,
    });
    Ok(sessions.collect())
}

/// Ends one session of this person. `false` when they have none of this name.
pub async fn end(connection: &mut PgConnection, user: UserId, session: &str, actor: Option<UserId>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        r#"with ended as (
               delete from sessions where user_id = $1 and left(encode(token_sha256, 'hex'), 16) = $2 returning token_sha256
           )
           insert into audit_entries (actor_id, action, object, details)
           select $3, 'session.ended', left(encode(token_sha256, 'hex'), 16), '{"reason": "signed_out_by_admin"}' from ended"#,
        user.0,
        session,
        actor.map(|actor| actor.0)
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}
