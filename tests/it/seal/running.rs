//! The seal as a server keeps it: by itself, to its end, out to where checkpoints are kept, and in the metrics.

use super::{key, seal, sealer, write};
use crate::support::{Office, database::TestDatabase, program::Program, settings};
use cms_messages::server::{
    audit_keys, jobs,
    jobs::anchor::{Anchors, Missed},
    proof::{
        note::{self, Checkpoint},
        tree::Hash,
    },
    settings::{Audit, Settings},
};
use sqlx::{Connection, Executor};
use std::time::Duration;

#[tokio::test]
async fn each_newer_checkpoint_goes_out_once() {
    let file = std::env::temp_dir().join(format!("cms-messages-anchors-{}", std::process::id()));
    let _ = std::fs::remove_file(&file);
    let office = Office::with(Settings { audit: Audit { anchor_file: Some(file.clone()), ..Audit::default() }, ..settings() }).await;
    let mut anchors = Anchors::believing(vec![key(1).public()]);
    assert!(!anchors.round(&office.state).await.expect("nothing yet"));
    let mut owner = office.database.owner().await;
    for _ in 0..2 {
        write(&mut owner, 2).await;
        seal(&mut sealer(&office.state)).await;
        assert!(anchors.round(&office.state).await.expect("written"));
        assert!(!anchors.round(&office.state).await.expect("the same"));
    }
    // somebody who owns the database and not the key is no witness
    let forge = "insert into audit_checkpoints (size, root, frontier, floor, signed_note)
        select size + 1, root, frontier, floor, $1 from audit_checkpoints order by size desc limit 1";
    let made_up = Checkpoint { origin: "messages.example.org".into(), size: 5, root: Hash([7; 32]) }.sign(&[key(2)]);
    sqlx::query(forge).bind(made_up).execute(&mut owner).await.expect("written");
    assert!(matches!(anchors.round(&office.state).await, Err(Missed::NotOurs)));

    let lines = std::fs::read_to_string(&file).expect("written");
    std::fs::remove_file(&file).expect("removed");
    let sizes: Vec<u64> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["note"].as_str().expect("a note").to_owned())
        .map(|signed| note::open(&signed, &[key(1).public()]).expect("signed").checkpoint.size)
        .collect();
    assert_eq!(sizes, [2, 4]);
}

#[tokio::test]
async fn a_program_with_a_key_seals_by_itself_and_anchors_when_it_stops() {
    let place = |what: &str| std::env::temp_dir().join(format!("cms-messages-program-{}-{what}", std::process::id()));
    let (key_file, anchor_file) = (place("key"), place("anchors"));
    for file in [&key_file, &anchor_file] {
        let _ = std::fs::remove_file(file);
    }
    let key = audit_keys::create(&key_file, "messages.example.org").expect("a key");
    let database = TestDatabase::new().await;
    let mut owner = database.owner().await;
    let program = Program::serve_with(
        &database,
        &[
            ("CMS_MESSAGES__AUDIT__KEY_FILE", key_file.to_str().expect("a path")),
            ("CMS_MESSAGES__AUDIT__ANCHOR_FILE", anchor_file.to_str().expect("a path")),
            ("CMS_MESSAGES__AUDIT__ANCHOR_EVERY_SECONDS", "3600"),
        ],
    );
    write(&mut owner, 10).await;
    let sealed = async {
        let unsealed = "select count(*) from audit_entries e where not exists (select from audit_leaves l where l.entry_id = e.id)";
        while sqlx::query_scalar::<_, i64>(unsealed).fetch_one(&mut owner).await.expect("counted") > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), sealed).await.expect("it seals");
    program.ask_to_stop();
    assert!(program.ended().await.0.success());
    let lines = std::fs::read_to_string(&anchor_file).expect("anchored");
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().expect("a line")).expect("JSON");
    let opened = note::open(last["note"].as_str().expect("a note"), &[key.public()]).expect("signed");
    let size: i64 = sqlx::query_scalar("select max(size) from audit_checkpoints").fetch_one(&mut owner).await.expect("a checkpoint");
    assert_eq!(opened.checkpoint.size as i64, size);
    for file in [key_file, anchor_file] {
        std::fs::remove_file(file).expect("removed");
    }
}

