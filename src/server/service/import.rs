//! Importing people from a file of another system: all rows or none, each error with its line.
//!
//! Somebody is recognised by their external id, else by their user name. Importing the same file twice changes nothing.
//! What it would do can be looked at before ([`preview`]), and be made a condition: then it does exactly that, or nothing.
//! Passwords are hashed before the transaction, on all cores; the transaction itself is a few statements.

mod file;
mod hashing;
mod plan;
mod shown;

use super::administrators::Administers;
use crate::{
    domain::{
        people_import::{ImportPreview, Imported, LineError},
        profile::Profile,
        user::Role,
    },
    error::{Code, Error},
    server::{
        auth::password::Password,
        context::Context,
        db::{
            self,
            import::{KnownUser, Written},
        },
        operator::Operator,
    },
};
use plan::{Fate, plan};
use sqlx::PgConnection;

/// The most bytes of a file that comes by a request: some ten thousand people.
pub const MAX_BYTES: usize = 1024 * 1024;

/// One row of the file.
#[derive(Debug, Clone)]
struct ImportRow {
    /// Where it begins in the file, from 1.
    line: u64,
    /// The person.
    profile: Profile,
    /// `None`: they get in by a link, or keep what they have.
    password: Option<Password>,
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

/// What an import has to know of who asks for it.
pub trait Imports: Administers {
    /// Whether the file may give people passwords. Hashing thousands takes minutes of every core: that is for who has the machine.
    const PASSWORDS: bool;
}

impl Imports for Operator {
    const PASSWORDS: bool = true;
}

impl Imports for Context {
    const PASSWORDS: bool = false;
}

/// What importing this file would do; nothing is written, and nothing else is kept of it.
///
/// # Errors
/// `forbidden` for who is no admin. What is wrong in the file is part of the preview.
pub async fn preview<C: Imports>(caller: &C, file: &[u8]) -> Result<ImportPreview, Error> {
    let administrator = caller.administrator()?;
    let rows = match read(file, C::PASSWORDS) {
        Ok(rows) => rows,
        Err(errors) => return Ok(shown::refused(errors)),
    };
    let by = administrator.clone();
    administrator
        .work(async move {
            let known = known(&mut *by.pool.acquire().await?, &rows).await?;
            let (rows, hashes) = hashing::hash_all(rows, &known, |_, _| ()).await?;
            let fates = match plan(&rows, &known) {
                Ok(fates) => fates,
                Err(errors) => return Ok(shown::refused(errors)),
            };
            match demotes_everybody(&mut *by.pool.acquire().await?, &rows, &hashes, &fates).await? {
                Some(error) => Ok(shown::refused(vec![error])),
                None => Ok(shown::preview(&rows, &hashes, &fates)),
            }
        })
        .await
}

/// Imports the file; with the digest of a preview only if it does just that. `progress` hears how many passwords of how many
/// are hashed.
///
/// # Errors
/// The lines; `forbidden` for who is no admin, `preview_outdated` when people have changed since the preview.
pub async fn import<C: Imports>(
    caller: &C,
    file: &[u8],
    agreed: Option<&str>,
    progress: impl Fn(usize, usize) + Send + Sync + 'static,
) -> Result<Imported, ImportError> {
    let administrator = caller.administrator()?;
    let rows = read(file, C::PASSWORDS).map_err(ImportError::Lines)?;
    let (by, agreed) = (administrator.clone(), agreed.map(str::to_owned));
    let outcome = administrator
        .work(async move {
            let before = known(&mut *by.pool.acquire().await?, &rows).await?;
            let (rows, hashes) = hashing::hash_all(rows, &before, progress).await?;
            let mut transaction = by.begin().await?;
            let known = known(&mut transaction, &rows).await?;
            let fates = match plan(&rows, &known) {
                Ok(fates) => fates,
                Err(errors) => return Ok(Err(errors)),
            };
            if agreed.is_some_and(|agreed| agreed != shown::digest(&rows, &hashes, &fates)) {
                return Err(Error::new(Code::PreviewOutdated));
            }
            // before the rows are written: what is refused here is what the preview refuses
            if let Some(error) = demotes_everybody(&mut transaction, &rows, &hashes, &fates).await? {
                return Ok(Err(vec![error]));
            }
            let (new, other) = written(&fates, &hashes);
            db::import::insert(&mut transaction, &new, by.actor).await?;
            db::import::update(&mut transaction, &other, by.actor).await?;
            by.commit(transaction).await?;
            let (created, changed) = (new.len(), other.len());
            Ok(Ok(Imported { created, changed, unchanged: rows.len().saturating_sub(created).saturating_sub(changed) }))
        })
        .await?;
    let imported = outcome.map_err(ImportError::Lines)?;
    administrator.tell_peers().await;
    Ok(imported)
}

/// The rows, or everything that is wrong with them as they are, by line.
fn read(file: &[u8], passwords: bool) -> Result<Vec<ImportRow>, Vec<LineError>> {
    let (rows, mut errors) = file::read(file);
    errors.extend(plan::duplicates(&rows));
    if !passwords {
        let with_password = rows.iter().filter(|row| row.password.is_some());
        let reason = "password: it has to be empty here; people set theirs by a link, and `user import` takes passwords";
        errors.extend(with_password.map(|row| LineError { line: row.line, reason: reason.into() }));
    }
    errors.sort();
    if errors.is_empty() { Ok(rows) } else { Err(errors) }
}

async fn known(connection: &mut PgConnection, rows: &[ImportRow]) -> Result<Vec<KnownUser>, sqlx::Error> {
    let usernames: Vec<&str> = rows.iter().map(|row| row.profile.username.as_str()).collect();
    let external_ids: Vec<&str> = rows.iter().filter_map(|row| row.profile.external_id.as_deref()).collect();
    db::import::known(connection, &usernames, &external_ids).await
}

/// Who is to be written: the new ones, and those that differ.
fn written<'a>(fates: &'a [Fate], hashes: &'a [Option<String>]) -> (Vec<Written<'a>>, Vec<Written<'a>>) {
    let (mut new, mut other) = (Vec::new(), Vec::new());
    for (fate, hash) in fates.iter().zip(hashes) {
        let password_hash = hash.as_deref();
        match fate {
            Fate::New { profile } => new.push(Written { id: uuid::Uuid::new_v4(), profile, password_hash, columns: Vec::new() }),
            Fate::Known { user, profile, columns } if !columns.is_empty() || password_hash.is_some() => {
                other.push(Written { id: user.id, profile, password_hash, columns: columns.clone() });
            }
            Fate::Known { .. } => {}
        }
    }
    (new, other)
}

