//! The demo organisation's rows, with a past: called by `demo::seed` alone, in its one transaction. Nothing else may ever
//! write a past; what stands here afterwards is what the functions of the migrations would have left behind.
//!
//! The fields are named like the columns.

#![expect(missing_docs, reason = "the fields are the columns, which docs/data-model.md describes")]

use super::fan_out;
use crate::domain::{
    audit::Action,
    time::Timestamp,
    user::{Role, search_text},
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Whose database this is.
pub enum Standing {
    /// Nobody's.
    Empty,
    /// The demo organisation's, perhaps with people who came later.
    Demo,
    /// Somebody else's.
    Others,
}

/// The demo's people are recognised by an external id that nobody else has.
fn external_id(username: &str) -> String {
    format!("demo:{username}")
}

/// Asked before anything is written.
pub async fn standing(connection: &mut PgConnection) -> Result<Standing, sqlx::Error> {
    let row = sqlx::query!(
        r#"select exists (select 1 from users) as "any!", exists (select 1 from users where external_id = $1) as "demo!""#,
        external_id("asha")
    )
    .fetch_one(connection)
    .await?;
    Ok(match (row.any, row.demo) {
        (false, _) => Standing::Empty,
        (true, true) => Standing::Demo,
        (true, false) => Standing::Others,
    })
}

/// The database's clock.
pub async fn now(connection: &mut PgConnection) -> Result<Timestamp, sqlx::Error> {
    sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(connection).await.map(Timestamp::from)
}

/// A person, with the change number they have come to.
pub struct Person {
    pub id: Uuid,
    pub username: &'static str,
    pub display_name: &'static str,
    pub department: &'static str,
    pub role: Role,
    pub created_at: Timestamp,
    pub deactivated_at: Option<Timestamp>,
    pub change_no: i64,
}

/// Everyone, with one password.
pub async fn people(connection: &mut PgConnection, people: &[Person], password_hash: &str) -> Result<(), sqlx::Error> {
    for person in people {
        sqlx::query!(
            "insert into users (id, external_id, username, display_name, search_text, email, department, role, active, deactivated_at,
                                password_hash, version, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            person.id,
            external_id(person.username),
            person.username,
            person.display_name,
            search_text(person.display_name, person.username, person.department),
            format!("{}@tarangports.example", person.username),
            person.department,
            person.role.as_str(),
            person.deactivated_at.is_none(),
            person.deactivated_at.map(Timestamp::into_inner),
            password_hash,
            if person.deactivated_at.is_none() { 1_i64 } else { 2 },
            person.created_at.into_inner(),
        )
        .execute(&mut *connection)
        .await?;
        sqlx::query!("insert into user_feeds (user_id, change_no) values ($1, $2)", person.id, person.change_no)
            .execute(&mut *connection)
            .await?;
    }
    // the peers of who has left learn of it from the job, as always
    let gone: Vec<Uuid> = people.iter().filter(|person| person.deactivated_at.is_some()).map(|person| person.id).collect();
    fan_out::request(connection, &gone).await
}

/// A conversation with its two sides.
pub struct Conversation {
    pub id: Uuid,
    pub created_at: Timestamp,
    pub last_message_at: Option<Timestamp>,
    pub last_seq: i64,
    /// Who opened it, and the other.
    pub sides: [Side; 2],
}

/// One user's side.
#[derive(Default)]
pub struct Side {
    pub user: Uuid,
    pub opened_at: Option<Timestamp>,
    pub own_total: i64,
    pub delivered_seq: i64,
    pub read_seq: i64,
    pub own_at_read: i64,
    pub change_no: i64,
    pub last_activity_at: Option<Timestamp>,
    pub last_sent_at: Option<Timestamp>,
}

/// A message.
pub struct Message {
    pub conversation: Uuid,
    pub seq: i64,
    pub sender: Uuid,
    pub sender_ordinal: i64,
    pub client_id: Uuid,
    pub body: String,
    pub salt: Vec<u8>,
    pub digest: Vec<u8>,
    pub sent_at: Timestamp,
    pub sender_change: i64,
    pub recipient_change: i64,
}

/// A receipt.
pub struct Receipt {
    pub conversation: Uuid,
    pub user: Uuid,
    pub kind: &'static str,
    pub up_to: i64,
    pub evidence: &'static str,
    pub at: Timestamp,
}

/// An audit entry.
pub struct AuditEntry {
    pub at: Timestamp,
    pub actor: Option<Uuid>,
    pub action: Action,
    pub conversation: Option<Uuid>,
    pub object: String,
    pub details: serde_json::Value,
}

/// All conversations, with both sides.
pub async fn conversations(connection: &mut PgConnection, conversations: &[Conversation]) -> Result<(), sqlx::Error> {
    for conversation in conversations {
        let [opener, other] = &conversation.sides;
        let last_message_at = conversation.last_message_at.map(Timestamp::into_inner);
        sqlx::query!(
            "insert into conversations (id, user_low, user_high, last_seq, last_message_at, created_at, created_by)
             values ($1, least($2::uuid, $3::uuid), greatest($2::uuid, $3::uuid), $4, $5, $6, $2)",
            conversation.id,
            opener.user,
            other.user,
            conversation.last_seq,
            last_message_at,
            conversation.created_at.into_inner()
        )
        .execute(&mut *connection)
        .await?;
        for (side, peer) in [(opener, other), (other, opener)] {
            sqlx::query!(
                "insert into participants (conversation_id, user_id, peer_id, opened_at, last_seq, own_total, delivered_seq, read_seq,
                                           own_at_read, change_no, last_activity_at, last_sent_at)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                conversation.id,
                side.user,
                peer.user,
                side.opened_at.map(Timestamp::into_inner),
                conversation.last_seq,
                side.own_total,
                side.delivered_seq,
                side.read_seq,
                side.own_at_read,
                side.change_no,
                side.last_activity_at.map(Timestamp::into_inner),
                side.last_sent_at.map(Timestamp::into_inner)
            )
            .execute(&mut *connection)
            .await?;
        }
    }
    Ok(())
}

