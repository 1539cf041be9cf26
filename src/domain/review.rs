//! Reviews: an admin's reading of other people's conversations, with a recorded reason, a second person and an end.
//!
//! What a request has to say is parsed here; how a review stands at a moment is decided here. Who may what, and that each
//! page is written down before it is read, is the service's and the database's.

use super::{
    ids::{ConversationId, Seq, UserId},
    message::Message,
    time::Timestamp,
    user::User,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// What the organisation's policy says about reviews: `[audit] review`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum ReviewMode {
    /// Nobody reads other people's conversations.
    Off,
    /// An admin reads with a recorded reason.
    Single,
    /// Another admin has to agree.
    #[default]
    Dual,
}

impl ReviewMode {
    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Single => "single",
            Self::Dual => "dual",
        }
    }

    /// Whether a review that was granted in this mode is still worth something where `policy` holds by now.
    #[must_use]
    pub fn satisfies(self, policy: Self) -> bool {
        match policy {
            Self::Off => false,
            Self::Single => self != Self::Off,
            Self::Dual => self == Self::Dual,
        }
    }
}

impl FromStr for ReviewMode {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Off, Self::Single, Self::Dual].into_iter().find(|mode| mode.as_str() == text).ok_or(NotAWord)
    }
}

/// What was given is none of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the words")]
pub struct NotAWord;

/// Why: the part that the two of a reviewed conversation are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum ReviewCategory {
    /// Somebody complained.
    Complaint,
    /// Something was broken into, leaked or lost.
    SecurityIncident,
    /// A court, an authority or a law asks.
    LegalDuty,
    /// A person asks for what is stored about them.
    DataSubjectRequest,
    /// The organisation's own audit.
    InternalAudit,
    /// Something else; the reason says what.
    Other,
}

impl ReviewCategory {
    /// All of them, in the order of the screens.
    pub const ALL: [Self; 6] =
        [Self::Complaint, Self::SecurityIncident, Self::LegalDuty, Self::DataSubjectRequest, Self::InternalAudit, Self::Other];

    /// The word in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complaint => "complaint",
            Self::SecurityIncident => "security_incident",
            Self::LegalDuty => "legal_duty",
            Self::DataSubjectRequest => "data_subject_request",
            Self::InternalAudit => "internal_audit",
            Self::Other => "other",
        }
    }

    /// The words on a screen.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Complaint => "Complaint",
            Self::SecurityIncident => "Security incident",
            Self::LegalDuty => "Legal duty",
            Self::DataSubjectRequest => "Request of a data subject",
            Self::InternalAudit => "Internal audit",
            Self::Other => "Other",
        }
    }
}

impl FromStr for ReviewCategory {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|category| category.as_str() == text).ok_or(NotAWord)
    }
}

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

/// What a request says, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRequest {
    /// Where the organisation keeps the matter.
    pub case_id: String,
    /// What the two are told.
    pub category: ReviewCategory,
    /// What the deciding person reads.
    pub reason: String,
    /// Which conversations.
    pub scope: ReviewScope,
    /// What was sent not before …
    pub from: Timestamp,
    /// … and before this.
    pub until: Timestamp,
}

/// The shortest reason, in characters.
pub const REASON_MIN: usize = 20;
/// The longest reason or note, in characters.
pub const REASON_MAX: usize = 2_000;
/// The longest case id, in characters.
pub const CASE_ID_MAX: usize = 100;

impl ReviewRequest {
    /// The same, trimmed, when it says enough.
    ///
    /// # Errors
    /// The field, and a sentence for the user.
    pub fn parse(self) -> Result<Self, (&'static str, String)> {
        let case_id = self.case_id.trim().to_owned();
        if case_id.is_empty() || case_id.chars().count() > CASE_ID_MAX {
            return Err(("case_id", format!("Name the case, in at most {CASE_ID_MAX} characters.")));
        }
        let reason = self.reason.trim().to_owned();
        let length = reason.chars().count();
        if length < REASON_MIN {
            return Err(("reason", format!("Give a reason of at least {REASON_MIN} characters: somebody has to decide by it.")));
        }
        if length > REASON_MAX {
            return Err(("reason", format!("A reason has at most {REASON_MAX} characters.")));
        }
        if self.from >= self.until {
            return Err(("until", "The period ends before it begins.".to_owned()));
        }
        Ok(Self { case_id, reason, ..self })
    }
}

