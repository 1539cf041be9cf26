//! Seals the audit log: committed entries become leaves of the tree, and the tree's root is signed. Runs in every instance,
//! one at a time; what one has begun another goes on with, because a round is one transaction and all of it is in there.
//!
//! No entry is skipped because it was committed late, and no send waits for the sealer. What is looked at is every entry
//! above the *floor* that has no leaf, a window at a time, however much there is. The floor rises with what is read to its
//! end after it was settled, also within one round over a large log: whoever goes on, after a restart say, begins there.
//! A long reading transaction (a dump) does not hold it down; a long writing one only makes the part to look at longer. Below
//! the floor everything is looked through again, a slice a round: what is found there is sealed and told as an error.

mod settled;
mod standing;

use crate::{
    error::Error,
    server::{
        db::{
            self,
            seal::{Span, Stored, Unsealed},
        },
        proof::{
            note::{Checkpoint, PrivateKey, PublicKey},
            tree::{self, Frontier, Hash},
        },
        state::AppState,
    },
};
use settled::Settled;
use sqlx::{Connection, PgConnection};
use standing::{Standing, standing};
use std::{collections::HashSet, time::Duration};

/// Between two rounds: an entry waits for half of it on average, and for a round to be done.
pub const EVERY: Duration = Duration::from_secs(1);

/// Entries in one transaction.
const BATCH: i64 = 5_000;

/// Entries that are looked at in one transaction, sealed or not: so many are read in a fraction of what a statement may take.
const WINDOW: i64 = 50_000;

/// Numbers below the floor that are looked through again in a round.
const SLICE: i64 = 10_000;

/// Rounds between two looks through all of it: about an hour.
const REST: u32 = 3_600;

/// What one round has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// So many entries were sealed.
    Sealed(usize),
    /// Another process is at it.
    Elsewhere,
    /// What is in the database does not go together: nothing is sealed on top of it.
    Refused(&'static str),
}

/// What a process remembers between two rounds. All of it can be found again: it only saves looking.
pub struct Sealer {
    state: AppState,
    keys: Vec<PrivateKey>,
    /// Whose signature a tree needs to be gone on with: these, and earlier ones that sign no more.
    believed: Vec<PublicKey>,
    origin: String,
    /// Every entry up to this number has its leaf, and none can be committed any more.
    floor: i64,
    settled: Settled,
    /// The numbers up to this one were looked through again.
    looked: i64,
    resting: u32,
    /// The tree that was seen last: how large, and its root.
    seen: Option<(u64, Hash)>,
}

impl Sealer {
    /// One that has not looked yet; `None` without a key.
    #[must_use]
    pub fn new(state: AppState, keys: Vec<PrivateKey>) -> Option<Self> {
        let origin = keys.first()?.public().name().to_owned();
        let believed = keys.iter().map(PrivateKey::public).collect();
        Some(Self { state, keys, believed, origin, floor: 0, settled: Settled::default(), looked: 0, resting: 0, seen: None })
    }

    /// Goes on with what these keys have signed, too, which sign no more.
    #[must_use]
    pub fn believing(mut self, earlier: Vec<PublicKey>) -> Self {
        self.believed.extend(earlier);
        self
    }

    /// Seals everything that is there.
    ///
    /// # Errors
    /// When the database cannot be asked: nothing of this batch was written.
    pub async fn round(&mut self) -> Result<Round, Error> {
        let (mut sealed, mut after) = (0, 0);
        loop {
            let batch = {
                let mut connection = self.state.pool.acquire().await?;
                db::in_time(self.batch(&mut connection, after)).await?
            };
            match batch {
                Batch::Elsewhere => return Ok(if sealed > 0 { Round::Sealed(sealed) } else { Round::Elsewhere }),
                Batch::Refused(reason) => {
                    self.state.metrics.seal_refused();
                    return Ok(Round::Refused(reason));
                }
                Batch::Sealed { entries, last } => {
                    sealed = entries.saturating_add(sealed);
                    let Some(last) = last else { return Ok(Round::Sealed(sealed)) };
                    after = last;
                }
            }
        }
    }

