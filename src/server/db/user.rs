//! People: finding one, writing one, and what every change of a person leaves behind (version, fan-out, audit entry).

use super::{audit, fan_out};
use crate::domain::{
    audit::Action,
    ids::UserId,
    profile::Profile,
    time::Timestamp,
    user::{Role, User, search_text},
};
use sqlx::PgConnection;
use uuid::Uuid;

/// The columns of a [`User`].
#[derive(Debug, Clone)]
pub struct UserRow {
    /// `users.id`
    pub id: Uuid,
    /// `users.username`
    pub username: String,
    /// `users.display_name`
    pub display_name: String,
    /// `users.department`
    pub department: String,
    /// `users.role`
    pub role: String,
    /// `users.active`
    pub active: bool,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: UserId(row.id),
            username: row.username,
            display_name: row.display_name,
            department: row.department,
            // users_role_check knows no others
            role: row.role.parse().unwrap_or(Role::Member),
            active: row.active,
        }
    }
}

/// A person with what signs them in.
#[derive(Debug, Clone)]
pub struct Account {
    /// The person.
    pub user: User,
    /// Nobody signs in without one.
    pub password_hash: Option<String>,
}

/// A line of `user list`.
#[derive(Debug, Clone)]
pub struct ListedUser {
    /// The person.
    pub user: User,
    /// Their address.
    pub email: Option<String>,
    /// How another system knows them.
    pub external_id: Option<String>,
    /// Since when they are known.
    pub created_at: Timestamp,
}

/// The person with this user name.
pub async fn by_username(connection: &mut PgConnection, username: &str) -> Result<Option<User>, sqlx::Error> {
    let row =
        sqlx::query_as!(UserRow, "select id, username, display_name, department, role, active from users where username = $1", username);
    Ok(row.fetch_optional(connection).await?.map(User::from))
}

/// The person with this user name, and their password's hash.
pub async fn account(connection: &mut PgConnection, username: &str) -> Result<Option<Account>, sqlx::Error> {
    let row =
        sqlx::query!("select id, username, display_name, department, role, active, password_hash from users where username = $1", username);
    Ok(row.fetch_optional(connection).await?.map(|row| Account {
        user: User::from(UserRow {
            id: row.id,
            username: row.username,
            display_name: row.display_name,
            department: row.department,
            role: row.role,
            active: row.active,
        }),
        password_hash: row.password_hash,
    }))
}

/// Everyone, by user name.
pub async fn list(connection: &mut PgConnection) -> Result<Vec<ListedUser>, sqlx::Error> {
    let rows = sqlx::query!(
        "select id, username, display_name, department, role, active, email, external_id, created_at from users order by username"
    );
    let listed = rows.fetch_all(connection).await?.into_iter().map(|row| ListedUser {
        user: User::from(UserRow {
            id: row.id,
            username: row.username,
            display_name: row.display_name,
            department: row.department,
            role: row.role,
            active: row.active,
        }),
        email: row.email,
        external_id: row.external_id,
        created_at: row.created_at.into(),
    });
    Ok(listed.collect())
}

/// One at a time may change who is an admin, or who has which name: held to the end of the transaction.
/// Two that each remove the other's last colleague would otherwise both see one left.
pub async fn lock_administration(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('cms_messages.administration', 0))").execute(connection).await?;
    Ok(())
}

/// How many admins can sign in, besides this one.
pub async fn other_active_admins(connection: &mut PgConnection, but: UserId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from users where role = 'admin' and active and id <> $1"#, but.0)
        .fetch_one(connection)
        .await
}

/// A new person, their feed, and the audit entry.
pub async fn insert(connection: &mut PgConnection, profile: &Profile, password_hash: Option<&str>) -> Result<User, sqlx::Error> {
    let row = sqlx::query_as!(
        UserRow,
        "insert into users (external_id, username, display_name, search_text, email, department, role, password_hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         returning id, username, display_name, department, role, active",
        profile.external_id,
        profile.username,
        profile.display_name,
        search_text(&profile.display_name, &profile.username, &profile.department),
        profile.email,
        profile.department,
        profile.role.as_str(),
        password_hash,
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!("insert into user_feeds (user_id) values ($1)", row.id).execute(&mut *connection).await?;
    audit::append(connection, audit::Entry::about(Action::UserCreated, row.id)).await?;
    Ok(row.into())
}

/// Another role; the policy and the peers' screens depend on it.
pub async fn set_role(connection: &mut PgConnection, user: UserId, role: Role) -> Result<(), sqlx::Error> {
    sqlx::query!("update users set role = $2, version = version + 1 where id = $1", user.0, role.as_str())
        .execute(&mut *connection)
        .await?;
    fan_out::request(&mut *connection, &[user.0]).await?;
    let details = serde_json::json!({ "columns": ["role"], "role": role });
    audit::append(connection, audit::Entry { details, ..audit::Entry::about(Action::UserChanged, user.0) }).await
}

/// Here, or gone.
pub async fn set_active(connection: &mut PgConnection, user: UserId, active: bool) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users set active = $2, deactivated_at = case when $2 then null else clock_timestamp() end, version = version + 1
         where id = $1",
        user.0,
        active
    )
    .execute(&mut *connection)
    .await?;
    fan_out::request(&mut *connection, &[user.0]).await?;
    let action = if active { Action::UserActivated } else { Action::UserDeactivated };
    audit::append(connection, audit::Entry::about(action, user.0)).await
}
