//! What the database holds, read by the superuser in one transaction, for the checker.

use crate::Failure;
use sqlx::{Connection, FromRow, PgConnection};
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// Everything that the checks look at.
#[derive(Debug, Default, Clone)]
pub struct Rows {
    /// By conversation and seq.
    pub messages: Vec<MessageRow>,
    /// Both sides of every conversation.
    pub participants: Vec<ParticipantRow>,
    /// By conversation, user, kind and seq.
    pub receipts: Vec<ReceiptRow>,
    /// The change number of each user.
    pub feeds: HashMap<Uuid, i64>,
    /// By action, conversation and object; of messages and conversations alone.
    pub entries: Vec<EntryRow>,
}

/// A message.
#[derive(Debug, Clone, FromRow)]
pub struct MessageRow {
    /// Where.
    pub conversation_id: Uuid,
    /// Its place.
    pub seq: i64,
    /// Whose.
    pub sender_id: Uuid,
    /// Its key.
    pub client_id: Uuid,
    /// Its text.
    pub body: String,
    /// When it was written.
    pub sent_at: OffsetDateTime,
    /// In the sender's feed.
    pub sender_change_no: i64,
    /// In the recipient's feed.
    pub recipient_change_no: i64,
}

/// A side of a conversation.
#[derive(Debug, Clone, FromRow)]
pub struct ParticipantRow {
    /// Where.
    pub conversation_id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// The other side.
    pub peer_id: Uuid,
    /// The newest message.
    pub last_seq: i64,
    /// Own messages.
    pub own_total: i64,
    /// The pointer.
    pub delivered_seq: i64,
    /// The pointer.
    pub read_seq: i64,
    /// Generated.
    pub unread: i64,
    /// In the user's feed.
    pub change_no: i64,
}

/// A receipt.
#[derive(Debug, Clone, FromRow)]
pub struct ReceiptRow {
    /// Where.
    pub conversation_id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// delivered, read
    pub kind: String,
    /// Up to where.
    pub up_to_seq: i64,
    /// client, form, read
    pub evidence: String,
    /// When.
    pub at: OffsetDateTime,
}

/// An audit entry.
#[derive(Debug, Clone, FromRow, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryRow {
    /// message.sent, …
    pub action: String,
    /// Where.
    pub conversation_id: Uuid,
    /// Who.
    pub actor_id: Uuid,
    /// A seq, or the other person.
    pub object: String,
    /// Of a sent message: its digest is the one of the entry, and of its text and salt.
    pub proves: bool,
}

impl Rows {
    /// All of them, at one moment.
    pub async fn read(database: &mut PgConnection) -> Result<Self, Failure> {
        let mut moment = database.begin_with("begin isolation level repeatable read read only").await?;
        let messages = sqlx::query_as(
            "select conversation_id, seq, sender_id, client_id, body, sent_at, sender_change_no, recipient_change_no
             from messages order by conversation_id, seq",
        );
        let participants = sqlx::query_as(
            "select conversation_id, user_id, peer_id, last_seq, own_total, delivered_seq, read_seq, unread, change_no
             from participants order by conversation_id, user_id",
        );
        let receipts = sqlx::query_as(
            "select conversation_id, user_id, kind, up_to_seq, evidence, at from receipts order by conversation_id, user_id, kind, up_to_seq",
        );
        let entries = sqlx::query_as(
            "select e.action, e.conversation_id, e.actor_id, e.object,
                    e.action <> 'message.sent' or coalesce(encode(sha256(m.body_salt || convert_to(m.body, 'UTF8')), 'hex')
                        = e.details ->> 'digest' and encode(m.body_digest, 'hex') = e.details ->> 'digest', false) as proves
             from audit_entries e
             left join messages m on e.action = 'message.sent' and m.conversation_id = e.conversation_id and m.seq::text = e.object
             where e.conversation_id is not null order by 1, 2, 3, 4",
        );
        let rows = Self {
            messages: messages.fetch_all(&mut *moment).await?,
            participants: participants.fetch_all(&mut *moment).await?,
            receipts: receipts.fetch_all(&mut *moment).await?,
            feeds: sqlx::query_as("select user_id, change_no from user_feeds").fetch_all(&mut *moment).await?.into_iter().collect(),
            entries: entries.fetch_all(&mut *moment).await?,
        };
        moment.rollback().await?;
        Ok(rows)
    }
}

/// Server connections that are within a transaction and do nothing (I16), as the database sees them.
pub async fn open_transactions(database: &mut PgConnection) -> Result<i64, Failure> {
    let sql = "select count(*) from pg_stat_activity where application_name = 'cms-messages' and state like 'idle in transaction%'";
    Ok(sqlx::query_scalar(sql).fetch_one(database).await?)
}
