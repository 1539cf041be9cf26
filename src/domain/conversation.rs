//! A conversation as one of its two participants sees it, with the preview of its last message.

use super::{
    ids::{ChangeNo, ConversationId, Seq, UserId},
    message::Status,
    time::Timestamp,
    user::User,
};
use serde::{Deserialize, Serialize};

/// The thread with one peer, seen from the viewer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Conversation {
    /// Its id, the same for both.
    pub id: ConversationId,
    /// The other participant.
    pub peer: User,
    /// `None` while nothing has been written.
    pub last_message: Option<MessagePreview>,
    /// When something was written last, or when the viewer opened it.
    pub last_activity_at: Timestamp,
    /// Messages of the peer after the viewer's read pointer.
    pub unread_count: i64,
    /// The newest message.
    pub last_seq: Seq,
    /// The viewer has read up to here.
    pub read_seq: Seq,
    /// A client of the viewer has acknowledged up to here.
    pub delivered_seq: Seq,
    /// The peer has read up to here.
    pub peer_read_seq: Seq,
    /// A client of the peer has acknowledged up to here.
    pub peer_delivered_seq: Seq,
    /// Whether the viewer may write here now.
    pub can_write: bool,
    /// The reason, in the organisation's words, when they may not.
    pub cannot_write_reason: Option<String>,
    /// The viewer's change that made it look like this.
    pub change_no: ChangeNo,
    /// When it was opened first.
    pub created_at: Timestamp,
}

/// The last message, short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct MessagePreview {
    /// Its place.
    pub seq: Seq,
    /// Who wrote it.
    pub sender_id: UserId,
    /// At most 140 characters, on one line.
    pub text: String,
    /// When it was committed.
    pub sent_at: Timestamp,
    /// How far it has come.
    pub status: Status,
}

impl MessagePreview {
    /// The most characters of a preview.
    pub const MAX: usize = 140;

    /// Line breaks folded to spaces; longer than 140 scalar values: the first 139 and `…`.
    #[must_use]
    pub fn shorten(body: &str) -> String {
        let fold = |c| if c == '\n' { ' ' } else { c };
        if body.chars().count() <= Self::MAX {
            return body.chars().map(fold).collect();
        }
        body.chars().take(Self::MAX.saturating_sub(1)).map(fold).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::MessagePreview;

    #[test]
    fn a_preview_has_one_line_and_at_most_140_characters() {
        assert_eq!(MessagePreview::shorten("a\nb"), "a b");
        assert_eq!(MessagePreview::shorten(&"x".repeat(140)), "x".repeat(140));
        assert_eq!(MessagePreview::shorten(&"ü".repeat(141)), format!("{}…", "ü".repeat(139)));
    }
}
