//! The lines of a whole export, from one snapshot, as the client takes them: nothing is held here, and nobody waits for it.
//! A reading transaction has no lock that the sealer looks for, and sees each round of it whole or not at all.
//!
//! Whatever stands in the tables is handed out as it stands there; whether it goes together is not asked here.

use super::bundle_reviews::{exports, reviews};
use crate::{
    domain::{
        ids::{ConversationId, UserId},
        time::Timestamp,
    },
    server::proof::{
        bundle::{Checkpoint, Conversation, Hex, Key, Leaf, Line, Message, Participant, Receipt, Record, Row, RowKind, Seal, Sealed},
        canonical::{Details, Entry},
    },
};
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use sqlx::{Connection, Executor, PgConnection, PgTransaction};
use time::OffsetDateTime;
use uuid::Uuid;

/// The lines of one kind.
pub type Lines<'a> = BoxStream<'a, Result<Line, sqlx::Error>>;

/// The lines that follow each other in the file.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Whether two tables are compared as a whole: not row by row then.
    pub whole_tables: bool,
    /// They.
    pub lines: for<'a> fn(&'a mut PgConnection) -> Lines<'a>,
}

/// In the order in which they stand there.
pub const PARTS: [Part; 11] = [
    Part { whole_tables: false, lines: sealed },
    Part { whole_tables: true, lines: unsealed },
    Part { whole_tables: true, lines: orphans },
    Part { whole_tables: true, lines: stray_messages },
    Part { whole_tables: true, lines: stray_receipts },
    Part { whole_tables: true, lines: stray_conversations },
    Part { whole_tables: false, lines: participants },
    Part { whole_tables: false, lines: reviews },
    Part { whole_tables: false, lines: exports },
    Part { whole_tables: false, lines: checkpoints },
    Part { whole_tables: false, lines: keys },
];

/// Everything that is asked in it sees the same moment, and can change nothing.
pub async fn snapshot(db: &mut PgConnection) -> Result<PgTransaction<'_>, sqlx::Error> {
    db.begin_with("begin isolation level repeatable read, read only").await
}

/// From here on row by row along the indexes, so that the first row comes at once and nothing is sorted on the disk.
pub async fn in_order(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    db.execute("set local enable_hashjoin = off; set local enable_mergejoin = off").await.map(|_| ())
}

/// From here on as the planner likes.
pub async fn in_any_way(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    db.execute("set local enable_hashjoin = on; set local enable_mergejoin = on").await.map(|_| ())
}

/// The entries with a leaf, in the order of the leaves.
pub fn sealed(db: &mut PgConnection) -> Lines<'_> {
    sqlx::query_file_as!(EntryRow, "src/server/db/sql/bundle_sealed.sql").fetch(db).map_ok(EntryRow::line).boxed()
}

/// The entries without a leaf, by number.
pub fn unsealed(db: &mut PgConnection) -> Lines<'_> {
    sqlx::query_file_as!(EntryRow, "src/server/db/sql/bundle_unsealed.sql").fetch(db).map_ok(EntryRow::line).boxed()
}

/// The leaves without an entry.
pub fn orphans(db: &mut PgConnection) -> Lines<'_> {
    let rows = sqlx::query!(
        "select l.index, l.entry_id, l.hash from audit_leaves l
         where not exists (select from audit_entries e where e.id = l.entry_id) order by l.index, l.entry_id"
    );
    let lines = rows.fetch(db).map_ok(|row| Record::Leaf(Leaf { leaf: row.index, leaf_hash: Hex(row.hash), entry_id: row.entry_id }));
    lines.map_ok(Line::Record).boxed()
}

/// The messages that no entry vouches for.
pub fn stray_messages(db: &mut PgConnection) -> Lines<'_> {
    let rows = sqlx::query!(
        r#"select m.conversation_id, m.seq, m.sender_id, m.sender_ordinal, m.sent_at, m.body as "body?", m.body_salt as "body_salt?", m.body_digest
           from messages m
           where not exists (
               select from audit_entries e
               where e.action = 'message.sent' and e.conversation_id = m.conversation_id and e.object = m.seq::text
           )
           order by m.conversation_id, m.seq"#
    );
    let messages = rows.fetch(db).map_ok(|row| Message {
        conversation_id: ConversationId(row.conversation_id),
        seq: row.seq,
        sender_id: UserId(row.sender_id),
        sender_ordinal: row.sender_ordinal,
        sent_at: row.sent_at.into(),
        body: row.body,
        body_salt: row.body_salt.map(Hex),
        body_digest: Hex(row.body_digest),
    });
    messages.map_ok(|message| Line::Record(Record::Message(message))).boxed()
}

/// The receipts that no entry vouches for.
pub fn stray_receipts(db: &mut PgConnection) -> Lines<'_> {
    let rows = sqlx::query!(
        "select r.conversation_id, r.user_id, r.kind, r.up_to_seq, r.at
         from receipts r
         where not exists (
             select from audit_entries e
             where e.action = 'message.' || r.kind and e.conversation_id = r.conversation_id and e.actor_id = r.user_id
               and e.object = r.up_to_seq::text
         )
         order by r.conversation_id, r.user_id, r.kind collate \"C\", r.up_to_seq"
    );
    let receipts = rows.fetch(db).map_ok(|row| Receipt {
        conversation_id: ConversationId(row.conversation_id),
        user_id: UserId(row.user_id),
        kind: row.kind,
        up_to_seq: row.up_to_seq,
        at: row.at.into(),
    });
    receipts.map_ok(|receipt| Line::Record(Record::Receipt(receipt))).boxed()
}

