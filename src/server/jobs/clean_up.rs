//! Removes what nobody can use any more: expired sessions (with an audit entry each), old one-time links, old refusals.

use crate::{
    error::Error,
    server::db::{self, pool::Pool},
};

/// One round.
pub async fn run(pool: &Pool, idle_hours: u32) -> Result<(), Error> {
    let mut connection = pool.acquire().await?;
    db::in_time(db::session::remove_expired(&mut connection, db::session::idle(idle_hours))).await?;
    db::in_time(db::session::remove_old_refusals(&mut connection)).await?;
    db::in_time(db::password_link::remove_expired(&mut connection)).await?;
    Ok(())
}
