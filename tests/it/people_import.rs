//! Importing people over HTTP: a preview writes nothing and says exactly what the import does then; errors by line; bounds.

use crate::support::{
    people_file,
    server::{Answer, Client, Server},
};
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PATH: &str = "/api/v1/admin/users/import";

async fn send(client: &Client, query: &str, file: Vec<u8>) -> Answer {
    Answer::of(client.request(Method::POST, &format!("{PATH}{query}")).header(CONTENT_TYPE, "text/csv").body(file)).await
}

/// Everybody as the database has them, by id: the fields that a file can change.
async fn everybody(server: &Server) -> BTreeMap<String, BTreeMap<String, String>> {
    let rows: Vec<(uuid::Uuid, Value)> = sqlx::query_as(
        "select id, jsonb_build_object('username', username, 'display_name', display_name, 'department', department, 'role', role,
                                       'email', coalesce(email, ''), 'external_id', coalesce(external_id, '')) from users",
    )
    .fetch_all(&*server.office.state.pool)
    .await
    .expect("users");
    rows.into_iter().map(|(id, fields)| (id.to_string(), serde_json::from_value(fields).expect("texts"))).collect()
}

async fn scene() -> (Server, Client) {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    let people = [
        ["asha", "Asha", "Planning", "member", "asha@example.org", "1", ""],
        ["bikram", "Bikram", "Yard", "member", "", "2", ""],
        ["chen", "Chen", "Yard", "member", "", "", ""],
        ["farhan", "Farhan", "Yard", "admin", "", "4", ""],
    ];
    assert_eq!(send(&meera, "", people_file(&people)).await.json(), json!({"created": 4, "changed": 0, "unchanged": 0}));
    (server, meera)
}

/// Names swapped, one adopted by external id, one demoted, one unchanged, two new.
fn next_term() -> Vec<u8> {
    people_file(&[
        ["bikram", "Asha Verma", "Planning", "member", "", "1", ""],
        ["asha", "Bikram", "Yard", "member", "", "2", ""],
        ["chen", "Chen", "Quay, \"east\"", "admin", "", "3", ""],
        ["farhan", "Farhan", "Yard", "member", "", "4", ""],
        ["zoe", "Zoë", "Yard", "member", "zoe@example.org", "", ""],
        ["yara", "Yara", "Yard", "admin", "", "9", ""],
    ])
}

#[tokio::test]
async fn what_the_preview_says_is_what_the_import_does() {
    let (server, meera) = scene().await;
    let (before, entries) = (everybody(&server).await, server.office.count("select count(*) from audit_entries").await);
    let preview = send(&meera, "?preview=true", next_term()).await.json();
    assert_eq!(everybody(&server).await, before, "nothing is written");
    assert_eq!(server.office.count("select count(*) from audit_entries").await, entries);
    assert_eq!(preview["errors"], json!([]));

    // what was shown, carried out by hand
    let mut expected = before.clone();
    for user in preview["changed"].as_array().expect("changes") {
        let fields = expected.get_mut(user["id"].as_str().expect("an id")).expect("known");
        for change in user["fields"].as_array().expect("fields") {
            let (field, from, to) = (&change["field"], &change["from"], &change["to"]);
            let was = fields.insert(field.as_str().expect("a field").into(), to.as_str().expect("a text").into());
            assert_eq!(was.as_deref(), from.as_str(), "{user}");
        }
    }
    let digest = preview["digest"].as_str().expect("a digest");
    let done = send(&meera, &format!("?digest={digest}"), next_term()).await.json();
    assert_eq!(done, json!({"created": 2, "changed": 4, "unchanged": 0}));
    let mut after = everybody(&server).await;
    let created: Vec<_> = preview["created"].as_array().expect("new ones").clone();
    for new in &created {
        let (id, fields) =
            after.iter().find(|(_, fields)| fields["username"] == new["username"].as_str().expect("a name")).expect("created");
        for (field, value) in fields {
            assert_eq!(new[field].as_str().unwrap_or_default(), value, "{field}");
        }
        let id = id.clone();
        after.remove(&id);
    }
    assert_eq!(after, expected);
    assert_eq!(created.iter().map(|new| new["line"].as_i64()).collect::<Vec<_>>(), [Some(6), Some(7)]);
    let by = "select count(*) from audit_entries e join users u on u.id = e.actor_id where u.username = 'meera' and e.action like 'user.%'";
    assert_eq!(server.office.count(by).await, 4 + 6, "each under the name of who imported");
    // and once more it would do nothing
    let again = send(&meera, "?preview=true", next_term()).await.json();
    assert_eq!((&again["created"], &again["changed"], &again["unchanged"]), (&json!([]), &json!([]), &json!(6)));
}