/// How a review stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum ReviewState {
    /// Waits for a second person.
    Requested,
    /// May be read by who asked.
    Open,
    /// The second person said no.
    Refused,
    /// Taken back before anybody decided.
    Withdrawn,
    /// Ended before its time was over.
    Ended,
    /// Its time is over.
    Expired,
}

impl ReviewState {
    /// The words on a screen.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Requested => "Waits for a second person",
            Self::Open => "Open for reading",
            Self::Refused => "Refused",
            Self::Withdrawn => "Withdrawn",
            Self::Ended => "Ended",
            Self::Expired => "Expired",
        }
    }
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

/// What the database holds of how a review came to stand as it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReviewFacts {
    /// `Some(true)` when it was approved, `Some(false)` when it was refused.
    pub approved: Option<bool>,
    /// Until when it may be read.
    pub expires_at: Option<Timestamp>,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

impl ReviewFacts {
    /// How it stands at this moment.
    #[must_use]
    pub fn state(self, now: Timestamp) -> ReviewState {
        match (self.approved, self.ended_at) {
            (Some(false), _) => ReviewState::Refused,
            (None, Some(_)) => ReviewState::Withdrawn,
            (None, None) => ReviewState::Requested,
            (Some(true), ended_at) => match (ended_at, self.expires_at) {
                // ended after its time was over: it was over
                (Some(ended), Some(expires)) if ended < expires => ReviewState::Ended,
                (_, Some(expires)) if now < expires => ReviewState::Open,
                _ => ReviewState::Expired,
            },
        }
    }
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
    /// When its first page was read.
    pub first_read_at: Timestamp,
    /// When its last page was read.
    pub last_read_at: Timestamp,
    /// How many pages were read.
    pub pages_read: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_unix_micros(micros).expect("a moment")
    }

    #[test]
    fn a_review_stands_as_its_facts_say() {
        let approved = ReviewFacts { approved: Some(true), expires_at: Some(at(100)), ended_at: None };
        let cases = [
            (ReviewFacts::default(), 0, ReviewState::Requested),
            (ReviewFacts { ended_at: Some(at(5)), ..ReviewFacts::default() }, 6, ReviewState::Withdrawn),
            (ReviewFacts { approved: Some(false), ..ReviewFacts::default() }, 0, ReviewState::Refused),
            (approved, 99, ReviewState::Open),
            (approved, 100, ReviewState::Expired),
            (ReviewFacts { ended_at: Some(at(50)), ..approved }, 51, ReviewState::Ended),
            (ReviewFacts { ended_at: Some(at(200)), ..approved }, 201, ReviewState::Expired),
        ];
        for (facts, now, state) in cases {
            assert_eq!(facts.state(at(now)), state, "{facts:?} at {now}");
        }
    }

    #[test]
    fn a_stricter_policy_ends_what_was_granted_more_easily() {
        use ReviewMode::{Dual, Off, Single};
        for (granted, policy, holds) in [
            (Dual, Dual, true),
            (Single, Dual, false),
            (Dual, Single, true),
            (Single, Single, true),
            (Dual, Off, false),
            (Single, Off, false),
        ] {
            assert_eq!(granted.satisfies(policy), holds, "{granted:?} where {policy:?} holds");
        }
    }

    #[test]
    fn a_request_says_which_case_why_and_when() {
        let request = ReviewRequest {
            case_id: " TP-C-118 ".into(),
            category: ReviewCategory::Complaint,
            reason: format!(" {} ", "x".repeat(REASON_MIN)),
            scope: ReviewScope::UserId(UserId(Uuid::nil())),
            from: at(0),
            until: at(1),
        };
        let parsed = request.clone().parse().expect("enough is said");
        assert_eq!((parsed.case_id.as_str(), parsed.reason.len()), ("TP-C-118", REASON_MIN));
        let refused = |request: ReviewRequest| request.parse().expect_err("refused").0;
        assert_eq!(refused(ReviewRequest { case_id: "  ".into(), ..request.clone() }), "case_id");
        assert_eq!(refused(ReviewRequest { reason: format!("{}   ", "x".repeat(REASON_MIN - 1)), ..request.clone() }), "reason");
        assert_eq!(refused(ReviewRequest { reason: "é".repeat(REASON_MAX + 1), ..request.clone() }), "reason");
        assert_eq!(refused(ReviewRequest { until: at(0), ..request }), "until");
    }
}
