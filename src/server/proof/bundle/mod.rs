//! What a whole export of the audit log consists of: JSON Lines, so written that a line has one form only. Whoever
//! verifies reads a line, writes it again, and takes it only when that gives the same bytes.
//!
//! First the sealed entries in the order of their leaves, then the unsealed ones by number, then the lines with a `record`
//! key, in the order of [`Record`] and within a kind by key. A line of an entry begins with the very bytes that its leaf
//! is the hash of, but for the brace at the end.

mod reviews;
mod rows;

pub use reviews::{Review, ReviewExport};
pub use rows::{Checkpoint, Conversation, End, Hex, Key, Leaf, Message, Participant, Receipt, Record};

use super::canonical::{self, Details, Entry, NotAnEntry};
use crate::domain::{
    audit::Action,
    ids::{ConversationId, UserId},
    time::Timestamp,
};
use serde::Deserialize;
use serde_json::Value;

/// A line of an export, without its newline.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// What was done, and the row that it vouches for.
    Entry(Box<Sealed>),
    /// Everything else.
    Record(Record),
}

/// An entry, its place in the tree, and the row that it vouches for.
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed {
    /// What was done.
    pub entry: Entry,
    /// `None` when it has no leaf.
    pub seal: Option<Seal>,
    /// What stands in the table that it speaks of.
    pub row: Row,
}

/// A place in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// From 0.
    pub leaf: i64,
    /// As `audit_leaves` has it.
    pub hash: Hex,
}

/// The row that an entry vouches for; inside `None` when there is none, although there should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// Of an action that leaves no row of its own.
    Nothing,
    /// Of `message.sent`.
    Message(Option<Message>),
    /// Of `message.delivered` and `message.read`.
    Receipt(Option<Receipt>),
    /// Of `conversation.created`.
    Conversation(Option<Conversation>),
}

/// Which row an action vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// None.
    Nothing,
    /// A row of `messages`.
    Message,
    /// A row of `receipts`.
    Receipt,
    /// A row of `conversations`.
    Conversation,
}

impl RowKind {
    /// By the word of the action.
    #[must_use]
    pub fn of(action: &str) -> Self {
        let is = |known: Action| action == known.as_str();
        match () {
            () if is(Action::MessageSent) => Self::Message,
            () if is(Action::MessageDelivered) || is(Action::MessageRead) => Self::Receipt,
            () if is(Action::ConversationCreated) => Self::Conversation,
            () => Self::Nothing,
        }
    }
}

/// Why a line is none of an export. Nothing of it is quoted: it may be a message's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotALine {
    /// No JSON, or not with the keys and types of a line.
    #[error("it cannot be read from character {0} on")]
    Json(usize),
    /// A version of the format that this program does not know.
    #[error("it is of version {0} of the format, which this program does not know")]
    Version(u64),
    /// The same content is written in another way.
    #[error("it is not written as the export writes it")]
    Form,
}

impl From<serde_json::Error> for NotALine {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error.column())
    }
}

impl From<NotAnEntry> for NotALine {
    fn from(error: NotAnEntry) -> Self {
        match error {
            NotAnEntry::Version(version) => Self::Version(version),
            NotAnEntry::Json(_) | NotAnEntry::NotCanonical => Self::Form,
        }
    }
}

const RECORD: &[u8] = b"{\"record\":";

impl Line {
    /// Appends the line to `out`, without a newline.
    ///
    /// # Errors
    /// None in practice: there is nothing in a line that JSON could not hold.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        match self {
            Self::Record(record) => serde_json::to_writer(out, record),
            Self::Entry(sealed) => sealed.write(out),
        }
    }

    /// Reads what [`Self::write`] has written, and nothing else.
    ///
    /// # Errors
    /// When it is no line of an export, or written in another way.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotALine> {
        let line = if bytes.starts_with(RECORD) {
            Self::Record(serde_json::from_slice(bytes)?)
        } else {
            Self::Entry(Box::new(Sealed::read(bytes)?))
        };
        let mut again = Vec::with_capacity(bytes.len());
        line.write(&mut again)?;
        if again == bytes { Ok(line) } else { Err(NotALine::Form) }
    }
}

impl Sealed {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        out.extend(self.entry.to_bytes());
        out.pop();
        match &self.seal {
            Some(seal) => out.extend(format!(",\"leaf\":{},\"leaf_hash\":\"{}\"", seal.leaf, seal.hash).into_bytes()),
            None => out.extend(b",\"unsealed\":true"),
        }
        match &self.row {
            Row::Nothing => {}
            Row::Message(message) => {
                out.extend(b",\"message\":");
                serde_json::to_writer(&mut *out, message)?;
            }
            Row::Receipt(receipt) => {
                out.extend(b",\"receipt\":");
                serde_json::to_writer(&mut *out, receipt)?;
            }
            Row::Conversation(conversation) => {
                out.extend(b",\"conversation\":");
                serde_json::to_writer(&mut *out, conversation)?;
            }
        }
        out.push(b'}');
        Ok(())
    }

    fn read(bytes: &[u8]) -> Result<Self, NotALine> {
        let wire: Wire = serde_json::from_slice(bytes)?;
        let seal = wire.leaf.zip(wire.leaf_hash).map(|(leaf, hash)| Seal { leaf, hash });
        let row = match RowKind::of(&wire.action) {
            RowKind::Nothing => Row::Nothing,
            RowKind::Message => Row::Message(wire.message),
            RowKind::Receipt => Row::Receipt(wire.receipt),
            RowKind::Conversation => Row::Conversation(wire.conversation),
        };
        let entry = Entry {
            id: wire.id.number()?,
            at: wire.at,
            actor_id: wire.actor_id,
            action: wire.action,
            conversation_id: wire.conversation_id,
            object: wire.object,
            details: Details::read(wire.v, wire.details, wire.details_text)?,
        };
        Ok(Self { entry, seal, row })
    }
}

/// Everything that may stand in an entry's line. What does not belong there is noticed when the line is written again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    action: String,
    actor_id: Option<UserId>,
    at: Timestamp,
    conversation_id: Option<ConversationId>,
    #[serde(default, deserialize_with = "canonical::present")]
    details: Option<Value>,
    details_text: Option<String>,
    id: canonical::Id,
    object: Option<String>,
    v: u64,
    leaf: Option<i64>,
    leaf_hash: Option<Hex>,
    #[serde(default, rename = "unsealed")]
    _unsealed: bool,
    message: Option<Message>,
    receipt: Option<Receipt>,
    conversation: Option<Conversation>,
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
