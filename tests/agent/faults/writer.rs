//! Somebody who writes, one message after the other. A message whose outcome nobody knows is tried again under its key, at
//! another door; some are sent twice at once, some again when they have long been answered, some are given up in the middle.

use super::{
    caller::{Caller, World},
    history::{Letter, Outcome, Try, Wording},
    office::Person,
    random::Random,
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// A person who writes.
pub struct Writer {
    world: World,
    me: Person,
    dice: Random,
    caller: Caller,
    /// The other connection, for twins.
    twin: Caller,
    written: u64,
}

/// Up to so long somebody thinks before the next message.
const THINKS: usize = 25;
/// After so many tries in vain somebody gives up for now; the end of the run tries again.
const TRIES: u32 = 12;

impl Writer {
    /// Begins at a door.
    pub fn new(world: &World, me: Person, mut dice: Random) -> Self {
        let door = dice.below(world.doors.len());
        let caller = |door| Caller::new(world, &me.token, door);
        Self { world: world.clone(), caller: caller(door), twin: caller(door + 1), me, dice, written: 0 }
    }

    /// Until the writers rest. Gives back what was not confirmed.
    pub async fn write(mut self) -> Vec<Arc<Letter>> {
        let mut unconfirmed = Vec::new();
        let mut earlier: Vec<Arc<Letter>> = Vec::new();
        while !self.world.rest.is_cancelled() {
            sleep(self.dice.millis(THINKS)).await;
            if self.dice.percent(4)
                && let Some(letter) = self.dice.pick(&earlier).cloned()
            {
                self.once(&letter).await;
                continue;
            }
            let Some(letter) = self.letter() else { break };
            if self.deliver(&letter).await {
                earlier.push(letter);
            } else {
                unconfirmed.push(letter);
            }
        }
        unconfirmed
    }

    fn letter(&mut self) -> Option<Arc<Letter>> {
        self.written += 1;
        let conversation = *self.dice.pick(&self.me.conversations)?;
        let wording = wording(&format!("{} {}", self.me.name, self.written), self.dice.below(6));
        Some(Arc::new(Letter { sender: self.me.id, key: self.dice.key(), conversation, wording }))
    }

    /// Tries until it is answered; false when it was given up before.
    async fn deliver(&mut self, letter: &Arc<Letter>) -> bool {
        let mut pause = 20;
        let is_twin = self.dice.percent(8);
        // impatient people look at it later: what became of it then is what the database says
        let gives_up = self.dice.percent(15);
        for tried in 0..TRIES {
            let outcome = if is_twin && tried == 0 {
                let (one, other) =
                    tokio::join!(try_once(&self.world, &mut self.caller, letter), try_once(&self.world, &mut self.twin, letter));
                if matches!(one, Outcome::Accepted { .. }) { one } else { other }
            } else {
                self.once(letter).await
            };
            match outcome {
                Outcome::Accepted { .. } => return true,
                Outcome::Refused { status } if !matches!(status, 429 | 503) || self.dice.percent(40) => return false,
                _ if gives_up || self.world.rest.is_cancelled() => return false,
                _ => {}
            }
            self.caller.go_to(self.dice.below(self.world.doors.len()));
            sleep(Duration::from_millis(pause) + self.dice.millis(100)).await;
            pause = (pause * 2).min(1_000);
        }
        false
    }

    async fn once(&mut self, letter: &Arc<Letter>) -> Outcome {
        try_once(&self.world, &mut self.caller, letter).await
    }
}

/// One request, recorded.
pub async fn try_once(world: &World, caller: &mut Caller, letter: &Arc<Letter>) -> Outcome {
    let path = format!("/api/v1/conversations/{}/messages/{}", letter.conversation, letter.key);
    let body = json!({"body": letter.wording.typed}).to_string();
    let begin = world.history.now();
    let answer = caller.ask("PUT", &path, Some(body.as_bytes())).await;
    let end = world.history.now();
    let outcome = match answer {
        Some(answer) => match (answer.status, serde_json::from_slice(&answer.body)) {
            (200 | 201, Ok(message)) => Outcome::Accepted { created: answer.status == 201, message: Box::new(message) },
            (200 | 201, Err(error)) => {
                world.history.saw("I4", format!("a send was answered with something else: {error}"));
                Outcome::Unknown
            }
            // other 5xx, a balancer's among them, say nothing
            (status @ (400..=499 | 503), _) => Outcome::Refused { status },
            _ => Outcome::Unknown,
        },
        None => Outcome::Unknown,
    };
    world.history.done().tries.push(Try { letter: letter.clone(), begin, end, outcome: outcome.clone() });
    outcome
}

/// A text that nobody else has, in one of the forms that have to be normalised (I4).
fn wording(text: &str, form: usize) -> Wording {
    let (typed, stored) = match form {
        0 => (format!("  {text}\r\nand more\rand more\n"), format!("{text}\nand more\nand more")),
        1 => (format!("{text} cafe\u{301} नमस्ते"), format!("{text} caf\u{e9} नमस्ते")),
        2 => (format!("{text} {}", "🧵".repeat(200)), format!("{text} {}", "🧵".repeat(200))),
        3 => (format!("{text}{}", " long".repeat(300)), format!("{text}{}", " long".repeat(300))),
        _ => (text.to_owned(), text.to_owned()),
    };
    Wording { typed, stored }
}
