//! The versions of the policy: append-only, the newest in force.
//!
//! Whoever adds one holds the key of `policy_in_force_v1` exclusively: it waits for the sends that are under way, and those
//! that come later see it.

use super::{
    audit::{self, Entry},
    user::UserRow,
};
use crate::domain::{
    audit::Action,
    ids::UserId,
    policy::{
        Policy, Rule,
        report::{PolicyVersion, PolicyVersions},
    },
    user::User,
};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, types::Json};
use std::fmt::Write as _;
use time::OffsetDateTime;
use uuid::Uuid;

/// Other rules, from now on.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// As they were checked.
    pub policy: Policy,
    /// Nobody at the command line.
    pub changed_by: Option<UserId>,
    /// Why.
    pub note: String,
    /// Whose rules they are again.
    pub restored_from: Option<i64>,
}

/// Which version is the newest, and the newest rules.
#[derive(Debug, Clone)]
pub struct Newest {
    /// What clients compare.
    pub version: i64,
    /// `None` while no program has written any down.
    pub policy: Option<Policy>,
}

/// SHA-256 of the rules in their one form.
#[must_use]
pub fn digest(policy: &Policy) -> Vec<u8> {
    // our own types have string keys and no numbers
    Sha256::digest(serde_json::to_vec(policy).unwrap_or_default()).to_vec()
}

/// Until the end of the transaction no other version is added, and nobody sends.
pub async fn lock(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    // sends queue behind this: rather not now than for long
    sqlx::query!("select set_config('lock_timeout', '2s', true)").fetch_one(&mut *connection).await?;
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('cms_messages.policy', 0))").execute(connection).await?;
    Ok(())
}

/// What is in force; `None` in a database that has never had a policy.
pub async fn newest(connection: &mut PgConnection) -> Result<Option<Newest>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select v.version,
                  (select w.rules from policy_versions w where w.rules is not null order by w.version desc limit 1)
                      as "rules: Json<Vec<Rule>>"
           from policy_versions v order by v.version desc limit 1"#
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Newest { version: row.version, policy: row.rules.map(|Json(rules)| Policy { rules }) }))
}

/// Adds a version, with its audit entry. The lock is held.
pub async fn add(connection: &mut PgConnection, new: &NewVersion) -> Result<i64, sqlx::Error> {
    let digest = digest(&new.policy);
    let version = sqlx::query_scalar!(
        "insert into policy_versions (digest, rules, changed_by, note, restored_from) values ($1, $2, $3, $4, $5) returning version",
        digest,
        Json(&new.policy.rules) as Json<&Vec<Rule>>,
        new.changed_by.map(|user| user.0),
        new.note,
        new.restored_from
    )
    .fetch_one(&mut *connection)
    .await?;
    let mut details = serde_json::json!({ "digest": hex(&digest) });
    if let (Some(from), Some(details)) = (new.restored_from, details.as_object_mut()) {
        details.insert("restored_from".into(), from.into());
    }
    audit::append(connection, Entry { actor: new.changed_by, details, ..Entry::about(Action::PolicyChanged, version) }).await?;
    Ok(version)
}

/// One version; without a number the newest that has rules, under the newest number.
pub async fn version(connection: &mut PgConnection, version: i64) -> Result<Option<PolicyVersion>, sqlx::Error> {
    let mut found = versions(connection, version.saturating_add(1), 1).await?;
    Ok(found.pop().filter(|found| found.version == version))
}

/// The newest version whose rules are known.
pub async fn current(connection: &mut PgConnection) -> Result<Option<PolicyVersion>, sqlx::Error> {
    let known = sqlx::query_scalar!("select version from policy_versions where rules is not null order by version desc limit 1")
        .fetch_optional(&mut *connection)
        .await?;
    match known {
        Some(known) => version(connection, known).await,
        None => Ok(None),
    }
}

/// So many versions before this one, the newest first.
pub async fn versions(connection: &mut PgConnection, before: i64, limit: i64) -> Result<Vec<PolicyVersion>, sqlx::Error> {
    let rows = sqlx::query_as!(
        VersionRow,
        r#"select v.version, v.rules as "rules: Json<Vec<Rule>>", v.note, v.restored_from, v.applied_at,
                  u.id as "id?", u.username as "username?", u.display_name as "display_name?", u.department as "department?",
                  u.role as "role?", u.active as "active?"
           from policy_versions v
           left join users u on u.id = v.changed_by
           where v.version < $1
           order by v.version desc
           limit $2"#,
        before,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(VersionRow::into_version).collect())
}

/// A part of the history, and where the next one begins.
pub async fn history(connection: &mut PgConnection, before: i64, limit: i64) -> Result<PolicyVersions, sqlx::Error> {
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    // one more than asked for tells whether there is more
    let mut items = versions(connection, before, limit.saturating_add(1)).await?;
    let more = items.len() > wanted;
    items.truncate(wanted);
    let next_before = items.last().filter(|_| more).map(|last| last.version);
    Ok(PolicyVersions { items, next_before })
}

struct VersionRow {
    version: i64,
    rules: Option<Json<Vec<Rule>>>,
    note: String,
    restored_from: Option<i64>,
    applied_at: OffsetDateTime,
    id: Option<Uuid>,
    username: Option<String>,
    display_name: Option<String>,
    department: Option<String>,
    role: Option<String>,
    active: Option<bool>,
}

impl VersionRow {
    fn into_version(self) -> PolicyVersion {
        PolicyVersion {
            version: self.version,
            changed_by: self.changed_by(),
            rules: self.rules.map(|Json(rules)| rules),
            note: self.note,
            restored_from: self.restored_from,
            applied_at: self.applied_at.into(),
        }
    }

    fn changed_by(&self) -> Option<User> {
        let row = UserRow {
            id: self.id?,
            username: self.username.clone()?,
            display_name: self.display_name.clone()?,
            department: self.department.clone()?,
            role: self.role.clone()?,
            active: self.active?,
        };
        Some(row.into())
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        // writing into a String cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}
