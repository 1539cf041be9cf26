//! Exports of reviews: asking for one, deciding, taking it, and what it was made of. What is in it is read in
//! `review_export_read`.
//!
//! Each write is one statement that asks the rules again and adds its audit entry; the constraints of the tables hold
//! whatever is written here.

use super::review::users;
use crate::domain::{
    ids::UserId,
    review::{ReviewId, ReviewMode},
    review_export::{ExportId, ExportState, ReviewExport},
    time::Timestamp,
};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Asks for an export of an open review; `None` when it is not open for them, or when one waits already.
pub async fn request(db: &mut PgConnection, review: ReviewId, by: UserId, policy: ReviewMode) -> Result<Option<ExportId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        r#"with asked as (
               insert into review_exports (review_id, mode, matter_low, matter_high, requested_by)
               select r.id, r.mode, coalesce(r.user_id, r.user_low), coalesce(r.user_id, r.user_high), $2 from reviews r
               where r.id = $1 and r.requested_by = $2 and r.decision = 'approved' and r.ended_at is null and r.expires_at > clock_timestamp()
                 and (r.mode = 'dual' or $3 = 'single') and $3 <> 'off'
               on conflict (review_id) where decision is null do nothing
               returning id, review_id, requested_by
           ), entry as (
               insert into audit_entries (actor_id, action, conversation_id, object, details)
               select a.requested_by, 'export.requested', r.conversation_id, a.review_id::text, jsonb_build_object('export_id', a.id)
               from asked a join reviews r on r.id = a.review_id
           )
           select id from asked"#,
        review.0,
        by.0,
        policy.as_str()
    );
    Ok(id.fetch_optional(db).await?.map(ExportId))
}

/// What somebody says to a request.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Who.
    pub by: UserId,
    /// Whether it may be taken.
    pub release: bool,
    /// What they said to it.
    pub note: Option<String>,
    /// Of the note, 32 random bytes.
    pub salt: [u8; 32],
    /// What the organisation's policy asks of a review.
    pub policy: ReviewMode,
}

/// Decides about a request; what it covers, if it is released, is what is sealed now. False when it was decided already, or
/// its review is over.
pub async fn decide(db: &mut PgConnection, id: ExportId, decision: &Decision) -> Result<bool, sqlx::Error> {
    let decided = sqlx::query_scalar!(
        r#"with decided as (
               update review_exports e
               set decision = case when $3 then 'released' else 'refused' end, decided_by = $2, decided_at = clock_timestamp(), decision_note = $4,
                   note_salt = case when $4::text is not null then $6::bytea end,
                   tree_size = case when $3 then (select max(size) from audit_checkpoints) end
               from reviews r
               where e.id = $1 and e.decision is null and r.id = e.review_id
                 and (not $3 or r.decision = 'approved' and r.ended_at is null and r.expires_at > clock_timestamp()
                                and (r.mode = 'dual' or $5 = 'single') and $5 <> 'off')
               returning e.id, e.review_id, e.decision, e.decided_by, e.tree_size, e.decision_note, e.note_salt, r.conversation_id
           ), entry as (
               insert into audit_entries (actor_id, action, conversation_id, object, details)
               select decided_by, 'export.' || decision, conversation_id, review_id::text,
                      jsonb_build_object('export_id', id, 'tree_size', tree_size,
                                         'note_digest', salted_digest_v1(note_salt, decision_note))
               from decided
           )
           select count(*) as "decided!" from decided"#,
        id.0,
        decision.by.0,
        decision.release,
        decision.note,
        decision.policy.as_str(),
        decision.salt.as_slice()
    )
    .fetch_one(db)
    .await?;
    Ok(decided == 1)
}

