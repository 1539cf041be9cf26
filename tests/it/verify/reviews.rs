//! The words of reviews are sealed: somebody who owns the database changes one column, and the verifier says which review is
//! wrong and how. What was written before there were digests is counted and raises no alarm.

use super::{Trust, export, good, history::History, random::Random, verified};
use cms_messages::{
    domain::review::{Review, ReviewMode},
    server::service::reviews::{self, Answer},
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Executor, PgConnection, raw_sql};

/// One review that was asked for, approved with a note, exported, released with a note, taken and ended; one that waits.
async fn scene(place: u64) -> (History, PgConnection) {
    let mut history = History::begin(Random::of(1, place)).await;
    history.goes_on(20).await;
    history.is_sealed().await;
    history.is_reviewed().await;
    history.is_sealed().await;
    let mut owner = history.office.database.owner().await;
    owner
        .execute(raw_sql("alter table reviews disable trigger user; alter table review_exports disable trigger user"))
        .await
        .expect("an owner can");
    (history, owner)
}

async fn entries(history: &History, action: &str) -> Vec<Value> {
    sqlx::query_scalar("select details from audit_entries where action = $1 order by id")
        .bind(action)
        .fetch_all(&*history.office.state.pool)
        .await
        .expect("the log")
}

#[tokio::test]
async fn the_entries_hold_salted_digests_of_the_words_and_none_of_the_words() {
    let (history, mut owner) = scene(20_000).await;
    let (case, case_salt, reason, reason_salt, note, note_salt): (String, Vec<u8>, String, Vec<u8>, String, Vec<u8>) =
        sqlx::query_as("select case_id, case_salt, reason, reason_salt, decision_note, note_salt from reviews where decision = 'approved' and decision_note is not null limit 1")
            .fetch_one(&mut owner)
            .await
            .expect("a review");
    let (said, said_salt): (String, Vec<u8>) = sqlx::query_as(
        "select decision_note, note_salt from review_exports where decision = 'released' and decision_note is not null limit 1",
    )
    .fetch_one(&mut owner)
    .await
    .expect("an export");
    let digest = |salt: &[u8], words: &str| -> String {
        Sha256::digest([salt, words.as_bytes()].concat()).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let has = async |action: &str, key: &str, digest: String| {
        entries(&history, action).await.iter().any(|details| details[key] == digest.as_str())
    };
    assert!(has("review.requested", "case_digest", digest(&case_salt, &case)).await);
    assert!(has("review.requested", "reason_digest", digest(&reason_salt, &reason)).await);
    assert!(has("review.approved", "note_digest", digest(&note_salt, &note)).await);
    assert!(has("export.released", "note_digest", digest(&said_salt, &said)).await);
    for salt in [&case_salt, &reason_salt, &note_salt, &said_salt] {
        assert!(salt.len() == 32 && salt.iter().any(|byte| *byte != salt[0]), "32 bytes of chance");
    }
    let mut salts = vec![&case_salt, &reason_salt, &note_salt, &said_salt];
    salts.sort();
    salts.dedup();
    assert_eq!(salts.len(), 4, "each of its own");
    let words = "select count(*) from audit_entries where details::text || coalesce(object, '') ~* 'TP-C|gate passes|promised|agreed|only this|released to|board'";
    assert_eq!(history.office.count(words).await, 0, "no typed word in the log");
    let here = "select count(*) from reviews where case_id || reason ~* 'TP-C' and reason ~* 'gate passes|promised'";
    assert!(history.office.count(here).await > 0, "this test can fail");
}

#[tokio::test]
async fn whoever_changes_a_word_of_a_review_is_found_and_told_which() {
    let (history, mut owner) = scene(20_100).await;
    let report = good(&export(&history.office).await, &Trust::default(), "before");
    assert!(report.counts.reviews >= 2 && report.counts.exports >= 1 && report.counts.words_not_covered == 0, "{:?}", report.counts);
    owner
        .execute(raw_sql("create table kept_reviews as table reviews; create table kept_review_exports as table review_exports"))
        .await
        .expect("kept");
    owner
        .execute(raw_sql(
            "do $$ declare c record; begin
                 for c in select conrelid::regclass as t, conname from pg_constraint
                          where conrelid in ('reviews'::regclass, 'review_exports'::regclass, 'review_reads'::regclass,
                                             'review_export_conversations'::regclass, 'review_export_takes'::regclass)
                          order by contype = 'p' loop
                     execute format('alter table %s drop constraint %I cascade', c.t, c.conname);
                 end loop;
             end $$;
             alter table reviews alter case_id drop not null, alter reason drop not null",
        ))
        .await
        .expect("nothing is checked any more");
    let is = "where decision = 'approved' and decision_note is not null and ended_at is not null";
    let out = "where decision = 'released' and manifest is not null";
    for (sql, code, word) in [
        (format!("update reviews set case_id = 'TP-C-119' {is}"), "review.words", "case"),
        (format!("update reviews set case_salt = sha256(case_salt) {is}"), "review.words", "case"),
        (format!("update reviews set reason = reason || ' And more.' {is}"), "review.words", "reason"),
        (format!("update reviews set reason_salt = null {is}"), "review.words", "reason"),
        // nothing of a review is erased by this program: each word that is gone is told, with its salt or without
        (format!("update reviews set case_id = null, case_salt = null {is}"), "review.words", "case"),
        (format!("update reviews set reason = null, reason_salt = null {is}"), "review.words", "reason"),
        (format!("update reviews set decision_note = null, note_salt = null {is}"), "review.words", "note"),
        (format!("update review_exports set decision_note = null, note_salt = null {out}"), "export.words", "note"),
        (format!("update reviews set decision_note = 'I had my doubts.' {is}"), "review.words", "note"),
        ("update reviews set decision_note = 'put in' where decision = 'refused'".into(), "review.words", "note"),
        ("update reviews set decision_note = 'put in' where decision is null".into(), "review.differs", "decided"),
        (format!("update reviews set category = 'legal_duty' {is}"), "review.differs", "category"),
        (format!("update reviews set mode = 'single' {is}"), "review.differs", "mode"),
        (format!("update reviews set until_at = until_at + interval '1 day' {is}"), "review.differs", "end of its period"),
        (format!("update reviews set from_at = from_at - interval '1 day' {is}"), "review.differs", "beginning of its period"),
        (format!("update reviews set requested_by = decided_by {is}"), "review.differs", "requester"),
        (format!("update reviews set user_id = decided_by {is}"), "review.differs", "person in its scope"),
        ("update reviews set conversation_id = id where conversation_id is not null".into(), "review.differs", "conversation in its scope"),
        (format!("update reviews set decided_by = requested_by {is}"), "review.differs", "deciding person"),
        (format!("update reviews set decision = 'refused' {is}"), "review.differs", "decision"),
        (format!("update reviews set expires_at = expires_at + interval '1 hour' {is}"), "review.differs", "end of its grant"),
        (format!("update reviews set ended_by = null {is}"), "review.differs", "person who ended it"),
        (format!("delete from reviews {is}"), "review.missing", "gone"),
        (format!("update reviews set id = gen_random_uuid() {is}"), "review.stray", "Nobody"),
        (format!("update review_exports set decision_note = 'Against my advice.' {out}"), "export.words", "note"),
        (format!("update review_exports set note_salt = sha256(note_salt) {out}"), "export.words", "note"),
        (format!("update review_exports set requested_by = decided_by {out}"), "export.differs", "requester"),
        (format!("update review_exports set decision = 'refused' {out}"), "export.differs", "decision"),
        (format!("update review_exports set decided_by = requested_by {out}"), "export.differs", "deciding person"),
        (format!("update review_exports set tree_size = tree_size + 1 {out}"), "export.differs", "size of the tree"),
        (format!("update review_exports set manifest = manifest || ' ' {out}"), "export.differs", "manifest"),
        (format!("update review_exports set review_id = gen_random_uuid() {out}"), "export.differs", "review"),
        (format!("delete from review_exports {out}"), "export.missing", "gone"),
        (format!("update review_exports set id = gen_random_uuid() {out}"), "export.stray", "Nobody"),
    ] {
        let table = if sql.contains("review_exports") { "review_exports" } else { "reviews" };
        let changed = owner.execute(raw_sql(AssertSqlSafe(sql.clone()))).await.expect("changed").rows_affected();
        assert!(changed > 0, "{sql}");
        let report = verified(&export(&history.office).await, &Trust::default()).expect("an export");
        let found = report.findings.kept().iter().find(|finding| finding.code.as_str() == code && finding.sentence.contains(word));
        assert!(found.is_some(), "{sql}: {:#?}", report.findings.kept());
        let of = if table == "reviews" { "review " } else { "export " };
        assert!(found.is_some_and(|found| found.sentence.contains(of)), "{found:?}");
        let said = format!("{:?}", report.findings.kept());
        assert!(!said.contains("doubts") && !said.contains("advice") && !said.contains("TP-C"), "nothing is quoted: {said}");
        owner.execute(raw_sql(AssertSqlSafe(format!("truncate {table}; insert into {table} table kept_{table}")))).await.expect("restored");
    }
    good(&export(&history.office).await, &Trust::default(), "after all of it was undone");
}

/// What the release before this one wrote, and would write while instances are replaced one after the other.
#[tokio::test]
async fn what_was_asked_for_before_words_were_sealed_is_counted_and_raises_no_alarm() {
    let mut history = History::begin(Random::of(1, 20_300)).await;
    let old_request = format!(
        "with asked as (
             insert into reviews (case_id, category, reason, user_id, from_at, until_at, mode, requested_by)
             values ('TP-C-1', 'complaint', 'What was said at the gate last week.', '{}', now() - interval '1 day', now(), 'dual', '{}')
             returning id, user_id, conversation_id, category, mode, from_at, until_at, requested_by
         ), entry as (
             insert into audit_entries (actor_id, action, conversation_id, object, details)
             select requested_by, 'review.requested', conversation_id, id::text,
                    jsonb_build_object('category', category, 'mode', mode, 'user_id', user_id, 'from', from_at, 'until', until_at)
             from asked
         ) select 1",
        history.people[0].id(),
        history.admins[0].id()
    );
    let old_decision = format!(
        "with decided as (
             update reviews set decision = 'refused', decided_by = '{}', decided_at = clock_timestamp(), decision_note = 'No.'
             where decision is null returning id, conversation_id, decision, decided_by, expires_at
         ), entry as (
             insert into audit_entries (actor_id, action, conversation_id, object, details)
             select decided_by, 'review.' || decision, conversation_id, id::text, jsonb_build_object('expires_at', expires_at) from decided
         ) select 1",
        history.admins[1].id()
    );
    for sql in [old_request, old_decision] {
        history.office.state.pool.execute(AssertSqlSafe(sql)).await.expect("the release before this one still can");
    }
    history.is_reviewed().await;
    history.is_sealed().await;
    let lines = export(&history.office).await;
    let report = good(&lines, &Trust::default(), "old and new");
    assert_eq!(report.counts.words_not_covered, 2, "of the old one what was asked and what was decided");
    assert!(report.cautions.iter().any(|caution| caution.starts_with("2 entries of reviews")), "{:?}", report.cautions);
    // a change there is what cannot be seen, and what is in its entries is seen all the same
    let mut owner = history.office.database.owner().await;
    owner.execute("alter table reviews disable trigger user").await.expect("an owner can");
    owner.execute("update reviews set reason = 'Nothing that was ever asked.' where case_salt is null").await.expect("changed");
    good(&export(&history.office).await, &Trust::default(), "not covered");
    // a salt that was put in would make another word look sealed
    owner.execute("update reviews set reason_salt = sha256('x') where case_salt is null").await.expect("changed");
    let report = verified(&export(&history.office).await, &Trust::default()).expect("an export");
    assert_eq!(report.findings.kept().iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), ["review.words"]);
    owner.execute("update reviews set reason_salt = null where case_salt is null").await.expect("changed");
    owner.execute("update reviews set category = 'other' where case_salt is null").await.expect("changed");
    let report = verified(&export(&history.office).await, &Trust::default()).expect("an export");
    assert_eq!(report.findings.kept().iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), ["review.differs"]);
}

#[tokio::test]
async fn the_salt_of_a_note_stays_with_it() {
    let history = History::begin(Random::of(1, 20_400)).await;
    let request = history.review_of(history.people[0].id());
    let review: Review = reviews::request(&history.admins[0].ctx, request).await.expect("asked for");
    assert_eq!(review.mode, ReviewMode::Dual);
    reviews::decide(&history.admins[1].ctx, review.id, Answer::Approve, Some("Agreed.".into())).await.expect("approved");
    let error = history.office.state.pool.execute("update reviews set note_salt = sha256(note_salt)").await.expect_err("refused");
    assert_eq!(error.as_database_error().and_then(|error| error.constraint()), Some("reviews_stays_check"));
    for sql in ["update reviews set case_salt = null", "update reviews set reason_salt = sha256(reason_salt)"] {
        let error = history.office.state.pool.execute(sql).await.expect_err("refused");
        assert_eq!(error.as_database_error().and_then(|error| error.code()).as_deref(), Some("42501"), "{sql}");
    }
}
