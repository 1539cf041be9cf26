//! Conversations as one participant sees them: one shape (`inbox_entries`) behind the inbox, one conversation and the changes.
//!
//! Each read is one statement and so one snapshot: the entries and the change number they were read at belong together.
//! What a viewer may see is part of the statement; whether they may write is for the service to decide.

use super::user::{UserRow, role};
use crate::domain::{
    conversation::{Conversation, MessagePreview},
    ids::{ChangeNo, ConversationId, Seq, UserId},
    message::Status,
    page::Cursor,
    policy::Party,
    time::Timestamp,
    user::User,
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Entries of one viewer, and the moment they were read at.
#[derive(Debug)]
pub struct Entries {
    /// In the order of the statement.
    pub items: Vec<Entry>,
    /// The viewer's newest change in the same snapshot.
    pub newest: ChangeNo,
    /// The database's clock.
    pub now: Timestamp,
    /// The policy's newest version in the same snapshot.
    pub policy_version: i64,
    /// What the policy has to know of the viewer, in the same snapshot: who has a stream may be somebody else by now than
    /// when it began.
    pub viewer: Party,
}

/// A conversation, and what the policy has to know besides.
#[derive(Debug)]
pub struct Entry {
    /// `can_write` is still open.
    pub conversation: Conversation,
    /// When the peer last wrote to the viewer.
    pub peer_wrote_at: Option<Timestamp>,
}

/// Opens the conversation of two people for the first of them; true when it is new.
pub async fn open(db: &mut PgConnection, viewer: UserId, recipient: UserId) -> Result<(ConversationId, bool), sqlx::Error> {
    let row = sqlx::query!(
        r#"select conversation_id as "conversation_id!", created as "created!" from open_conversation_v1($1, $2)"#,
        viewer.0,
        recipient.0
    )
    .fetch_one(db)
    .await?;
    Ok((ConversationId(row.conversation_id), row.created))
}

/// Somebody to write to, the conversation with them if the viewer sees one, and when they last wrote to the viewer.
#[derive(Debug)]
pub struct Recipient {
    /// The person.
    pub user: User,
    /// The conversation that stands in the viewer's inbox.
    pub conversation: Option<ConversationId>,
    /// When they last wrote to the viewer.
    pub wrote_at: Option<Timestamp>,
    /// The database's clock.
    pub now: Timestamp,
    /// The policy's newest version in the same snapshot.
    pub policy_version: i64,
}

/// The person with this id, seen from the viewer.
pub async fn recipient(db: &mut PgConnection, viewer: UserId, id: UserId) -> Result<Option<Recipient>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select u.id, u.username, u.display_name, u.department, u.role, u.active,
                  p.conversation_id as "conversation_id?", q.last_sent_at, now() as "now!",
                  (select coalesce(max(version), 0) from policy_versions) as "policy_version!"
           from users u
           left join participants p on p.user_id = $1 and p.peer_id = u.id and p.last_activity_at is not null
           left join participants q on q.user_id = u.id and q.peer_id = $1
           where u.id = $2"#,
        viewer.0,
        id.0
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Recipient {
        user: UserRow {
            id: row.id,
            username: row.username,
            display_name: row.display_name,
            department: row.department,
            role: row.role,
            active: row.active,
        }
        .into(),
        conversation: row.conversation_id.map(ConversationId),
        wrote_at: row.last_sent_at.map(Timestamp::from),
        now: row.now.into(),
        policy_version: row.policy_version,
    }))
}

/// A page of the inbox, latest activity first, whose peers match all of these patterns.
pub async fn page(
    db: &mut PgConnection,
    viewer: UserId,
    patterns: &[String],
    after: Option<Cursor>,
    limit: i64,
) -> Result<Entries, sqlx::Error> {
    let rows = sqlx::query_file_as!(
        EntryRow,
        "src/server/db/sql/inbox_page.sql",
        viewer.0,
        after.map(|cursor| cursor.last_activity_at.into_inner()),
        after.map(|cursor| cursor.conversation_id.0),
        patterns,
        limit
    )
    .fetch_all(db)
    .await?;
    entries(rows)
}

/// One conversation, if it stands in the viewer's inbox.
pub async fn get(db: &mut PgConnection, viewer: UserId, id: ConversationId) -> Result<Entries, sqlx::Error> {
    let rows = sqlx::query_file_as!(EntryRow, "src/server/db/sql/inbox_entry.sql", viewer.0, id.0).fetch_all(db).await?;
    entries(rows)
}

