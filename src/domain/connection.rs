//! How a tab stands to the server, in the words of the screen: *Up to date*, *Catching up since*, *Offline since*.
//!
//! "Up to date" is said only by who was answered, lately. Moments are those of the viewer's clock and come in as
//! arguments; `ui/state/connection` asks and tells this what came of it.

use super::time::Timestamp;

/// An answer older than so many seconds says nothing of now: the tab slept, and asks first. Asking is never that slow.
const STALE_SECONDS: i64 = 75;

/// How the tab stands to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The last question was answered.
    Live,
    /// The server can be reached again, or the tab has slept; asking what happened since.
    CatchingUp(Option<Timestamp>),
    /// No network, or no answers, since.
    Offline(Option<Timestamp>),
}

impl Phase {
    /// A question goes out; `answered` is when the last one was.
    #[must_use]
    pub fn asking(self, now: Option<Timestamp>, answered: Option<Timestamp>) -> Self {
        match (self, now, answered) {
            (Self::Live, Some(now), Some(before)) if now.seconds_since(before) > STALE_SECONDS => Self::CatchingUp(answered),
            _ => self,
        }
    }

    /// There is a network again, a first answer has come, or the viewer does not want to wait.
    #[must_use]
    pub fn returning(self) -> Self {
        match self {
            Self::Offline(since) => Self::CatchingUp(since),
            other => other,
        }
    }

    /// There is no network, or nobody answers, since `since`; who was cut off before stays so since then.
    #[must_use]
    pub fn cut_off(self, since: Option<Timestamp>) -> Self {
        match self {
            Self::Live => Self::Offline(since),
            Self::CatchingUp(since) | Self::Offline(since) => Self::Offline(since),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Option<Timestamp> {
        Timestamp::from_unix_micros(seconds * 1_000_000)
    }

    #[test]
    fn who_was_cut_off_catches_up_from_the_moment_when_it_began() {
        let offline = Phase::Live.cut_off(at(10));
        assert_eq!(offline, Phase::Offline(at(10)));
        assert_eq!(offline.returning(), Phase::CatchingUp(at(10)));
        assert_eq!(offline.returning().cut_off(at(99)), Phase::Offline(at(10)), "a try that failed is no new outage");
        assert_eq!(Phase::Live.returning(), Phase::Live);
    }

    #[test]
    fn a_tab_that_has_slept_is_not_called_up_to_date_before_it_was_answered() {
        assert_eq!(Phase::Live.asking(at(3_600), at(0)), Phase::CatchingUp(at(0)));
        assert_eq!(Phase::Live.asking(at(60), at(0)), Phase::Live, "a hidden tab asks no faster");
        assert_eq!(Phase::Live.asking(at(60), None), Phase::Live);
        assert_eq!(Phase::Offline(at(5)).asking(at(3_600), at(0)), Phase::Offline(at(5)), "nobody has answered yet");
    }
}
