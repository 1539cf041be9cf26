//! Reading other people's conversations under a review: first the page is written down and committed, then its texts are
//! read *by that record*. No statement here reaches a text without one.

use super::{message, review::users};
use crate::domain::{
    ids::{ClientId, ConversationId, Seq, UserId},
    message::Message,
    page::Cursor,
    review::{ReviewId, ReviewMode, ReviewNotice, ReviewedConversation},
    time::Timestamp,
    user::{Role, User},
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Where a page begins.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Under which review.
    pub review: ReviewId,
    /// Who reads.
    pub reader: UserId,
    /// What the organisation's policy asks of a review.
    pub policy: ReviewMode,
    /// Which conversation.
    pub conversation: ConversationId,
    /// Above this seq.
    pub after: Seq,
    /// At most so many messages.
    pub limit: i64,
}

/// A page that has been written down. Only [`record`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct Recorded {
    /// The number of the record.
    pub id: i64,
    /// The last message of the page.
    pub to_seq: Option<Seq>,
    /// Whether the period goes on behind it.
    pub more: bool,
}

/// Writes down that a page is going to be read, and the audit entry; `None` when this review does not grant it.
pub async fn record(db: &mut PgConnection, asked: Asked) -> Result<Option<Recorded>, sqlx::Error> {
    let row = sqlx::query!(
        r#"with granted as (
               select r.id, r.from_at, r.until_at from reviews r
               where r.id = $1 and r.requested_by = $2 and r.decision = 'approved' and r.ended_at is null and r.expires_at > clock_timestamp()
                 and (r.mode = 'dual' or $3 = 'single') and $3 <> 'off'
                 and (r.conversation_id = $4 or exists (select from participants p where p.conversation_id = $4 and p.user_id = r.user_id))
                 and not exists (select from participants p where p.conversation_id = $4 and p.user_id = $2)
           ), page as (
               select m.seq, row_number() over (order by m.seq) as place
               from granted g
               join messages m on m.conversation_id = $4 and m.sent_at >= g.from_at and m.sent_at < g.until_at and m.seq > $5
               order by m.seq limit $6::bigint + 1
           ), recorded as (
               insert into review_reads (review_id, conversation_id, reader_id, from_seq, to_seq)
               select g.id, $4, $2, (select min(seq) from page), (select max(seq) from page where place <= $6) from granted g
               returning id, review_id, conversation_id, reader_id, from_seq, to_seq
           ), entry as (
               insert into audit_entries (actor_id, action, conversation_id, object, details)
               select reader_id, 'review.read', conversation_id, review_id::text,
                      jsonb_build_object('read_id', id, 'from_seq', from_seq, 'to_seq', to_seq)
               from recorded
           )
           select id as "id!", to_seq, (select count(*) from page) > $6 as "more!" from recorded"#,
        asked.review.0,
        asked.reader.0,
        asked.policy.as_str(),
        asked.conversation.0,
        asked.after.0,
        asked.limit
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Recorded { id: row.id, to_seq: row.to_seq.map(Seq), more: row.more }))
}

/// The texts of a page that was written down, ascending.
pub async fn texts(db: &mut PgConnection, recorded: Recorded) -> Result<(Vec<User>, Vec<Message>), sqlx::Error> {
    let pair = sqlx::query!(
        "select c.id, c.user_low, c.user_high from review_reads x join conversations c on c.id = x.conversation_id where x.id = $1",
        recorded.id
    )
    .fetch_one(&mut *db)
    .await?;
    let rows = sqlx::query!(
        r#"select m.seq, m.client_id, m.sender_id, m.body, m.sent_at, s.delivered_at as "delivered_at?", s.read_at as "read_at?"
           from review_reads x
           join messages m on m.conversation_id = x.conversation_id and m.seq between x.from_seq and x.to_seq
           left join user_message_status s on s.conversation_id = m.conversation_id and s.seq = m.seq
           where x.id = $1
           order by m.seq"#,
        recorded.id
    )
    .fetch_all(&mut *db)
    .await?;
    let items = rows.into_iter().map(|row| Message {
        conversation_id: ConversationId(pair.id),
        seq: Seq(row.seq),
        client_id: ClientId(row.client_id),
        sender_id: UserId(row.sender_id),
        recipient_id: UserId(if row.sender_id == pair.user_low { pair.user_high } else { pair.user_low }),
        body: row.body,
        sent_at: row.sent_at.into(),
        delivered_at: row.delivered_at.map(Timestamp::from),
        read_at: row.read_at.map(Timestamp::from),
        status: message::status(row.delivered_at, row.read_at),
    });
    let items = items.collect();
    let people = users(db, &[pair.user_low, pair.user_high]).await?;
    Ok(([pair.user_low, pair.user_high].iter().filter_map(|id| people.get(id).cloned()).collect(), items))
}

