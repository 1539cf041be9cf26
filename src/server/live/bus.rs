//! Hints between instances: "user U is at change n", "the policy is at version v", nothing else. They may be lost.
//!
//! With Postgres they travel by NOTIFY, coalesced, from one connection per instance and after the commit: inside the
//! sending transaction a NOTIFY takes a lock on the whole database at commit (measured: a factor of 20 at 64 senders).
//! Each instance hints itself, too, now and then: how long ago it last heard that is the age of hints in `/metrics`.

use super::policy::{self, POLICY};
use crate::{
    domain::ids::{ChangeNo, UserId},
    server::{db, state::AppState},
};
use sqlx::PgPool;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A way to tell the other instances.
pub trait Bus: Send + Sync + fmt::Debug {
    /// Tells them, soon, without waiting.
    fn hint(&self, user: UserId, newest: ChangeNo);
}

/// There are no other instances.
#[derive(Debug)]
pub struct Alone;

impl Bus for Alone {
    fn hint(&self, _: UserId, _: ChangeNo) {}
}

/// Other instances listen at the same database.
#[derive(Debug)]
pub struct Postgres {
    waiting: Mutex<HashMap<UserId, ChangeNo>>,
    called: Notify,
    /// Nobody's id: the hints of an instance to itself go by it.
    own: UserId,
}

impl Default for Postgres {
    fn default() -> Self {
        Self { waiting: Mutex::default(), called: Notify::new(), own: UserId(Uuid::new_v4()) }
    }
}

/// While nobody takes them, no more than so many people are remembered: the rest find out by the watch.
const MOST: usize = 50_000;
/// A hint waits so long for others to go with it.
const TOGETHER: Duration = Duration::from_millis(5);
/// After a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// Between two hints to itself.
const BEAT: Duration = Duration::from_secs(5);
/// Who has not heard even themselves for so long listens anew.
const SILENCE: Duration = Duration::from_secs(11);
/// A payload of NOTIFY has less than 8,000 bytes; an id and a number in hex have 48.
const IN_ONE: usize = 160;

impl Bus for Postgres {
    fn hint(&self, user: UserId, newest: ChangeNo) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST {
            // "nobody knows how far" goes before every number
            let keep = |known: &mut ChangeNo| *known = if newest.0 == 0 || known.0 == 0 { ChangeNo(0) } else { newest.max(*known) };
            waiting.entry(user).and_modify(keep).or_insert(newest);
        }
        drop(waiting);
        self.called.notify_one();
    }
}

impl Postgres {
    fn take(&self) -> Vec<(UserId, ChangeNo)> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).drain().collect()
    }

    async fn tell(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let mut connection = db::in_time(db::hint::connect(pool)).await?;
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.called.notified() => tokio::time::sleep(TOGETHER).await,
                _ = beat.tick() => db::in_time(db::hint::tell(&mut connection, &[(self.own, ChangeNo(0))])).await?,
            }
            for hints in self.take().chunks(IN_ONE) {
                db::in_time(db::hint::tell(&mut connection, hints)).await?;
            }
        }
    }
}

/// Tells and listens, until the server stops; a broken connection is made again.
pub fn spawn(state: &AppState, bus: Arc<Postgres>) {
    let (pool, shutdown, own) = (state.pool.clone(), state.shutdown.clone(), bus.own);
    state.tasks.spawn(async move {
        forever(&shutdown, "the other instances cannot be told", || bus.tell(&pool)).await;
    });
    let (state, shutdown) = (state.clone(), state.shutdown.clone());
    state.metrics.hint_heard();
    state.tasks.clone().spawn(async move {
        forever(&shutdown, "the other instances cannot be heard", || listen(&state, own)).await;
    });
}

async fn listen(state: &AppState, own: UserId) -> Result<(), sqlx::Error> {
    let hub = &state.hub;
    let mut listener = db::in_time(db::hint::listen(&state.pool)).await?;
    // what was said while nobody listened is lost: everybody looks
    hub.listeners().into_iter().for_each(|user| hub.hint(user, ChangeNo(0)));
    look_at_the_policy(state);
    loop {
        // a connection whose other end is gone says nothing, and no error: but we hint ourselves
        let heard = tokio::time::timeout(SILENCE, db::hint::heard(&mut listener)).await;
        for (user, newest) in heard.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))? {
            if user == own {
                state.metrics.hint_heard();
            }
            if user == POLICY {
                look_at_the_policy(state);
            }
            hub.hint(user, newest);
        }
    }
}

/// In a task of its own: the hints behind it are not kept waiting by a query.
fn look_at_the_policy(state: &AppState) {
    let state = state.clone();
    state.tasks.clone().spawn(async move {
        // what fails here, the watch finds
        let _ = policy::renew(&state).await;
    });
}

async fn forever<W: Future<Output = Result<(), sqlx::Error>>>(shutdown: &CancellationToken, trouble: &str, mut work: impl FnMut() -> W) {
    let mut said = false;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            ended = work() => {
                if ended.is_err() && !std::mem::replace(&mut said, true) {
                    tracing::warn!("{trouble}; trying again");
                }
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}
