//! Sending messages: a function of the database (`send_messages_v3`) that locks, looks the keys up and writes in an order
//! that keeps seqs dense and changes in commit order. One round trip and one transaction for a whole group.

use super::{
    message::status,
    sides::{LastMessage, Side, Sides},
    user::UserRow,
};
use crate::domain::{
    ids::{ChangeNo, ClientId, ConversationId, Seq, UserId},
    message::{Message, MessageBody},
    policy::Party,
    time::Timestamp,
    user::User,
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A message to be written.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Who writes.
    pub sender: UserId,
    /// Where.
    pub conversation_id: ConversationId,
    /// The key of this and every further try.
    pub client_id: ClientId,
    /// The text as it is stored.
    pub body: MessageBody,
    /// 32 random bytes for the digest.
    pub salt: [u8; 32],
    /// The recipient's version that the policy was asked about; `None` when it has not been asked.
    pub recipient_version: Option<i64>,
    /// The version of the policy that was asked.
    pub policy_version: i64,
}

/// What came of a send.
#[derive(Debug)]
pub enum Sent {
    /// Written now; how the conversation looks since.
    Created(Message, Box<Sides>),
    /// An earlier try had written it: as it stands.
    Replayed(Message),
    /// The key belongs to another text or another conversation.
    Conflict,
    /// The conversation does not stand in the sender's inbox.
    NotFound,
    /// Nothing was written: the policy, as it is now, has to be asked about the recipient as they are now.
    RecipientChanged(Recipient),
}

/// What the policy has to know about the recipient of a message.
#[derive(Debug)]
pub struct Recipient {
    /// Grows with every change of them.
    pub version: i64,
    /// Role, department and whether they are here.
    pub party: Party,
    /// When they last wrote to the sender.
    pub wrote_at: Option<Timestamp>,
    /// The database's clock.
    pub now: Timestamp,
    /// The version of the policy that is in force.
    pub policy_version: i64,
}

/// Sends a group of messages, all of them or none; what came of each, in the same order. Each key of a sender may be
/// there once.
pub async fn send(db: &mut PgConnection, group: &[&NewMessage]) -> Result<Vec<Sent>, sqlx::Error> {
    let of = |column: fn(&NewMessage) -> Uuid| group.iter().map(|new| column(new)).collect::<Vec<_>>();
    let bodies: Vec<&str> = group.iter().map(|new| new.body.as_str()).collect();
    let salts: Vec<&[u8]> = group.iter().map(|new| new.salt.as_slice()).collect();
    // all that were decided by the newest policy of the group, if that is the one in force; the others are decided anew
    let policy = group.iter().map(|new| new.policy_version).max().unwrap_or_default();
    let versions: Vec<Option<i64>> = group.iter().map(|new| new.recipient_version.filter(|_| new.policy_version == policy)).collect();
    let rows = sqlx::query_as!(
        SentRow,
        r#"select outcome as "outcome!", seq, sent_at, delivered_at, read_at, last_seq, created_at,
                  sender_change_no, sender_now, sender_unread, sender_read_seq, sender_delivered_seq,
                  recipient_change_no, recipient_now, recipient_unread, recipient_read_seq, recipient_delivered_seq,
                  recipient_last_sent_at, recipient_id, recipient_version, recipient_username, recipient_display_name,
                  recipient_department, recipient_role, recipient_active, sender_username, sender_display_name,
                  sender_department, sender_role, sender_active, now() as "now!", policy.version as "policy_version!"
           from policy_in_force_v1() as policy (version)
           cross join lateral send_messages_v3($1, $2, $3, $4, $5, case
               when policy.version = $7 then $6::bigint[]
               else array_fill(null::bigint, array[cardinality($6::bigint[])])
           end)"#,
        &of(|new| new.sender.0),
        &of(|new| new.conversation_id.0),
        &of(|new| new.client_id.0),
        &bodies as &[&str],
        &salts as &[&[u8]],
        &versions as &[Option<i64>],
        policy
    )
    .fetch_all(db)
    .await?;
    let complete = rows.len() == group.len();
    let sent: Option<Vec<Sent>> = rows.into_iter().zip(group).map(|(row, new)| row.into_sent(new)).collect();
    sent.filter(|_| complete).ok_or_else(|| sqlx::Error::Protocol("send_messages_v3 left something empty".into()))
}

