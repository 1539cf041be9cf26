//! Looking through the audit log, and how far it is sealed. Nothing here writes.

use crate::domain::{
    audit_log::{AuditCursor, AuditEntry, AuditFilter, Checkpoint, SealStatus},
    ids::{ConversationId, UserId},
};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// From here to the end of the transaction each statement is planned for its parameters. The plans of the pool are made
/// once for all parameters, which no statement with optional conditions can use an index with.
pub async fn plan_for_parameters(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query_scalar!("select set_config('plan_cache_mode', 'force_custom_plan', true)").fetch_one(db).await.map(|_| ())
}

/// Entries that match, newest first, below a cursor.
pub async fn page(
    db: &mut PgConnection,
    filter: &AuditFilter,
    below: Option<AuditCursor>,
    limit: i64,
) -> Result<Vec<AuditEntry>, sqlx::Error> {
    let people = filter.people.as_ref().map(|people| people.iter().map(|person| person.0).collect::<Vec<_>>());
    let people_as_text = people.as_ref().map(|people| people.iter().map(Uuid::to_string).collect::<Vec<_>>());
    let rows = sqlx::query_file!(
        "src/server/db/sql/audit_page.sql",
        people.as_deref(),
        people_as_text.as_deref(),
        filter.action.map(|action| action.as_str()),
        filter.from.map(|from| from.into_inner()) as Option<OffsetDateTime>,
        filter.until.map(|until| until.into_inner()) as Option<OffsetDateTime>,
        filter.conversation.map(|conversation| conversation.0),
        below.map(|below| below.at.into_inner()) as Option<OffsetDateTime>,
        below.map(|below| below.id),
        limit
    );
    let entries = rows.fetch_all(db).await?.into_iter().map(|row| AuditEntry {
        id: row.id,
        at: row.at.into(),
        actor_id: row.actor_id.map(UserId),
        action: row.action,
        conversation_id: row.conversation_id.map(ConversationId),
        object: row.object,
        details: row.details,
        leaf: row.leaf,
    });
    Ok(entries.collect())
}

/// Whether this person is an admin by now.
pub async fn is_admin(db: &mut PgConnection, user: UserId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"select exists (select from users where id = $1 and role = 'admin' and active) as "is!""#, user.0)
        .fetch_one(db)
        .await
}

/// The names of these people; who is nobody has none.
pub async fn names(db: &mut PgConnection, ids: &[Uuid]) -> Result<BTreeMap<UserId, String>, sqlx::Error> {
    let rows = sqlx::query!("select id, display_name from users where id = any($1)", ids).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (UserId(row.id), row.display_name)).collect())
}

/// The newest checkpoint, and what waits for the next.
pub async fn seal_status(db: &mut PgConnection) -> Result<SealStatus, sqlx::Error> {
    let row = sqlx::query!(
        r#"select c.size as "size?", c.floor as "floor?", c.signed_note as "signed_note?", c.at as "at?",
                  waiting.number as "number!", coalesce(extract(epoch from clock_timestamp() - waiting.since), 0)::bigint as "seconds!"
           from (select count(*) as number, min(at) as since from (
                   select e.at from audit_entries e
                   where e.id > coalesce((select floor from audit_checkpoints order by size desc limit 1), 0)
                     and not exists (select from audit_leaves l where l.entry_id = e.id)
                   order by e.id limit $1) unsealed) waiting
           left join lateral (select size, floor, signed_note, at from audit_checkpoints order by size desc limit 1) c on true"#,
        SealStatus::MOST_WAITING
    )
    .fetch_one(db)
    .await?;
    let checkpoint = match (row.size, row.floor, row.signed_note, row.at) {
        (Some(size), Some(up_to_entry), Some(signed_note), Some(at)) => Some(Checkpoint {
            origin: signed_note.lines().next().unwrap_or_default().to_owned(),
            size,
            up_to_entry,
            at: at.into(),
            signed_note,
        }),
        _ => None,
    };
    Ok(SealStatus { checkpoint, waiting: row.number, waiting_seconds: row.seconds })
}