/// Which part of the conversations.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Below this one; here its activity is the last message, or the epoch where there is none.
    pub below: Option<Cursor>,
    /// At most so many.
    pub limit: i64,
}

/// Conversations in the scope of a review that may be read now, each with its place and how much was written in the period.
/// Who asks is told whom a person writes with: that is written down, too.
pub async fn conversations(
    db: &mut PgConnection,
    review: ReviewId,
    reader: UserId,
    policy: ReviewMode,
    part: Part,
) -> Result<Option<Vec<(Cursor, ReviewedConversation)>>, sqlx::Error> {
    let granted = sqlx::query_scalar!(
        r#"with granted as (
               select r.id from reviews r
               where r.id = $1 and r.requested_by = $2 and r.decision = 'approved' and r.ended_at is null and r.expires_at > clock_timestamp()
                 and (r.mode = 'dual' or $3 = 'single') and $3 <> 'off'
           ), entry as (
               insert into audit_entries (actor_id, action, object) select $2, 'review.listed', id::text from granted
           )
           select count(*) as "granted!" from granted"#,
        review.0,
        reader.0,
        policy.as_str()
    )
    .fetch_one(&mut *db)
    .await?;
    if granted == 0 {
        return Ok(None);
    }
    let rows = sqlx::query!(
        r#"select c.id as "id!", c.user_low as "user_low!", c.user_high as "user_high!", c.at as "at!",
                  (select count(*) from messages m where m.conversation_id = c.id and m.sent_at >= c.from_at and m.sent_at < c.until_at) as "messages!"
           from (
               select c.id, c.user_low, c.user_high, coalesce(c.last_message_at, 'epoch') as at, r.from_at, r.until_at
               from reviews r
               join conversations c on c.id = r.conversation_id
                    or r.conversation_id is null and c.id in (select p.conversation_id from participants p where p.user_id = r.user_id)
               where r.id = $1 and $2 not in (c.user_low, c.user_high)
                 and ($3::timestamptz is null or (coalesce(c.last_message_at, 'epoch'), c.id) < ($3, $4::uuid))
               order by at desc, c.id desc
               limit $5
           ) c
           order by c.at desc, c.id desc"#,
        review.0,
        reader.0,
        part.below.map(|below| below.last_activity_at.into_inner()) as Option<OffsetDateTime>,
        part.below.map(|below| below.conversation_id.0),
        part.limit
    )
    .fetch_all(&mut *db)
    .await?;
    let ids: Vec<Uuid> = rows.iter().flat_map(|row| [row.user_low, row.user_high]).collect();
    let people = users(db, &ids).await?;
    let named = |id: &Uuid| people.get(id).cloned();
    let conversations = rows.iter().map(|row| {
        let id = ConversationId(row.id);
        let people = [row.user_low, row.user_high].iter().filter_map(named).collect();
        (Cursor { last_activity_at: row.at.into(), conversation_id: id }, ReviewedConversation { id, people, messages: row.messages })
    });
    Ok(Some(conversations.collect()))
}

/// What one of the two is told about the reviews of their conversation; `None` when it is not theirs.
pub async fn notices(
    db: &mut PgConnection,
    viewer: UserId,
    conversation: ConversationId,
) -> Result<Option<Vec<ReviewNotice>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select r.category as "category?", min(x.at) as first_at, max(x.at) as last_at, count(*) filter (where x.page) as "pages!",
                  count(*) filter (where not x.page) as "taken!"
           from participants p
           left join (
               select d.conversation_id, d.review_id, d.at, true as page from review_reads d where d.conversation_id = $2
               union all
               select c.conversation_id, e.review_id, t.at, false from review_export_conversations c
               join review_exports e on e.id = c.export_id
               join review_export_takes t on t.export_id = e.id
               where c.conversation_id = $2
           ) x on x.conversation_id = p.conversation_id
           left join reviews r on r.id = x.review_id
           where p.conversation_id = $2 and p.user_id = $1 and p.last_activity_at is not null
           group by r.id, r.category
           order by max(x.at) desc"#,
        viewer.0,
        conversation.0
    )
    .fetch_all(db)
    .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let notices = rows.into_iter().filter_map(|row| {
        Some(ReviewNotice {
            category: row.category?.parse().unwrap_or(crate::domain::review::ReviewCategory::Other),
            role: Role::Admin,
            first_read_at: row.first_at?.into(),
            last_read_at: row.last_at?.into(),
            pages_read: row.pages,
            times_taken: row.taken,
        })
    });
    Ok(Some(notices.collect()))
}
