//! Reviews: an admin's reading of other people's conversations, with a recorded reason, a second person and an end.
//!
//! What a request has to say is parsed here; how a review stands at a moment is decided here. Who may what, and that each
//! page is written down before it is read, is the service's and the database's.

mod request;
mod state;
mod words;

pub use request::{CASE_ID_MAX, REASON_MAX, REASON_MIN, ReviewRequest, can_be_shown};
pub use state::{ReviewFacts, ReviewState};
pub use words::{NotAWord, ReviewCategory, ReviewMode};

use super::{
    ids::{ConversationId, Seq, UserId},
    message::Message,
    time::Timestamp,
    user::User,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// A review's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(value_type = String, format = "uuid"))]
pub struct ReviewId(pub Uuid);

impl fmt::Display for ReviewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ReviewId {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self).map_err(|_| NotAWord)
    }
}

/// Which conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum ReviewScope {
    /// All of this person, but those with the reader.
    UserId(UserId),
    /// This one.
    ConversationId(ConversationId),
}

/// A review as admins see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Review {
    /// Its id.
    pub id: ReviewId,
    /// Where the organisation keeps the matter.
    pub case_id: String,
    /// What the two are told.
    pub category: ReviewCategory,
    /// Why.
    pub reason: String,
    /// Which conversations.
    pub scope: ReviewScope,
    /// Whose: one person, or the two of the conversation.
    pub people: Vec<User>,
    /// What was sent not before …
    pub from: Timestamp,
    /// … and before this.
    pub until: Timestamp,
    /// Whether a second person had to agree.
    pub mode: ReviewMode,
    /// Who asked, and reads.
    pub requested_by: User,
    /// When.
    pub requested_at: Timestamp,
    /// Who decided.
    pub decided_by: Option<User>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// What they said to it.
    pub decision_note: Option<String>,
    /// Until when it may be read.
    pub expires_at: Option<Timestamp>,
    /// When it was ended before.
    pub ended_at: Option<Timestamp>,
    /// How it stands.
    pub state: ReviewState,
    /// How many pages have been read.
    pub pages_read: i64,
}

/// Where the next page of reviews begins: below this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReviewCursor {
    /// When the last one was asked for.
    pub requested_at: Timestamp,
    /// The last one itself.
    pub id: ReviewId,
}

impl ReviewCursor {
    /// The opaque text of the cursor.
    #[must_use]
    pub fn encode(&self) -> String {
        format!("{:016x}{}", self.requested_at.unix_micros(), self.id.0.simple())
    }

    /// Reads what [`ReviewCursor::encode`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (micros, id) = text.split_at_checked(16).filter(|(micros, _)| micros.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        Some(Self { requested_at: Timestamp::from_unix_micros(i64::from_str_radix(micros, 16).ok()?)?, id: id.parse().ok()? })
    }
}

/// A part of the reviews, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReviewList {
    /// Newest first.
    pub items: Vec<Review>,
    /// Give it back for older ones; `null` at the end.
    pub next_cursor: Option<String>,
}

/// A conversation within the scope of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReviewedConversation {
    /// Its id.
    pub id: ConversationId,
    /// The two.
    pub people: Vec<User>,
    /// Messages that were sent within the period.
    pub messages: i64,
}

/// A part of the conversations within the scope of a review, latest message first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReviewedConversations {
    /// Latest message first.
    pub items: Vec<ReviewedConversation>,
    /// Give it back for older ones; `null` at the end.
    pub next_cursor: Option<String>,
}

/// A page of a reviewed conversation. It was written down before it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReviewedPage {
    /// The number of the record of this very reading.
    pub read_id: i64,
    /// The two.
    pub people: Vec<User>,
    /// Ascending by seq; only what was sent within the period.
    pub items: Vec<Message>,
    /// Ask with this for the next page; `null` at the end of the period.
    pub next_after: Option<Seq>,
}

/// What the two of a conversation are told: that it was read by an admin, when, and for what kind of reason. Never who, and
/// never the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReviewNotice {
    /// For what kind of reason.
    pub category: ReviewCategory,
    /// By which role; always `admin`.
    pub role: super::user::Role,
    /// When its first page was read, or it was first taken away.
    pub first_read_at: Timestamp,
    /// When its last page was read, or it was last taken away.
    pub last_read_at: Timestamp,
    /// How many pages were read.
    pub pages_read: i64,
    /// How often a copy of it was taken away.
    #[serde(default)]
    pub times_taken: i64,
}