    /// One transaction. `after`: what was looked at before in this round.
    async fn batch(&mut self, connection: &mut PgConnection, after: i64) -> Result<Batch, sqlx::Error> {
        let mut tx = connection.begin().await?;
        if !db::seal::try_lock(&mut tx).await? {
            return Ok(Batch::Elsewhere);
        }
        // each of these statements sees what was committed before it began, the last holder's work with it
        let newest = db::seal::newest(&mut tx).await?;
        let leaves = db::seal::leaves(&mut tx).await?;
        let Standing { mut frontier, signers } = match standing(newest.as_ref(), leaves, &self.believed, self.seen) {
            Ok(standing) => standing,
            Err(reason) => {
                // here and now: the lock is not to outlive the round
                tx.rollback().await?;
                return Ok(Batch::Refused(reason));
            }
        };
        let mut floor = self.floor.max(newest.map_or(0, |newest| newest.floor));
        let Read { mut entries, last } = self.read(&mut tx, &mut floor, after).await?;
        let slice = self.next_slice(floor);
        let late = if slice.after < slice.up_to { db::seal::unsealed(&mut tx, slice, SLICE).await? } else { Vec::new() };
        // what has risen just now is among the first already
        let known: HashSet<i64> = entries.iter().map(|unsealed| unsealed.id).collect();
        let late: Vec<_> = late.into_iter().filter(|late| !known.contains(&late.id)).collect();
        let found = late.len();
        entries.extend(late);
        let count = entries.len();
        let waited: Vec<f64> = entries.iter().map(Unsealed::waited_seconds).collect();
        if count > 0 {
            if !signers.is_empty() && !self.keys.iter().any(|key| signers.contains(&key.public())) {
                tracing::warn!(
                    size = frontier.size(),
                    "the tree of the audit log goes on from a checkpoint of an earlier key, as key_file says"
                );
            }
            self.write(&mut tx, &mut frontier, entries, floor).await?;
        }
        tx.commit().await?;

        (self.floor, self.seen) = (floor, Some((frontier.size(), frontier.root())));
        self.looked_through(slice, found);
        self.state.metrics.sealed(frontier.size(), waited.into_iter());
        Ok(Batch::Sealed { entries: count, last })
    }

    /// What has no leaf: from the floor on in the first batch of a round, then from where the one before has stopped. The floor
    /// rises as far as nothing is left.
    async fn read(&mut self, tx: &mut PgConnection, floor: &mut i64, after: i64) -> Result<Read, sqlx::Error> {
        // asked before the entries are read: what is read from here on is whole up to there
        let settled = self.settled.look(tx).await?;
        let (mut entries, again) = (Vec::new(), after.min(settled));
        if *floor < again {
            // an earlier batch has read this before it was settled
            let span = db::seal::window(tx, *floor, WINDOW).await?.up_to(again);
            entries = db::seal::unsealed(tx, span, i64::MAX).await?;
            *floor = span.up_to;
        }
        let span = db::seal::window(tx, after.max(*floor), WINDOW).await?;
        let next = db::seal::unsealed(tx, span, BATCH).await?;
        let full = next.len() >= usize::try_from(BATCH).unwrap_or(usize::MAX);
        let last = next.last().filter(|_| full).map_or(span.up_to, |last| last.id);
        entries.extend(next);
        // nothing lies between the floor and what was read just now
        if span.after <= *floor {
            *floor = settled.min(last).max(*floor);
        }
        Ok(Read { entries, last: (last < i64::MAX).then_some(last) })
    }

    async fn write(&self, tx: &mut PgConnection, frontier: &mut Frontier, entries: Vec<Unsealed>, floor: i64) -> Result<(), sqlx::Error> {
        let first = signed(frontier.size());
        let ids: Vec<i64> = entries.iter().map(|unsealed| unsealed.id).collect();
        // work, not waiting: the threads that answer requests do not stand still for it
        let hashes = move || entries.into_iter().map(|unsealed| tree::leaf_hash(&unsealed.into_entry().to_bytes())).collect();
        let hashes: Vec<Hash> = tokio::task::spawn_blocking(hashes).await.map_err(|lost| sqlx::Error::Decode(lost.into()))?;
        hashes.iter().for_each(|hash| frontier.append(*hash));
        let hashes: Vec<Vec<u8>> = hashes.iter().map(|hash| hash.0.to_vec()).collect();
        db::seal::append(tx, first, &ids, &hashes).await?;
        let checkpoint = Checkpoint { origin: self.origin.clone(), size: frontier.size(), root: frontier.root() };
        let stored = Stored {
            size: signed(frontier.size()),
            root: checkpoint.root.0.to_vec(),
            frontier: frontier.to_bytes(),
            floor,
            signed_note: checkpoint.sign(&self.keys),
        };
        let vkeys: Vec<String> = self.keys.iter().map(|key| key.public().to_string()).collect();
        db::seal::checkpoint(tx, &stored, &vkeys).await
    }

    fn next_slice(&self, floor: i64) -> Span {
        let up_to = if self.resting > 0 { self.looked } else { floor.min(self.looked.saturating_add(SLICE)) };
        Span { after: self.looked, up_to }
    }

    fn looked_through(&mut self, slice: Span, found: usize) {
        if found > 0 {
            tracing::error!(entries = found, "audit entries were found unsealed below the floor, and sealed late");
            self.state.metrics.sealed_late(found);
        }
        if self.resting > 0 {
            self.resting = self.resting.saturating_sub(1);
        } else if slice.up_to >= self.floor {
            (self.looked, self.resting) = (0, REST);
        } else {
            self.looked = slice.up_to;
        }
    }
}

/// What a batch has read, and up to where; `None` when nothing comes after it.
struct Read {
    entries: Vec<Unsealed>,
    last: Option<i64>,
}

enum Batch {
    Elsewhere,
    Refused(&'static str),
    Sealed { entries: usize, last: Option<i64> },
}

fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
