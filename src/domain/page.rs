//! Pages: what a request asks for, what comes back, and the opaque cursor of the inbox.

use super::{
    conversation::Conversation,
    ids::{ChangeNo, ConversationId, Seq},
    message::Message,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Which messages of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageAt {
    /// The newest.
    #[default]
    Newest,
    /// The nearest below this seq.
    Before(Seq),
    /// The nearest above this seq.
    After(Seq),
    /// Half of the page before this seq, the rest from it on; filled up from the other side.
    Around(Seq),
    /// Around the first message sent at or after this moment, else the newest.
    At(Timestamp),
}

/// Messages in ascending order of seq.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct MessagePage {
    /// Ascending by seq, without gaps.
    pub items: Vec<Message>,
    /// Whether older ones exist.
    pub has_before: bool,
    /// Whether newer ones exist.
    pub has_after: bool,
}

/// A part of the inbox, latest activity first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ConversationPage {
    /// Latest activity first.
    pub items: Vec<Conversation>,
    /// Give it back for the next page; `None` at the end.
    pub next_cursor: Option<String>,
    /// The viewer's change number that this page was read at.
    pub change_no: ChangeNo,
}

/// Where the next page of the inbox begins: after this activity of this conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The last row's activity.
    pub last_activity_at: Timestamp,
    /// The last row itself.
    pub conversation_id: ConversationId,
}

impl Cursor {
    /// The opaque text of the cursor.
    #[must_use]
    pub fn encode(&self) -> String {
        format!("{:016x}{}", self.last_activity_at.unix_micros(), self.conversation_id.0.simple())
    }

    /// Reads what [`Cursor::encode`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (micros, id) = text.split_at_checked(16).filter(|(micros, _)| micros.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        Some(Self {
            last_activity_at: Timestamp::from_unix_micros(i64::from_str_radix(micros, 16).ok()?)?,
            conversation_id: id.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;
    use crate::domain::{ids::ConversationId, time::Timestamp};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_survives_its_text(micros in 0..4_000_000_000_000_000_i64, id: u128) {
            let cursor = Cursor {
                last_activity_at: Timestamp::from_unix_micros(micros).expect("in range"),
                conversation_id: ConversationId(uuid::Uuid::from_u128(id)),
            };
            prop_assert_eq!(Cursor::parse(&cursor.encode()), Some(cursor));
        }

        #[test]
        fn no_text_makes_a_cursor_panic(text in "\\PC*") {
            let _ = Cursor::parse(&text);
        }
    }
}
