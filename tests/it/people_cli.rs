//! The program itself: its commands, what they print where, and what they refuse.

use crate::support::{Office, database::TestDatabase};
use cms_messages::server::service::{
    passwords,
    session::{self, Presented},
};
use sqlx::ConnectOptions;
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// What a run came to.
pub struct Ran {
    /// Its exit status.
    pub code: Option<i32>,
    /// Rows and results.
    pub stdout: String,
    /// Sentences.
    pub stderr: String,
}

impl Ran {
    /// It said this word and did nothing.
    pub fn refused(&self, word: &str) {
        assert_eq!((self.code, self.stdout.as_str()), (Some(1), ""), "{}", self.stderr);
        assert!(self.stderr.contains(word), "{:?} says {word:?}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }

    fn lines(&self) -> Vec<Vec<&str>> {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self.stdout.lines().map(|line| line.split('\t').collect()).collect()
    }
}

/// Runs the program with a database and something on its stdin.
fn run_with(database: &TestDatabase, words: &str, stdin: &str, environment: &[(&str, &str)]) -> Ran {
    let url = database.options().to_url_lossy().to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_cms-messages"))
        .args(words.split_whitespace().map(|word| word.replace('_', " ")))
        .env("DATABASE_URL", url)
        .env_remove("MIGRATE_DATABASE_URL")
        .env_remove("LEPTOS_SITE_ADDR")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // it may end before it has read
    let _ = child.stdin.take().expect("piped").write_all(stdin.as_bytes());
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Runs the program with a database.
pub fn run(database: &TestDatabase, words: &str) -> Ran {
    run_with(database, words, "", &[])
}

#[tokio::test]
async fn a_person_gets_in_with_the_piped_password_or_by_the_printed_link() {
    let office = Office::new().await;
    let db = &office.database;
    let created = run_with(db, "user create --username Meera --name Meera_Nair --department Planning --role admin", "demo-password\n", &[]);
    assert_eq!((created.code, created.stdout.as_str()), (Some(0), ""));
    run_with(db, "user create --username asha --name Asha", "short\n", &[]).refused("10 characters");
    run(db, "user create --username Asha! --name Asha").refused("username");
    run(db, "user create --username asha --name Asha --role boss").refused("role");

    let public = [("CMS_MESSAGES__SERVER__PUBLIC_URL", "https://messages.example.org/")];
    let invited = run_with(db, "user create --username asha --name Asha_Verma --email asha@example.org --external-id 7", "", &public);
    let link =
        invited.stdout.trim_end().strip_prefix("https://messages.example.org/password/").expect("a link, alone on stdout").to_owned();
    run(db, "user create --username asha --name Asha").refused("taken");
    let again = run_with(db, "user link asha", "", &[("LEPTOS_SITE_ADDR", "127.0.0.1:4711")]);
    assert!(again.stdout.starts_with("http://127.0.0.1:4711/password/") && again.stdout.lines().count() == 1, "{}", again.stdout);
    let newer = again.stdout.trim_end().rsplit('/').next().expect("a link").to_owned();

    let nobody = cms_messages::server::context::Context {
        state: office.state.clone(),
        caller: None,
        address: [127, 0, 0, 1].into(),
        request_id: "test".into(),
    };
    assert_eq!(passwords::link_owner(&nobody, &newer).await.map(|user| user.username), Ok("asha".into()));
    assert!(passwords::link_owner(&nobody, &link).await.is_err(), "the newer one has taken its place");
    let listed = run(db, "user list");
    assert_eq!(
        listed.lines(),
        [
            vec!["asha", "Asha Verma", "", "member", "active", "asha@example.org", "7"],
            vec!["meera", "Meera Nair", "Planning", "admin", "active", "", ""],
        ]
    );
}

#[tokio::test]
async fn roles_and_access_change_at_the_command_line() {
    let office = Office::new().await;
    let db = &office.database;
    run(db, "user create --username meera --name Meera --role admin").lines();
    run(db, "user create --username asha --name Asha").lines();
    run(db, "user deactivate meera").refused("last admin");
    run(db, "user set-role meera member").refused("last admin");
    assert_eq!(run(db, "user set-role asha admin").code, Some(0));
    assert_eq!(run(db, "user deactivate meera").code, Some(0));
    assert_eq!(run(db, "user deactivate meera").code, Some(0), "a second time is no error");
    assert_eq!(run(db, "user list").lines()[1][4], "deactivated");
    run(db, "user activate meera").lines();
    run(db, "user deactivate nobody").refused("no user");
    assert_eq!(run(db, "user set-role asha boss").code, Some(2));
    assert!(run(db, "user sign-out asha").stderr.contains("0 sessions"), "nobody has signed in");
    run(db, "user sign-out nobody").refused("no user");
}

#[tokio::test]
async fn a_token_is_alone_on_stdout_and_its_id_on_stderr() {
    let office = Office::new().await;
    let db = &office.database;
    run(db, "user create --username asha --name Asha").lines();
    let made = run(db, "token create --user asha");
    let (token, id) = (made.stdout.trim_end(), made.stderr.trim_end());
    assert!(session::resolve(&office.state, Presented::Bearer(token)).await.expect("asked").is_some());
    let listed = run(db, "token list");
    let rows = listed.lines();
    assert_eq!((rows.len(), &rows[0][..2], rows[0].len()), (1, &[id, "asha"][..], 4));
    assert!(rows[0][3].ends_with('Z'), "used");
    run(db, &format!("token revoke {id}")).lines();
    office.state.believed.forget();
    assert!(session::resolve(&office.state, Presented::Bearer(token)).await.expect("asked").is_none());
    assert_eq!(run(db, "token list").stdout, "");
    run(db, "token create --user nobody").refused("no user");
}

#[tokio::test]
async fn an_import_names_lines_and_imports_all_or_nothing() {
    let office = Office::new().await;
    let db = &office.database;
    let file = std::env::temp_dir().join(format!("cms-messages-import-{}.csv", std::process::id()));
    let import = |rows: &str| {
        std::fs::write(&file, format!("username,display_name,department,role,email,external_id,password\r\n{rows}")).expect("written");
        run(db, &format!("user import {}", file.display()))
    };
    let wrong = import("asha,Asha,Planning,member,,,\r\nbikram,Bikram,Yard,boss,,,\r\nasha,Asha,Planning,member,,,\r\n");
    wrong.refused("line 3: role");
    let twice = import("asha,Asha,Planning,member,,,\r\nbikram,Bikram,Yard,member,,,\r\nASHA,Asha,Planning,member,,,\r\n");
    twice.refused("line 4: username");
    assert!(twice.stderr.contains("already in line 2"), "{}", twice.stderr);
    assert_eq!(run(db, "user list").stdout, "");
    let preview = |rows: &str| {
        std::fs::write(&file, format!("username,display_name,department,role,email,external_id,password\r\n{rows}")).expect("written");
        run(db, &format!("user import {} --preview", file.display()))
    };
    preview("asha,Asha,Planning,boss,,,\r\n").refused("line 2: role");
    let shown = preview("asha,Asha,Planning,member,,,demo-password\r\n");
    assert_eq!(shown.lines(), [["2", "asha", "new", "", "Asha"]]);
    assert!(shown.stderr.contains("1 new") && shown.stderr.contains("Nothing was imported"), "{}", shown.stderr);
    assert_eq!(run(db, "user list").stdout, "");
    let right = import("asha,\"Verma, Asha\",Planning,member,,,demo-password\r\nbikram,Bikram,Yard,admin,b@example.org,B7,\r\n");
    assert_eq!(right.code, Some(0), "{}", right.stderr);
    assert!(right.stderr.contains("1 of 1 passwords") && right.stderr.contains("2 new"), "{}", right.stderr);
    assert_eq!(run(db, "user list").lines()[1][1], "Verma, Asha", "by name");
    let shown = preview("asha,Asha,Yard,member,,,third-password\r\nbikram,Bikram,Yard,admin,b@example.org,B7,\r\n");
    let rows = shown.lines();
    assert_eq!(rows[0], ["2", "asha", "display_name", "Verma, Asha", "Asha"]);
    assert_eq!((rows[1][2], rows[2][2], rows.len()), ("department", "password", 3));
    std::fs::remove_file(&file).expect("removed");
    run(db, "user import /no/such/file.csv").refused("/no/such/file.csv");
}

#[tokio::test]
async fn the_audit_log_is_json_lines_without_texts_and_names() {
    let office = Office::new().await;
    let db = &office.database;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    let message = asha.write(conversation, "the secret of the port").await;
    run(db, "user set-role asha admin").lines();
    let all = run(db, "audit export --since 2000-01-01");
    let entries: Vec<serde_json::Value> = all.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let words: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().unwrap_or_default()).collect();
    assert_eq!(words, ["conversation.created", "message.sent", "user.changed"]);
    assert_eq!(entries[1]["at"], message.sent_at.to_string());
    assert_eq!(entries[1]["details"]["digest"].as_str().map(str::len), Some(64));
    assert!(!all.stdout.contains("secret") && !all.stdout.contains("bikram"));

    let since = run(db, &format!("audit export --since {}", entries[2]["at"].as_str().expect("a time")));
    assert_eq!(since.stdout.lines().count(), 1);
    assert_eq!(run(db, "audit export --since 2999-01-01").stdout, "");
    assert_eq!(run(db, "audit export --since yesterday").code, Some(2));
}

#[tokio::test]
async fn a_database_is_migrated_once_and_tolerates_migrations_of_the_next_release() {
    let office = Office::new().await;
    let mut owner = office.database.owner().await;
    let run_migrate = || run(&office.database, "migrate");
    assert_eq!(run_migrate().code, Some(0));
    sqlx::query(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'next', true, '', 0)",
    )
    .execute(&mut owner)
    .await
    .expect("a migration of the next release");
    assert_eq!(run_migrate().code, Some(0));
    assert_eq!(run(&office.database, "user list").code, Some(0));
    sqlx::query("delete from _sqlx_migrations where version = 1").execute(&mut owner).await.expect("removed");
    run(&office.database, "user list").refused("lacks 1");
    sqlx::query("drop table _sqlx_migrations").execute(&mut owner).await.expect("dropped");
    run(&office.database, "user list").refused("has not been migrated");
    run(&office.database, "serve").refused("has not been migrated");
}

#[tokio::test]
async fn what_is_wrong_with_the_configuration_is_named_without_secrets() {
    let database = TestDatabase::new().await;
    run_with(&database, "user list", "", &[("CMS_MESSAGES__LIMITS__SENDS", "1")]).refused("CMS_MESSAGES__LIMITS__SENDS");
    run_with(&database, "user list", "", &[("CMS_MESSAGES__LIMITS__SENDS_PER_MINUTE", "many")]).refused("SENDS_PER_MINUTE");
    run_with(&database, "user list", "", &[("DATABASE_URL", "")]).refused("DATABASE_URL");
    for url in ["postgres://u:hunter2@127.0.0.1:1/none", "nonsense://u:hunter2@x"] {
        let ran = run_with(&database, "user list", "", &[("DATABASE_URL", url)]);
        ran.refused("");
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    }
}
