//! The rules of the live stream in the browser: when it counts as healthy, when its tab counts as gone, and how often a tab
//! asks by itself beside it.
//!
//! One tab of a browser leads: it holds the stream and answers the others when they ask how it is. Who is not answered any
//! more takes over. No clock and no chance in here: both come in as arguments; `ui/browser/live` does what this says.

use super::reading::Millis;

/// Between two looks at how things stand, in milliseconds.
pub const LOOK: u32 = 1_000;
/// A beat comes every 5 s at the latest; without one for so long, in milliseconds, nobody believes the stream any more, and
/// the interval does the work: soon enough for the screens to agree within 10 s after whatever has happened.
pub const SILENCE: Millis = 7_000.0;
/// Nothing for so long is a connection that is dead, whatever the browser believes: another one is opened. Sooner than the
/// 45 s that every client may wait, because our server beats oftener than it has to.
const DEATH: Millis = 20_000.0;
/// So many questions in a row go unanswered before another tab takes over.
const UNANSWERED: u32 = 3;

/// Between two questions of a tab that somebody sees, in milliseconds.
const VISIBLE: f64 = 3_000.0;
/// Visible tabs agree with the database within 10 s after a fault has ended.
const VISIBLE_MAX: f64 = 8_000.0;
/// Where nobody looks, and beside a healthy stream.
const AT_EASE: f64 = 30_000.0;
const HIDDEN_MAX: f64 = 120_000.0;

/// Whether the stream can be trusted to say when something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// It speaks.
    Healthy,
    /// It does not, or nobody knows: a tab has to ask by itself.
    #[default]
    Unheard,
}

/// What a tab is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Something may have happened: ask what.
    Happened,
    /// The stream is like this now.
    Stands(Health),
    /// The viewer ends their session in one of the tabs: nothing that was typed stays in the others.
    Parted,
}

/// What the tabs of one viewer in one browser say to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Whoever leads: how is the stream?
    Ask,
    /// The leader has news, or whoever parts.
    News(News),
}

impl Word {
    const ALL: [(Self, &str); 5] = [
        (Self::Ask, "ask"),
        (Self::News(News::Happened), "happened"),
        (Self::News(News::Stands(Health::Healthy)), "healthy"),
        (Self::News(News::Stands(Health::Unheard)), "unheard"),
        (Self::News(News::Parted), "parted"),
    ];

    /// As it is sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(word, _)| *word == self).map_or("", |(_, text)| text)
    }

    /// As it was received; a later version of this page may say what this one does not know.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == text).map(|(word, _)| *word)
    }
}

/// What the leader hears of its stream.
#[derive(Debug, Clone, Copy)]
pub struct Hearing {
    ready: bool,
    heard: Millis,
}

impl Hearing {
    /// A stream that is being opened.
    #[must_use]
    pub fn opened(at: Millis) -> Self {
        Self { ready: false, heard: at }
    }

    /// Something came.
    pub fn hear(&mut self, at: Millis) {
        *self = Self { ready: true, heard: at };
    }

    /// The connection broke; it is opened again.
    pub fn lose(&mut self, at: Millis) {
        *self = Self::opened(at);
    }

    /// Something has come since it was opened.
    #[must_use]
    pub fn spoke(&self) -> bool {
        self.ready
    }

    /// How it is.
    #[must_use]
    pub fn health(&self, now: Millis) -> Health {
        if self.ready && now - self.heard < SILENCE { Health::Healthy } else { Health::Unheard }
    }

    /// Nothing has come for so long that nothing will.
    #[must_use]
    pub fn is_dead(&self, now: Millis) -> bool {
        now - self.heard >= DEATH
    }
}

/// What a tab that does not lead is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing: the leader has just spoken.
    Rest,
    /// Ask the leader how the stream is.
    Ask,
    /// The leader is gone, or does not run any more.
    TakeOver,
}

/// A follower's watch over the leader. Counted in looks, not in time: after the sleep of the whole machine nobody has
/// missed anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Watch {
    health: Health,
    answered: bool,
    unanswered: u32,
}

impl Watch {
    /// The leader has spoken, to whomever.
    pub fn answer(&mut self, health: Health) {
        *self = Self { health, answered: true, unanswered: 0 };
    }

    /// A look, once every [`LOOK`].
    pub fn look(&mut self) -> Step {
        if std::mem::take(&mut self.answered) {
            return Step::Rest;
        }
        if self.unanswered >= UNANSWERED {
            *self = Self::default();
            return Step::TakeOver;
        }
        self.unanswered = self.unanswered.saturating_add(1);
        Step::Ask
    }

    /// As the leader said it; a leader that does not answer says nothing.
    #[must_use]
    pub fn health(&self) -> Health {
        if self.unanswered > 1 { Health::Unheard } else { self.health }
    }
}

/// What decides how often a tab asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circumstances {
    /// Somebody may be looking.
    pub visible: bool,
    /// How the stream is.
    pub stream: Health,
    /// Questions in a row that had no answer.
    pub failures: u32,
    /// The seconds that the server asks to wait.
    pub patience: u32,
}

