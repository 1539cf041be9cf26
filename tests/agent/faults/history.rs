//! What was done: every try of every operation with its begin, its end and what came of it. The checker reads this and the
//! database, and nothing that the product says about itself.

use cms_messages::domain::message::Message;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use uuid::Uuid;

/// A text as it was typed, and as it has to be stored (said by the agent, not by the product's own normalising).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// With its edges, its line ends and its decomposed letters.
    pub typed: String,
    /// What everybody sees.
    pub stored: String,
}

/// One message that somebody wants to send, however often it is tried.
#[derive(Debug)]
pub struct Letter {
    /// Who writes it.
    pub sender: Uuid,
    /// Its key.
    pub key: Uuid,
    /// Where it goes.
    pub conversation: Uuid,
    /// Its text.
    pub wording: Wording,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// 201 or 200: it is there.
    Accepted {
        /// 201.
        created: bool,
        /// As the answer shows it.
        message: Box<Message>,
    },
    /// 4xx, or 503 `unavailable`: it says that nothing was begun.
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// No answer, half an answer, or one that does not say.
    Unknown,
}

/// One request of a letter and what came of it; times are since the run began.
#[derive(Debug, Clone)]
pub struct Try {
    /// What was to be sent.
    pub letter: Arc<Letter>,
    /// Before the first byte was written.
    pub begin: Duration,
    /// After the last byte was read.
    pub end: Duration,
    /// What came of it.
    pub outcome: Outcome,
}

/// An acknowledgement that was answered with 204.
#[derive(Debug, Clone, Copy)]
pub struct Acknowledged {
    /// Whose.
    pub user: Uuid,
    /// Where.
    pub conversation: Uuid,
    /// Up to where.
    pub up_to: i64,
    /// Whether it was read.
    pub read: bool,
}

/// An answer that said "later" (429, 503).
#[derive(Debug, Clone, Copy)]
pub struct Later {
    /// 429 or 503.
    pub status: u16,
    /// Whether it said when.
    pub says_when: bool,
}

/// A stream that did not bring what had happened, and was given up.
#[derive(Debug, Clone)]
pub struct StoodStill {
    /// The last event, or the beginning.
    pub from: Duration,
    /// When its reader had enough.
    pub until: Duration,
    /// In words.
    pub what: String,
}

/// Everything that was done so far.
pub struct History {
    began: Instant,
    inner: Mutex<Done>,
}

/// The records themselves.
#[derive(Default)]
pub struct Done {
    /// Tries to send.
    pub tries: Vec<Try>,
    /// Acknowledgements that were answered.
    pub acknowledged: Vec<Acknowledged>,
    /// "Later".
    pub later: Vec<Later>,
    /// What a client saw that it must never see, by invariant.
    pub seen: Vec<(&'static str, String)>,
    /// Streams that did not bring what had happened.
    pub stood_still: Vec<StoodStill>,
    /// When the writers had come to rest; later tries are those of the end.
    pub rested: Duration,
    /// How often something happened, by name.
    pub counted: BTreeMap<&'static str, u64>,
}

impl History {
    /// An empty one that begins now.
    pub fn new() -> Self {
        Self { began: Instant::now(), inner: Mutex::default() }
    }

    /// Since the run began.
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// To write into it, or to read it: never held over a wait.
    pub fn done(&self) -> MutexGuard<'_, Done> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This happened once more.
    pub fn count(&self, what: &'static str) {
        *self.done().counted.entry(what).or_default() += 1;
    }

    /// A client saw this.
    pub fn saw(&self, invariant: &'static str, what: String) {
        self.done().seen.push((invariant, what));
    }

    /// Keeps an answer of 429 or 503.
    pub fn later(&self, status: u16, retry_after: Option<u64>) {
        if matches!(status, 429 | 503) {
            self.done().later.push(Later { status, says_when: retry_after.is_some() });
        }
    }
}
