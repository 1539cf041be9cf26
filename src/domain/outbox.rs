//! What is on its way out of one conversation, as a value: in order, one at a time, each with one key however often it is
//! tried.
//!
//! What is not known to have been stored is never called "not sent", and whoever stands behind a message that can still be
//! sent waits for it. `ui/state/outbox` does the sending, and keeps each [`Outgoing`] until this says that it is done.

use super::{
    ids::{ClientId, ConversationId},
    message::Message,
    thread::{Pending, PendingState},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// How often in all a message is tried by itself while every answer says that nothing was begun.
const TRIES: u32 = 4;
/// The first wait between two tries, in milliseconds; each next one is twice as long.
const FIRST_PAUSE: u32 = 500;
/// The longest wait of a message of which nobody knows whether it was stored.
const LONGEST_PAUSE: u32 = 30_000;
/// The most seconds that are waited because the server asks for it; a longer wait is the writer's to decide.
const MOST_ASKED: u32 = 5;

/// A message on its way out, as the browser keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// Where it goes.
    pub conversation_id: ConversationId,
    /// The same for every try.
    pub client_id: ClientId,
    /// As it will be stored.
    pub body: String,
    /// When it was written, by the writer's clock.
    pub at: Timestamp,
    /// What is known of it.
    pub standing: Standing,
}

/// What is known of a message that nobody has confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is not stored.
    Unsent,
    /// A try was begun that has had no answer: it may be stored.
    Tried,
    /// It is not stored, and not tried any more by itself; the reason is for the user.
    Failed {
        /// One sentence.
        reason: String,
        /// The message itself was refused; else the way was closed, and those behind it wait.
        refused: bool,
    },
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is stored.
    Stored(Box<Message>),
    /// Nobody knows.
    Unknown,
    /// Nothing was begun; the reason is for the user, the seconds are what the server asks to wait.
    NotBegun(String, u32),
    /// Nobody is signed in: it waits for its writer.
    SignedOut,
    /// It will never be stored as it is; the reason is for the user.
    Refused(String),
}

/// What comes after a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The next one.
    Next,
    /// The same one, after so many milliseconds.
    Again(u32),
    /// Nothing, until somebody wakes the queue.
    Stop,
}

#[derive(Debug, Clone)]
struct Item {
    message: Outgoing,
    /// A try before the present one has had no answer.
    in_doubt: bool,
    tries: u32,
    stored: Option<Box<Message>>,
}

impl Item {
    fn is_failed(&self) -> bool {
        matches!(self.message.standing, Standing::Failed { .. })
    }
}

/// The messages of one conversation that are on their way out, in the order of their keys, which is that of writing.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    items: Vec<Item>,
    signed_out: bool,
}

impl Queue {
    /// Takes in a message; one that is here already stays as it is: `false`.
    pub fn put(&mut self, message: Outgoing) -> bool {
        let Err(place) = self.items.binary_search_by_key(&message.client_id, |item| item.message.client_id) else { return false };
        let in_doubt = message.standing == Standing::Tried;
        self.items.insert(place, Item { message, in_doubt, tries: 0, stored: None });
        true
    }

    /// Whether this message is here.
    #[must_use]
    pub fn has(&self, client_id: ClientId) -> bool {
        self.items.iter().any(|item| item.message.client_id == client_id)
    }

    /// How many are not confirmed.
    #[must_use]
    pub fn unconfirmed(&self) -> usize {
        self.items.iter().filter(|item| item.stored.is_none()).count()
    }

    /// How each of them stands, in order. `online` is false while there is no network.
    #[must_use]
    pub fn pending(&self, online: bool) -> Vec<Pending> {
        let mut held = !online || self.signed_out;
        let mut state = |item: &Item| match (&item.stored, &item.message.standing) {
            (Some(message), _) => PendingState::Sent(message.clone()),
            (None, Standing::Failed { reason, refused }) => {
                held |= !refused;
                PendingState::Failed(reason.clone())
            }
            (None, _) if item.in_doubt => {
                held = true;
                PendingState::Unconfirmed
            }
            (None, Standing::Unsent) if held => PendingState::Waiting,
            (None, _) => PendingState::Sending,
        };
        let pending = |item: &Item| {
            let Outgoing { client_id, body, at, .. } = item.message.clone();
            Pending { client_id, body, at, state: state(item) }
        };
        self.items.iter().map(pending).collect()
    }

    /// Whose turn it is: the first that is not confirmed. What was refused lets the next ones pass, what has failed does not.
    #[must_use]
    pub fn next(&self) -> Option<ClientId> {
        let waits = |item: &&Item| item.stored.is_none() && !matches!(item.message.standing, Standing::Failed { refused: true, .. });
        self.items.iter().find(waits).filter(|item| !item.is_failed()).map(|item| item.message.client_id)
    }

    /// A try begins: from here on it may be stored.
    pub fn begin(&mut self, client_id: ClientId) -> Option<Outgoing> {
        let item = self.find(client_id)?;
        item.message.standing = Standing::Tried;
        item.tries = item.tries.saturating_add(1);
        Some(item.message.clone())
    }

    /// A try has ended. `None` when the message is no longer here.
    pub fn answered(&mut self, client_id: ClientId, answer: Answer) -> Option<Then> {
        self.signed_out = answer == Answer::SignedOut;
        let item = self.find(client_id)?;
        // what may be stored by an earlier try is not "not sent" because a later one was turned away
        let known = if item.in_doubt { Standing::Tried } else { Standing::Unsent };
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(item.tries.saturating_sub(1))).min(LONGEST_PAUSE);
        Some(match answer {
            Answer::Stored(message) => {
                item.stored = Some(message);
                Then::Next
            }
            Answer::Unknown => {
                item.in_doubt = true;
                Then::Again(pause)
            }
            Answer::NotBegun(reason, _) if !item.in_doubt && item.tries >= TRIES => {
                item.message.standing = Standing::Failed { reason, refused: false };
                Then::Stop
            }
            Answer::NotBegun(_, seconds) => {
                item.message.standing = known;
                Then::Again(pause.max(seconds.min(MOST_ASKED).saturating_mul(1_000)))
            }
            Answer::SignedOut => {
                item.message.standing = known;
                Then::Stop
            }
            Answer::Refused(reason) => {
                item.message.standing = Standing::Failed { reason, refused: true };
                Then::Next
            }
        })
    }

    /// The writer wants a failed message tried again.
    pub fn retry(&mut self, client_id: ClientId) {
        if let Some(item) = self.find(client_id).filter(|item| item.is_failed()) {
            item.message.standing = Standing::Unsent;
            item.tries = 0;
        }
    }

    /// The server can be reached again: nobody waits longer than a first time.
    pub fn wake(&mut self) {
        self.signed_out = false;
        self.items.iter_mut().for_each(|item| item.tries = 0);
    }

    /// Takes these out.
    pub fn remove(&mut self, done: impl Fn(ClientId) -> bool) {
        self.items.retain(|item| !done(item.message.client_id));
    }

    /// What is to be kept of a message; `None` when it is confirmed or gone.
    #[must_use]
    pub fn kept(&self, client_id: ClientId) -> Option<&Outgoing> {
        let item = self.items.iter().find(|item| item.message.client_id == client_id)?;
        item.stored.is_none().then_some(&item.message)
    }

    fn find(&mut self, client_id: ClientId) -> Option<&mut Item> {
        self.items.iter_mut().find(|item| item.message.client_id == client_id)
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
