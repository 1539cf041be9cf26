//! The unread totals of one user, from the generated column: an index-only scan over the rows that have any. And the
//! comparison of that column with the messages, for who looks after it.

use crate::domain::{ids::UserId, unread::Unread};
use sqlx::{PgConnection, postgres::types::PgInterval};
use std::time::Duration;
use uuid::Uuid;

/// Unread messages and the conversations that hold them.
pub async fn count(db: &mut PgConnection, user: UserId) -> Result<Unread, sqlx::Error> {
    sqlx::query_file_as!(Unread, "src/server/db/sql/unread.sql", user.0).fetch_one(db).await
}

/// How much is compared at once.
#[derive(Debug, Clone, Copy)]
pub struct Slice {
    /// At most so many sides of conversations.
    pub sides: i64,
    /// Of so many messages behind their read pointers together; one side may have more and is compared alone.
    pub messages: i64,
    /// Only so long after the last look of any process.
    pub rest: Duration,
}

/// One side of a conversation, with its unread number and what was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Which conversation.
    pub conversation_id: Uuid,
    /// Whose side.
    pub user_id: Uuid,
    /// The derived number.
    pub unread: i64,
    /// The messages of the peer after the read pointer.
    pub counted: i64,
}

/// The next slice after the last one, whichever process looked at that; empty when it is not time yet, and once at the end.
pub async fn compare(connection: &mut PgConnection, slice: Slice) -> Result<Vec<Compared>, sqlx::Error> {
    let rest = PgInterval { months: 0, days: 0, microseconds: i64::try_from(slice.rest.as_micros()).unwrap_or(i64::MAX) };
    sqlx::query_file_as!(Compared, "src/server/db/sql/unread_verification.sql", slice.sides, slice.messages, rest)
        .fetch_all(connection)
        .await
}
