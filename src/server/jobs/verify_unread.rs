//! Compares unread numbers with a count over the messages, a slice at a time, round and round: the number is derived and
//! cannot drift, and here somebody looks (I9). All instances together do the work of one.
//!
//! A slice is bounded by participants and by the messages behind their read pointers, so a round costs the same at a
//! million messages as at a thousand.

use crate::{
    error::Error,
    server::{
        db::{self, pool::Pool, unread::Slice},
        metrics::Metrics,
    },
};
use std::time::Duration;

/// Between two rounds.
pub const EVERY: Duration = Duration::from_secs(10);

/// What a round compares.
pub const SLICE: Slice = Slice { sides: 500, messages: 20_000, rest: Duration::from_secs(9) };

/// One round; nothing when it is not time yet, or another process is at it.
///
/// # Errors
/// When the database cannot be asked.
pub async fn run(pool: &Pool, metrics: &Metrics, slice: Slice) -> Result<(), Error> {
    let mut connection = pool.acquire().await?;
    let compared = db::in_time(db::unread::compare(&mut connection, slice)).await?;
    let mut wrong = 0;
    for side in compared.iter().filter(|side| side.unread != side.counted) {
        wrong += 1;
        let (conversation, user) = (side.conversation_id, side.user_id);
        tracing::error!(%conversation, %user, unread = side.unread, counted = side.counted, "an unread number is wrong");
    }
    metrics.unread_compared(compared.len(), wrong);
    Ok(())
}