/// The exports of a review, the newest first; or the one with this id.
pub async fn list(db: &mut PgConnection, review: ReviewId, only: Option<ExportId>) -> Result<Vec<ReviewExport>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select e.id, e.review_id, e.mode, e.requested_by, e.requested_at, e.decision, e.decided_by, e.decided_at, e.decision_note,
                  e.tree_size, e.manifest, (select count(*) from review_export_takes t where t.export_id = e.id) as "times_taken!",
                  (select max(t.at) from review_export_takes t where t.export_id = e.id) as last_taken_at
           from review_exports e
           where e.review_id = $1 and ($2::uuid is null or e.id = $2)
           order by e.requested_at desc, e.id desc limit 100"#,
        review.0,
        only.map(|id| id.0)
    )
    .fetch_all(&mut *db)
    .await?;
    let ids: Vec<Uuid> = rows.iter().flat_map(|row| [Some(row.requested_by), row.decided_by]).flatten().collect();
    let people = users(db, &ids).await?;
    let exports = rows.into_iter().filter_map(|row| {
        Some(ReviewExport {
            id: ExportId(row.id),
            review_id: ReviewId(row.review_id),
            state: match row.decision.as_deref() {
                None => ExportState::Requested,
                Some("released") => ExportState::Released,
                Some(_) => ExportState::Refused,
            },
            // review_exports_mode_check knows no others
            mode: row.mode.parse().unwrap_or_default(),
            requested_by: people.get(&row.requested_by)?.clone(),
            requested_at: row.requested_at.into(),
            decided_by: row.decided_by.and_then(|id| people.get(&id).cloned()),
            decided_at: row.decided_at.map(Timestamp::from),
            decision_note: row.decision_note,
            tree_size: row.tree_size,
            manifest_sha256: row.manifest.map(|manifest| hexadecimal(&Sha256::digest(manifest))),
            times_taken: row.times_taken,
            last_taken_at: row.last_taken_at.map(Timestamp::from),
        })
    });
    Ok(exports.collect())
}

/// Writes down that an export is going to be taken, and the audit entry; the number of the record, `None` when nothing is
/// granted.
pub async fn record_take(db: &mut PgConnection, id: ExportId, by: UserId, policy: ReviewMode) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"with granted as (
               select e.id, e.review_id, r.conversation_id from review_exports e join reviews r on r.id = e.review_id
               where e.id = $1 and e.requested_by = $2 and e.decision = 'released'
                 and r.decision = 'approved' and r.ended_at is null and r.expires_at > clock_timestamp()
                 and (r.mode = 'dual' or $3 = 'single') and $3 <> 'off'
           ), taken as (
               insert into review_export_takes (export_id, taken_by) select g.id, $2 from granted g returning id, export_id, taken_by
           ), entry as (
               insert into audit_entries (actor_id, action, conversation_id, object, details)
               select t.taken_by, 'export.taken', g.conversation_id, g.review_id::text,
                      jsonb_build_object('export_id', t.export_id, 'take_id', t.id)
               from taken t join granted g on g.id = t.export_id
           )
           select id from taken"#,
        id.0,
        by.0,
        policy.as_str()
    )
    .fetch_optional(db)
    .await
}

/// Whether who takes is still an admin, and the review goes on, by its own time too: taking much away takes a while.
pub async fn is_granted_still(db: &mut PgConnection, take: i64) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (
               select from review_export_takes t
               join review_exports e on e.id = t.export_id
               join reviews r on r.id = e.review_id
               join users u on u.id = t.taken_by
               where t.id = $1 and u.role = 'admin' and u.active and r.ended_at is null and r.expires_at > clock_timestamp()
           ) as "is!""#,
        take
    )
    .fetch_one(db)
    .await
}

/// What an export consists of, once it was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// The manifest.
    pub manifest: String,
    /// Its signature.
    pub signature: String,
}

/// What was made of the export that is taken; `None` when it is the first time.
pub async fn made(db: &mut PgConnection, take: i64) -> Result<Option<Made>, sqlx::Error> {
    sqlx::query_as!(
        Made,
        r#"select e.manifest as "manifest!", e.signature as "signature!"
           from review_export_takes t join review_exports e on e.id = t.export_id where t.id = $1 and e.manifest is not null"#,
        take
    )
    .fetch_optional(db)
    .await
}

/// Keeps what was made, with the audit entry that holds its digest. Whoever was first is kept.
pub async fn keep(db: &mut PgConnection, take: i64, made: &Made, messages: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with made as (
             update review_exports e set manifest = $2, signature = $3
             from review_export_takes t, reviews r
             where t.id = $1 and e.id = t.export_id and e.manifest is null and r.id = e.review_id
             returning e.id, e.review_id, t.taken_by, r.conversation_id
         )
         insert into audit_entries (actor_id, action, conversation_id, object, details)
         select taken_by, 'export.made', conversation_id, review_id::text,
                jsonb_build_object('export_id', id, 'manifest_sha256', $4::text, 'messages', $5::bigint)
         from made",
        take,
        made.manifest,
        made.signature,
        hexadecimal(&Sha256::digest(&made.manifest)),
        messages
    )
    .execute(db)
    .await?;
    Ok(())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Row {
    id: Uuid,
    review_id: Uuid,
    mode: String,
    requested_by: Uuid,
    requested_at: OffsetDateTime,
    decision: Option<String>,
    decided_by: Option<Uuid>,
    decided_at: Option<OffsetDateTime>,
    decision_note: Option<String>,
    tree_size: Option<i64>,
    manifest: Option<String>,
    times_taken: i64,
    last_taken_at: Option<OffsetDateTime>,
}
