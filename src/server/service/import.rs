//! Importing people from a file of another system: all rows or none, each error with its line.
//!
//! Somebody is recognised by their external id, else by their user name. Importing the same file twice changes nothing.
//! Passwords are hashed before the transaction, on all cores; the transaction itself is a few statements.

mod hashing;
mod plan;

use super::users;
use crate::{
    domain::{profile::Profile, user::Role},
    error::Error,
    server::{
        auth::password::Password,
        db::{
            self,
            import::{KnownUser, Written},
        },
        operator::Operator,
    },
};
use plan::{Fate, plan};
use sqlx::PgConnection;

/// One row of the file.
#[derive(Debug, Clone)]
pub struct ImportRow {
    /// Where it begins in the file, from 1.
    pub line: u64,
    /// The person.
    pub profile: Profile,
    /// `None`: they get in by a link, or keep what they have.
    pub password: Option<Password>,
}

/// What is wrong in a line; the reason quotes nothing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// From 1.
    pub line: u64,
    /// The sentence.
    pub reason: String,
}

/// Why nothing was imported.
#[derive(Debug)]
pub enum ImportError {
    /// The file is not right.
    Lines(Vec<LineError>),
    /// It could not be done.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for ImportError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What an import came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Were not known before.
    pub created: usize,
    /// Were known otherwise.
    pub changed: usize,
    /// Were known just so.
    pub unchanged: usize,
}

/// Imports the rows. `progress` hears how many passwords of how many are hashed.
pub async fn import(
    operator: &Operator,
    rows: Vec<ImportRow>,
    progress: impl Fn(usize, usize) + Send + Sync + 'static,
) -> Result<Imported, ImportError> {
    plan::refuse_duplicates(&rows).map_err(ImportError::Lines)?;
    let before = known(&mut *operator.pool.acquire().await?, &rows).await?;
    let (rows, hashes) = hashing::hash_all(rows, &before, progress).await?;

    let mut transaction = operator.pool.begin().await?;
    db::user::lock_administration(&mut transaction).await?;
    let known = known(&mut transaction, &rows).await?;
    let fates = plan(&rows, &known).map_err(ImportError::Lines)?;
    let (mut new, mut other) = (Vec::new(), Vec::new());
    for (fate, hash) in fates.iter().zip(&hashes) {
        let password_hash = hash.as_deref();
        match fate {
            Fate::New { profile } => new.push(Written { id: uuid::Uuid::new_v4(), profile, password_hash, columns: Vec::new() }),
            Fate::Known { id, profile, columns } if !columns.is_empty() || password_hash.is_some() => {
                other.push(Written { id: *id, profile, password_hash, columns: columns.clone() });
            }
            Fate::Known { .. } => {}
        }
    }
    db::import::insert(&mut transaction, &new).await?;
    db::import::update(&mut transaction, &other).await?;
    keep_an_admin(&mut transaction, &rows, &fates).await?;
    transaction.commit().await?;

    users::tell_peers(operator).await;
    let (created, changed) = (new.len(), other.len());
    Ok(Imported { created, changed, unchanged: rows.len().saturating_sub(created).saturating_sub(changed) })
}

async fn known(connection: &mut PgConnection, rows: &[ImportRow]) -> Result<Vec<KnownUser>, sqlx::Error> {
    let usernames: Vec<&str> = rows.iter().map(|row| row.profile.username.as_str()).collect();
    let external_ids: Vec<&str> = rows.iter().filter_map(|row| row.profile.external_id.as_deref()).collect();
    db::import::known(connection, &usernames, &external_ids).await
}

/// The last admin cannot be demoted by a file either.
async fn keep_an_admin(connection: &mut PgConnection, rows: &[ImportRow], fates: &[Fate]) -> Result<(), ImportError> {
    let demotes =
        |fate: &Fate| matches!(fate, Fate::Known { profile, columns, .. } if profile.role != Role::Admin && columns.contains(&"role"));
    let demoted = rows.iter().zip(fates).find(|(_, fate)| demotes(fate));
    match demoted {
        Some((row, _)) if db::import::active_admins(connection).await? == 0 => {
            Err(ImportError::Lines(vec![LineError { line: row.line, reason: "role: this would take the last admin their role".into() }]))
        }
        _ => Ok(()),
    }
}
