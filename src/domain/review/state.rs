//! How a review stands, by what the database holds of it.

use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

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
}
