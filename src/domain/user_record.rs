//! A user as admins see them: with what colleagues never see (e-mail, the other system's id), and a page of such users.
//!
//! Ordered by folded name. The cursor is the last user's id alone, so no name travels in an address.

use super::{
    ids::UserId,
    time::Timestamp,
    user::{Role, User},
};
use serde::{Deserialize, Serialize};

/// A user as admins see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct UserRecord {
    /// What colleagues see, too.
    #[serde(flatten)]
    pub user: User,
    /// Never shown to colleagues.
    pub email: Option<String>,
    /// How another system knows them.
    pub external_id: Option<String>,
    /// Whether they have set a password; without one they need a link.
    pub has_password: bool,
    /// Since when they are known.
    pub created_at: Timestamp,
    /// Since when they are gone.
    pub deactivated_at: Option<Timestamp>,
}

/// One user, with what decides what can be done with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct UserDetails {
    /// The user.
    #[serde(flatten)]
    pub record: UserRecord,
    /// Whether nobody else could administer: they can be neither demoted nor deactivated.
    pub is_last_admin: bool,
    /// Programs that act as this user.
    pub tokens: i64,
}

/// A part of the users that were asked for, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct UserRecordPage {
    /// By name.
    pub items: Vec<UserRecord>,
    /// Give it back for the next page; `None` at the end.
    pub next_cursor: Option<String>,
}

/// Which users are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserFilter {
    /// Beginnings of names, of the user name or of the department.
    pub q: Option<String>,
    /// This department, to the letter.
    pub department: Option<String>,
    /// This role.
    pub role: Option<Role>,
    /// Here, or gone.
    pub active: Option<bool>,
}

/// A session of a user, as they and admins see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct UserSession {
    /// Its name in the audit log: enough to follow it, not enough to use it.
    pub id: String,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// What the browser calls itself.
    pub user_agent: String,
}

/// A change of one user, by an admin: what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserChange {
    /// The name on the screens.
    pub display_name: Option<String>,
    /// Empty for none.
    pub department: Option<String>,
    /// Refused for the last admin.
    pub role: Option<Role>,
    /// `false` ends their access; refused for the last admin.
    pub active: Option<bool>,
}

/// The opaque text of a cursor.
#[must_use]
pub fn encode_cursor(last: UserId) -> String {
    last.0.simple().to_string()
}

/// Reads what [`encode_cursor`] wrote.
#[must_use]
pub fn parse_cursor(text: &str) -> Option<UserId> {
    text.parse().ok()
}
