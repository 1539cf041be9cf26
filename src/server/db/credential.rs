//! Who stands behind session cookies and bearer tokens: looked up at every request, so for many of them in one statement.

use super::{session, user::UserRow};
use crate::domain::user::User;
use sqlx::PgConnection;
use uuid::Uuid;

/// What a request shows; never the secret itself.
#[derive(Debug, Clone)]
pub enum Shown {
    /// The digest of a session's cookie, and after how many hours of rest a session is over.
    Session {
        /// SHA-256 of the cookie's token.
        token_sha256: Vec<u8>,
        /// `[sessions] idle_hours`
        idle_hours: u32,
    },
    /// The digest of a program's token.
    Token {
        /// SHA-256 of the token.
        token_sha256: Vec<u8>,
    },
}

/// Who stands behind a credential.
#[derive(Debug, Clone)]
pub struct Owner {
    /// As the database has them now.
    pub user: User,
    /// The id of the token, if it is one.
    pub token: Option<Uuid>,
}

/// Whose they are, as the database has them now, in the same order; `None`: unknown, expired, revoked, or deactivated.
/// Remembers the visits, each at most once a minute.
pub async fn owners(connection: &mut PgConnection, shown: &[&Shown]) -> Result<Vec<Option<Owner>>, sqlx::Error> {
    let digests: Vec<&[u8]> = shown.iter().map(|shown| shown.digest()).collect();
    let are_tokens: Vec<bool> = shown.iter().map(|shown| matches!(shown, Shown::Token { .. })).collect();
    let idle_hours = shown.iter().find_map(|shown| if let Shown::Session { idle_hours, .. } = shown { Some(*idle_hours) } else { None });
    let rows = sqlx::query!(
        r#"select a.item as "item!", s.token_id, s.stale as "stale!",
                  u.id, u.username, u.display_name, u.department, u.role, u.active
           from unnest($1::bytea[], $2::bool[]) with ordinality as a (digest, is_token, item)
           cross join lateral (
               select null::uuid as token_id, t.user_id,
                      t.last_seen_at < clock_timestamp() - interval '1 minute' as stale
               from sessions t
               where not a.is_token and t.token_sha256 = a.digest
                 and t.expires_at > clock_timestamp() and t.last_seen_at > clock_timestamp() - $3::interval
               union all
               select t.id, t.user_id, coalesce(t.last_used_at < clock_timestamp() - interval '1 minute', true)
               from api_tokens t
               where a.is_token and t.token_sha256 = a.digest and t.revoked_at is null
           ) s
           join users u on u.id = s.user_id and u.active"#,
        &digests as &[&[u8]],
        &are_tokens,
        session::idle(idle_hours.unwrap_or_default())
    )
    .fetch_all(&mut *connection)
    .await?;

    let mut owners: Vec<Option<Owner>> = shown.iter().map(|_| None).collect();
    let (mut sessions, mut tokens): (Vec<&[u8]>, Vec<Uuid>) = (Vec::new(), Vec::new());
    for row in rows {
        // counted from 1
        let Some(item) = usize::try_from(row.item).ok().and_then(|item| item.checked_sub(1)) else { continue };
        let (Some(owner), Some(shown)) = (owners.get_mut(item), shown.get(item)) else { continue };
        if row.stale {
            match row.token_id {
                Some(id) => tokens.push(id),
                None => sessions.push(shown.digest()),
            }
        }
        let user = User::from(UserRow {
            id: row.id,
            username: row.username,
            display_name: row.display_name,
            department: row.department,
            role: row.role,
            active: row.active,
        });
        *owner = Some(Owner { user, token: row.token_id });
    }
    remember(connection, &sessions, &tokens).await?;
    Ok(owners)
}

impl Shown {
    /// What the database knows it by.
    #[must_use]
    pub fn digest(&self) -> &[u8] {
        match self {
            Self::Session { token_sha256, .. } | Self::Token { token_sha256 } => token_sha256,
        }
    }
}

/// What another one is remembering at this moment need not be waited for.
async fn remember(connection: &mut PgConnection, sessions: &[&[u8]], tokens: &[Uuid]) -> Result<(), sqlx::Error> {
    if !sessions.is_empty() {
        sqlx::query!(
            "update sessions set last_seen_at = clock_timestamp()
             where token_sha256 in (
                 select token_sha256 from sessions
                 where token_sha256 = any ($1) and last_seen_at < clock_timestamp() - interval '1 minute'
                 for update skip locked
             )",
            sessions as &[&[u8]]
        )
        .execute(&mut *connection)
        .await?;
    }
    if !tokens.is_empty() {
        sqlx::query!(
            "update api_tokens set last_used_at = clock_timestamp()
             where id in (
                 select id from api_tokens
                 where id = any ($1) and coalesce(last_used_at < clock_timestamp() - interval '1 minute', true)
                 for update skip locked
             )",
            tokens
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}
