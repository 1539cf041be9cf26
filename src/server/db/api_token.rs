//! The tokens of programs: made and revoked at the command line, who stands behind one is in `credential`.

use crate::domain::{ids::UserId, time::Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

/// A line of `token list`.
#[derive(Debug, Clone)]
pub struct ListedToken {
    /// What `token revoke` takes.
    pub id: Uuid,
    /// Whose.
    pub username: String,
    /// Since when.
    pub created_at: Timestamp,
    /// To the minute; `None` when never.
    pub last_used_at: Option<Timestamp>,
}

/// A new token, with its audit entry. `None` when the person is not active.
pub async fn insert(connection: &mut PgConnection, user: UserId, token_sha256: &[u8]) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"with owner as (
               select id from users where id = $1 and active for share
           ), made as (
               insert into api_tokens (token_sha256, user_id) select $2, id from owner returning id, user_id
           ), noted as (
               insert into audit_entries (action, object, details)
               select 'token.created', id::text, jsonb_build_object('user_id', user_id) from made
           )
           select id from made"#,
        user.0,
        token_sha256
    )
    .fetch_optional(connection)
    .await
}

/// Every token that is valid, oldest first.
pub async fn list(connection: &mut PgConnection) -> Result<Vec<ListedToken>, sqlx::Error> {
    let rows = sqlx::query!(
        "select t.id, u.username, t.created_at, t.last_used_at
         from api_tokens t join users u on u.id = t.user_id
         where t.revoked_at is null order by t.created_at, t.id"
    );
    let listed = rows.fetch_all(connection).await?.into_iter().map(|row| ListedToken {
        id: row.id,
        username: row.username,
        created_at: row.created_at.into(),
        last_used_at: row.last_used_at.map(Timestamp::from),
    });
    Ok(listed.collect())
}

/// Revokes one token. `None` when there is no such token; `false` when it was revoked before.
pub async fn revoke(connection: &mut PgConnection, id: Uuid) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"with revoked as (
               update api_tokens set revoked_at = clock_timestamp() where id = $1 and revoked_at is null returning id, user_id
           ), noted as (
               insert into audit_entries (action, object, details)
               select 'token.revoked', id::text, jsonb_build_object('user_id', user_id) from revoked
           )
           select exists (select 1 from revoked) as "now!" from api_tokens where id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await
}

/// Revokes every token of one person.
pub async fn revoke_all(connection: &mut PgConnection, user: UserId, actor: Option<UserId>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with revoked as (
             update api_tokens set revoked_at = clock_timestamp() where user_id = $1 and revoked_at is null returning id, user_id
         )
         insert into audit_entries (actor_id, action, object, details)
         select $2, 'token.revoked', id::text, jsonb_build_object('user_id', user_id) from revoked",
        user.0,
        actor.map(|actor| actor.0)
    )
    .execute(connection)
    .await?;
    Ok(())
}