/// The answer to what was done while the server drains is given before the server ends, and so is its seal.
#[tokio::test]
async fn nothing_that_was_answered_is_unsealed_after_a_clean_stop() {
    let place = |what: &str| std::env::temp_dir().join(format!("cms-messages-stop-{}-{what}", std::process::id()));
    let (key_file, anchor_file) = (place("key"), place("anchors"));
    for file in [&key_file, &anchor_file] {
        let _ = std::fs::remove_file(file);
    }
    audit_keys::create(&key_file, "messages.example.org").expect("a key");
    let database = TestDatabase::new().await;
    let (mut owner, mut watch) = (database.owner().await, database.owner().await);
    let mut program = Program::serve_logged(
        &database,
        &[
            ("CMS_MESSAGES__AUDIT__KEY_FILE", key_file.to_str().expect("a path")),
            ("CMS_MESSAGES__AUDIT__ANCHOR_FILE", anchor_file.to_str().expect("a path")),
            ("CMS_MESSAGES__AUDIT__ANCHOR_EVERY_SECONDS", "3600"),
        ],
    );
    let log = program.log();
    // a failed sign-in, which is written down, waits for this lock
    let mut held = owner.begin().await.expect("begun");
    held.execute("lock table sign_in_failures in exclusive mode").await.expect("locked");
    let url = format!("http://{}/api/v1/session", program.address);
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let attempt = http.post(url).json(&serde_json::json!({"username": "nobody", "password": "a guess"}));
    let answer = tokio::spawn(async move { attempt.send().await.expect("an answer").status().as_u16() });
    // not the server's cleaning, which wants that table too
    let waiting = "select count(*) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and query like '%insert into sign_in_failures%'";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut watch).await.expect("counted") == 0 {
        tokio::task::yield_now().await;
    }
    program.ask_to_stop();
    let drains = tokio::task::spawn_blocking(move || {
        let drains = log.iter().any(|line| line.contains("draining"));
        (drains, log)
    });
    // who does not listen to the rest would cost it lines
    let (drains, _log) = drains.await.expect("no panic");
    assert!(drains);
    held.rollback().await.expect("released");
    assert_eq!(answer.await.expect("no panic"), 401);
    assert!(program.ended().await.0.success());
    let counts: (i64, i64, i64) = sqlx::query_as(
        "select count(*) filter (where action = 'session.refused'), count(*), (select max(size) from audit_checkpoints) from audit_entries",
    )
    .fetch_one(&mut watch)
    .await
    .expect("counted");
    assert_eq!((counts.0, counts.1), (1, counts.2), "all of it is sealed");
    let anchors = std::fs::read_to_string(&anchor_file).expect("anchored");
    let last: serde_json::Value = serde_json::from_str(anchors.lines().last().expect("a line")).expect("JSON");
    assert_eq!(note::read_unverified(last["note"].as_str().expect("a note")).expect("a checkpoint").size as i64, counts.1);
    for file in [key_file, anchor_file] {
        std::fs::remove_file(file).expect("removed");
    }
}

#[tokio::test]
async fn that_no_sealer_works_shows_in_every_instance() {
    let office = Office::new().await;
    let mut owner = office.database.owner().await;
    let age = async || {
        jobs::unsealed::run(&office.state.pool, &office.state.metrics).await.expect("looked");
        let page = office.state.metrics.render();
        let line = page.lines().find_map(|line| line.strip_prefix("cms_messages_audit_oldest_unsealed_seconds ")).expect("the gauge");
        line.parse::<f64>().expect("a number")
    };
    let old = "insert into audit_entries (at, action) values (clock_timestamp() - interval '1 hour', 'user.changed')";
    owner.execute(old).await.expect("written");
    write(&mut owner, 3).await;
    assert!((3_600.0..3_700.0).contains(&age().await));
    let mut sealer = sealer(&office.state);
    seal(&mut sealer).await;
    assert!(age().await < f64::EPSILON);
    // and again, above what is sealed
    owner.execute(old).await.expect("written");
    assert!((3_600.0..3_700.0).contains(&age().await));
}
