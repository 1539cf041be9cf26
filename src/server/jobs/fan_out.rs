//! A person changed (name, role, department, here or gone): every peer's feed says so, in batches after the commit.
//!
//! Runs in every instance, and at the end of a command that changed people; one of them at a time does it. A request
//! stays until it is done: nothing is lost with a process.

use crate::{error::Error, server::db};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Peers per transaction: their feeds are locked no longer than that takes.
const BATCH: i32 = 100;

/// Works off all requests. `false` when another process is doing it.
pub async fn drain(pool: &PgPool) -> Result<bool, Error> {
    let mut connection = pool.acquire().await?;
    if !db::fan_out::is_requested(&mut connection).await? {
        return Ok(true);
    }
    // the lock belongs to the connection, which must not return to the pool with it when this fails in the middle
    connection.close_on_drop();
    if !db::fan_out::try_lock(&mut connection).await? {
        return Ok(false);
    }
    loop {
        let requested = db::fan_out::requested(&mut connection).await?;
        if requested.is_empty() {
            db::fan_out::unlock(&mut connection).await?;
            return Ok(true);
        }
        for request in requested {
            tell_everybody(&mut connection, request.user).await?;
            db::fan_out::settle(&mut connection, request).await?;
        }
    }
}

async fn tell_everybody(connection: &mut PgConnection, user: Uuid) -> Result<(), Error> {
    let mut after = Uuid::nil();
    let mut conflicts = 0;
    loop {
        match db::fan_out::tell(connection, user, after, BATCH).await {
            Ok(Some(last)) => after = last,
            Ok(None) => return Ok(()),
            // a batch is one statement, rolled back as a whole: the same one again
            Err(error) if conflicts < 5 && db::is_conflict_of_transactions(&error) => conflicts += 1,
            Err(error) => return Err(error.into()),
        }
    }
}
