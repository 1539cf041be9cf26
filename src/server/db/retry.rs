//! What may be tried again. A deadlock, a serialization failure or a twin was rolled back: always. A connection that broke in
//! mid-call leaves the outcome unknown: again only for reads, and for calls that carry their own key.
//!
//! Taking the connection is a step of its own: when that fails, nothing was begun, and the answer may say so.

use super::{
    is_broken_connection, is_conflict_of_transactions,
    pool::{Lent, Pool, in_time},
};
use crate::error::{Code, Error};
use std::{
    future::Future,
    time::{Duration, Instant},
};

const TRIES: u32 = 4;

/// After so long nothing is tried again: somebody waits for the answer.
const LONG: Duration = Duration::from_secs(8);

/// A read: tried again on another connection, `unavailable` in the end.
///
/// # Errors
/// What the last try came to.
pub async fn read<T, F, W>(pool: &Pool, work: F) -> Result<T, Error>
where
    F: FnMut(Lent) -> W,
    W: Future<Output = Result<T, sqlx::Error>>,
{
    match tries(pool, work).await {
        Err(Error { code: Code::Unconfirmed, .. }) => Err(Error::unavailable()),
        answer => answer,
    }
}

/// A write in one call that finds its own earlier try by its key (or changes nothing the second time).
///
/// # Errors
/// What the last try came to; `unconfirmed` when a connection broke and no later try has found out.
pub async fn keyed<T, F, W>(pool: &Pool, work: F) -> Result<T, Error>
where
    F: FnMut(Lent) -> W,
    W: Future<Output = Result<T, sqlx::Error>>,
{
    tries(pool, work).await
}

async fn tries<T, F, W>(pool: &Pool, mut work: F) -> Result<T, Error>
where
    F: FnMut(Lent) -> W,
    W: Future<Output = Result<T, sqlx::Error>>,
{
    let began = Instant::now();
    let mut unknown = false;
    let mut tried = 0;
    loop {
        tried += 1;
        let connection = match pool.acquire().await {
            Ok(connection) => connection,
            Err(_) if unknown => return Err(Error::new(Code::Unconfirmed)),
            // nothing was begun, whatever the reason
            Err(_) => return Err(Error::unavailable()),
        };
        let outcome = in_time(work(connection)).await;
        let again = tried < TRIES && began.elapsed() < LONG;
        match outcome {
            Ok(value) => return Ok(value),
            Err(error) if again && is_conflict_of_transactions(&error) => {}
            Err(error) if again && is_broken_connection(&error) => unknown = true,
            Err(error) => {
                return Err(match Error::from(error) {
                    // this try was given up, but nobody knows about the one whose connection broke
                    Error { code: Code::Unavailable, .. } if unknown => Error::new(Code::Unconfirmed),
                    error => error,
                });
            }
        }
        tokio::time::sleep(Duration::from_millis(u64::from(10 * tried * tried))).await;
    }
}
