//! People as admins look through them: the list by name, one of them, the departments there are.

use super::user::{self, UserRow};
use crate::domain::{
    ids::UserId,
    user_record::{UserFilter, UserRecord},
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Which part of the list.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Only these.
    pub filter: &'a UserFilter,
    /// The filter's `q` as patterns, each of which has to match.
    pub patterns: &'a [String],
    /// After this place.
    pub after: Option<&'a Place>,
    /// At most so many.
    pub limit: i64,
}

/// Somebody's place in the list.
#[derive(Debug, Clone)]
pub struct Place {
    beginning: String,
    id: Uuid,
}

/// Where somebody stands in the list now. `None`: there is nobody with this id.
pub async fn place(connection: &mut PgConnection, id: UserId) -> Result<Option<Place>, sqlx::Error> {
    sqlx::query_as!(Place, r#"select left(search_text, 100) as "beginning!", id from users where id = $1"#, id.0)
        .fetch_optional(connection)
        .await
}

/// A part of the list. Its order is that of the folded names, byte by byte: the same under every locale of the database.
pub async fn page(connection: &mut PgConnection, wanted: Wanted<'_>) -> Result<Vec<UserRecord>, sqlx::Error> {
    let Wanted { filter, patterns, after, limit } = wanted;
    let rows = sqlx::query_as!(
        RecordRow,
        r#"select id, username, display_name, department, role, active, email, external_id,
                  password_hash is not null as "has_password!", created_at, deactivated_at
           from users
           where (left(search_text, 100) collate "C", id) > ($1::text, $2::uuid)
             and search_text like all ($3::text[])
             and ($4::text is null or department = $4)
             and ($5::text is null or role = $5)
             and ($6::bool is null or active = $6)
           order by left(search_text, 100) collate "C", id
           limit $7"#,
        // every stored text begins with a space
        after.map_or("", |place| place.beginning.as_str()),
        after.map(|place| place.id).unwrap_or_default(),
        patterns,
        filter.department,
        filter.role.map(|role| role.as_str()),
        filter.active,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(UserRecord::from).collect())
}

/// The departments that somebody is in, by name.
pub async fn departments(connection: &mut PgConnection, limit: i64) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!("select distinct department from users where department <> '' order by department limit $1", limit)
        .fetch_all(connection)
        .await
}

/// One person, how many programs act as them, and how many other admins could take their place (`user::other_admins`).
pub async fn get(connection: &mut PgConnection, id: UserId) -> Result<Option<(UserRecord, i64, i64)>, sqlx::Error> {
    let row = sqlx::query_as!(
        RecordRow,
        r#"select id, username, display_name, department, role, active, email, external_id,
                  password_hash is not null as "has_password!", created_at, deactivated_at
           from users where id = $1"#,
        id.0
    );
    let Some(row) = row.fetch_optional(&mut *connection).await? else { return Ok(None) };
    let tokens = sqlx::query_scalar!(r#"select count(*) as "count!" from api_tokens where user_id = $1 and revoked_at is null"#, id.0);
    let tokens = tokens.fetch_one(&mut *connection).await?;
    let other_admins = user::other_admins(connection, id).await?;
    Ok(Some((row.into(), tokens, other_admins)))
}

struct RecordRow {
    id: Uuid,
    username: String,
    display_name: String,
    department: String,
    role: String,
    active: bool,
    email: Option<String>,
    external_id: Option<String>,
    has_password: bool,
    created_at: OffsetDateTime,
    deactivated_at: Option<OffsetDateTime>,
}

impl From<RecordRow> for UserRecord {
    fn from(row: RecordRow) -> Self {
        let RecordRow { id, username, display_name, department, role, active, .. } = row;
        Self {
            user: UserRow { id, username, display_name, department, role, active }.into(),
            email: row.email,
            external_id: row.external_id,
            has_password: row.has_password,
            created_at: row.created_at.into(),
            deactivated_at: row.deactivated_at.map(Into::into),
        }
    }
}
