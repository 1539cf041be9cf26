//! Exports of a review: what its reader takes away of it, once it was released. What such an export consists of is in
//! `server/proof/archive`; who may what is the service's and the database's.

use super::{
    review::{NotAWord, ReviewId, ReviewMode},
    time::Timestamp,
    user::User,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// An export's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(value_type = String, format = "uuid"))]
pub struct ExportId(pub Uuid);

impl fmt::Display for ExportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ExportId {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self).map_err(|_| NotAWord)
    }
}

/// How an export stands. Whether it can be taken now is also for its review to say: it has to be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum ExportState {
    /// Waits for a second person.
    Requested,
    /// May be taken by who asked, while the review is open.
    Released,
    /// The second person said no.
    Refused,
}

impl ExportState {
    /// The words on a screen.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Requested => "Waits for a second person",
            Self::Released => "Released",
            Self::Refused => "Refused",
        }
    }
}

/// An export as admins see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReviewExport {
    /// Its id.
    pub id: ExportId,
    /// Of which review.
    pub review_id: ReviewId,
    /// How it stands.
    pub state: ExportState,
    /// Whether a second person has to release it.
    pub mode: ReviewMode,
    /// Who asked, and takes it.
    pub requested_by: User,
    /// When.
    pub requested_at: Timestamp,
    /// Who decided.
    pub decided_by: Option<User>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// What they said to it.
    pub decision_note: Option<String>,
    /// It covers what was sealed among so many entries of the audit log.
    pub tree_size: Option<i64>,
    /// SHA-256 of its `manifest.json`, once it was made: it speaks for every byte.
    pub manifest_sha256: Option<String>,
    /// How often it was taken.
    pub times_taken: i64,
    /// When it was last taken.
    pub last_taken_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::ExportId;

    #[test]
    fn an_id_comes_back_as_it_was_written() {
        let id = ExportId(uuid::Uuid::from_u128(7));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("7".parse::<ExportId>().is_err());
    }
}
