//! NOTIFY and LISTEN: ids of people whose feeds have moved, 32 hex digits each, without anything between them.

use crate::domain::ids::UserId;
use sqlx::{Connection, PgConnection, PgPool, postgres::PgListener};
use uuid::Uuid;

const CHANNEL: &str = "cms_messages_hints";

/// A connection of its own, outside of the pool: it stays.
pub async fn connect(pool: &PgPool) -> Result<PgConnection, sqlx::Error> {
    PgConnection::connect_with(&pool.connect_options()).await
}

/// Tells everybody who listens.
pub async fn tell(connection: &mut PgConnection, users: &[UserId]) -> Result<(), sqlx::Error> {
    let payload: String = users.iter().map(|user| user.0.simple().to_string()).collect();
    sqlx::query!("select pg_notify($1, $2)", CHANNEL, payload).fetch_one(connection).await?;
    Ok(())
}

/// Listens, on a connection of its own.
pub async fn listen(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// Waits for the next hint; empty after a connection that was lost and made again: anything may have been missed.
pub async fn heard(listener: &mut PgListener) -> Result<Vec<UserId>, sqlx::Error> {
    let notification = listener.recv().await?;
    let ids = notification.payload().as_bytes().chunks(32).filter_map(|id| Uuid::try_parse_ascii(id).ok());
    Ok(ids.map(UserId).collect())
}
