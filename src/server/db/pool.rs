//! The connections of one process. Each gives up its login's rights as soon as it stands: it works as
//! `cms_messages_app`, which cannot change or remove a message, a receipt or an audit entry.
//!
//! Time limits in the database, because a limit in this process would abandon a statement that still runs. Above them
//! stands one of ours, [`in_time`], for a database that does not even say that: its host is gone, its process stands still.

use crate::error::Error;
use prometheus_client::metrics::{counter::Counter, histogram::Histogram};
use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, PgPool, Postgres, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{
    ops::{Deref, DerefMut},
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// What the connections are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Requests: nothing may take long.
    Serve,
    /// A command at the command line: an import of ten thousand people may.
    Command,
}

impl Purpose {
    fn session(self) -> &'static str {
        match self {
            // one plan for all executions: by index for any parameter (`script/bench plans` shows both), while planning each
            // time cost a tenth of what the database did for a send
            Self::Serve => {
                "set role cms_messages_app; set statement_timeout = '8s'; set lock_timeout = '5s'; \
                 set idle_in_transaction_session_timeout = '10s'; set jit = off; set plan_cache_mode = force_generic_plan"
            }
            Self::Command => {
                "set role cms_messages_app; set statement_timeout = '30min'; set lock_timeout = '60s'; \
                 set idle_in_transaction_session_timeout = '10min'; set jit = off"
            }
        }
    }
}

/// Reads a connection URL.
///
/// # Errors
/// A sentence that names the setting and not the URL, which holds a password.
pub fn options(url: &str) -> Result<PgConnectOptions, &'static str> {
    if url.is_empty() {
        return Err("No database is configured: set DATABASE_URL, or `url` in [database] of Leptos.toml.");
    }
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| "DATABASE_URL is not a PostgreSQL connection URL (postgres://user:password@host:port/database).")?;
    // the statements' texts are in this repository; their times are better asked of the database
    Ok(options.application_name("cms-messages").disable_statement_logging())
}

/// So many calls may wait for each connection. What takes a millisecond is had after a tenth of a second then, and what
/// takes longer would be given up: who comes later hears so at once.
const QUEUE_PER_CONNECTION: usize = 100;

/// How long a call waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// A little more than `statement_timeout`: who says nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(9);

/// A connection that was used so short a time ago is not asked whether it lives.
const FRESH: Duration = Duration::from_secs(1);

/// After so long a connection goes back to the driver, which knows when it has become too old.
const TOUR: Duration = Duration::from_secs(60);

/// Bounds of the buckets of a wait: what is usual, what is slow, what was in vain.
const SECONDS: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// Connections with a bounded queue in front. Behind it stands the driver's own pool, for what is no request: it may wait
/// however long the queue is.
///
/// The driver's way back is a round trip, because it cannot know in which state a connection was dropped. Who knows that
/// its call is over lets it [`rest`](Self::rest) here instead, and the next call has it at once. Half of them at most: the
/// other half is always the driver's to give.
#[derive(Debug, Clone)]
pub struct Pool {
    inner: PgPool,
    turns: Arc<Semaphore>,
    most: usize,
    waits: Waits,
    resting: Arc<Mutex<Vec<(Lent, Instant)>>>,
    room: usize,
}

/// How requests have waited.
#[derive(Debug, Clone)]
pub struct Waits {
    /// Until a connection was had.
    pub time: Histogram,
    refused: Counter,
}

impl Waits {
    /// How many were refused at once.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.get()
    }
}

impl From<PgPool> for Pool {
    fn from(inner: PgPool) -> Self {
        let most = QUEUE_PER_CONNECTION.saturating_mul(inner.options().get_max_connections() as usize);
        let waits = Waits { time: Histogram::new(SECONDS), refused: Counter::default() };
        let room = inner.options().get_max_connections() as usize / 2;
        Self { inner, turns: Arc::new(Semaphore::new(most)), most, waits, resting: Arc::default(), room }
    }
}

impl Pool {
    /// The next free connection.
    ///
    /// # Errors
    /// `PoolTimedOut`: at once when too many wait already, or when none became free in time. What the driver says when the
    /// database cannot be reached.
    pub async fn acquire(&self) -> Result<Lent, sqlx::Error> {
        if let Some(rested) = self.rested() {
            self.waits.time.observe(0.0);
            return Ok(rested);
        }
        let _turn = self.turn()?;
        let began = Instant::now();
        let acquired = self.inner.acquire().await;
        self.waits.time.observe(began.elapsed().as_secs_f64());
        let lent = acquired.map(|connection| Lent { connection, since: Instant::now() });
        lent.inspect_err(|error| tracing::warn!(cause = cause(error), "no connection to the database"))
    }

