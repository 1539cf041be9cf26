//! What the live stream reads: where everybody stands, and the messages behind the changes of one user.

use super::message::status;
use crate::domain::{
    conversation::Conversation,
    ids::{ChangeNo, ClientId, ConversationId, Seq, UserId},
    message::Message,
    time::Timestamp,
};
use sqlx::{PgConnection, postgres::types::PgInterval};
use time::OffsetDateTime;
use uuid::Uuid;

/// Where everybody stands.
#[derive(Debug, Default)]
pub struct Standing {
    /// The newest change of each.
    pub positions: Vec<(UserId, i64)>,
    /// The credentials that are still good.
    pub good: Vec<Vec<u8>>,
    /// The newest version of the policy.
    pub policy_version: i64,
}

/// The newest change of each of these people, the version of the policy, and which of these sessions (by digest) and tokens (by id) are still good:
/// one statement.
pub async fn standing(
    db: &mut PgConnection,
    users: &[UserId],
    sessions: &[Vec<u8>],
    tokens: &[Uuid],
    idle: PgInterval,
) -> Result<Standing, sqlx::Error> {
    let users: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    let rows = sqlx::query!(
        r#"select f.user_id as "user_id?", f.change_no as "change_no?", null::bytea as "credential?"
           from user_feeds f where f.user_id = any ($1)
           union all
           select null, coalesce(max(version), 0), null from policy_versions
           union all
           select null, null, s.token_sha256 from sessions s join users u on u.id = s.user_id
           where s.token_sha256 = any ($2) and u.active
             and s.expires_at > clock_timestamp() and s.last_seen_at > clock_timestamp() - $4::interval
           union all
           select null, null, uuid_send(t.id) from api_tokens t join users u on u.id = t.user_id
           where t.id = any ($3) and u.active and t.revoked_at is null"#,
        &users,
        sessions,
        tokens,
        idle
    )
    .fetch_all(db)
    .await?;
    let mut standing = Standing::default();
    for row in rows {
        match (row.user_id, row.change_no, row.credential) {
            (Some(user), Some(change_no), _) => standing.positions.push((UserId(user), change_no)),
            (_, _, Some(credential)) => standing.good.push(credential),
            (None, Some(version), None) => standing.policy_version = version,
            _ => {}
        }
    }
    Ok(standing)
}

/// The messages behind these changes of the viewer: those whose own change lies after `since`, up to the `last_seq` that the
/// conversation was read with; by conversation and seq, of each conversation the newest 50 of them at most. What was written since,
/// however much, takes nobody's place.
pub async fn messages(
    db: &mut PgConnection,
    viewer: UserId,
    changed: &[Conversation],
    since: ChangeNo,
) -> Result<Vec<Message>, sqlx::Error> {
    let conversations: Vec<Uuid> = changed.iter().map(|conversation| conversation.id.0).collect();
    let last_seqs: Vec<i64> = changed.iter().map(|conversation| conversation.last_seq.0).collect();
    let rows = sqlx::query_file_as!(LiveRow, "src/server/db/sql/live_messages.sql", viewer.0, &conversations, since.0, &last_seqs)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.into_message(viewer)).collect())
}

struct LiveRow {
    conversation_id: Uuid,
    seq: i64,
    client_id: Uuid,
    sender_id: Uuid,
    body: String,
    sent_at: OffsetDateTime,
    peer_id: Uuid,
    delivered_at: Option<OffsetDateTime>,
    read_at: Option<OffsetDateTime>,
}

impl LiveRow {
    fn into_message(self, viewer: UserId) -> Message {
        let sender_id = UserId(self.sender_id);
        Message {
            conversation_id: ConversationId(self.conversation_id),
            seq: Seq(self.seq),
            client_id: ClientId(self.client_id),
            sender_id,
            recipient_id: if sender_id == viewer { UserId(self.peer_id) } else { viewer },
            body: self.body,
            sent_at: self.sent_at.into(),
            delivered_at: self.delivered_at.map(Timestamp::from),
            read_at: self.read_at.map(Timestamp::from),
            status: status(self.delivered_at, self.read_at),
        }
    }
}
