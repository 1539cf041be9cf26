//! Hints between instances: "these people's feeds have moved", nothing else. They may be lost.
//!
//! With Postgres they travel by NOTIFY, coalesced, from one connection per instance and after the commit: inside the
//! sending transaction a NOTIFY takes a lock on the whole database at commit (measured: a factor of 20 at 64 senders).

use crate::{
    domain::ids::UserId,
    server::{db, live::hub::Hub, state::AppState},
};
use sqlx::PgPool;
use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// A way to tell the other instances.
pub trait Bus: Send + Sync + fmt::Debug {
    /// Tells them, soon, without waiting.
    fn hint(&self, users: &[UserId]);
}

/// There are no other instances.
#[derive(Debug)]
pub struct Alone;

impl Bus for Alone {
    fn hint(&self, _: &[UserId]) {}
}

/// Other instances listen at the same database.
#[derive(Debug, Default)]
pub struct Postgres {
    waiting: Mutex<HashSet<UserId>>,
    called: Notify,
}

/// While nobody takes them, no more than so many people are remembered: the rest find out by the watch.
const MOST: usize = 50_000;
/// A hint waits so long for others to go with it.
const TOGETHER: Duration = Duration::from_millis(5);
/// After a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// A payload of NOTIFY has less than 8,000 bytes; an id in hex has 32.
const IN_ONE: usize = 200;

impl Bus for Postgres {
    fn hint(&self, users: &[UserId]) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST {
            waiting.extend(users);
        }
        drop(waiting);
        self.called.notify_one();
    }
}

impl Postgres {
    fn take(&self) -> Vec<UserId> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).drain().collect()
    }

    async fn tell(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let mut connection = db::hint::connect(pool).await?;
        loop {
            self.called.notified().await;
            tokio::time::sleep(TOGETHER).await;
            for users in self.take().chunks(IN_ONE) {
                db::hint::tell(&mut connection, users).await?;
            }
        }
    }
}

/// Tells and listens, until the server stops; a broken connection is made again.
pub fn spawn(state: &AppState, bus: Arc<Postgres>) {
    let (pool, shutdown) = (state.pool.clone(), state.shutdown.clone());
    state.tasks.spawn(async move {
        forever(&shutdown, "the other instances cannot be told", || bus.tell(&pool)).await;
    });
    let (pool, hub, shutdown) = (state.pool.clone(), state.hub.clone(), state.shutdown.clone());
    state.tasks.spawn(async move {
        forever(&shutdown, "the other instances cannot be heard", || listen(&pool, &hub)).await;
    });
}

async fn listen(pool: &PgPool, hub: &Hub) -> Result<(), sqlx::Error> {
    let mut listener = db::hint::listen(pool).await?;
    // what was said while nobody listened is lost: everybody looks
    hub.poke(&hub.listeners());
    loop {
        hub.poke(&db::hint::heard(&mut listener).await?);
    }
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
