//! Reviews: asking for one, deciding, ending, and how they stand. Their reading is in `review_read`.
//!
//! Each write is one statement that asks the rules again and adds its audit entry: what two people do at once is decided by
//! the row. The constraints of the table hold whatever is written here.

use super::user::UserRow;
use crate::domain::{
    ids::{ConversationId, UserId},
    review::{Review, ReviewCategory, ReviewCursor, ReviewFacts, ReviewId, ReviewMode, ReviewRequest, ReviewScope},
    time::Timestamp,
    user::User,
};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// The two of a conversation; `None` when there is none.
pub async fn people_of(db: &mut PgConnection, conversation: ConversationId) -> Result<Option<(UserId, UserId)>, sqlx::Error> {
    let row = sqlx::query!("select user_low, user_high from conversations where id = $1", conversation.0).fetch_optional(db).await?;
    Ok(row.map(|row| (UserId(row.user_low), UserId(row.user_high))))
}

/// The conversation of these two.
pub async fn conversation_of(db: &mut PgConnection, one: UserId, other: UserId) -> Result<Option<ConversationId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        "select id from conversations where user_low = least($1::uuid, $2::uuid) and user_high = greatest($1::uuid, $2::uuid)",
        one.0,
        other.0
    );
    Ok(id.fetch_optional(db).await?.map(ConversationId))
}

/// People of this id or user name, those first, or whose names begin like this; deactivated ones too.
pub async fn people(db: &mut PgConnection, exact: &str, patterns: &[String], limit: i64) -> Result<Vec<User>, sqlx::Error> {
    let rows = sqlx::query_as!(
        UserRow,
        "select id, username, display_name, department, role, active from users
         where id::text = $1 or username = $1 or (cardinality($2::text[]) > 0 and search_text like all($2))
         order by (id::text = $1 or username = $1) desc, username limit $3",
        exact,
        patterns,
        limit
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(User::from).collect())
}

/// Whether there is a person with this id.
pub async fn is_person(db: &mut PgConnection, id: UserId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"select exists (select from users where id = $1) as "known!""#, id.0).fetch_one(db).await
}

/// The salts of a request's words, 32 random bytes each.
#[derive(Debug, Clone, Copy)]
pub struct RequestSalts {
    /// Of the case.
    pub case: [u8; 32],
    /// Of the reason.
    pub reason: [u8; 32],
}

/// Writes a request down, with its audit entry: which kind and scope, and salted digests of the words of it.
pub async fn request(
    db: &mut PgConnection,
    by: UserId,
    mode: ReviewMode,
    request: &ReviewRequest,
    pair: Option<(UserId, UserId)>,
    salts: RequestSalts,
) -> Result<ReviewId, sqlx::Error> {
    let (user, conversation) = match request.scope {
        ReviewScope::UserId(user) => (Some(user.0), None),
        ReviewScope::ConversationId(conversation) => (None, Some(conversation.0)),
    };
    let id = sqlx::query_scalar!(
        r#"with asked as (
               insert into reviews (case_id, category, reason, user_id, conversation_id, user_low, user_high, from_at, until_at, mode, requested_by,
                                    case_salt, reason_salt)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
               returning id, user_id, conversation_id, category, mode, from_at, until_at, requested_by, case_id, case_salt, reason, reason_salt
           ), entry as (
               insert into audit_entries (actor_id, action, conversation_id, object, details)
               select requested_by, 'review.requested', conversation_id, id::text,
                      jsonb_build_object('category', category, 'mode', mode, 'user_id', user_id, 'from', from_at, 'until', until_at,
                                         'case_digest', salted_digest_v1(case_salt, case_id),
                                         'reason_digest', salted_digest_v1(reason_salt, reason))
               from asked
           )
           select id as "id!" from asked"#,
        request.case_id,
        request.category.as_str(),
        request.reason,
        user,
        conversation,
        pair.map(|(low, _)| low.0),
        pair.map(|(_, high)| high.0),
        request.from.into_inner(),
        request.until.into_inner(),
        mode.as_str(),
        by.0,
        salts.case.as_slice(),
        salts.reason.as_slice()
    )
    .fetch_one(db)
    .await?;
    Ok(ReviewId(id))
}

/// What somebody decides.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Who.
    pub by: UserId,
    /// For so long it may be read; `None` refuses.
    pub hours: Option<i32>,
    /// What they say to it.
    pub note: Option<String>,
    /// Of the note, 32 random bytes.
    pub salt: [u8; 32],
}

/// Decides about a request that is still open; false when it is not any more.
pub async fn decide(db: &mut PgConnection, id: ReviewId, decision: &Decision) -> Result<bool, sqlx::Error> {
    let decided = sqlx::query_scalar!(
        r#"with decided as (
               update reviews set decision = case when $3::int is null then 'refused' else 'approved' end,
                      decided_by = $2, decided_at = moment.now, decision_note = $4,
                      note_salt = case when $4::text is not null then $5::bytea end,
                      expires_at = moment.now + make_interval(hours => $3::int)
               from (select clock_timestamp() as now) moment
               where id = $1 and decision is null and ended_at is null
               returning id, conversation_id, decision, decided_by, expires_at, decision_note, note_salt
           ), entry as (
               insert into audit_entries (actor_id, action, conversation_id, object, details)
               select decided_by, 'review.' || decision, conversation_id, id::text,
                      jsonb_build_object('expires_at', expires_at, 'note_digest', salted_digest_v1(note_salt, decision_note))
               from decided
           )
           select count(*) as "decided!" from decided"#,
        id.0,
        decision.by.0,
        decision.hours,
        decision.note,
        decision.salt.as_slice()
    )
    .fetch_one(db)
    .await?;
    Ok(decided == 1)
}

