//! The rows of an export, each with the columns that an entry or the other rows vouch for, and no others: what stands in an
//! export can be verified, all of it. docs/audit.md lists what is left out, and why.

use super::{Review, ReviewExport};
use crate::domain::{
    ids::{ConversationId, UserId},
    time::Timestamp,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;

/// Bytes, written as two small letters or digits each.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hex(pub Vec<u8>);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
        let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or_default();
        let text: String = self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some((digit(*high)? << 4) | digit(*low)?)).collect();
        bytes.filter(|_| rest.is_empty()).map(Self).ok_or_else(|| D::Error::custom("not hexadecimal"))
    }
}

/// A row of `messages`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Its thread.
    pub conversation_id: ConversationId,
    /// Its place there: 1, 2, 3 …
    pub seq: i64,
    /// Who wrote it.
    pub sender_id: UserId,
    /// Its place among what they wrote there.
    pub sender_ordinal: i64,
    /// When.
    pub sent_at: Timestamp,
    /// The text; `null` when it was erased, and its salt with it.
    pub body: Option<String>,
    /// 32 random bytes.
    pub body_salt: Option<Hex>,
    /// `sha256(body_salt || body)`.
    pub body_digest: Hex,
}

/// A row of `receipts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Of which thread.
    pub conversation_id: ConversationId,
    /// Whose.
    pub user_id: UserId,
    /// `delivered` or `read`.
    pub kind: String,
    /// With everything up to here.
    pub up_to_seq: i64,
    /// When.
    pub at: Timestamp,
}

/// A row of `conversations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Of its two people the one with the lower id.
    pub user_low: UserId,
    /// The other.
    pub user_high: UserId,
    /// Who began it.
    pub created_by: UserId,
    /// The newest message; 0 when there is none.
    pub last_seq: i64,
    /// Its time.
    pub last_message_at: Option<Timestamp>,
}

/// A row of `participants`: how one of the two stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Participant {
    /// In which thread.
    pub conversation_id: ConversationId,
    /// Who.
    pub user_id: UserId,
    /// With whom.
    pub peer_id: UserId,
    /// When they opened it, if they did before anybody wrote.
    pub opened_at: Option<Timestamp>,
    /// The newest message.
    pub last_seq: i64,
    /// How many they wrote.
    pub own_total: i64,
    /// What they were delivered.
    pub delivered_seq: i64,
    /// What they have read.
    pub read_seq: i64,
    /// How many of these they wrote themselves.
    pub own_at_read: i64,
    /// What the other wrote after `read_seq`.
    pub unread: i64,
    /// When something last happened there, for them.
    pub last_activity_at: Option<Timestamp>,
    /// When they last wrote.
    pub last_sent_at: Option<Timestamp>,
}

/// A row of `audit_leaves` whose entry is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// From 0.
    pub leaf: i64,
    /// The hash that was sealed.
    pub leaf_hash: Hex,
    /// The number that the entry had.
    pub entry_id: i64,
}

/// A row of `audit_checkpoints`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Over so many leaves.
    pub size: i64,
    /// Their root.
    pub root: Hex,
    /// What the sealer goes on from.
    pub frontier: Hex,
    /// As it was signed.
    pub signed_note: String,
}

/// A row of `audit_keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// A public key that has signed.
    pub vkey: String,
}

/// The last line: how much there is above it, so that a file that was cut off shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// Lines of entries.
    pub entries: u64,
    /// Lines with a `record` key above this one.
    pub records: u64,
}

/// A line that is no entry. The kinds stand in this order in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// A leaf without its entry.
    Leaf(Leaf),
    /// A message that no entry vouches for.
    Message(Message),
    /// A receipt that no entry vouches for.
    Receipt(Receipt),
    /// A conversation that no entry vouches for.
    Conversation(Conversation),
    /// How one of the two people of a conversation stands.
    Participant(Participant),
    /// A review, as far as its entries vouch for it.
    Review(Box<Review>),
    /// An export of a review, likewise.
    Export(Box<ReviewExport>),
    /// The tree at some size.
    Checkpoint(Checkpoint),
    /// Who has signed.
    Key(Key),
    /// There is no more.
    End(End),
}