    /// A transaction, by the same bounded queue.
    ///
    /// # Errors
    /// `unavailable`, whatever went wrong: nothing was begun.
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, Error> {
        let begun = match self.turn() {
            Ok(_turn) => self.inner.begin().await,
            Err(full) => Err(full),
        };
        begun.map_err(|error| {
            tracing::warn!(cause = cause(&error), "no transaction could be begun");
            Error::unavailable()
        })
    }

    fn turn(&self) -> Result<SemaphorePermit<'_>, sqlx::Error> {
        self.turns.try_acquire().map_err(|_| {
            self.waits.refused.inc();
            sqlx::Error::PoolTimedOut
        })
    }

    /// Takes back a connection whose call was answered to its end. It goes the driver's way when somebody waits for one.
    pub fn rest(&self, lent: Lent) {
        let mut resting = self.resting();
        if resting.len() < self.room && self.waiting() == 0 && lent.since.elapsed() < TOUR && !self.inner.is_closed() {
            resting.push((lent, Instant::now()));
        }
    }

    fn rested(&self) -> Option<Lent> {
        let (lent, since) = self.resting().pop()?;
        // an older one is dropped, and so looked at before anybody has it
        (since.elapsed() < FRESH).then_some(lent)
    }

    fn resting(&self) -> MutexGuard<'_, Vec<(Lent, Instant)>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connections that nobody uses.
    #[must_use]
    pub fn idle(&self) -> usize {
        self.inner.num_idle().saturating_add(self.resting().len())
    }

    /// Closes every connection, as soon as it comes back.
    pub async fn close(&self) {
        let closing = self.inner.close();
        self.resting().clear();
        closing.await;
    }

    /// How many calls wait for a connection just now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.most.saturating_sub(self.turns.available_permits())
    }

    /// How requests have waited.
    #[must_use]
    pub fn waits(&self) -> &Waits {
        &self.waits
    }
}

/// A connection that goes back to its pool when it is dropped, also in the middle of a call. The driver waits then until
/// the database has answered that call; a database that is gone never does, and the place in the pool would be lost.
#[derive(Debug)]
pub struct Lent {
    connection: PoolConnection<Postgres>,
    /// When the driver gave it.
    since: Instant,
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // what the driver's own drop does, but not for ever: dropping this future closes the connection
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(SILENCE, self.connection.return_to_pool()));
        }
    }
}

impl Deref for Pool {
    type Target = PgPool;

    fn deref(&self) -> &PgPool {
        &self.inner
    }
}

async fn lives(connection: &mut PgConnection, within: Duration) -> bool {
    matches!(tokio::time::timeout(within, connection.ping()).await, Ok(Ok(())))
}

/// A call that the database has not even given up by then is given up here: the connection counts as broken.
///
/// # Errors
/// What the call comes to; an I/O error when there is no answer.
pub async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::time::timeout(SILENCE, work).await.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
}

/// The reason without the driver's words, which may hold the connection's URL.
fn cause(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::PoolTimedOut => "none became free in time".into(),
        sqlx::Error::Io(error) => error.kind().to_string(),
        sqlx::Error::Database(database) => database.code().unwrap_or_default().into_owned(),
        _ => "other".into(),
    }
}

/// A pool that connects when it is first asked; at least one connection.
#[must_use]
pub fn open(options: PgConnectOptions, max_connections: u32, purpose: Purpose) -> Pool {
    PgPoolOptions::new()
        .max_connections(max_connections.max(1))
        .acquire_timeout(PATIENCE)
        .idle_timeout(Duration::from_secs(300))
        .max_lifetime(Duration::from_secs(1800))
        .test_before_acquire(false)
        // a connection in use is not asked whether it lives: a send stays one round trip
        .before_acquire(|connection, standing| {
            Box::pin(async move { Ok(standing.idle_for < FRESH || lives(connection, Duration::from_secs(1)).await) })
        })
        .after_connect(move |connection, _| {
            Box::pin(async move {
                connection.execute(sqlx::raw_sql(purpose.session())).await?;
                Ok(())
            })
        })
        .connect_lazy_with(options)
        .into()
}