/// Ends a review before its time, or takes the request back; false when there is nothing to end any more.
pub async fn end(db: &mut PgConnection, id: ReviewId, by: UserId) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query_scalar!(
        r#"with ended as (
               update reviews set ended_at = clock_timestamp(), ended_by = $2
               where id = $1 and ended_at is null and decision is distinct from 'refused' and (expires_at is null or expires_at > clock_timestamp())
               returning id, conversation_id, ended_by
           ), entry as (
               insert into audit_entries (actor_id, action, conversation_id, object)
               select ended_by, 'review.ended', conversation_id, id::text from ended
           )
           select count(*) as "ended!" from ended"#,
        id.0,
        by.0
    )
    .fetch_one(db)
    .await?;
    Ok(ended == 1)
}

/// Reviews, newest first, below a cursor; or the one with this id. Never those of which the viewer is the matter.
pub async fn list(
    db: &mut PgConnection,
    viewer: UserId,
    only: Option<ReviewId>,
    below: Option<ReviewCursor>,
    limit: i64,
) -> Result<Vec<Review>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select r.id, r.case_id, r.category, r.reason, r.user_id, r.conversation_id, r.user_low, r.user_high, r.from_at, r.until_at,
                  r.mode, r.requested_by, r.requested_at, r.decision, r.decided_by, r.decided_at, r.decision_note, r.expires_at, r.ended_at,
                  (select count(*) from review_reads x where x.review_id = r.id) as "pages_read!", clock_timestamp() as "now!"
           from reviews r
           where ($2::uuid is null or r.id = $2)
             and ($3::timestamptz is null or (r.requested_at, r.id) < ($3, $4::uuid))
             and $1 <> coalesce(r.user_id, r.user_low) and $1 <> coalesce(r.user_id, r.user_high)
           order by r.requested_at desc, r.id desc limit $5"#,
        viewer.0,
        only.map(|id| id.0),
        below.map(|below| below.requested_at.into_inner()) as Option<OffsetDateTime>,
        below.map(|below| below.id.0),
        limit
    )
    .fetch_all(&mut *db)
    .await?;
    let ids: Vec<Uuid> = rows.iter().flat_map(Row::people).collect();
    let people = users(db, &ids).await?;
    Ok(rows.into_iter().filter_map(|row| row.into_review(&people)).collect())
}

/// These people, by their ids.
pub(super) async fn users(db: &mut PgConnection, ids: &[Uuid]) -> Result<BTreeMap<Uuid, User>, sqlx::Error> {
    let rows = sqlx::query_as!(UserRow, "select id, username, display_name, department, role, active from users where id = any($1)", ids);
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.id, User::from(row))).collect())
}

struct Row {
    id: Uuid,
    case_id: String,
    category: String,
    reason: String,
    user_id: Option<Uuid>,
    conversation_id: Option<Uuid>,
    user_low: Option<Uuid>,
    user_high: Option<Uuid>,
    from_at: OffsetDateTime,
    until_at: OffsetDateTime,
    mode: String,
    requested_by: Uuid,
    requested_at: OffsetDateTime,
    decision: Option<String>,
    decided_by: Option<Uuid>,
    decided_at: Option<OffsetDateTime>,
    decision_note: Option<String>,
    expires_at: Option<OffsetDateTime>,
    ended_at: Option<OffsetDateTime>,
    pages_read: i64,
    now: OffsetDateTime,
}

impl Row {
    fn people(&self) -> impl Iterator<Item = Uuid> + use<> {
        let named = [self.user_id, self.user_low, self.user_high, Some(self.requested_by), self.decided_by];
        named.into_iter().flatten()
    }

    /// Nothing where a foreign key is broken, which cannot be.
    fn into_review(self, people: &BTreeMap<Uuid, User>) -> Option<Review> {
        let facts = ReviewFacts {
            approved: self.decision.as_deref().map(|decision| decision == "approved"),
            expires_at: self.expires_at.map(Timestamp::from),
            ended_at: self.ended_at.map(Timestamp::from),
        };
        let scope = match self.conversation_id {
            Some(conversation) => ReviewScope::ConversationId(ConversationId(conversation)),
            None => ReviewScope::UserId(UserId(self.user_id?)),
        };
        let whose = [self.user_id, self.user_low, self.user_high].into_iter().flatten();
        Some(Review {
            id: ReviewId(self.id),
            case_id: self.case_id,
            // a word of a later release
            category: self.category.parse().unwrap_or(ReviewCategory::Other),
            reason: self.reason,
            scope,
            people: whose.filter_map(|id| people.get(&id).cloned()).collect(),
            from: self.from_at.into(),
            until: self.until_at.into(),
            // reviews_mode_check knows no others
            mode: self.mode.parse().unwrap_or_default(),
            requested_by: people.get(&self.requested_by)?.clone(),
            requested_at: self.requested_at.into(),
            decided_by: self.decided_by.and_then(|id| people.get(&id).cloned()),
            decided_at: self.decided_at.map(Timestamp::from),
            decision_note: self.decision_note,
            expires_at: facts.expires_at,
            ended_at: facts.ended_at,
            state: facts.state(self.now.into()),
            pages_read: self.pages_read,
        })
    }
}
