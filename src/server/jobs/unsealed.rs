//! Tells how long the oldest entry of the audit log has been waiting for its seal. Every instance looks, one without a key
//! too: that no sealer works shows nowhere else.

use crate::{
    error::Error,
    server::{
        db::{self, pool::Pool},
        metrics::Metrics,
    },
};
use std::time::Duration;

/// Between two looks: a sealer that works leaves nothing for longer than two seconds.
pub const EVERY: Duration = Duration::from_secs(10);

/// One look.
///
/// # Errors
/// When the database cannot be asked.
pub async fn run(pool: &Pool, metrics: &Metrics) -> Result<(), Error> {
    let mut connection = pool.acquire().await?;
    let seconds = db::in_time(db::seal::oldest_unsealed(&mut connection)).await?;
    metrics.oldest_unsealed(seconds.unwrap_or(0.0));
    Ok(())
}
