//! What an admin sees of the audit log: entries with the names of the people in them, what to look for, how far it is
//! sealed. The words for what was done are in `audit`.

use super::{
    audit::Action,
    ids::{ConversationId, UserId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which entries. Everything that is given has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Done by one of these, or to one of these.
    pub people: Option<Vec<UserId>>,
    /// What was done.
    pub action: Option<Action>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before, and not at this moment itself.
    pub until: Option<Timestamp>,
    /// Where.
    pub conversation: Option<ConversationId>,
}

/// One entry, as it was written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Ascending, with gaps where a transaction was rolled back.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who; `null` for the command line and for what happens by itself.
    pub actor_id: Option<UserId>,
    /// A word like `message.sent`.
    pub action: String,
    /// Where.
    pub conversation_id: Option<ConversationId>,
    /// To what: the id of a user, token, session or review, or the seq of a message.
    pub object: Option<String>,
    /// The rest. Never the text of a message.
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub details: serde_json::Value,
    /// Its place in the sealed tree; `null` while it waits for the next seal.
    pub leaf: Option<i64>,
}

/// A part of the log, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AuditPage {
    /// Newest first.
    pub items: Vec<AuditEntry>,
    /// The names, by now, of the people in these entries, by their ids.
    pub names: BTreeMap<UserId, String>,
    /// Give it back for older ones; `null` at the end.
    pub next_cursor: Option<String>,
    /// How far the log is sealed.
    pub seal: SealStatus,
}

/// How far the log is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SealStatus {
    /// The newest checkpoint; `null` when nothing has been sealed yet.
    pub checkpoint: Option<Checkpoint>,
    /// Entries that wait for the next seal; no more than [`SealStatus::MOST_WAITING`] are counted.
    pub waiting: i64,
    /// For how many seconds the oldest of them has waited; 0 when none waits.
    pub waiting_seconds: i64,
}

impl SealStatus {
    /// Where counting ends.
    pub const MOST_WAITING: i64 = 10_000;

    /// The sealer works each second: what waits for longer than a minute waits for somebody to look after it.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.waiting_seconds > 60
    }
}

/// The newest checkpoint of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Checkpoint {
    /// Whose tree.
    pub origin: String,
    /// Over so many entries.
    pub size: i64,
    /// Every entry up to this number is among them.
    pub up_to_entry: i64,
    /// When it was signed.
    pub at: Timestamp,
    /// As it was signed: whoever keeps it can hold the organisation to it.
    pub signed_note: String,
}

/// Where the next page begins: below this entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditCursor {
    /// The last one's moment.
    pub at: Timestamp,
    /// The last one itself.
    pub id: i64,
}

impl AuditCursor {
    /// The opaque text of the cursor.
    #[must_use]
    pub fn encode(&self) -> String {
        format!("{:016x}{:016x}", self.at.unix_micros(), self.id)
    }

    /// Reads what [`AuditCursor::encode`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_at_checked(16).filter(|(_, id)| id.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        // through u64: the digits of a negative number are those of its two's complement
        let read = |digits| Some(u64::from_str_radix(digits, 16).ok()?.cast_signed());
        Some(Self { at: Timestamp::from_unix_micros(read(at)?)?, id: read(id)? })
    }
}

#[cfg(test)]
mod tests {
    use super::AuditCursor;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is_one() {
        for (micros, id) in [(0, 1), (1_795_000_000_123_456, i64::MAX), (-62_135_596_800_000_000, -5)] {
            let cursor = AuditCursor { at: Timestamp::from_unix_micros(micros).expect("a moment"), id };
            assert_eq!(AuditCursor::parse(&cursor.encode()), Some(cursor));
        }
        for none in ["", "0", "é", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", &"0".repeat(31), &"0".repeat(33), "+000000000000000+000000000000000"]
        {
            assert_eq!(AuditCursor::parse(none), None, "{none}");
        }
    }
}
