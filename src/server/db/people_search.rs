//! The search for people: one statement, ranked by the database.
//!
//! Whom the policy hides is not for SQL to know: the statement returns enough of each group that a rule can tell apart.

use super::user::UserRow;
use crate::domain::{
    time::Timestamp,
    user::{PeopleQuery, User},
};
use sqlx::PgConnection;

/// A person that matches, with what the policy has to know.
#[derive(Debug)]
pub struct Match {
    /// The person.
    pub user: User,
    /// Whether their conversation stands in the viewer's inbox.
    pub is_known: bool,
    /// When they last wrote to the viewer.
    pub wrote_at: Option<Timestamp>,
    /// The database's clock.
    pub now: Timestamp,
}

/// What a search has found, and the version of the policy in the same snapshot.
#[derive(Debug)]
pub struct Matches {
    /// Best first.
    pub people: Vec<Match>,
    /// 0 before there is one.
    pub policy_version: i64,
}

/// How many rows a search gives.
#[derive(Debug, Clone, Copy)]
pub enum Depth {
    /// So many: nobody will be hidden.
    All(i64),
    /// So many of each group that a rule can hide.
    PerGroup(i64),
}

/// People that match, best first; never the viewer, deactivated ones only when they are known.
pub async fn search(db: &mut PgConnection, viewer: &User, query: &PeopleQuery, depth: Depth) -> Result<Matches, sqlx::Error> {
    let prefixes = query.patterns();
    let longest = prefixes.iter().max_by_key(|pattern| pattern.len()).cloned().unwrap_or_default();
    let words: Vec<String> = prefixes.iter().map(|pattern| format!("{} %", pattern.trim_end_matches('%'))).collect();
    let (per_group, altogether) = match depth {
        Depth::All(limit) => (limit, Some(limit)),
        Depth::PerGroup(limit) => (limit, None),
    };
    let rows = sqlx::query_file!(
        "src/server/db/sql/people_search.sql",
        viewer.id.0,
        &prefixes,
        longest,
        &words,
        query.folded(),
        viewer.department,
        per_group,
        altogether
    )
    .fetch_all(db)
    .await?;
    // of nobody there is nothing to decide
    let policy_version = rows.first().map_or(0, |row| row.policy_version);
    let people = rows
        .into_iter()
        .map(|row| Match {
            user: UserRow {
                id: row.id,
                username: row.username,
                display_name: row.display_name,
                department: row.department,
                role: row.role,
                active: row.active,
            }
            .into(),
            is_known: row.is_known,
            wrote_at: row.wrote_at.map(Timestamp::from),
            now: row.now.into(),
        })
        .collect();
    Ok(Matches { people, policy_version })
}
