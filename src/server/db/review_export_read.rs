//! What an export of a review consists of, read *by the record of its being taken*: no statement here reaches a text, nor
//! an entry, without one.
//!
//! Entries have no index by their message, and a send shall not pay for one: the tree is looked through from the beginning
//! of the period on, in the order of its leaves, a window at a time. What is covered was found before (`review_export_cover`).

use super::review_export_cover::Window;
use crate::{
    domain::{
        ids::{ConversationId, UserId},
        review::{ReviewId, ReviewScope},
        time::Timestamp,
    },
    server::proof::{
        archive::{lines::Message, manifest::Person},
        bundle::Hex,
        canonical::{Details, Entry},
    },
};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// What is exported, and against which tree.
#[derive(Debug, Clone)]
pub struct Basis {
    /// Under which review.
    pub review: ReviewId,
    /// Where the organisation keeps the matter.
    pub case_id: String,
    /// For what kind of reason.
    pub category: String,
    /// Which conversations.
    pub scope: ReviewScope,
    /// What was sent not before …
    pub from: Timestamp,
    /// … and before this.
    pub until: Timestamp,
    /// Whose own conversations are left out.
    pub reader: UserId,
    /// The checkpoint that was the newest one when it was released.
    pub note: String,
}

/// What is exported by this taking of it.
pub async fn basis(db: &mut PgConnection, take: i64) -> Result<Basis, sqlx::Error> {
    let row = sqlx::query!(
        r#"select r.id, r.case_id, r.category, r.user_id, r.conversation_id, r.from_at, r.until_at, r.requested_by, c.signed_note
           from review_export_takes t
           join review_exports e on e.id = t.export_id
           join reviews r on r.id = e.review_id
           join audit_checkpoints c on c.size = e.tree_size
           where t.id = $1"#,
        take
    )
    .fetch_one(db)
    .await?;
    let scope = match (row.conversation_id, row.user_id) {
        (Some(conversation), _) => ReviewScope::ConversationId(ConversationId(conversation)),
        (None, Some(user)) => ReviewScope::UserId(UserId(user)),
        // reviews_scope_check
        (None, None) => return Err(sqlx::Error::RowNotFound),
    };
    Ok(Basis {
        review: ReviewId(row.id),
        case_id: row.case_id,
        category: row.category,
        scope,
        from: row.from_at.into(),
        until: row.until_at.into(),
        reader: UserId(row.requested_by),
        note: row.signed_note,
    })
}

/// Who has ever signed the tree.
pub async fn keys(db: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!("select vkey from audit_keys order by vkey collate \"C\"").fetch_all(db).await
}

/// The largest checkpoint over at most so many leaves: over how many, when it was made, and what is needed to go on.
pub async fn checkpoint_up_to(db: &mut PgConnection, size: i64) -> Result<Option<(i64, Timestamp, Vec<u8>)>, sqlx::Error> {
    let row = sqlx::query!("select size, at, frontier from audit_checkpoints where size <= $1 order by size desc limit 1", size);
    Ok(row.fetch_optional(db).await?.map(|row| (row.size, row.at.into(), row.frontier)))
}

/// Everybody who takes part in what is covered, by id.
pub async fn people(db: &mut PgConnection, take: i64) -> Result<Vec<Person>, sqlx::Error> {
    let rows = sqlx::query!(
        "select u.id, u.username, u.display_name from users u
         where u.id in (select unnest(array[x.user_low, x.user_high])
                        from review_export_takes t join review_export_conversations x on x.export_id = t.export_id where t.id = $1)
         order by u.id",
        take
    );
    let people = rows.fetch_all(db).await?.into_iter().map(|row| Person {
        id: UserId(row.id),
        username: row.username,
        display_name: row.display_name,
    });
    Ok(people.collect())
}

/// A leaf, and its entry when that is one of the scope.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// Its place.
    pub index: i64,
    /// What was sealed.
    pub hash: Vec<u8>,
    /// One of a covered message, or of a receipt that says something of one.
    pub entry: Option<Entry>,
}