#[tokio::test]
async fn an_import_that_would_do_anything_else_than_was_agreed_to_does_nothing() {
    let (server, meera) = scene().await;
    let preview = send(&meera, "?preview=true", next_term()).await.json();
    let agreed = format!("?digest={}", preview["digest"].as_str().expect("a digest"));
    let chen = meera.get("/api/v1/admin/users?q=chen").await.json()["items"][0]["id"].as_str().expect("chen").to_owned();
    let path = format!("/api/v1/admin/users/{chen}");
    assert_eq!(meera.patch(&path, json!({"department": "Harbour"})).await.status, 200);
    let before = everybody(&server).await;
    assert_eq!(send(&meera, &agreed, next_term()).await.outcome(), "409 preview_outdated");
    let other_file = people_file(&[["zoe", "Zoë", "Yard", "member", "", "", ""]]);
    assert_eq!(send(&meera, &agreed, other_file).await.outcome(), "409 preview_outdated");
    assert_eq!(everybody(&server).await, before);
    // as it was: agreed to again, line ends do not matter
    assert_eq!(meera.patch(&path, json!({"department": "Yard"})).await.status, 200);
    let with_crlf = String::from_utf8(next_term()).expect("UTF-8").replace('\n', "\r\n").into_bytes();
    assert_eq!(send(&meera, &agreed, with_crlf).await.status, 200);
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_by_its_line_and_nothing_is_imported() {
    let (server, meera) = scene().await;
    let before = everybody(&server).await;
    let wrong = people_file(&[
        ["new", "New", "Yard", "member", "", "", ""],
        ["boss", "Boss", "Yard", "boss", "", "", ""],
        ["asha", "Asha", "Yard", "member", "", "1", ""],
        ["ASHA", "Asha", "Yard", "member", "", "", ""],
        ["with-password", "With", "Yard", "member", "", "", "correct-horse-battery"],
    ]);
    let preview = send(&meera, "?preview=true", wrong.clone()).await.json();
    let errors = preview["errors"].as_array().expect("errors");
    let lines: Vec<(Option<i64>, &str)> = errors
        .iter()
        .map(|error| (error["line"].as_i64(), error["reason"].as_str().and_then(|reason| reason.split(':').next()).unwrap_or("")))
        .collect();
    assert_eq!(lines, [(Some(3), "role"), (Some(5), "username"), (Some(6), "password")]);
    assert_eq!((&preview["digest"], &preview["created"]), (&Value::Null, &json!([])));
    let refused = send(&meera, "", wrong).await;
    assert_eq!(refused.outcome(), "422 invalid");
    let fields: Vec<String> = refused.json()["fields"].as_object().expect("fields").keys().cloned().collect();
    assert_eq!(fields, ["line 3", "line 5", "line 6"]);
    assert!(!refused.text.contains("horse") && !refused.text.contains("boss"), "nothing of the file is quoted");

    // whose name or number it is only the database knows
    let taken = send(&meera, "?preview=true", people_file(&[["chen", "Chen", "Yard", "member", "", "1", ""]])).await.json();
    assert_eq!(taken["errors"], json!([{"line": 2, "reason": "username: it belongs to somebody else"}]));
    let no_csv = send(&meera, "?preview=true", b"PK\x03\x04 a spreadsheet".to_vec()).await.json();
    assert_eq!(no_csv["errors"][0]["line"], 1);
    assert_eq!(everybody(&server).await, before);
}

#[tokio::test]
async fn who_asks_for_something_else_than_there_is_imports_nobody() {
    let (server, meera) = scene().await;
    let before = everybody(&server).await;
    let refused = send(&meera, "?dry_run=true", next_term()).await;
    assert_eq!((refused.outcome().as_str(), &refused.json()["fields"]), ("422 invalid", &json!({"dry_run": "This is not known here."})));
    assert_eq!(everybody(&server).await, before);
}

#[tokio::test]
async fn a_file_that_leaves_no_admin_is_refused_before_and_then() {
    let (server, meera) = scene().await;
    let members = |names: [&str; 2]| people_file(&names.map(|name| [name, "Name", "Yard", "member", "", "", ""]));
    for query in ["?preview=true", ""] {
        let answer = send(&meera, query, members(["meera", "farhan"])).await;
        assert!(answer.text.contains("last admin who can sign in"), "{}", answer.text);
    }
    assert_eq!(server.office.count("select count(*) from users where role = 'admin' and active").await, 2);
    assert_eq!(send(&meera, "", members(["farhan", "asha"])).await.status, 200);
}

#[tokio::test]
async fn a_file_has_a_limit_of_its_own_and_nobody_elses_is_taken() {
    let (server, meera) = scene().await;
    let chen = server.browser(&server.office.person("dara").await).await;
    let row = |number: usize| {
        [
            format!("user{number}"),
            "A name of usual length".into(),
            "Planning".into(),
            "member".into(),
            String::new(),
            String::new(),
            String::new(),
        ]
    };
    let many: Vec<_> = (0..9_000).map(row).collect();
    let file = people_file(&many);
    assert!(file.len() > 512 * 1024 && file.len() < 1024 * 1024, "{}", file.len());
    assert_eq!(send(&meera, "", file.clone()).await.json()["created"], 9_000);
    assert_eq!(send(&meera, "?preview=true", vec![b'x'; 1024 * 1024 + 1]).await.outcome(), "413 too_large");
    assert_eq!(send(&chen, "", file).await.outcome(), "403 forbidden");
    let json = meera.post(PATH, json!({})).await;
    assert_eq!(json.outcome(), "415 unsupported_media_type");
}
