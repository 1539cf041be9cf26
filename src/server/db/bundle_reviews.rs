//! The lines of a whole export that are about reviews, as `bundle` hands them out: each row with the columns that its entries
//! vouch for.

use super::bundle::Lines;
use crate::{
    domain::{
        ids::{ConversationId, UserId},
        review::ReviewId,
        review_export::ExportId,
        time::Timestamp,
    },
    server::proof::bundle::{Hex, Line, Record, Review, ReviewExport},
};
use futures_util::{StreamExt, TryStreamExt};
use sqlx::PgConnection;

/// The reviews, with their words.
pub fn reviews(db: &mut PgConnection) -> Lines<'_> {
    let rows = sqlx::query!(
        r#"select id, case_id as "case_id?", case_salt, category, reason as "reason?", reason_salt, user_id, conversation_id, from_at, until_at,
                  mode, requested_by, decision, decided_by, decision_note, note_salt, expires_at, ended_by
           from reviews order by id"#
    );
    let reviews = rows.fetch(db).map_ok(|row| Review {
        id: ReviewId(row.id),
        case_id: row.case_id,
        case_salt: row.case_salt.map(Hex),
        category: row.category,
        reason: row.reason,
        reason_salt: row.reason_salt.map(Hex),
        user_id: row.user_id.map(UserId),
        conversation_id: row.conversation_id.map(ConversationId),
        from_at: row.from_at.into(),
        until_at: row.until_at.into(),
        mode: row.mode,
        requested_by: UserId(row.requested_by),
        decision: row.decision,
        decided_by: row.decided_by.map(UserId),
        decision_note: row.decision_note,
        note_salt: row.note_salt.map(Hex),
        expires_at: row.expires_at.map(Timestamp::from),
        ended_by: row.ended_by.map(UserId),
    });
    reviews.map_ok(|review| Line::Record(Record::Review(Box::new(review)))).boxed()
}

/// Their exports; of what was made the digest, as its entry has it.
pub fn exports(db: &mut PgConnection) -> Lines<'_> {
    let rows = sqlx::query!(
        r#"select id, review_id, requested_by, decision, decided_by, decision_note, note_salt, tree_size,
                  sha256(convert_to(manifest, 'UTF8')) as manifest_sha256
           from review_exports order by id"#
    );
    let exports = rows.fetch(db).map_ok(|row| ReviewExport {
        id: ExportId(row.id),
        review_id: ReviewId(row.review_id),
        requested_by: UserId(row.requested_by),
        decision: row.decision,
        decided_by: row.decided_by.map(UserId),
        decision_note: row.decision_note,
        note_salt: row.note_salt.map(Hex),
        tree_size: row.tree_size,
        manifest_sha256: row.manifest_sha256.map(Hex),
    });
    exports.map_ok(|export| Line::Record(Record::Export(Box::new(export)))).boxed()
}
