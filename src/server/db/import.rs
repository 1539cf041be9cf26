//! Many people at once: arrays in, one statement per table, so that ten thousand take seconds. The caller holds the
//! transaction and has decided what becomes of each.

use super::{audit, fan_out, password_link, session};
use crate::domain::{audit::Action, ids::UserId, profile::Profile, user::search_text};
use sqlx::PgConnection;
use uuid::Uuid;

/// Somebody who is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownUser {
    /// `users.id`
    pub id: Uuid,
    /// `users.external_id`
    pub external_id: Option<String>,
    /// `users.username`
    pub username: String,
    /// `users.display_name`
    pub display_name: String,
    /// `users.department`
    pub department: String,
    /// `users.role`
    pub role: String,
    /// `users.email`
    pub email: Option<String>,
    /// `users.active`
    pub active: bool,
    /// `users.password_hash`
    pub password_hash: Option<String>,
}

/// Somebody who is to be written: new, or as they are to become.
#[derive(Debug, Clone)]
pub struct Written<'a> {
    /// Theirs.
    pub id: Uuid,
    /// What the file says.
    pub profile: &'a Profile,
    /// `None` keeps what is there.
    pub password_hash: Option<&'a str>,
    /// Which columns differ; empty for somebody new.
    pub columns: Vec<&'static str>,
}

/// Those who have one of these user names or external ids.
pub async fn known(connection: &mut PgConnection, usernames: &[&str], external_ids: &[&str]) -> Result<Vec<KnownUser>, sqlx::Error> {
    sqlx::query_as!(
        KnownUser,
        "select id, external_id, username, display_name, department, role, email, active, password_hash from users
         where username = any ($1) or external_id = any ($2)",
        usernames as &[&str],
        external_ids as &[&str]
    )
    .fetch_all(connection)
    .await
}

/// Counts of admins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admins {
    /// Who was let in.
    pub active: i64,
    /// Those of them who have a password, and so can sign in.
    pub with_password: i64,
}

/// How many admins there are.
pub async fn admins(connection: &mut PgConnection) -> Result<Admins, sqlx::Error> {
    sqlx::query_as!(
        Admins,
        r#"select count(*) as "active!", count(password_hash) as "with_password!" from users where role = 'admin' and active"#
    )
    .fetch_one(connection)
    .await
}

/// New people, their feeds, and an audit entry each.
pub async fn insert(connection: &mut PgConnection, people: &[Written<'_>], actor: Option<UserId>) -> Result<(), sqlx::Error> {
    let columns = Columns::of(people);
    sqlx::query!(
        "insert into users (id, external_id, username, display_name, search_text, email, department, role, password_hash)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])",
        &columns.ids,
        &columns.external_ids as &[Option<&str>],
        &columns.usernames as &[&str],
        &columns.display_names as &[&str],
        &columns.search_texts,
        &columns.emails as &[Option<&str>],
        &columns.departments as &[&str],
        &columns.roles as &[&str],
        &columns.password_hashes as &[Option<&str>],
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("insert into user_feeds (user_id) select * from unnest($1::uuid[])", &columns.ids).execute(&mut *connection).await?;
    let nothing = vec![serde_json::json!({}); people.len()];
    audit::append_many(connection, actor, Action::UserCreated, &columns.ids, &nothing).await
}

/// What differs: the columns, the versions and fan-outs of who looks different, an audit entry each; a new password ends sessions.
pub async fn update(connection: &mut PgConnection, people: &[Written<'_>], actor: Option<UserId>) -> Result<(), sqlx::Error> {
    make_room(&mut *connection, people).await?;
    let columns = Columns::of(people);
    let visible: Vec<bool> = people.iter().map(Written::is_visible).collect();
    sqlx::query!(
        "update users u
         set external_id = n.external_id, username = n.username, display_name = n.display_name, search_text = n.search_text,
             email = n.email, department = n.department, role = n.role, password_hash = coalesce(n.password_hash, u.password_hash),
             version = u.version + n.visible::int
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bool[])
              as n (id, external_id, username, display_name, search_text, email, department, role, password_hash, visible)
         where u.id = n.id",
        &columns.ids,
        &columns.external_ids as &[Option<&str>],
        &columns.usernames as &[&str],
        &columns.display_names as &[&str],
        &columns.search_texts,
        &columns.emails as &[Option<&str>],
        &columns.departments as &[&str],
        &columns.roles as &[&str],
        &columns.password_hashes as &[Option<&str>],
        &visible,
    )
    .execute(&mut *connection)
    .await?;

    let (changed, details): (Vec<Uuid>, Vec<_>) = people
        .iter()
        .filter(|person| !person.columns.is_empty())
        .map(|person| (person.id, serde_json::json!({ "columns": person.columns })))
        .unzip();
    audit::append_many(&mut *connection, actor, Action::UserChanged, &changed, &details).await?;
    let looks_different: Vec<Uuid> = people.iter().filter(|person| person.is_visible()).map(|person| person.id).collect();
    fan_out::request(&mut *connection, &looks_different).await?;

    let new_password: Vec<Uuid> = people.iter().filter(|person| person.password_hash.is_some()).map(|person| person.id).collect();
    let nothing = vec![serde_json::json!({}); new_password.len()];
    audit::append_many(&mut *connection, actor, Action::PasswordChanged, &new_password, &nothing).await?;
    password_link::remove_unused(&mut *connection, &new_password).await?;
    session::end_all(connection, &new_password, None, actor, "password_changed").await?;
    Ok(())
}

/// Two people may swap their user names in one file: whoever changes theirs steps aside first.
async fn make_room(connection: &mut PgConnection, people: &[Written<'_>]) -> Result<(), sqlx::Error> {
    let moving = |column| move |person: &&Written<'_>| person.columns.contains(&column);
    let renamed: Vec<Uuid> = people.iter().filter(moving("username")).map(|person| person.id).collect();
    let renumbered: Vec<Uuid> = people.iter().filter(moving("external_id")).map(|person| person.id).collect();
    sqlx::query!("update users set username = 'import-' || id where id = any ($1)", &renamed).execute(&mut *connection).await?;
    sqlx::query!("update users set external_id = null where id = any ($1)", &renumbered).execute(connection).await?;
    Ok(())
}

impl Written<'_> {
    /// Whether colleagues see the difference, or the policy depends on it.
    fn is_visible(&self) -> bool {
        self.columns.iter().any(|column| matches!(*column, "username" | "display_name" | "department" | "role"))
    }
}

#[derive(Default)]
struct Columns<'a> {
    ids: Vec<Uuid>,
    external_ids: Vec<Option<&'a str>>,
    usernames: Vec<&'a str>,
    display_names: Vec<&'a str>,
    search_texts: Vec<String>,
    emails: Vec<Option<&'a str>>,
    departments: Vec<&'a str>,
    roles: Vec<&'a str>,
    password_hashes: Vec<Option<&'a str>>,
}

impl<'a> Columns<'a> {
    fn of(people: &[Written<'a>]) -> Self {
        let mut columns = Self::default();
        for Written { id, profile, password_hash, .. } in people {
            columns.ids.push(*id);
            columns.external_ids.push(profile.external_id.as_deref());
            columns.usernames.push(&profile.username);
            columns.display_names.push(&profile.display_name);
            columns.search_texts.push(search_text(&profile.display_name, &profile.username, &profile.department));
            columns.emails.push(profile.email.as_deref());
            columns.departments.push(&profile.department);
            columns.roles.push(profile.role.as_str());
            columns.password_hashes.push(*password_hash);
        }
        columns
    }
}
