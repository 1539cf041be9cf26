//! What importing a file of people would do, line by line, before it does it. Made by `service::import`, shown by the
//! screens, the API and the command line alike.

use super::{ids::UserId, user::Role};
use serde::{Deserialize, Serialize};

/// What is wrong in a line; the reason quotes nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct LineError {
    /// From 1.
    pub line: u64,
    /// The sentence.
    pub reason: String,
}

/// What an import came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Imported {
    /// Were not known before.
    pub created: usize,
    /// Were known otherwise.
    pub changed: usize,
    /// Were known just so.
    pub unchanged: usize,
}

/// What an import would do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ImportPreview {
    /// Who would be new.
    pub created: Vec<ImportedUser>,
    /// Who would change, and how.
    pub changed: Vec<ChangedUser>,
    /// How many are known just so.
    pub unchanged: usize,
    /// What is wrong; as long as anything is, nothing is imported.
    pub errors: Vec<LineError>,
    /// Give it back with the import: it is refused when it would do anything else than this. `None` with errors.
    pub digest: Option<String>,
}

/// Somebody who would be new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ImportedUser {
    /// Where it stands in the file, from 1.
    pub line: u64,
    /// The short name they would sign in with.
    pub username: String,
    /// The name on the screens.
    pub display_name: String,
    /// Their department.
    pub department: String,
    /// Member or admin.
    pub role: Role,
    /// Never shown to colleagues.
    pub email: Option<String>,
    /// How another system knows them.
    pub external_id: Option<String>,
    /// Whether the file gives them a password.
    pub has_password: bool,
}

/// Somebody who would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ChangedUser {
    /// Where it stands in the file, from 1.
    pub line: u64,
    /// Theirs.
    pub id: UserId,
    /// As they are called now.
    pub username: String,
    /// As they are called now.
    pub display_name: String,
    /// What differs.
    pub fields: Vec<FieldChange>,
    /// Whether the file gives them another password, which ends their sessions.
    pub new_password: bool,
}

/// One field, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FieldChange {
    /// Its name.
    pub field: String,
    /// As it is; empty for nothing.
    pub from: String,
    /// As it would be.
    pub to: String,
}
