//! A message, the parsing of its text, and its status as the sender sees it.

use super::{
    ids::{ClientId, ConversationId, Seq, UserId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// How far a message has come, as its sender sees it; only ever advances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Status {
    /// Committed.
    Sent,
    /// A client of the recipient acknowledged it.
    Delivered,
    /// It was on the recipient's screen.
    Read,
}

impl Status {
    /// The status of the message at `seq` when its recipient's pointers stand at `delivered` and `read`.
    #[must_use]
    pub fn of(seq: Seq, delivered: Seq, read: Seq) -> Self {
        if seq <= read {
            Self::Read
        } else if seq <= delivered {
            Self::Delivered
        } else {
            Self::Sent
        }
    }

    /// The word on the screen.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Sent => "Sent",
            Self::Delivered => "Delivered",
            Self::Read => "Read",
        }
    }

    /// The word on the wire and in attributes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }
}

/// One immutable message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Message {
    /// Where it stands.
    pub conversation_id: ConversationId,
    /// Its place there: 1, 2, 3 … without gaps.
    pub seq: Seq,
    /// The key its sender's client gave it.
    pub client_id: ClientId,
    /// Who wrote it.
    pub sender_id: UserId,
    /// To whom.
    pub recipient_id: UserId,
    /// 1 to 4,000 characters, exactly as normalised.
    pub body: String,
    /// When it was committed.
    pub sent_at: Timestamp,
    /// When a client of the recipient first acknowledged it.
    pub delivered_at: Option<Timestamp>,
    /// When it was first on the recipient's screen.
    pub read_at: Option<Timestamp>,
    /// The summary of the two.
    pub status: Status,
}

/// A send that was answered: written now, or known from an earlier try with the same key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentMessage {
    /// The message as it stands.
    pub message: Message,
    /// Whether an earlier try had written it.
    pub replayed: bool,
}

/// A text that may be stored: newlines unified, trimmed, NFC, 1 to 4,000 characters, no control characters but newline and tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageBody(String);

impl MessageBody {
    /// The most characters (Unicode scalar values) of a message.
    pub const MAX: usize = 4_000;
    /// From here on the composer shows how many are left.
    pub const NEAR_MAX: usize = 3_600;

    /// Normalises and checks what somebody wrote.
    ///
    /// # Errors
    /// A sentence for the user: empty, too long, or with characters that cannot be shown.
    pub fn parse(text: &str) -> Result<Self, String> {
        let unified = text.replace("\r\n", "\n").replace('\r', "\n");
        let trimmed = unified.trim();
        let is_composed = is_nfc_quick(trimmed.chars()) == IsNormalized::Yes;
        let body = if is_composed { trimmed.to_owned() } else { trimmed.nfc().collect() };
        if body.is_empty() {
            return Err("Write something first.".into());
        }
        let length = body.chars().count();
        if length > Self::MAX {
            return Err(format!("A message has at most {} characters; this one has {}.", grouped(Self::MAX), grouped(length)));
        }
        if body.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err("The message holds control characters, which cannot be shown.".into());
        }
        Ok(Self(body))
    }

    /// The text as it is stored, compared and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text itself.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// A number as people read it: `4,000`.
#[must_use]
pub fn grouped(number: usize) -> String {
    match (number / 1_000, number % 1_000) {
        (0, rest) => rest.to_string(),
        (thousands, rest) => format!("{},{rest:03}", grouped(thousands)),
    }
}

#[cfg(test)]
mod tests {
    use super::{MessageBody, Status};
    use crate::domain::ids::Seq;
    use proptest::prelude::*;

    #[test]
    fn newlines_are_unified_and_edges_trimmed() {
        assert_eq!(MessageBody::parse(" \r\na\rb\r\nc\n ").expect("valid").as_str(), "a\nb\nc");
    }

    #[test]
    fn the_limit_counts_scalar_values_after_normalising() {
        assert!(MessageBody::parse(&"🧵".repeat(4_000)).is_ok());
        assert_eq!(MessageBody::parse(&"a".repeat(4_001)), Err("A message has at most 4,000 characters; this one has 4,001.".into()));
        assert!(MessageBody::parse(&"e\u{301}".repeat(4_000)).is_ok());
    }

    #[test]
    fn control_characters_are_refused() {
        for text in ["a\0b", "a\u{7f}b", "a\u{85}b", "a\u{1b}[31m"] {
            assert!(MessageBody::parse(text).is_err(), "{text:?}");
        }
        assert!(MessageBody::parse("a\tb\nc").is_ok());
        assert!(MessageBody::parse(" \n\t ").is_err());
    }

    proptest! {
        #[test]
        fn what_is_stored_is_stored_the_same_again(text in "\\PC{0,60}") {
            if let Ok(body) = MessageBody::parse(&text) {
                prop_assert_eq!(MessageBody::parse(body.as_str()), Ok(body));
            }
        }

        #[test]
        fn a_status_only_advances_with_the_pointers(seq in 1..9_i64, d in 0..9_i64, r in 0..9_i64, more in 0..3_i64) {
            let (d, r) = (d.max(r), r);
            let before = Status::of(Seq(seq), Seq(d), Seq(r));
            prop_assert!(Status::of(Seq(seq), Seq(d + more), Seq(r)) >= before);
            prop_assert!(Status::of(Seq(seq), Seq(d + more), Seq(r + more)) >= before);
        }
    }
}
