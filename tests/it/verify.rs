//! An export is verified by whoever has it. Random histories raise no alarm; random changes of an export and of the
//! database, made by mutators that share no code with what verifies, are found, all of them.
//!
//! A failure prints its seed: `CMS_MESSAGES_SEED=… script/test rust verify` repeats it. `script/test --long` takes 1,000
//! exports, 10,000 changes of an export and 200 of the database.

#[path = "../agent/faults/random.rs"]
#[allow(dead_code, reason = "the dice of the fault agent; each uses its part")]
pub mod random;

mod columns;
mod command;
mod history;
mod mutate;
mod reviews;
mod rewrite;
mod spans;
mod tampering;

use crate::support::{Office, leptos_options, settings};
use cms_messages::server::{
    db, demo,
    operator::Operator,
    proof::{
        bundle::Line,
        note::PrivateKey,
        verify::{Anchor, Report, Trust, Verifier},
    },
    service::audit,
};
use history::History;
use random::Random;
use sqlx::Executor;
use std::{
    io::Write,
    ops::ControlFlow,
    process::{Command, Stdio},
};

/// The dice of this run, and how often to throw them.
struct Run {
    seed: u64,
    times: usize,
}

impl Run {
    fn of(usual: usize, long: usize) -> Self {
        let seed = std::env::var("CMS_MESSAGES_SEED").ok().map_or(1, |seed| seed.parse().expect("a number"));
        let long_run = std::env::var("CMS_MESSAGES_LONG").is_ok();
        Self { seed, times: if long_run { long } else { usual } }
    }

    fn dice(&self, actor: usize) -> Random {
        Random::of(self.seed, actor as u64)
    }
}

fn operator(office: &Office) -> Operator {
    Operator { pool: office.state.pool.clone() }
}

/// The lines of a whole export.
async fn export(office: &Office) -> Vec<String> {
    let mut lines = Vec::new();
    let operator = operator(office);
    let whole = audit::export_whole(&operator, |line| {
        lines.push(text(&line));
        ControlFlow::Continue(())
    });
    whole.await.expect("exported");
    lines
}

fn text(line: &Line) -> String {
    let mut written = Vec::new();
    line.write(&mut written).expect("written");
    String::from_utf8(written).expect("UTF-8")
}

fn verified<L: AsRef<[u8]>>(lines: &[L], trust: &Trust) -> Option<Report> {
    let mut verifier = Verifier::new();
    lines.iter().for_each(|line| verifier.line(line.as_ref()));
    verifier.finish(trust)
}

/// The newest checkpoint of an export.
fn anchors(lines: &[String]) -> Vec<Anchor> {
    let note = lines.iter().rev().find(|line| line.starts_with("{\"record\":\"checkpoint\"")).expect("a checkpoint");
    let row: serde_json::Value = serde_json::from_str(note).expect("JSON");
    Anchor::read(row["signed_note"].as_str().expect("a note")).expect("an anchor")
}

fn key(seed: u8) -> PrivateKey {
    PrivateKey::new("messages.example.org", &[seed; 32]).expect("a name")
}

#[track_caller]
fn good(lines: &[String], trust: &Trust, what: &str) -> Report {
    let report = verified(lines, trust).expect("an export");
    assert!(report.is_good(), "{what}: {:#?}", report.findings.kept());
    report
}

#[tokio::test]
async fn random_histories_raise_no_alarm() {
    let run = Run::of(60, 1_000);
    let each = 10;
    let (mut entries, mut unsealed) = (0, 0);
    for place in 0..run.times.div_ceil(each) {
        let mut history = History::begin(run.dice(place)).await;
        for look in 0..each {
            history.goes_on(15).await;
            let lines = export(&history.office).await;
            let what = format!("seed {}, history {place}, export {look}", run.seed);
            let report = good(&lines, &Trust { anchors: history.anchors.clone(), keys: vec![key(1).public()], ..Trust::default() }, &what);
            history.anchors.extend(anchors(&lines));
            entries += report.counts.entries;
            unsealed += report.counts.unsealed;
        }
    }
    // a run in which everything was sealed, or nothing happened, has tested little
    assert!(unsealed > 0 && entries > 100, "{entries} entries, {unsealed} unsealed");
    println!("{} exports of {entries} entries, {unsealed} of them unsealed: no alarm", run.times);
}

