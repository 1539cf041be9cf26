//! NOTIFY and LISTEN: ids of people and where their feeds stand, in hex: 32 digits and 16, without anything between them.

use crate::domain::ids::{ChangeNo, UserId};
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgListener, PgPoolOptions},
};
use std::{fmt::Write as _, io::ErrorKind};
use uuid::Uuid;

/// Where instances hear of each other.
pub const CHANNEL: &str = "cms_messages_changes";
const ID: usize = 32;
const NUMBER: usize = 16;

/// A connection of its own, outside of the pool: it stays. With the number of its backend, by which others hear it.
pub async fn connect(pool: &PgPool) -> Result<(PgConnection, u32), sqlx::Error> {
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    let backend = sqlx::query_scalar!(r#"select pg_backend_pid() as "backend!""#).fetch_one(&mut connection).await?;
    Ok((connection, backend.unsigned_abs()))
}

/// What was said at once.
#[derive(Debug)]
pub struct Heard {
    /// By which backend.
    pub backend: u32,
    /// The hints.
    pub hints: Vec<(UserId, ChangeNo)>,
}

/// Tells everybody who listens.
pub async fn tell(connection: &mut PgConnection, hints: &[(UserId, ChangeNo)]) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_notify($1, $2)", CHANNEL, payload(hints)).fetch_one(connection).await?;
    Ok(())
}

/// Listens, on a connection of its own.
pub async fn listen(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    // a pool of one, made for it: a listener takes its connection from a pool for as long as it lives
    let own = PgPoolOptions::new().max_connections(1).connect_lazy_with(pool.connect_options().as_ref().clone());
    let mut listener = PgListener::connect_with(&own).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// Waits for the next hints. A connection that was lost is an error, and not made again in silence: what was said
/// meanwhile is missing.
pub async fn heard(listener: &mut PgListener) -> Result<Heard, sqlx::Error> {
    let heard = listener.try_recv().await?.ok_or_else(|| sqlx::Error::Io(ErrorKind::ConnectionReset.into()))?;
    Ok(Heard { backend: heard.process_id(), hints: hints(heard.payload()) })
}

fn payload(hints: &[(UserId, ChangeNo)]) -> String {
    let mut payload = String::with_capacity(hints.len().saturating_mul(ID + NUMBER));
    for (user, newest) in hints {
        // writing into a String cannot fail
        let _ = write!(payload, "{}{:016x}", user.0.simple(), newest.0);
    }
    payload
}

/// What is no hint of ours is passed over.
fn hints(payload: &str) -> Vec<(UserId, ChangeNo)> {
    let hint = |digits: &[u8]| {
        let (id, number) = digits.split_at_checked(ID)?;
        let number = i64::from_str_radix(std::str::from_utf8(number).ok()?, 16).ok()?;
        Some((UserId(Uuid::try_parse_ascii(id).ok()?), ChangeNo(number)))
    };
    payload.as_bytes().chunks(ID + NUMBER).filter_map(hint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_come_back_as_they_were_told_and_nonsense_is_passed_over() {
        let told = [(UserId(Uuid::from_u128(7)), ChangeNo(0)), (UserId(Uuid::from_u128(u128::MAX)), ChangeNo(i64::MAX))];
        assert_eq!(hints(&payload(&told)), told);
        assert_eq!(hints(&format!("{}{}", "ü".repeat(24), payload(&told))), told);
        assert_eq!(hints("short"), []);
    }
}