impl Circumstances {
    /// Milliseconds between two questions: doubled by each failure up to a limit, never faster than the server asks for,
    /// and spread by `chance` (0 to 1) so that many tabs that have lost one server do not come back in the same moment.
    #[must_use]
    pub fn pause(self, chance: f64) -> u32 {
        let Self { visible, stream, failures, patience } = self;
        let most = if visible { VISIBLE_MAX } else { HIDDEN_MAX };
        let pause = match (visible, stream, failures) {
            (true, Health::Healthy, 0) | (false, _, 0) => return milliseconds(AT_EASE),
            (true, ..) => VISIBLE,
            (false, ..) => AT_EASE,
        };
        let backed_off = (pause * f64::from(1_u32 << failures.min(6))).min(most);
        let spread = backed_off * (0.75 + 0.25 * chance);
        milliseconds(spread.max(f64::from(patience) * 1_000.0))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and some minutes")]
fn milliseconds(duration: f64) -> u32 {
    duration as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Circumstances = Circumstances { visible: true, stream: Health::Healthy, failures: 0, patience: 0 };

    #[test]
    fn a_stream_is_healthy_once_it_has_spoken_and_while_it_goes_on_speaking() {
        let mut hearing = Hearing::opened(0.0);
        assert_eq!((hearing.health(1.0), hearing.spoke()), (Health::Unheard, false));
        hearing.hear(1_000.0);
        assert!(hearing.spoke());
        assert_eq!(hearing.health(7_000.0), Health::Healthy, "a beat comes every 5 s");
        assert_eq!(hearing.health(8_000.0), Health::Unheard);
        hearing.hear(22_000.0);
        assert_eq!(hearing.health(22_001.0), Health::Healthy);
        hearing.lose(23_000.0);
        assert_eq!(hearing.health(23_000.0), Health::Unheard, "at once");
    }

    #[test]
    fn a_stream_without_a_byte_for_20_seconds_is_dead_whether_or_not_it_ever_spoke() {
        let mut hearing = Hearing::opened(0.0);
        assert!(!hearing.is_dead(19_999.0));
        assert!(hearing.is_dead(20_000.0));
        hearing.hear(15_000.0);
        assert!(!hearing.is_dead(34_999.0));
        assert!(hearing.is_dead(35_000.0));
    }

    #[test]
    fn a_leader_that_answers_stays_and_is_asked_every_other_look() {
        let mut watch = Watch::default();
        assert_eq!(watch.look(), Step::Ask);
        for _ in 0..100 {
            watch.answer(Health::Healthy);
            assert_eq!(watch.look(), Step::Rest);
            assert_eq!(watch.health(), Health::Healthy);
            assert_eq!(watch.look(), Step::Ask);
            assert_eq!(watch.health(), Health::Healthy, "the answer is on its way");
        }
    }

    #[test]
    fn a_leader_that_has_fallen_silent_is_not_believed_and_replaced_within_five_looks() {
        let mut watch = Watch::default();
        watch.answer(Health::Healthy);
        let steps = [(); 5].map(|()| (watch.look(), watch.health()));
        let asked = (Step::Ask, Health::Unheard);
        let taken_over = (Step::TakeOver, Health::Unheard);
        assert_eq!(steps, [(Step::Rest, Health::Healthy), (Step::Ask, Health::Healthy), asked, asked, taken_over]);
    }

    #[test]
    fn what_the_leader_says_of_its_stream_is_what_its_followers_believe() {
        let mut watch = Watch::default();
        assert_eq!(watch.health(), Health::Unheard, "nobody has said anything");
        watch.answer(Health::Healthy);
        watch.answer(Health::Unheard);
        assert_eq!(watch.health(), Health::Unheard);
    }

    #[test]
    fn every_word_is_understood_as_it_was_meant_and_no_other_is() {
        for (word, text) in Word::ALL {
            assert_eq!((Word::parse(text), word.as_str()), (Some(word), text));
        }
        assert_eq!(Word::parse("true"), None);
    }

    #[test]
    fn beside_a_healthy_stream_a_tab_asks_twice_a_minute_and_without_one_every_three_seconds() {
        assert_eq!(IDLE.pause(0.5), 30_000);
        let unheard = Circumstances { stream: Health::Unheard, ..IDLE };
        assert_eq!((unheard.pause(0.0), unheard.pause(1.0)), (2_250, 3_000));
        for stream in [Health::Healthy, Health::Unheard] {
            assert_eq!(Circumstances { visible: false, stream, ..IDLE }.pause(0.5), 30_000);
        }
    }

    #[test]
    fn a_visible_tab_without_answers_backs_off_but_never_beyond_eight_seconds_whatever_the_stream_says() {
        for stream in [Health::Healthy, Health::Unheard] {
            let pauses = [1, 2, 3, 40].map(|failures| Circumstances { stream, failures, ..IDLE }.pause(1.0));
            assert_eq!(pauses, [6_000, 8_000, 8_000, 8_000]);
        }
        assert_eq!(Circumstances { failures: 40, ..IDLE }.pause(0.0), 6_000, "spread");
        let hidden = Circumstances { visible: false, failures: 40, ..IDLE };
        assert_eq!(hidden.pause(1.0), 120_000);
    }

    #[test]
    fn the_server_is_not_asked_sooner_than_it_wants() {
        assert_eq!(Circumstances { failures: 1, patience: 20, ..IDLE }.pause(0.0), 20_000);
    }
}