#[tokio::test]
async fn every_change_of_an_export_is_found() {
    let run = Run::of(600, 10_000);
    let (mut found, mut kinds) = (0, std::collections::BTreeMap::<&str, usize>::new());
    for place in 0..run.times.div_ceil(500) {
        let mut history = History::begin(run.dice(place)).await;
        history.goes_on(60).await;
        history.is_reviewed().await;
        history.is_sealed().await;
        let lines = export(&history.office).await;
        let trust = Trust { anchors: anchors(&lines), keys: vec![key(1).public()], ..Trust::default() };
        good(&lines, &trust, "before");
        assert!(rewrite::seals_alike(&lines), "the mutator seals as the product does");
        let mut dice = run.dice(1_000 + place);
        for nth in 0..(run.times - found).min(500) {
            let changed = mutate::one(&lines, &mut dice);
            assert_ne!(changed.lines, lines.iter().map(|line| line.clone().into_bytes()).collect::<Vec<_>>(), "{}", changed.what);
            // an anchor is for what cannot be seen without one
            let trust = if changed.needs_anchor { &trust } else { &Trust::default() };
            let report = verified(&changed.lines, trust);
            assert!(
                report.is_none_or(|report| !report.is_good()),
                "seed {}, history {place}, change {nth} was not found: {} {}",
                run.seed,
                changed.kind,
                changed.what
            );
            found += 1;
            *kinds.entry(changed.kind).or_default() += 1;
        }
    }
    assert_eq!(kinds.len(), mutate::KINDS, "{kinds:?}");
    println!("{found} changes of {} were found: {kinds:?}", run.times);
}

#[tokio::test]
async fn every_change_of_the_database_is_found() {
    let run = Run::of(60, 200);
    let mut dice = run.dice(2_000);
    let mut history = History::begin(run.dice(2_001)).await;
    history.goes_on(80).await;
    history.is_reviewed().await;
    history.is_sealed().await;
    good(&export(&history.office).await, &Trust::default(), "before");
    let mut owner = tampering::Owner::new(&history.office).await;
    let mut kinds = std::collections::BTreeMap::<String, usize>::new();
    for nth in 0..run.times {
        let changed = owner.changes_something(&mut dice).await;
        let lines = export(&history.office).await;
        let report = verified(&lines, &Trust::default()).expect("an export");
        // what was written by hand and is no more than an entry is not sealed yet, and that is said
        let seen = !report.is_good() || report.counts.unsealed > 0;
        assert!(seen, "seed {}, change {nth} was not found: {changed}", run.seed);
        *kinds.entry(changed.split(' ').take(2).collect::<Vec<_>>().join(" ")).or_default() += 1;
        owner.restores().await;
    }
    good(&export(&history.office).await, &Trust::default(), "after all of it was undone");
    println!("{} changes of {} were found: {kinds:?}", run.times, run.times);
}

#[tokio::test]
async fn the_documentation_names_every_column() {
    let office = Office::new().await;
    let there: Vec<(String, String)> = sqlx::query_as(
        "select c.table_name::text, c.column_name::text from information_schema.columns c
         join information_schema.tables t using (table_schema, table_name)
         where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.table_name not like '\\_sqlx%'",
    )
    .fetch_all(&mut office.database.owner().await)
    .await
    .expect("columns");
    let named = columns::documented();
    for (table, column) in &there {
        let row = named.get(table).unwrap_or_else(|| panic!("docs/audit.md says whether {table} is covered"));
        assert!(
            row.all || row.covered.contains(column) != row.left_out.contains(column),
            "docs/audit.md says whether {table}.{column} is covered"
        );
    }
    for (table, row) in &named {
        for column in row.covered.iter().chain(&row.left_out) {
            assert!(there.contains(&(table.clone(), column.clone())), "{table}.{column} of docs/audit.md is there");
        }
    }
}

