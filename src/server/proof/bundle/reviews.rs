//! The rows of reviews and of their exports, with the columns that their entries vouch for. The words in them stand there
//! beside their salts, as the entries hold digests of them alone.

use super::Hex;
use crate::domain::{
    ids::{ConversationId, UserId},
    review::ReviewId,
    review_export::ExportId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A row of `reviews`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Its id.
    pub id: ReviewId,
    /// Where the organisation keeps the matter; `null` when somebody has removed it, which is found.
    pub case_id: Option<String>,
    /// 32 random bytes; `null` also when it was asked for before these words were sealed.
    pub case_salt: Option<Hex>,
    /// For what kind of reason.
    pub category: String,
    /// Why; `null` when somebody has removed it.
    pub reason: Option<String>,
    /// As `case_salt`.
    pub reason_salt: Option<Hex>,
    /// Whose conversations …
    pub user_id: Option<UserId>,
    /// … or which one …
    pub conversation_id: Option<ConversationId>,
    /// … and what was sent in them not before …
    pub from_at: Timestamp,
    /// … and before this.
    pub until_at: Timestamp,
    /// Whether a second person had to agree.
    pub mode: String,
    /// Who asked.
    pub requested_by: UserId,
    /// What was decided.
    pub decision: Option<String>,
    /// By whom.
    pub decided_by: Option<UserId>,
    /// What they said to it.
    pub decision_note: Option<String>,
    /// As `case_salt`.
    pub note_salt: Option<Hex>,
    /// Until when it may be read.
    pub expires_at: Option<Timestamp>,
    /// Who ended it before.
    pub ended_by: Option<UserId>,
}

/// A row of `review_exports`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewExport {
    /// Its id.
    pub id: ExportId,
    /// Of which review.
    pub review_id: ReviewId,
    /// Who asked.
    pub requested_by: UserId,
    /// What was decided.
    pub decision: Option<String>,
    /// By whom.
    pub decided_by: Option<UserId>,
    /// What they said to it.
    pub decision_note: Option<String>,
    /// 32 random bytes; `null` also when it was decided before these words were sealed.
    pub note_salt: Option<Hex>,
    /// What it covers was sealed in the tree of this size.
    pub tree_size: Option<i64>,
    /// Of the column `manifest`.
    pub manifest_sha256: Option<Hex>,
}