/// The viewer's conversations that changed after `since`, ascending by change number.
pub async fn changed(db: &mut PgConnection, viewer: UserId, since: ChangeNo, limit: i64) -> Result<Entries, sqlx::Error> {
    let rows = sqlx::query_file_as!(EntryRow, "src/server/db/sql/inbox_changes.sql", viewer.0, since.0, limit).fetch_all(db).await?;
    entries(rows)
}

/// Whether the conversation stands in the viewer's inbox.
pub async fn is_visible(db: &mut PgConnection, viewer: UserId, id: ConversationId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (
               select 1 from participants where conversation_id = $2 and user_id = $1 and last_activity_at is not null
           ) as "visible!""#,
        viewer.0,
        id.0
    )
    .fetch_one(db)
    .await
}

/// A row of `inbox_entries` beside the viewer's feed; everything of the entry is null when there is none.
struct EntryRow {
    newest: i64,
    now: OffsetDateTime,
    policy_version: i64,
    viewer_role: String,
    viewer_department: String,
    conversation_id: Option<Uuid>,
    unread: Option<i64>,
    last_seq: Option<i64>,
    read_seq: Option<i64>,
    delivered_seq: Option<i64>,
    change_no: Option<i64>,
    last_activity_at: Option<OffsetDateTime>,
    peer_read_seq: Option<i64>,
    peer_delivered_seq: Option<i64>,
    peer_last_sent_at: Option<OffsetDateTime>,
    created_at: Option<OffsetDateTime>,
    peer_id: Option<Uuid>,
    peer_username: Option<String>,
    peer_display_name: Option<String>,
    peer_department: Option<String>,
    peer_role: Option<String>,
    peer_active: Option<bool>,
    last_sender_id: Option<Uuid>,
    last_text: Option<String>,
    last_sent_at: Option<OffsetDateTime>,
}

fn entries(rows: Vec<EntryRow>) -> Result<Entries, sqlx::Error> {
    let Some(first) = rows.first() else { return Err(sqlx::Error::RowNotFound) };
    let (newest, now, policy_version) = (ChangeNo(first.newest), first.now.into(), first.policy_version);
    let viewer = Party { role: role(&first.viewer_role), department: first.viewer_department.clone(), active: true };
    Ok(Entries { items: rows.into_iter().filter_map(EntryRow::into_entry).collect(), newest, now, policy_version, viewer })
}

impl EntryRow {
    fn into_entry(self) -> Option<Entry> {
        let peer = User::from(UserRow {
            id: self.peer_id?,
            username: self.peer_username?,
            display_name: self.peer_display_name?,
            department: self.peer_department?,
            role: self.peer_role?,
            active: self.peer_active?,
        });
        let (delivered, read) = (Seq(self.delivered_seq?), Seq(self.read_seq?));
        let (peer_delivered, peer_read) = (Seq(self.peer_delivered_seq?), Seq(self.peer_read_seq?));
        let last_seq = Seq(self.last_seq?);
        let last_message = match (self.last_sender_id, self.last_text, self.last_sent_at) {
            (Some(sender), Some(text), Some(sent_at)) => Some(preview(LastRow {
                seq: last_seq,
                sender_id: UserId(sender),
                text: &text,
                sent_at: sent_at.into(),
                recipients: if sender == peer.id.0 { (delivered, read) } else { (peer_delivered, peer_read) },
            })),
            _ => None,
        };
        Some(Entry {
            conversation: Conversation {
                id: ConversationId(self.conversation_id?),
                peer,
                last_message,
                last_activity_at: self.last_activity_at?.into(),
                unread_count: self.unread?,
                last_seq,
                read_seq: read,
                delivered_seq: delivered,
                peer_read_seq: peer_read,
                peer_delivered_seq: peer_delivered,
                can_write: false,
                cannot_write_reason: None,
                change_no: ChangeNo(self.change_no?),
                created_at: self.created_at?.into(),
            },
            peer_wrote_at: self.peer_last_sent_at.map(Timestamp::from),
        })
    }
}

/// The newest message, and how far its recipient has come: delivered, read.
pub(super) struct LastRow<'a> {
    pub(super) seq: Seq,
    pub(super) sender_id: UserId,
    pub(super) text: &'a str,
    pub(super) sent_at: Timestamp,
    pub(super) recipients: (Seq, Seq),
}

pub(super) fn preview(last: LastRow<'_>) -> MessagePreview {
    let (delivered, read) = last.recipients;
    MessagePreview {
        seq: last.seq,
        sender_id: last.sender_id,
        text: MessagePreview::shorten(last.text),
        sent_at: last.sent_at,
        status: Status::of(last.seq, delivered, read),
    }
}
