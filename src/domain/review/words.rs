//! The words of a review: what the policy says, and the kind of reason.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
