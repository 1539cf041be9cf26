//! Up to which number no entry can be committed any more, so that who reads after this was known misses none there.
//!
//! Who writes an entry takes a lock before they take its number and keeps it to the end. So every number up to one that is
//! known was taken by somebody who has ended by now or holds that lock: when none of those who held it then holds it any
//! more, all numbers up to there are settled.

use crate::server::db;
use sqlx::PgConnection;
use std::collections::HashSet;

/// What was found out so far. It stays true, whoever seals.
#[derive(Debug, Default)]
pub(super) struct Settled {
    up_to: i64,
    rising: Option<Rising>,
}

/// A number, and who may still be about to commit one below it.
#[derive(Debug)]
struct Rising {
    to: i64,
    writers: HashSet<String>,
}

impl Settled {
    /// Looks again. What is read after this is whole up to the number that it gives.
    pub(super) async fn look(&mut self, db: &mut PgConnection) -> Result<i64, sqlx::Error> {
        // in this order: whoever takes a number up to this one has the lock already, or has ended
        let highest = db::seal::highest(db).await?;
        let writers = db::seal::writers(db).await?;
        if let Some(rising) = self.rising.take_if(|rising| rising.writers.is_disjoint(&writers)) {
            self.up_to = self.up_to.max(rising.to);
        }
        if writers.is_empty() {
            self.up_to = self.up_to.max(highest);
        } else if self.rising.is_none() && highest > self.up_to {
            self.rising = Some(Rising { to: highest, writers });
        }
        Ok(self.up_to)
    }
}
