//! What an export of a review covers, found in the sealed log alone and kept: whatever comes later changes nothing of it.

use crate::{
    domain::ids::{ConversationId, UserId},
    server::proof::archive::manifest::Conversation,
};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A range of leaves: from the first, up to and without the second.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// The first.
    pub from: i64,
    /// Not itself.
    pub until: i64,
}

/// What the entries of a window say of the scope: of each conversation, person and kind of entry the first and the last
/// number, and how many.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where.
    pub conversation: ConversationId,
    /// Who.
    pub who: UserId,
    /// What.
    pub action: String,
    /// The first number.
    pub first: i64,
    /// The last one.
    pub last: i64,
    /// How many.
    pub number: i64,
}

/// What a window of the tree has of the scope: messages within the period, and receipts of any time.
pub async fn found(db: &mut PgConnection, take: i64, window: Window) -> Result<Vec<Found>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select e.conversation_id as "conversation_id!", e.actor_id as "actor_id!", e.action as "action!", min(o.number) as "first!",
                  max(o.number) as "last!", count(*) as "number!"
           from review_export_takes t
           join review_exports x on x.id = t.export_id
           join reviews r on r.id = x.review_id
           join audit_leaves l on l.index >= $2 and l.index < $3
           -- one look at the index of the entries for each leaf, however the planner thinks of it
           cross join lateral (select conversation_id, actor_id, action, at, object from audit_entries where id = l.entry_id offset 0) e
           cross join lateral (select case when e.object ~ '^[1-9][0-9]{0,17}$' then e.object::bigint end as number) o
           where t.id = $1 and e.actor_id is not null and o.number is not null
             and (e.action = 'message.sent' and e.at >= r.from_at and e.at < r.until_at or e.action in ('message.delivered', 'message.read'))
             and (e.conversation_id = r.conversation_id
                  or r.conversation_id is null
                     and exists (select from participants p where p.conversation_id = e.conversation_id and p.user_id = r.user_id))
             and not exists (select from participants p where p.conversation_id = e.conversation_id and p.user_id = r.requested_by)
           group by e.conversation_id, e.actor_id, e.action"#,
        take,
        window.from,
        window.until
    )
    .fetch_all(db)
    .await?;
    let found = rows.into_iter().map(|row| Found {
        conversation: ConversationId(row.conversation_id),
        who: UserId(row.actor_id),
        action: row.action,
        first: row.first,
        last: row.last,
        number: row.number,
    });
    Ok(found.collect())
}

/// The two of each of these conversations, the one with the lower id first.
pub async fn pairs(db: &mut PgConnection, ids: &[ConversationId]) -> Result<BTreeMap<ConversationId, [UserId; 2]>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!("select id, user_low, user_high from conversations where id = any($1)", &ids);
    let pairs = rows.fetch_all(db).await?.into_iter();
    Ok(pairs.map(|row| (ConversationId(row.id), [UserId(row.user_low), UserId(row.user_high)])).collect())
}

/// What is covered of one conversation, as the sealed log has it.
#[derive(Debug, Clone)]
pub struct Part {
    /// Which.
    pub conversation: ConversationId,
    /// The first message.
    pub first: i64,
    /// The last one.
    pub last: i64,
    /// The last sealed receipts of the two: delivered and read of the one with the lower id, then of the other.
    pub got: [Option<i64>; 4],
}

/// Keeps what is covered: of the receipts up to the first that reaches the last message, which says the last of it. What does
/// not begin and end there, or has not all its messages, is not kept: it was tampered with.
pub async fn cover(db: &mut PgConnection, take: i64, parts: &[Part]) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = parts.iter().map(|part| part.conversation.0).collect();
    let (first, last): (Vec<i64>, Vec<i64>) = parts.iter().map(|part| (part.first, part.last)).unzip();
    let got = |nth: usize| parts.iter().map(|part| part.got.get(nth).copied().flatten()).collect::<Vec<Option<i64>>>();
    sqlx::query!(
        r#"insert into review_export_conversations (export_id, conversation_id, user_low, user_high, first_seq, last_seq,
                                                    low_delivered, low_read, high_delivered, high_read)
           select t.export_id, c.id, c.user_low, c.user_high, a.first_seq, a.last_seq, got[1], got[2], got[3], got[4]
           from review_export_takes t
           join review_exports x on x.id = t.export_id
           join reviews r on r.id = x.review_id
           cross join unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
                as a (id, first_seq, last_seq, low_delivered, low_read, high_delivered, high_read)
           join conversations c on c.id = a.id
           cross join lateral (
               select array_agg(coalesce(
                   (select min(g.up_to_seq) from receipts g
                    where g.conversation_id = c.id and g.user_id = s.who and g.kind = s.kind and g.up_to_seq between a.last_seq and s.sealed),
                   s.sealed) order by s.place) as got
               from (values (1, c.user_low, 'delivered', a.low_delivered), (2, c.user_low, 'read', a.low_read),
                            (3, c.user_high, 'delivered', a.high_delivered), (4, c.user_high, 'read', a.high_read))
                    as s (place, who, kind, sealed)
           ) cut
           where t.id = $1
             and not exists (select from messages m where m.conversation_id = c.id and m.sent_at >= r.from_at and m.seq < a.first_seq)
             and (select count(*) from messages m where m.conversation_id = c.id and m.seq between a.first_seq and a.last_seq)
                 = a.last_seq - a.first_seq + 1
           on conflict (export_id, conversation_id) do nothing"#,
        take,
        &ids,
        &first,
        &last,
        &got(0) as &[Option<i64>],
        &got(1) as &[Option<i64>],
        &got(2) as &[Option<i64>],
        &got(3) as &[Option<i64>]
    )
    .execute(db)
    .await
    .map(|_| ())
}

/// What is covered, by conversation.
pub async fn covered(db: &mut PgConnection, take: i64) -> Result<Vec<Conversation>, sqlx::Error> {
    let rows = sqlx::query!(
        "select x.conversation_id, x.user_low, x.user_high, x.first_seq, x.last_seq
         from review_export_takes t join review_export_conversations x on x.export_id = t.export_id
         where t.id = $1 order by x.conversation_id",
        take
    );
    let covered = rows.fetch_all(db).await?.into_iter().map(|row| Conversation {
        id: ConversationId(row.conversation_id),
        user_low: UserId(row.user_low),
        user_high: UserId(row.user_high),
        first_seq: row.first_seq,
        last_seq: row.last_seq,
    });
    Ok(covered.collect())
}