/// The leaves of a window in their order.
pub async fn leaves(db: &mut PgConnection, take: i64, window: Window) -> Result<Vec<Leaf>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select l.index, l.hash, e.id as "id?", e.at as "at?", e.actor_id, e.action as "action?", e.conversation_id, e.object,
                  e.details::text as details
           from review_export_takes t
           join audit_leaves l on l.index >= $2 and l.index < $3
           left join lateral (
               select e.id, e.at, e.actor_id, e.action, e.conversation_id, e.object, e.details
               from audit_entries e
               join review_export_conversations x on x.export_id = t.export_id and x.conversation_id = e.conversation_id
               cross join lateral (select case when e.object ~ '^[1-9][0-9]{0,17}$' then e.object::bigint end as number) o
               where e.id = l.entry_id
                 and o.number >= x.first_seq
                 and o.number <= case e.action
                     when 'message.sent' then x.last_seq
                     when 'message.delivered' then case e.actor_id when x.user_low then x.low_delivered else x.high_delivered end
                     when 'message.read' then case e.actor_id when x.user_low then x.low_read else x.high_read end
                 end
               offset 0
           ) e on true
           where t.id = $1
           order by l.index"#,
        take,
        window.from,
        window.until
    )
    .fetch_all(db)
    .await?;
    let leaves = rows.into_iter().map(|row| Leaf {
        index: row.index,
        hash: row.hash,
        entry: row.id.zip(row.at).zip(row.action).map(|((id, at), action)| Entry {
            id,
            at: OffsetDateTime::into(at),
            actor_id: row.actor_id.map(UserId),
            action,
            conversation_id: row.conversation_id.map(ConversationId),
            object: row.object,
            details: Details::of(row.details.as_deref().unwrap_or("{}")),
        }),
    });
    Ok(leaves.collect())
}

/// Messages of a covered conversation above this number, ascending, with the times that sealed receipts say.
pub async fn messages(
    db: &mut PgConnection,
    take: i64,
    conversation: ConversationId,
    after: i64,
    limit: i64,
) -> Result<Vec<Message>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select m.seq, m.sender_id, m.sent_at, m.body as "body?", m.body_salt as "body_salt?", m.body_digest,
                  case when m.sender_id = x.user_low then x.user_high else x.user_low end as "recipient_id!",
                  d.at as "delivered_at?", r.at as "read_at?"
           from review_export_takes t
           join review_export_conversations x on x.export_id = t.export_id and x.conversation_id = $2
           join messages m on m.conversation_id = x.conversation_id and m.seq >= x.first_seq and m.seq <= x.last_seq
           left join lateral (
               select g.at from receipts g
               where g.conversation_id = m.conversation_id and g.kind = 'delivered' and g.up_to_seq >= m.seq
                 and g.user_id = case when m.sender_id = x.user_low then x.user_high else x.user_low end
                 and g.up_to_seq <= case when m.sender_id = x.user_low then x.high_delivered else x.low_delivered end
               order by g.up_to_seq limit 1
           ) d on true
           left join lateral (
               select g.at from receipts g
               where g.conversation_id = m.conversation_id and g.kind = 'read' and g.up_to_seq >= m.seq
                 and g.user_id = case when m.sender_id = x.user_low then x.user_high else x.user_low end
                 and g.up_to_seq <= case when m.sender_id = x.user_low then x.high_read else x.low_read end
               order by g.up_to_seq limit 1
           ) r on true
           where t.id = $1 and m.conversation_id = $2 and m.seq > $3
           order by m.seq limit $4"#,
        take,
        conversation.0,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    let messages = rows.into_iter().map(|row| Message {
        conversation_id: conversation,
        seq: row.seq,
        sender_id: UserId(row.sender_id),
        recipient_id: UserId(row.recipient_id),
        sent_at: row.sent_at.into(),
        delivered_at: row.delivered_at.map(Timestamp::from),
        read_at: row.read_at.map(Timestamp::from),
        body: row.body,
        body_salt: row.body_salt.map(Hex),
        body_digest: Hex(row.body_digest),
    });
    Ok(messages.collect())
}