#[tokio::test]
async fn another_program_finds_the_same_roots() {
    let mut history = History::begin(Random::of(1, 3_000)).await;
    history.goes_on(80).await;
    history.is_sealed().await;
    let lines = export(&history.office).await;
    let report = good(&lines, &Trust::default(), "ours");
    let tools = std::env::var("CMS_MESSAGES_TOOLS").expect("script/env says where the tools are");
    let python = |lines: &[String]| {
        let mut child = Command::new(format!("{tools}/pymerkle/bin/python"))
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/verify/independent.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("script/bootstrap --test has installed pymerkle");
        // it may end before it has read
        let _ = child.stdin.take().expect("piped").write_all((lines.join("\n") + "\n").as_bytes());
        child.wait_with_output().expect("an end")
    };
    let theirs = python(&lines);
    assert!(theirs.status.success(), "{}", String::from_utf8_lossy(&theirs.stderr));
    assert_eq!(String::from_utf8_lossy(&theirs.stdout).lines().count(), report.checkpoints);
    let changed: Vec<_> = lines.iter().map(|line| line.replacen("\"action\":\"message.sent\"", "\"action\":\"message.lost\"", 1)).collect();
    assert!(!python(&changed).status.success());
}

/// Who exports sees each round of the sealer whole or not at all, and the sealer does not notice.
#[tokio::test]
async fn an_export_holds_up_nobody_and_sees_no_half_seal() {
    let mut history = History::begin(Random::of(1, 4_000)).await;
    history.goes_on(40).await;
    history.is_sealed().await;
    let before = history.office.count("select count(*) from audit_leaves").await;
    let mut connection = history.office.state.pool.acquire().await.expect("a connection");
    let mut snapshot = db::bundle::snapshot(&mut connection).await.expect("begun");
    let mut lines = Vec::new();
    take(db::bundle::sealed(&mut snapshot), &mut lines).await;
    assert_eq!(lines.len() as i64, before);
    // meanwhile people write, entries are sealed, and the floor rises
    let floor = history.office.count("select max(floor) from audit_checkpoints").await;
    for _ in 0..4 {
        history.goes_on(10).await;
        history.is_sealed().await;
    }
    assert!(history.office.count("select count(*) from audit_leaves").await > before);
    assert!(history.office.count("select max(floor) from audit_checkpoints").await > floor, "the floor rises");
    for part in [db::bundle::unsealed, db::bundle::orphans, db::bundle::stray_messages, db::bundle::stray_receipts] {
        take(part(&mut snapshot), &mut lines).await;
    }
    assert_eq!(lines.len() as i64, before, "nothing of what came later");
    let (reviews, exports) = (db::bundle_reviews::reviews, db::bundle_reviews::exports);
    for part in [db::bundle::participants, reviews, exports, db::bundle::checkpoints, db::bundle::keys] {
        take(part(&mut snapshot), &mut lines).await;
    }
    let records = lines.len() as i64 - before;
    lines.push(format!("{{\"record\":\"end\",\"entries\":{before},\"records\":{records}}}"));
    good(&lines, &Trust::default(), "the snapshot");
}

async fn take(part: db::bundle::Lines<'_>, lines: &mut Vec<String>) {
    use futures_util::TryStreamExt;
    let part: Vec<_> = part.try_collect().await.expect("read");
    lines.extend(part.iter().map(text));
}

