//! Messages: reading a page of them, in one statement. Sending them is in `send`.

use crate::domain::{
    ids::{ClientId, ConversationId, Seq, UserId},
    message::{Message, Status},
    page::{MessagePage, PageAt},
    time::Timestamp,
};
use sqlx::PgConnection;
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
