//! The sessions of one person, as they and admins see and end them. A session goes by its name in the audit log, the first
//! 16 hex digits of its digest: whoever reads that here or there cannot use it.

use super::session::GRACE_SECONDS;
use crate::domain::{ids::UserId, user_record::UserSession};
use sqlx::{PgConnection, postgres::types::PgInterval};

/// What a session is called.
#[must_use]
pub fn name(token_sha256: &[u8]) -> String {
    token_sha256.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The sessions that are still good, the latest first; without what a renewed one leaves behind for a moment.
pub async fn list(connection: &mut PgConnection, user: UserId, idle: PgInterval, limit: i64) -> Result<Vec<UserSession>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select left(encode(token_sha256, 'hex'), 16) as "id!", created_at, last_seen_at, expires_at, user_agent
           from sessions
           where user_id = $1 and expires_at > clock_timestamp() + make_interval(secs => $4)
             and last_seen_at > clock_timestamp() - $2::interval
           order by last_seen_at desc, token_sha256
           limit $3"#,
        user.0,
        idle,
        limit,
        f64::from(GRACE_SECONDS)
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

fn is_name(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Ends one session of this person. `false` when they have none of this name.
pub async fn end(
    connection: &mut PgConnection,
    user: UserId,
    session: &str,
    actor: Option<UserId>,
    reason: &str,
) -> Result<bool, sqlx::Error> {
    // nothing is called otherwise, and not every text is one to the database
    if !is_name(session) {
        return Ok(false);
    }
    let done = sqlx::query!(
        "with ended as (
             delete from sessions where user_id = $1 and left(encode(token_sha256, 'hex'), 16) = $2 returning user_id, token_sha256
         )
         insert into audit_entries (actor_id, action, object, details)
         select $3, 'session.ended', left(encode(token_sha256, 'hex'), 16),
                jsonb_strip_nulls(jsonb_build_object('reason', $4::text, 'user_id', nullif(user_id, $3)))
         from ended",
        user.0,
        session,
        actor.map(|actor| actor.0),
        reason
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}
