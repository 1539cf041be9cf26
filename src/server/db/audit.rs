//! The audit log: appended to in the transaction of the change, read as one stream. Nothing here updates or deletes.

use crate::domain::{
    audit::Action,
    audit_log::{AuditCursor, AuditFilter},
    ids::{ConversationId, UserId},
    time::Timestamp,
};
use futures_util::{Stream, StreamExt};
use serde::Serialize;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// What is written down.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Nobody at the command line, and for what happens by itself.
    pub actor: Option<UserId>,
    /// What was done.
    pub action: Action,
    /// To what: the id of a user or token, the short name of a session.
    pub object: Option<String>,
    /// Never a text, a typed name, an address or a secret.
    pub details: serde_json::Value,
}

impl Entry {
    /// Done to `object` by nobody who is signed in.
    pub fn about(action: Action, object: impl ToString) -> Self {
        Self { actor: None, action, object: Some(object.to_string()), details: serde_json::json!({}) }
    }
}

/// An entry as it is exported: one JSON object a line.
#[derive(Debug, Clone, Serialize)]
pub struct ExportedEntry {
    /// Ascending, with gaps where a transaction was rolled back.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who; `null` for the command line and for what happens by itself.
    pub actor_id: Option<UserId>,
    /// A word of [`Action`].
    pub action: String,
    /// Where.
    pub conversation_id: Option<ConversationId>,
    /// To what.
    pub object: Option<String>,
    /// The rest.
    pub details: serde_json::Value,
}

/// Writes one entry down.
pub async fn append(connection: &mut PgConnection, entry: Entry) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into audit_entries (actor_id, action, object, details) values ($1, $2, $3, $4)",
        entry.actor.map(|actor| actor.0),
        entry.action.as_str(),
        entry.object,
        entry.details
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes one entry per object down, in one statement; `details` has as many.
pub async fn append_many(
    connection: &mut PgConnection,
    actor: Option<UserId>,
    action: Action,
    objects: &[Uuid],
    details: &[serde_json::Value],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into audit_entries (action, object, details, actor_id)
         select $1, entry.object::text, entry.details, $4 from unnest($2::uuid[], $3::jsonb[]) as entry (object, details)",
        action.as_str(),
        objects,
        details,
        actor.map(|actor| actor.0)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An admin takes the entries away that match; where the export begins: right below this entry.
pub async fn append_export(connection: &mut PgConnection, actor: UserId, filter: &AuditFilter) -> Result<AuditCursor, sqlx::Error> {
    let row = sqlx::query!(
        "insert into audit_entries (actor_id, action, details) values ($1, $2, $3) returning id, at",
        actor.0,
        Action::AuditExported.as_str(),
        serde_json::json!({
            "people": filter.people,
            "action": filter.action,
            "from": filter.from,
            "until": filter.until,
            "conversation_id": filter.conversation,
        })
    )
    .fetch_one(connection)
    .await?;
    Ok(AuditCursor { at: row.at.into(), id: row.id })
}

/// Every entry since a moment, by id, from one snapshot, as the client takes them.
pub fn export(connection: &mut PgConnection, since: Timestamp) -> impl Stream<Item = Result<ExportedEntry, sqlx::Error>> {
    let since: OffsetDateTime = since.into_inner();
    sqlx::query!("select id, at, actor_id, action, conversation_id, object, details from audit_entries where at >= $1 order by id", since)
        .fetch(connection)
        .map(|row| {
            row.map(|row| ExportedEntry {
                id: row.id,
                at: row.at.into(),
                actor_id: row.actor_id.map(UserId),
                action: row.action,
                conversation_id: row.conversation_id.map(ConversationId),
                object: row.object,
                details: row.details,
            })
        })
}
