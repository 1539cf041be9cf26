//! What the sealer of the audit log reads and writes, within its transaction. Nothing here updates or deletes.

use crate::{
    domain::ids::{ConversationId, UserId},
    server::proof::{
        canonical::{Details, Entry},
        tree::Hash,
    },
};
use futures_util::{Stream, StreamExt};
use sqlx::PgConnection;
use std::collections::HashSet;
use time::OffsetDateTime;
use uuid::Uuid;

/// The newest checkpoint, as it stands in the table.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Over so many leaves.
    pub size: i64,
    /// Their root.
    pub root: Vec<u8>,
    /// What is needed to go on.
    pub frontier: Vec<u8>,
    /// Every entry up to this number has its leaf.
    pub floor: i64,
    /// As it was signed.
    pub signed_note: String,
}

/// An entry without a leaf, as it stands in the table.
#[derive(Debug)]
pub struct Unsealed {
    /// Its number.
    pub id: i64,
    at: OffsetDateTime,
    actor_id: Option<Uuid>,
    action: String,
    conversation_id: Option<Uuid>,
    object: Option<String>,
    details: String,
    now: OffsetDateTime,
}

impl Unsealed {
    /// What is to be sealed.
    #[must_use]
    pub fn into_entry(self) -> Entry {
        Entry {
            id: self.id,
            at: self.at.into(),
            actor_id: self.actor_id.map(UserId),
            action: self.action,
            conversation_id: self.conversation_id.map(ConversationId),
            object: self.object,
            details: Details::of(&self.details),
        }
    }

    /// For how long it had waited when it was read, by the database's clock.
    #[must_use]
    pub fn waited_seconds(&self) -> f64 {
        (self.now - self.at).as_seconds_f64().max(0.0)
    }
}

/// Which entries are looked at: those after `after`, up to `up_to`.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Not itself.
    pub after: i64,
    /// Itself, too.
    pub up_to: i64,
}

impl Span {
    /// No further than that.
    #[must_use]
    pub fn up_to(self, most: i64) -> Self {
        Self { up_to: self.up_to.min(most), ..self }
    }
}

/// Whether this transaction is the one that seals; until it ends, no other is.
pub async fn try_lock(db: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(hashtextextended('cms_messages.audit_seal', 0)) as "mine!""#)
        .fetch_one(db)
        .await
}

/// The newest checkpoint.
pub async fn newest(db: &mut PgConnection) -> Result<Option<Stored>, sqlx::Error> {
    sqlx::query_as!(Stored, "select size, root, frontier, floor, signed_note from audit_checkpoints order by size desc limit 1")
        .fetch_optional(db)
        .await
}

/// The note of the newest checkpoint.
pub async fn newest_note(db: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("select signed_note from audit_checkpoints order by size desc limit 1").fetch_optional(db).await
}

/// The note of the checkpoint over so many leaves.
pub async fn note_of(db: &mut PgConnection, size: i64) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("select signed_note from audit_checkpoints where size = $1", size).fetch_optional(db).await
}

/// The hashes of the first leaves in their order.
pub fn hashes(db: &mut PgConnection, size: i64) -> impl Stream<Item = Result<Hash, sqlx::Error>> {
    let rows = sqlx::query_scalar!("select hash from audit_leaves where index < $1 order by index", size).fetch(db);
    rows.map(|row| row.and_then(|hash| Hash::of_slice(&hash).ok_or_else(|| sqlx::Error::Decode("this is no hash".into()))))
}

/// How many leaves there are, by the last one's place.
pub async fn leaves(db: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"select coalesce((select index + 1 from audit_leaves order by index desc limit 1), 0) as "leaves!""#)
        .fetch_one(db)
        .await
}

/// How many seconds the first entry by number that has no leaf has been waiting; `None` when there is none. Looks no further
/// than that: below the floor there is none.
pub async fn oldest_unsealed(db: &mut PgConnection) -> Result<Option<f64>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select greatest(extract(epoch from clock_timestamp() - e.at), 0)::float8 as "seconds!"
           from audit_entries e
           where e.id > coalesce((select c.floor from audit_checkpoints c order by c.size desc limit 1), 0)
             and not exists (
                 select from audit_leaves l
                 where l.entry_id = e.id
                   and l.entry_id > coalesce((select c.floor from audit_checkpoints c order by c.size desc limit 1), 0))
           order by e.id limit 1"#
    )
    .fetch_optional(db)
    .await
}

/// Who may be about to commit an entry: an INSERT takes this lock before it takes a number, and keeps it to the end of its
/// transaction. (A prepared transaction has a name here, too.) Who only reads, however long, has no such lock.
pub async fn writers(db: &mut PgConnection) -> Result<HashSet<String>, sqlx::Error> {
    let writers = sqlx::query_scalar!(
        r#"select virtualtransaction as "writer!" from pg_locks
           where locktype = 'relation' and mode = 'RowExclusiveLock' and granted and relation = 'audit_entries'::regclass
             and database = (select oid from pg_database where datname = current_database())"#
    );
    Ok(writers.fetch_all(db).await?.into_iter().collect())
}

/// The highest number of an entry.
pub async fn highest(db: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"select coalesce((select id from audit_entries order by id desc limit 1), 0) as "highest!""#).fetch_one(db).await
}

/// A span of so many entries after `after`; without an end when there are no more than that.
pub async fn window(db: &mut PgConnection, after: i64, entries: i64) -> Result<Span, sqlx::Error> {
    let last =
        sqlx::query_scalar!("select id from audit_entries where id > $1 order by id offset $2 limit 1", after, entries.saturating_sub(1));
    Ok(Span { after, up_to: last.fetch_optional(db).await?.unwrap_or(i64::MAX) })
}

/// Committed entries of a span that have no leaf, by number, at most `limit`. Reads nothing outside of the span, however it
/// is planned.
pub async fn unsealed(db: &mut PgConnection, span: Span, limit: i64) -> Result<Vec<Unsealed>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Unsealed,
        r#"select e.id, e.at, e.actor_id, e.action, e.conversation_id, e.object, e.details::text as "details!", clock_timestamp() as "now!: OffsetDateTime"
           from audit_entries e
           where e.id > $1 and e.id <= $2 and not exists (
               select from audit_leaves l where l.entry_id = e.id and l.entry_id > $1 and l.entry_id <= $2)
           order by e.id limit $3"#,
        span.after,
        span.up_to,
        limit
    );
    rows.fetch_all(db).await
}

/// The leaves of these entries, from place `first` on.
pub async fn append(db: &mut PgConnection, first: i64, entries: &[i64], hashes: &[Vec<u8>]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into audit_leaves (index, entry_id, hash)
         select $1 + leaf.place - 1, leaf.entry_id, leaf.hash from unnest($2::bigint[], $3::bytea[]) with ordinality as leaf (entry_id, hash, place)",
        first,
        entries,
        hashes
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A checkpoint, and who vouches for it.
pub async fn checkpoint(db: &mut PgConnection, checkpoint: &Stored, vkeys: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with vouching as (insert into audit_keys (vkey) select unnest($6::text[]) on conflict do nothing)
         insert into audit_checkpoints (size, root, frontier, floor, signed_note) values ($1, $2, $3, $4, $5)",
        checkpoint.size,
        checkpoint.root,
        checkpoint.frontier,
        checkpoint.floor,
        checkpoint.signed_note,
        vkeys
    )
    .execute(db)
    .await?;
    Ok(())
}
