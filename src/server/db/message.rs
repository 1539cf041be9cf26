//! Messages: sending one, and reading a page of them. Each is one statement.
//!
//! The send is a function of the database (`send_messages_v1`): it locks, looks its key up and writes in an order that
//! keeps seqs dense and changes in commit order, in a single round trip.

use crate::domain::{
    ids::{ClientId, ConversationId, Seq, UserId},
    message::{Message, MessageBody, Status},
    page::{MessagePage, PageAt},
    policy::Party,
    time::Timestamp,
    user::Role,
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A message to be written.
#[derive(Debug)]
pub struct NewMessage<'a> {
    /// Who writes.
    pub sender: UserId,
    /// Where.
    pub conversation_id: ConversationId,
    /// The key of this and every further try.
    pub client_id: ClientId,
    /// The text as it is stored.
    pub body: &'a MessageBody,
    /// 32 random bytes for the digest.
    pub salt: &'a [u8; 32],
    /// The recipient's version that the policy was asked about; `None` when it has not been asked.
    pub recipient_version: Option<i64>,
}

/// What came of a send.
#[derive(Debug)]
pub enum Sent {
    /// Written now.
    Created(Message),
    /// An earlier try had written it: as it stands.
    Replayed(Message),
    /// The key belongs to another text or another conversation.
    Conflict,
    /// The conversation does not stand in the sender's inbox.
    NotFound,
    /// Nothing was written: the policy has to be asked about the recipient as they are now.
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
}

/// Sends one message.
pub async fn send(db: &mut PgConnection, new: &NewMessage<'_>) -> Result<Sent, sqlx::Error> {
    let row = sqlx::query_as!(
        SentRow,
        r#"select outcome as "outcome!", seq, sent_at, delivered_at, read_at, recipient_id, recipient_version,
                  recipient_role, recipient_department, recipient_active, recipient_last_sent_at, now() as "now!"
           from send_messages_v1(array[$1::uuid], array[$2::uuid], array[$3::uuid], array[$4::text], array[$5::bytea], array[$6::bigint])"#,
        new.sender.0,
        new.conversation_id.0,
        new.client_id.0,
        new.body.as_str(),
        new.salt.as_slice(),
        new.recipient_version
    )
    .fetch_one(db)
    .await?;
    row.into_sent(new).ok_or_else(|| sqlx::Error::Protocol("send_messages_v1 left a column empty".into()))
}

struct SentRow {
    outcome: String,
    seq: Option<i64>,
    sent_at: Option<OffsetDateTime>,
    delivered_at: Option<OffsetDateTime>,
    read_at: Option<OffsetDateTime>,
    recipient_id: Option<Uuid>,
    recipient_version: Option<i64>,
    recipient_role: Option<String>,
    recipient_department: Option<String>,
    recipient_active: Option<bool>,
    recipient_last_sent_at: Option<OffsetDateTime>,
    now: OffsetDateTime,
}

impl SentRow {
    fn into_sent(self, new: &NewMessage<'_>) -> Option<Sent> {
        Some(match self.outcome.as_str() {
            "created" => Sent::Created(self.into_message(new)?),
            "replayed" => Sent::Replayed(self.into_message(new)?),
            "conflict" => Sent::Conflict,
            "not_found" => Sent::NotFound,
            "recipient_changed" => Sent::RecipientChanged(Recipient {
                version: self.recipient_version?,
                party: Party {
                    role: self.recipient_role?.parse().unwrap_or(Role::Member),
                    department: self.recipient_department?,
                    active: self.recipient_active?,
                },
                wrote_at: self.recipient_last_sent_at.map(Timestamp::from),
                now: self.now.into(),
            }),
            _ => return None,
        })
    }

    fn into_message(self, new: &NewMessage<'_>) -> Option<Message> {
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
}

/// A page of a conversation; `None` when it does not stand in the viewer's inbox.
pub async fn page(
    db: &mut PgConnection,
    viewer: UserId,
    conversation: ConversationId,
    at: PageAt,
    limit: i64,
) -> Result<Option<MessagePage>, sqlx::Error> {
    let mut bounds = Bounds::default();
    match at {
        PageAt::Newest => {}
        PageAt::Before(seq) => bounds.before = Some(seq.0),
        PageAt::After(seq) => bounds.after = Some(seq.0),
        PageAt::Around(seq) => bounds.around = Some(seq.0),
        PageAt::At(moment) => bounds.at = Some(moment.into_inner()),
    }
    let rows = sqlx::query_file_as!(
        PageRow,
        "src/server/db/sql/message_page.sql",
        conversation.0,
        viewer.0,
        limit,
        bounds.before,
        bounds.after,
        bounds.around,
        bounds.at
    )
    .fetch_all(db)
    .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (has_before, has_after) = (row.first > 1, row.last.max(0) < row.last_seq);
    let items = rows.into_iter().filter_map(|row| row.into_message(viewer, conversation)).collect();
    Ok(Some(MessagePage { items, has_before, has_after }))
}

#[derive(Default)]
struct Bounds {
    before: Option<i64>,
    after: Option<i64>,
    around: Option<i64>,
    at: Option<OffsetDateTime>,
}

/// A message beside the page it stands on; everything of the message is null on an empty page.
struct PageRow {
    last_seq: i64,
    peer_id: Uuid,
    first: i64,
    last: i64,
    seq: Option<i64>,
    client_id: Option<Uuid>,
    sender_id: Option<Uuid>,
    body: Option<String>,
    sent_at: Option<OffsetDateTime>,
    delivered_at: Option<OffsetDateTime>,
    read_at: Option<OffsetDateTime>,
}

impl PageRow {
    fn into_message(self, viewer: UserId, conversation_id: ConversationId) -> Option<Message> {
        let sender_id = UserId(self.sender_id?);
        Some(Message {
            conversation_id,
            seq: Seq(self.seq?),
            client_id: ClientId(self.client_id?),
            sender_id,
            recipient_id: if sender_id == viewer { UserId(self.peer_id) } else { viewer },
            body: self.body?,
            sent_at: self.sent_at?.into(),
            delivered_at: self.delivered_at.map(Timestamp::from),
            read_at: self.read_at.map(Timestamp::from),
            status: status(self.delivered_at, self.read_at),
        })
    }
}

/// How far a message has come, by its receipts.
pub(super) fn status(delivered_at: Option<OffsetDateTime>, read_at: Option<OffsetDateTime>) -> Status {
    match (delivered_at, read_at) {
        (_, Some(_)) => Status::Read,
        (Some(_), None) => Status::Delivered,
        (None, None) => Status::Sent,
    }
}
