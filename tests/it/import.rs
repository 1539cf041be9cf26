//! Importing people: all rows or none, errors with their line, again without a change, ten thousand at once.

use crate::support::{Office, people_file};
use cms_messages::{
    domain::people_import::Imported,
    server::{
        auth::password,
        db::pool::{self, Purpose},
        operator::Operator,
        service::import::{self, ImportError},
    },
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Short for a row: user name, external id, role, password.
type Short<'a> = (&'a str, &'a str, &'a str, &'a str);

fn rows(short: &[Short<'_>]) -> Vec<u8> {
    let mut all = Vec::new();
    for (username, external_id, role, password) in short {
        all.push([*username, "Name", "Yard", *role, "", *external_id, *password]);
    }
    people_file(&all)
}

async fn import(office: &Office, file: Vec<u8>) -> Result<Imported, (u64, String)> {
    // as the command has it: its statements may take longer than those of a request
    let operator = Operator { pool: pool::open(office.database.options().clone(), 1, Purpose::Command) };
    match import::import(&operator, &file, None, |_, _| ()).await {
        Ok(done) => Ok(done),
        Err(ImportError::Lines(errors)) => Err((errors[0].line, errors[0].reason.clone())),
        Err(ImportError::Failed(error)) => panic!("{error}"),
    }
}

async fn users(office: &Office) -> Vec<(String, Option<String>, String)> {
    sqlx::query_as("select username, external_id, role from users order by external_id, username")
        .fetch_all(&*office.state.pool)
        .await
        .expect("users")
}

#[tokio::test]
async fn ten_thousand_people_are_imported_and_a_second_time_changes_nothing() {
    let office = Office::new().await;
    let names: Vec<(String, String)> = (0..10_000).map(|number| (format!("user{number}"), format!("E{number}"))).collect();
    let short: Vec<Short<'_>> = names.iter().map(|(name, id)| (name.as_str(), id.as_str(), "member", "")).collect();
    assert_eq!(import(&office, rows(&short)).await, Ok(Imported { created: 10_000, changed: 0, unchanged: 0 }));
    assert_eq!(import(&office, rows(&short)).await, Ok(Imported { created: 0, changed: 0, unchanged: 10_000 }));
    assert_eq!(office.count("select count(*) from audit_entries where action = 'user.created'").await, 10_000);
    assert_eq!(office.count("select count(*) from user_feeds").await, 10_000);
    assert_eq!(office.count("select count(*) from user_fanouts").await, 0);
}

#[tokio::test]
async fn a_wrong_row_imports_nobody() {
    let office = Office::new().await;
    import(&office, rows(&[("a", "1", "member", ""), ("b", "", "member", "")])).await.expect("imported");
    let before = users(&office).await;
    let taken = import(&office, rows(&[("new", "", "member", ""), ("other", "9", "member", ""), ("b", "1", "member", "")])).await;
    assert_eq!(taken, Err((4, "username: it belongs to somebody else".into())));
    let twice = import(&office, rows(&[("new", "", "member", ""), ("c", "7", "member", ""), ("d", "7", "member", "")])).await;
    assert_eq!(twice.map_err(|(line, _)| line), Err(4));
    assert_eq!(users(&office).await, before);
    assert_eq!(office.count("select count(*) from audit_entries").await, 2);
}

#[tokio::test]
async fn people_are_recognised_by_external_id_and_may_swap_their_names() {
    let office = Office::new().await;
    import(&office, rows(&[("a", "1", "member", ""), ("b", "2", "member", ""), ("c", "", "member", "")])).await.expect("imported");
    let swapped = import(&office, rows(&[("b", "1", "admin", ""), ("a", "2", "member", ""), ("c", "3", "member", "")])).await;
    assert_eq!(swapped, Ok(Imported { created: 0, changed: 3, unchanged: 0 }));
    let of = |name: &str, id: &str, role: &str| (name.to_owned(), Some(id.to_owned()), role.to_owned());
    assert_eq!(users(&office).await, [of("b", "1", "admin"), of("a", "2", "member"), of("c", "3", "member")]);
    assert_eq!(office.count("select version from users where external_id = '1'").await, 2);
    assert_eq!(office.count("select version from users where external_id = '3'").await, 1, "nobody sees an external id");
    let columns: Vec<(serde_json::Value,)> = sqlx::query_as("select details from audit_entries where action = 'user.changed' order by id")
        .fetch_all(&*office.state.pool)
        .await
        .expect("entries");
    let columns: Vec<_> = columns.into_iter().map(|(details,)| details["columns"].to_string()).collect();
    assert_eq!(columns, [r#"["username","role"]"#, r#"["username"]"#, r#"["external_id"]"#]);
    assert_eq!(
        import(&office, rows(&[("c", "", "member", "")])).await.map(|done| done.unchanged),
        Ok(1),
        "an empty external id keeps the one that is there"
    );
}

#[tokio::test]
async fn a_changed_person_is_a_change_for_their_peers() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    asha.write(conversation, "hello").await;
    let since = asha.sees(conversation).await.change_no.0;
    import(&office, rows(&[("bikram", "", "member", "")])).await.expect("imported");
    let changes = asha.changes(since, 10).await;
    assert_eq!(changes.items.iter().map(|item| item.peer.department.as_str()).collect::<Vec<_>>(), ["Yard"]);
    assert_eq!(asha.find("name").await.len(), 1, "the search knows the new name");
}

#[tokio::test]
async fn the_last_admin_is_not_demoted_by_a_file() {
    let office = Office::new().await;
    import(&office, rows(&[("meera", "1", "admin", ""), ("a", "2", "member", "")])).await.expect("imported");
    let before = users(&office).await;
    let refused = import(&office, rows(&[("new", "3", "member", ""), ("meera.nair", "1", "member", "")])).await;
    assert_eq!(refused.map_err(|(line, reason)| (line, reason.starts_with("role"))), Err((3, true)));
    assert_eq!(users(&office).await, before, "neither is the rest imported");
    assert!(import(&office, rows(&[("a", "2", "admin", ""), ("meera", "1", "member", "")])).await.is_ok());
}

#[tokio::test]
async fn passwords_are_hashed_with_progress_and_a_known_one_signs_nobody_out() {
    let office = Office::new().await;
    let operator = Operator { pool: office.state.pool.clone() };
    let heard = Arc::new(AtomicUsize::new(0));
    let short = [("a", "1", "member", "demo-password"), ("b", "2", "member", "other-password"), ("c", "3", "member", "")];
    let listener = heard.clone();
    let progress = move |done: usize, total: usize| {
        assert!(done <= total && total == 2);
        listener.fetch_add(1, Ordering::Relaxed);
    };
    import::import(&operator, &rows(&short), None, progress).await.expect("imported");
    assert_eq!(heard.load(Ordering::Relaxed), 2);
    let hashes: Vec<(Option<String>,)> =
        sqlx::query_as("select password_hash from users order by username").fetch_all(&*office.state.pool).await.expect("hashes");
    assert!(password::verify_here("demo-password", hashes[0].0.as_deref()));
    assert!(password::verify_here("other-password", hashes[1].0.as_deref()));
    assert_eq!(hashes[2].0, None);

    sqlx::query(
        "insert into sessions (token_sha256, user_id, expires_at) select sha256(id::text::bytea), id, now() + interval '1 day' from users",
    )
    .execute(&*office.state.pool)
    .await
    .expect("sessions");
    assert_eq!(import(&office, rows(&short)).await.map(|done| done.unchanged), Ok(3));
    assert_eq!(office.count("select count(*) from sessions").await, 3);
    let other = [("a", "1", "member", "demo-password"), ("b", "2", "member", "third-password"), ("c", "3", "member", "")];
    assert_eq!(import(&office, rows(&other)).await.map(|done| done.changed), Ok(1));
    assert_eq!(office.count("select count(*) from sessions").await, 2);
    assert_eq!(office.count("select count(*) from audit_entries where action = 'password.changed'").await, 1);
}