/// The conversations that no entry vouches for.
pub fn stray_conversations(db: &mut PgConnection) -> Lines<'_> {
    let rows = sqlx::query!(
        "select c.id, c.user_low, c.user_high, c.created_by, c.last_seq, c.last_message_at
         from conversations c
         where not exists (select from audit_entries e where e.action = 'conversation.created' and e.conversation_id = c.id)
         order by c.id"
    );
    let conversations = rows.fetch(db).map_ok(|row| Conversation {
        id: ConversationId(row.id),
        user_low: UserId(row.user_low),
        user_high: UserId(row.user_high),
        created_by: UserId(row.created_by),
        last_seq: row.last_seq,
        last_message_at: row.last_message_at.map(Timestamp::from),
    });
    conversations.map_ok(|conversation| Line::Record(Record::Conversation(conversation))).boxed()
}

/// How everybody stands in each of their conversations.
pub fn participants(db: &mut PgConnection) -> Lines<'_> {
    let rows = sqlx::query!(
        r#"select conversation_id, user_id, peer_id, opened_at, last_seq, own_total, delivered_seq, read_seq, own_at_read, unread as "unread!",
                  last_activity_at, last_sent_at
           from participants order by conversation_id, user_id"#
    );
    let sides = rows.fetch(db).map_ok(|row| Participant {
        conversation_id: ConversationId(row.conversation_id),
        user_id: UserId(row.user_id),
        peer_id: UserId(row.peer_id),
        opened_at: row.opened_at.map(Timestamp::from),
        last_seq: row.last_seq,
        own_total: row.own_total,
        delivered_seq: row.delivered_seq,
        read_seq: row.read_seq,
        own_at_read: row.own_at_read,
        unread: row.unread,
        last_activity_at: row.last_activity_at.map(Timestamp::from),
        last_sent_at: row.last_sent_at.map(Timestamp::from),
    });
    sides.map_ok(|side| Line::Record(Record::Participant(side))).boxed()
}

/// The tree at each size that was signed.
pub fn checkpoints(db: &mut PgConnection) -> Lines<'_> {
    let rows = sqlx::query!("select size, root, frontier, signed_note from audit_checkpoints order by size");
    let checkpoints = rows.fetch(db).map_ok(|row| Checkpoint {
        size: row.size,
        root: Hex(row.root),
        frontier: Hex(row.frontier),
        signed_note: row.signed_note,
    });
    checkpoints.map_ok(|checkpoint| Line::Record(Record::Checkpoint(checkpoint))).boxed()
}

/// Who has signed.
pub fn keys(db: &mut PgConnection) -> Lines<'_> {
    let keys = sqlx::query_scalar!("select vkey from audit_keys order by vkey collate \"C\"").fetch(db);
    keys.map_ok(|vkey| Line::Record(Record::Key(Key { vkey }))).boxed()
}

/// An entry beside its leaf and the row that it vouches for. Of the three rows at most one is there.
struct EntryRow {
    leaf: Option<i64>,
    hash: Option<Vec<u8>>,
    id: i64,
    at: OffsetDateTime,
    actor_id: Option<Uuid>,
    action: String,
    conversation_id: Option<Uuid>,
    object: Option<String>,
    details: String,
    row_conversation_id: Option<Uuid>,
    row_number: Option<i64>,
    row_user_id: Option<Uuid>,
    row_at: Option<OffsetDateTime>,
    sender_ordinal: Option<i64>,
    body: Option<String>,
    body_salt: Option<Vec<u8>>,
    body_digest: Option<Vec<u8>>,
    kind: Option<String>,
    user_low: Option<Uuid>,
    user_high: Option<Uuid>,
}

impl EntryRow {
    fn line(self) -> Line {
        let seal = self.leaf.zip(self.hash.clone()).map(|(leaf, hash)| Seal { leaf, hash: Hex(hash) });
        let kind = RowKind::of(&self.action);
        let entry = Entry {
            id: self.id,
            at: self.at.into(),
            actor_id: self.actor_id.map(UserId),
            action: self.action.clone(),
            conversation_id: self.conversation_id.map(ConversationId),
            object: self.object.clone(),
            details: Details::of(&self.details),
        };
        let row = match kind {
            RowKind::Nothing => Row::Nothing,
            RowKind::Message => Row::Message(self.message()),
            RowKind::Receipt => Row::Receipt(self.receipt()),
            RowKind::Conversation => Row::Conversation(self.conversation()),
        };
        Line::Entry(Box::new(Sealed { entry, seal, row }))
    }

    fn message(self) -> Option<Message> {
        Some(Message {
            conversation_id: ConversationId(self.row_conversation_id?),
            seq: self.row_number?,
            sender_id: UserId(self.row_user_id?),
            sender_ordinal: self.sender_ordinal?,
            sent_at: self.row_at?.into(),
            body: self.body,
            body_salt: self.body_salt.map(Hex),
            body_digest: Hex(self.body_digest?),
        })
    }

    fn receipt(self) -> Option<Receipt> {
        Some(Receipt {
            conversation_id: ConversationId(self.row_conversation_id?),
            user_id: UserId(self.row_user_id?),
            kind: self.kind?,
            up_to_seq: self.row_number?,
            at: self.row_at?.into(),
        })
    }

    fn conversation(self) -> Option<Conversation> {
        Some(Conversation {
            id: ConversationId(self.row_conversation_id?),
            user_low: UserId(self.user_low?),
            user_high: UserId(self.user_high?),
            created_by: UserId(self.row_user_id?),
            last_seq: self.row_number?,
            last_message_at: self.row_at.map(Timestamp::from),
        })
    }
}
