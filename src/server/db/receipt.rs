//! Receipts: moving a user's delivered and read pointers forward, all items or none, in one call.

use crate::domain::{
    ids::UserId,
    receipt::{Acknowledgement, Evidence, ReceiptKind},
};
use sqlx::PgConnection;
use uuid::Uuid;

/// Moves the pointers; what is known already changes nothing. Returns the peers for whom something
/// looks different now.
///
/// # Errors
/// State `CM404` when one of the conversations is not in the user's inbox, `CM422` when a seq lies beyond the last one.
pub async fn acknowledge(
    db: &mut PgConnection,
    user: UserId,
    kind: ReceiptKind,
    evidence: Evidence,
    items: &[Acknowledgement],
) -> Result<Vec<UserId>, sqlx::Error> {
    let conversations: Vec<Uuid> = items.iter().map(|item| item.conversation_id.0).collect();
    let up_to: Vec<i64> = items.iter().map(|item| item.up_to_seq.0).collect();
    let peers = sqlx::query_scalar!(
        r#"select acknowledge_v1($1, $2, $3, $4, $5) as "peers!""#,
        user.0,
        kind.as_str(),
        evidence.as_str(),
        &conversations,
        &up_to
    )
    .fetch_one(db)
    .await?;
    Ok(peers.into_iter().map(UserId).collect())
}
