//! The unread totals of one user, from the generated column: an index-only scan over the rows that have any.

use crate::domain::{ids::UserId, unread::Unread};
use sqlx::PgConnection;

/// Unread messages and the conversations that hold them.
pub async fn count(db: &mut PgConnection, user: UserId) -> Result<Unread, sqlx::Error> {
    sqlx::query_as!(
        Unread,
        r#"select coalesce(sum(unread), 0)::bigint as "messages!", count(*) as "conversations!"
           from participants where user_id = $1 and unread > 0"#,
        user.0
    )
    .fetch_one(db)
    .await
}
