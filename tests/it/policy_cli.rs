//! The policy at the command line, and what a server says at its start about rules in its configuration.

use crate::{people_cli::run, support::database::TestDatabase};
use sqlx::ConnectOptions;
use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

const CLOSED: &str = r#"[{ name = "closed", to = { department = "Audit" }, effect = "deny", reason = "No." }]"#;

/// What a server logs until it listens.
fn log_of_the_start(database: &TestDatabase, rules: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cms-messages"))
        .arg("serve")
        .env("DATABASE_URL", database.options().to_url_lossy().to_string())
        .env("LEPTOS_SITE_ADDR", "127.0.0.1:0")
        .env("CMS_MESSAGES__SERVER__METRICS_ADDR", "127.0.0.1:0")
        .env("CMS_MESSAGES__POLICY__RULES", rules)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut log = String::new();
    for line in BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok) {
        log.push_str(&line);
        log.push('\n');
        if line.contains("listening") {
            break;
        }
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    log
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("cms-messages-{}-{name}.toml", std::process::id()));
    std::fs::write(&path, text).expect("written");
    path
}

#[tokio::test]
async fn rules_go_out_and_in_and_a_file_that_says_something_else_is_told_of() {
    let database = TestDatabase::new().await;
    let differs = "not those in force";
    assert!(!log_of_the_start(&database, CLOSED).contains(differs), "a new database takes them");
    let shown = run(&database, "policy show");
    assert_eq!((shown.code, shown.stderr.contains("Version 1.")), (Some(0), true), "{}", shown.stderr);
    assert!(shown.stdout.contains("[[policy.rules]]") && shown.stdout.contains("\"closed\""), "{}", shown.stdout);

    let same = file("same", &format!("[limits]\nsends_per_minute = 1\n{}", shown.stdout));
    let imported = run(&database, &format!("policy import {}", same.display()));
    assert!(imported.stderr.contains("Version 1 is in force."), "the same rules are no new version: {}", imported.stderr);
    let open = file("open", "[[policy.rules]]\nname = \"open\"\neffect = \"allow\"\n");
    let imported = run(&database, &format!("policy import {} --note reorganised", open.display()));
    assert!(imported.stderr.contains("Version 2 is in force."), "{}", imported.stderr);

    let log = log_of_the_start(&database, CLOSED);
    assert_eq!(log.matches(differs).count(), 1, "{log}");
    assert!(run(&database, "policy show").stdout.contains("\"open\""), "the database wins");
    assert!(!log_of_the_start(&database, "[]").contains(differs), "a file without rules says nothing");

    let wrong = file("wrong", "[[policy.rules]]\nname = \"Not a name\"\neffect = \"deny\"\n");
    run(&database, &format!("policy import {}", wrong.display())).refused("rules[0].name");
    let unknown = file("unknown", "[[policy.rules]]\nname = \"a\"\neffect = \"deny\"\nform = {}\n");
    run(&database, &format!("policy import {}", unknown.display())).refused("form");
    for path in [same, open, wrong, unknown] {
        std::fs::remove_file(path).expect("removed");
    }
}