/// All messages.
pub async fn messages(connection: &mut PgConnection, messages: &[Message]) -> Result<(), sqlx::Error> {
    let column = |of: fn(&Message) -> Uuid| messages.iter().map(of).collect::<Vec<_>>();
    let number = |of: fn(&Message) -> i64| messages.iter().map(of).collect::<Vec<_>>();
    let bytes = |of: fn(&Message) -> Vec<u8>| messages.iter().map(of).collect::<Vec<_>>();
    let bodies: Vec<String> = messages.iter().map(|message| message.body.clone()).collect();
    let times: Vec<OffsetDateTime> = messages.iter().map(|message| message.sent_at.into_inner()).collect();
    sqlx::query!(
        "insert into messages (conversation_id, seq, sender_id, sender_ordinal, client_id, body, body_salt, body_digest, sent_at,
                               sender_change_no, recipient_change_no)
         select * from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[], $5::uuid[], $6::text[], $7::bytea[], $8::bytea[],
                              $9::timestamptz[], $10::bigint[], $11::bigint[])",
        &column(|message| message.conversation),
        &number(|message| message.seq),
        &column(|message| message.sender),
        &number(|message| message.sender_ordinal),
        &column(|message| message.client_id),
        &bodies,
        &bytes(|message| message.salt.clone()),
        &bytes(|message| message.digest.clone()),
        &times,
        &number(|message| message.sender_change),
        &number(|message| message.recipient_change),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// All receipts.
pub async fn receipts(connection: &mut PgConnection, receipts: &[Receipt]) -> Result<(), sqlx::Error> {
    let conversations: Vec<Uuid> = receipts.iter().map(|receipt| receipt.conversation).collect();
    let users: Vec<Uuid> = receipts.iter().map(|receipt| receipt.user).collect();
    let kinds: Vec<String> = receipts.iter().map(|receipt| receipt.kind.to_owned()).collect();
    let seqs: Vec<i64> = receipts.iter().map(|receipt| receipt.up_to).collect();
    let evidence: Vec<String> = receipts.iter().map(|receipt| receipt.evidence.to_owned()).collect();
    let times: Vec<OffsetDateTime> = receipts.iter().map(|receipt| receipt.at.into_inner()).collect();
    sqlx::query!(
        "insert into receipts (conversation_id, user_id, kind, up_to_seq, evidence, at)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[])",
        &conversations,
        &users,
        &kinds,
        &seqs,
        &evidence,
        &times
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// In the order of time, so that the ids ascend with it.
pub async fn audit(connection: &mut PgConnection, mut entries: Vec<AuditEntry>) -> Result<(), sqlx::Error> {
    entries.sort_by_key(|entry| entry.at);
    let times: Vec<OffsetDateTime> = entries.iter().map(|entry| entry.at.into_inner()).collect();
    let actors: Vec<Option<Uuid>> = entries.iter().map(|entry| entry.actor).collect();
    let actions: Vec<String> = entries.iter().map(|entry| entry.action.as_str().to_owned()).collect();
    let conversations: Vec<Option<Uuid>> = entries.iter().map(|entry| entry.conversation).collect();
    let objects: Vec<String> = entries.iter().map(|entry| entry.object.clone()).collect();
    let details: Vec<serde_json::Value> = entries.into_iter().map(|entry| entry.details).collect();
    sqlx::query!(
        "insert into audit_entries (at, actor_id, action, conversation_id, object, details)
         select entry.at, entry.actor, entry.action, entry.conversation, entry.object, entry.details
         from unnest($1::timestamptz[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::jsonb[])
              with ordinality as entry (at, actor, action, conversation, object, details, place)
         order by entry.place",
        &times,
        &actors as &[Option<Uuid>],
        &actions,
        &conversations as &[Option<Uuid>],
        &objects,
        &details
    )
    .execute(connection)
    .await?;
    Ok(())
}
