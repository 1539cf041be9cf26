//! Hints between instances: "user U is at change n", "the policy is at version v", nothing else. They may be lost.
//!
//! With Postgres they travel by NOTIFY, coalesced, from one connection per instance and after the commit: inside the
//! sending transaction a NOTIFY takes a lock on the whole database at commit (measured: a factor of 20 at 64 senders).
//! Each instance hints itself, too, now and then: how long ago it last heard that is the age of hints in `/metrics`.
//! The others hear this as well, and know by it that they are not alone: an instance that is tells nobody of changes.

use super::policy::{self, POLICY};
use crate::{
    domain::ids::{ChangeNo, UserId},
    server::{db, state::AppState},
};
use sqlx::PgPool;
use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
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
    /// The backend through which this instance speaks: what another one says is said by another instance.
    mouth: AtomicU32,
    /// When another instance was last heard.
    company: Mutex<Option<Instant>>,
    /// It listens, or has just heard that somebody else does.
    greeting: Notify,
}

impl Default for Postgres {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            called: Notify::new(),
            own: UserId(Uuid::new_v4()),
            mouth: AtomicU32::new(0),
            company: Mutex::default(),
            greeting: Notify::new(),
        }
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
/// Who was not heard for so long is gone: longer than an instance that has to listen anew takes until it hears the next beat.
const GONE: Duration = Duration::from_secs(30);
/// A payload of NOTIFY has less than 8,000 bytes; an id and a number in hex have 48.
const IN_ONE: usize = 160;

impl Bus for Postgres {
    fn hint(&self, user: UserId, newest: ChangeNo) {
        // who begins to listen looks at everything; and what is not told while they are not known yet, their watch finds
        if user != POLICY && !self.in_company() {
            return;
        }
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

    fn in_company(&self) -> bool {
        self.company.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|heard| heard.elapsed() < GONE)
    }

    /// Something was said by this backend. Who was alone so far answers, so that a newcomer need not wait for the next beat.
    fn heard(&self, backend: u32) {
        if backend == self.mouth.load(Ordering::Relaxed) {
            return;
        }
        let alone = !self.in_company();
        *self.company.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        if alone {
            self.greeting.notify_one();
        }
    }

    async fn tell(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let (mut connection, backend) = db::in_time(db::hint::connect(pool)).await?;
        self.mouth.store(backend, Ordering::Relaxed);
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.called.notified() => tokio::time::sleep(TOGETHER).await,
                () = self.greeting.notified() => beat.reset_immediately(),
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
    let (pool, shutdown, speaks) = (state.pool.clone(), state.shutdown.clone(), bus.clone());
    state.tasks.spawn(async move {
        forever(&shutdown, "the other instances cannot be told", || speaks.tell(&pool)).await;
    });
    let (state, shutdown) = (state.clone(), state.shutdown.clone());
    state.metrics.hint_heard();
    state.tasks.clone().spawn(async move {
        forever(&shutdown, "the other instances cannot be heard", || listen(&state, &bus)).await;
    });
}

async fn listen(state: &AppState, bus: &Postgres) -> Result<(), sqlx::Error> {
    let hub = &state.hub;
    let mut listener = db::in_time(db::hint::listen(&state.pool)).await?;
    // from here on the others are heard, and hear by the beat that they are to be
    bus.greeting.notify_one();
    // what was said while nobody listened is lost: everybody looks
    hub.listeners().into_iter().for_each(|user| hub.hint(user, ChangeNo(0)));
    look_at_the_policy(state);
    loop {
        // a connection whose other end is gone says nothing, and no error: but we hint ourselves
        let heard = tokio::time::timeout(SILENCE, db::hint::heard(&mut listener)).await;
        let heard = heard.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))?;
        bus.heard(heard.backend);
        for (user, newest) in heard.hints {
            if user == bus.own {
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
