//! What a request for a review has to say.

use super::{ReviewCategory, ReviewScope};
use crate::domain::{lookalike, time::Timestamp};

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
        if !can_be_shown(&case_id) || case_id.contains('\n') {
            return Err(("case_id", "The case holds control characters.".to_owned()));
        }
        // it is looked up elsewhere, and stands in titles: it has to be what it reads as
        if lookalike::hides_something(&case_id) {
            return Err(("case_id", "The case holds characters that nobody sees.".to_owned()));
        }
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
        if !can_be_shown(&reason) {
            return Err(("reason", "The reason holds control characters.".to_owned()));
        }
        if self.from >= self.until {
            return Err(("until", "The period ends before it begins.".to_owned()));
        }
        Ok(Self { case_id, reason, ..self })
    }
}

/// Whether a text has no control characters but the breaks of its lines.
#[must_use]
pub fn can_be_shown(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::UserId;
    use uuid::Uuid;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_unix_micros(micros).expect("a moment")
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
        for case_id in ["C\0", "TP\u{202e}811-C", "TP\u{200b}-C-118"] {
            assert_eq!(refused(ReviewRequest { case_id: case_id.into(), ..request.clone() }), "case_id", "{case_id:?}");
        }
        assert_eq!(refused(ReviewRequest { reason: "\u{7}".repeat(30), ..request.clone() }), "reason");
        assert!(ReviewRequest { reason: "two lines\r\nof a reason".into(), ..request.clone() }.parse().is_ok());
        assert_eq!(refused(ReviewRequest { until: at(0), ..request }), "until");
    }
}
