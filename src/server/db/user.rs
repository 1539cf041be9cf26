//! People: finding one, writing one, and what every change of a person leaves behind (version, fan-out, audit entry).

use super::{audit, fan_out};
use crate::domain::{
    audit::Action,
    ids::UserId,
    profile::Profile,
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
            role: role(&row.role),
            active: row.active,
        }
    }
}

/// A role as it is stored.
pub(super) fn role(stored: &str) -> Role {
    // users_role_check knows no others
    stored.parse().unwrap_or(Role::Member)
}

/// A person with what signs them in.
#[derive(Debug, Clone)]
pub struct Account {
    /// The person.
    pub user: User,
    /// Nobody signs in without one.
    pub password_hash: Option<String>,
}

/// The person with this id.
pub async fn by_id(connection: &mut PgConnection, id: UserId) -> Result<Option<User>, sqlx::Error> {
    let row = sqlx::query_as!(UserRow, "select id, username, display_name, department, role, active from users where id = $1", id.0);
    Ok(row.fetch_optional(connection).await?.map(User::from))
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

/// One at a time may change who is an admin, or who has which name: held to the end of the transaction.
/// Two that each remove the other's last colleague would otherwise both see one left.
pub async fn lock_administration(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('cms_messages.administration', 0))").execute(connection).await?;
    Ok(())
}

/// Whether this person may administer, as of now.
pub async fn is_active_admin(connection: &mut PgConnection, user: UserId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"select exists (select 1 from users where id = $1 and role = 'admin' and active) as "is!""#, user.0)
        .fetch_one(connection)
        .await
}

/// How many other admins can take the place of this one: those who can sign in. Where this one cannot either (nobody has
/// taken up their link yet), whoever was let in.
pub async fn other_admins(connection: &mut PgConnection, but: UserId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from users u join users o on o.id <> u.id
           where u.id = $1 and o.role = 'admin' and o.active and (o.password_hash is not null or u.password_hash is null)"#,
        but.0
    )
    .fetch_one(connection)
    .await
}

/// A new person, their feed, and the audit entry.
pub async fn insert(
    connection: &mut PgConnection,
    profile: &Profile,
    password_hash: Option<&str>,
    actor: Option<UserId>,
) -> Result<User, sqlx::Error> {
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
    audit::append(connection, audit::Entry { actor, ..audit::Entry::about(Action::UserCreated, row.id) }).await?;
    Ok(row.into())
}

/// What differs of a person: the columns, their version, what their peers are told, an audit entry each for what they look
/// like and for whether they get in. Names and departments are no part of an entry.
pub async fn update(connection: &mut PgConnection, before: &User, after: &User, actor: Option<UserId>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users
         set display_name = $2, department = $3, search_text = $4, role = $5, active = $6, version = version + 1,
             deactivated_at = case when $6 then null when active then clock_timestamp() else deactivated_at end
         where id = $1",
        after.id.0,
        after.display_name,
        after.department,
        search_text(&after.display_name, &after.username, &after.department),
        after.role.as_str(),
        after.active,
    )
    .execute(&mut *connection)
    .await?;
    fan_out::request(&mut *connection, &[after.id.0]).await?;

    let differs = [
        ("display_name", before.display_name != after.display_name),
        ("department", before.department != after.department),
        ("role", before.role != after.role),
    ];
    let columns: Vec<&str> = differs.iter().filter(|(_, differs)| *differs).map(|(column, _)| *column).collect();
    let about = |action| audit::Entry { actor, ..audit::Entry::about(action, after.id.0) };
    if !columns.is_empty() {
        let mut details = serde_json::json!({ "columns": columns });
        if let Some(details) = details.as_object_mut().filter(|_| before.role != after.role) {
            details.insert("role".into(), serde_json::json!(after.role));
        }
        audit::append(&mut *connection, audit::Entry { details, ..about(Action::UserChanged) }).await?;
    }
    if before.active != after.active {
        let action = if after.active { Action::UserActivated } else { Action::UserDeactivated };
        audit::append(connection, about(action)).await?;
    }
    Ok(())
}
