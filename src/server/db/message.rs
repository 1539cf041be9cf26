//! Messages: reading a page of them, in one statement. Sending them is in `send`.

use crate::domain::{
    ids::{ClientId, ConversationId, Seq, UserId},
    message::{Message, Status},
    page::{MessagePage, PageAt},
    time::Timestamp,
};
use sqlx::PgConnection;
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

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
    let mut receipts = Receipts::default();
    let mut items = Vec::new();
    // the messages come first
    for row in rows {
        if row.receiver_id.is_some() { receipts.add(&row) } else { items.extend(row.into_message(viewer, conversation)) }
    }
    items.iter_mut().for_each(|message| receipts.tell(message));
    Ok(Some(MessagePage { items, has_before, has_after }))
}

#[derive(Default)]
struct Bounds {
    before: Option<i64>,
    after: Option<i64>,
    around: Option<i64>,
    at: Option<OffsetDateTime>,
}

/// A message, or a receipt, beside the page it stands on; everything of the message is null on an empty page.
struct PageRow {
    last_seq: i64,
    peer_id: Uuid,
    first: i64,
    last: i64,
    seq: Option<i64>,
    client_id: Option<Uuid>,
    sender_id: Option<Uuid>,
    body: Option<String>,
    at: Option<OffsetDateTime>,
    /// Of a receipt: whose it is.
    receiver_id: Option<Uuid>,
    /// Of a receipt: read, and not only delivered.
    is_read: bool,
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
            sent_at: self.at?.into(),
            delivered_at: None,
            read_at: None,
            status: Status::Sent,
        })
    }
}

/// The receipts of both sides, each ascending.
#[derive(Default)]
struct Receipts(HashMap<(UserId, bool), Vec<(i64, OffsetDateTime)>>);

impl Receipts {
    fn add(&mut self, row: &PageRow) {
        if let (Some(receiver), Some(up_to), Some(at)) = (row.receiver_id, row.seq, row.at) {
            self.0.entry((UserId(receiver), row.is_read)).or_default().push((up_to, at));
        }
    }

    /// Delivered and read by its recipient with the first receipt that reaches it.
    fn tell(&self, message: &mut Message) {
        let first = |is_read| {
            let of_recipient = self.0.get(&(message.recipient_id, is_read))?;
            of_recipient.get(of_recipient.partition_point(|(up_to, _)| *up_to < message.seq.0)).map(|(_, at)| *at)
        };
        let (delivered_at, read_at) = (first(false), first(true));
        message.status = status(delivered_at, read_at);
        message.delivered_at = delivered_at.map(Timestamp::from);
        message.read_at = read_at.map(Timestamp::from);
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
