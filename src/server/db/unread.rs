//! The unread totals of one user, from the generated column: an index-only scan over the rows that have any.

use crate::domain::{ids::UserId, unread::Unread};
use sqlx::PgConnection;

/// Unread messages and the conversations that hold them.
pub async fn count(db: &mut PgConnection, user: UserId) -> Result<Unread, sqlx::Error> {
    sqlx::query_file_as!(Unread, "src/server/db/sql/unread.sql", user.0).fetch_one(db).await
}