/// The last admin who can sign in cannot be demoted by a file either: somebody of it, or of those whom it does not name, has
/// to be left. Who is new comes in by a link, and nobody knows whether they will.
async fn demotes_everybody(
    connection: &mut PgConnection,
    rows: &[ImportRow],
    hashes: &[Option<String>],
    fates: &[Fate],
) -> Result<Option<LineError>, sqlx::Error> {
    let was = |fate: &Fate| match fate {
        Fate::New { .. } => false,
        Fate::Known { user, .. } => user.active && user.role == Role::Admin.as_str(),
    };
    let will_be = |fate: &Fate| match fate {
        Fate::New { profile } => profile.role == Role::Admin,
        Fate::Known { user, profile, .. } => user.active && profile.role == Role::Admin,
    };
    let has_password = |fate: &Fate| matches!(fate, Fate::Known { user, .. } if user.password_hash.is_some());
    let Some(first) = fates.iter().position(|fate| was(fate) && !will_be(fate)) else { return Ok(None) };

    let before = db::import::admins(connection).await?;
    let mut after = before;
    for (fate, hash) in fates.iter().zip(hashes) {
        let (had, has) = (has_password(fate), has_password(fate) || hash.is_some());
        after.active = after.active.saturating_add(i64::from(will_be(fate))).saturating_sub(i64::from(was(fate)));
        let signing = after.with_password.saturating_add(i64::from(will_be(fate) && has));
        after.with_password = signing.saturating_sub(i64::from(was(fate) && had));
    }
    let is_lost = after.active <= 0 || before.with_password > 0 && after.with_password <= 0;
    let line = rows.get(first).map_or(1, |row| row.line);
    Ok(is_lost.then(|| LineError { line, reason: "role: this would take the last admin who can sign in their role".into() }))
}
