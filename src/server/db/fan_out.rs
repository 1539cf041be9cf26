//! Telling the peers of a changed person: asked for in the transaction of the change, done in batches after the commit.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Somebody whose peers are to be told.
#[derive(Debug, Clone, Copy)]
pub struct FanOut {
    /// The changed person.
    pub user: Uuid,
    /// Which request this is: a later change asks anew.
    pub requested_at: OffsetDateTime,
}

/// Asks for every peer's feed to say that these people look different now.
pub async fn request(connection: &mut PgConnection, users: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into user_fanouts (user_id) select * from unnest($1::uuid[])
         on conflict on constraint user_fanouts_pkey do update set requested_at = clock_timestamp()",
        users
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether anything is asked for.
pub async fn is_requested(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"select exists (select 1 from user_fanouts) as "some!""#).fetch_one(connection).await
}

/// One process at a time fans out: two would tell everybody twice. Held until the connection is closed.
pub async fn try_lock(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"select pg_try_advisory_lock(hashtextextended('cms_messages.fan_out', 0)) as "mine!""#)
        .fetch_one(connection)
        .await
}

/// Lets the next one.
pub async fn unlock(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_advisory_unlock(hashtextextended('cms_messages.fan_out', 0))").fetch_one(connection).await?;
    Ok(())
}

/// The requests, oldest first.
pub async fn requested(connection: &mut PgConnection) -> Result<Vec<FanOut>, sqlx::Error> {
    sqlx::query_as!(FanOut, r#"select user_id as "user", requested_at from user_fanouts order by requested_at limit 1000"#)
        .fetch_all(connection)
        .await
}

/// Tells the next peers after `after`; the last one told, or `None` when there are no more.
pub async fn tell(connection: &mut PgConnection, user: Uuid, after: Uuid, limit: i32) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!("select fan_out_user_v1($1, $2, $3)", user, after, limit).fetch_one(connection).await
}

/// Done, unless it was asked for again meanwhile.
pub async fn settle(connection: &mut PgConnection, done: FanOut) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from user_fanouts where user_id = $1 and requested_at = $2", done.user, done.requested_at)
        .execute(connection)
        .await?;
    Ok(())
}