/// Somebody exports while people write and two instances seal: whatever moment it is, it goes together.
#[tokio::test]
async fn whatever_moment_is_exported_goes_together() {
    let mut history = History::begin(Random::of(1, 5_000)).await;
    history.goes_on(20).await;
    let office = &history.office;
    let (state, stop) = (office.another_instance(), tokio_util::sync::CancellationToken::new());
    let sealing = tokio::spawn({
        let stop = stop.clone();
        async move {
            let mut sealer = cms_messages::server::jobs::seal::Sealer::new(state, vec![key(1)]).expect("a key");
            while !stop.is_cancelled() {
                sealer.round().await.expect("sealed");
            }
        }
    });
    let (one, other) = (history.people[0].clone(), history.people[1].clone());
    let writing = tokio::spawn({
        let stop = stop.clone();
        async move {
            let conversation = one.open(&other).await;
            while !stop.is_cancelled() {
                let message = one.write(conversation, "while it is exported").await;
                other.read(conversation, message.seq.0).await.expect("read");
            }
        }
    });
    let mut sizes = std::collections::BTreeSet::new();
    while sizes.len() < 8 {
        let report = good(&export(office).await, &Trust::default(), "meanwhile");
        sizes.insert(report.counts.entries);
    }
    stop.cancel();
    sealing.await.expect("no panic");
    writing.await.expect("no panic");
}

#[tokio::test]
async fn a_text_can_be_erased_the_proof_stays_whole_and_it_is_said() {
    let mut history = History::begin(Random::of(1, 6_000)).await;
    let (asha, bikram) = (history.people[0].clone(), history.people[1].clone());
    let conversation = asha.open(&bikram).await;
    asha.write(conversation, "what has to be forgotten").await;
    history.is_sealed().await;
    let mut owner = history.office.database.owner().await;
    owner.execute("alter table messages alter body drop not null, alter body_salt drop not null").await.expect("allowed");
    owner.execute("update messages set body = null, body_salt = null").await.expect("erased");
    let lines = export(&history.office).await;
    let report = good(&lines, &Trust::default(), "erased");
    assert_eq!(report.counts.erased, 1);
    assert!(report.cautions.iter().any(|caution| caution.starts_with("The texts of 1 messages are gone")), "{:?}", report.cautions);
    assert!(!lines.concat().contains("forgotten"));
    owner.execute("update messages set body = 'what was never said'").await.expect("written");
    let report = verified(&export(&history.office).await, &Trust::default()).expect("an export");
    assert_eq!(report.findings.kept()[0].code.as_str(), "message.text");
}

#[tokio::test]
async fn an_entry_below_the_first_number_is_told() {
    let mut history = History::begin(Random::of(1, 7_000)).await;
    history.is_sealed().await;
    let mut owner = history.office.database.owner().await;
    let insert = "insert into audit_entries (id, action) overriding system value values (-5, 'user.changed')";
    owner.execute(insert).await.expect("written");
    history.is_sealed().await;
    let report = verified(&export(&history.office).await, &Trust::default()).expect("an export");
    let finding = &report.findings.kept()[0];
    assert_eq!((finding.code.as_str(), finding.entry, report.counts.unsealed), ("entry.number", Some(-5), 1));
}

#[tokio::test]
async fn details_that_readers_of_json_would_round_are_verified_as_they_are() {
    let mut history = History::begin(Random::of(1, 8_000)).await;
    let mut owner = history.office.database.owner().await;
    for details in ["{\"n\": 1e400}", "{\"n\": 0.10}", "null", "{\"n\": 9007199254740993}"] {
        let insert = "insert into audit_entries (action, details) values ('user.changed', $1::text::jsonb)";
        sqlx::query(insert).bind(details).execute(&mut owner).await.expect("written");
    }
    history.is_sealed().await;
    good(&export(&history.office).await, &Trust::default(), "numbers");
}

#[tokio::test]
async fn the_demo_organisation_verifies() {
    let office = Office::with_files(settings(), leptos_options()).await;
    demo::seed(&operator(&office)).await.expect("seeded");
    let mut sealer = cms_messages::server::jobs::seal::Sealer::new(office.state.clone(), vec![key(1)]).expect("a key");
    sealer.round().await.expect("sealed");
    let report = good(&export(&office).await, &Trust::default(), "the demo organisation");
    assert!(report.counts.messages > 100 && report.counts.receipts > 10, "{:?}", report.counts);
}