struct SentRow {
    outcome: String,
    seq: Option<i64>,
    sent_at: Option<OffsetDateTime>,
    delivered_at: Option<OffsetDateTime>,
    read_at: Option<OffsetDateTime>,
    last_seq: Option<i64>,
    created_at: Option<OffsetDateTime>,
    sender_change_no: Option<i64>,
    sender_now: Option<i64>,
    sender_unread: Option<i64>,
    sender_read_seq: Option<i64>,
    sender_delivered_seq: Option<i64>,
    recipient_change_no: Option<i64>,
    recipient_now: Option<i64>,
    recipient_unread: Option<i64>,
    recipient_read_seq: Option<i64>,
    recipient_delivered_seq: Option<i64>,
    recipient_last_sent_at: Option<OffsetDateTime>,
    recipient_id: Option<Uuid>,
    recipient_version: Option<i64>,
    recipient_username: Option<String>,
    recipient_display_name: Option<String>,
    recipient_department: Option<String>,
    recipient_role: Option<String>,
    recipient_active: Option<bool>,
    sender_username: Option<String>,
    sender_display_name: Option<String>,
    sender_department: Option<String>,
    sender_role: Option<String>,
    sender_active: Option<bool>,
    now: OffsetDateTime,
    policy_version: i64,
}

impl SentRow {
    fn into_sent(self, new: &NewMessage) -> Option<Sent> {
        Some(match self.outcome.as_str() {
            "created" => Sent::Created(self.message(new)?, Box::new(self.sides(new)?)),
            "replayed" => Sent::Replayed(self.message(new)?),
            "conflict" => Sent::Conflict,
            "not_found" => Sent::NotFound,
            "recipient_changed" => Sent::RecipientChanged(Recipient {
                version: self.recipient_version?,
                party: Party::from(&self.recipient()?),
                wrote_at: self.recipient_last_sent_at.map(Timestamp::from),
                now: self.now.into(),
                policy_version: self.policy_version,
            }),
            _ => return None,
        })
    }

    fn message(&self, new: &NewMessage) -> Option<Message> {
        Some(Message {
            conversation_id: new.conversation_id,
            seq: Seq(self.seq?),
            client_id: new.client_id,
            sender_id: new.sender,
            recipient_id: UserId(self.recipient_id?),
            body: new.body.as_str().to_owned(),
            sent_at: self.sent_at?.into(),
            delivered_at: self.delivered_at.map(Timestamp::from),
            read_at: self.read_at.map(Timestamp::from),
            status: status(self.delivered_at, self.read_at),
        })
    }

    fn recipient(&self) -> Option<User> {
        Some(User::from(UserRow {
            id: self.recipient_id?,
            username: self.recipient_username.clone()?,
            display_name: self.recipient_display_name.clone()?,
            department: self.recipient_department.clone()?,
            role: self.recipient_role.clone()?,
            active: self.recipient_active?,
        }))
    }

    /// As they are in the transaction: a change of them that is told later comes later, too.
    fn sender(&self, new: &NewMessage) -> Option<User> {
        Some(User::from(UserRow {
            id: new.sender.0,
            username: self.sender_username.clone()?,
            display_name: self.sender_display_name.clone()?,
            department: self.sender_department.clone()?,
            role: self.sender_role.clone()?,
            active: self.sender_active?,
        }))
    }

    fn sides(&self, new: &NewMessage) -> Option<Sides> {
        let sent_at = Timestamp::from(self.sent_at?);
        let sender = Side {
            user: self.sender(new)?,
            moved_to: ChangeNo(self.sender_change_no?),
            change_no: ChangeNo(self.sender_now?),
            unread_count: self.sender_unread?,
            read_seq: Seq(self.sender_read_seq?),
            delivered_seq: Seq(self.sender_delivered_seq?),
            last_sent_at: Some(sent_at),
            last_activity_at: sent_at,
        };
        let recipient = Side {
            user: self.recipient()?,
            moved_to: ChangeNo(self.recipient_change_no?),
            change_no: ChangeNo(self.recipient_now?),
            unread_count: self.recipient_unread?,
            read_seq: Seq(self.recipient_read_seq?),
            delivered_seq: Seq(self.recipient_delivered_seq?),
            last_sent_at: self.recipient_last_sent_at.map(Timestamp::from),
            last_activity_at: sent_at,
        };
        Some(Sides {
            conversation_id: new.conversation_id,
            created_at: self.created_at?.into(),
            last_seq: Seq(self.last_seq?),
            last_message: LastMessage { sender_id: new.sender, text: new.body.as_str().to_owned(), sent_at },
            now: self.now.into(),
            one: sender,
            other: recipient,
        })
    }
}
