//! The audit log as admins look through it: filters, pages, how far it is sealed, taking a part of it away.

use crate::support::{
    Office,
    person::Person,
    server::{Client, Server},
};
use serde_json::{Value, json};
use sqlx::Executor;
use std::collections::BTreeSet;

/// asha and bikram have written to each other; meera is an admin.
async fn scene() -> (Server, Person, Client) {
    let server = Server::start().await;
    let (asha, bikram, meera) =
        (server.office.person("asha").await, server.office.person("bikram").await, server.office.person("meera").await);
    sqlx::query("update users set role = 'admin' where id = $1")
        .bind(meera.id().0)
        .execute(&*server.office.state.pool)
        .await
        .expect("an admin");
    let conversation = asha.open(&bikram).await;
    for number in 0..30 {
        asha.write(conversation, &format!("the secret text {number}")).await;
    }
    bikram.read(conversation, 30).await.expect("read");
    let with_meera = bikram.open(&meera).await;
    bikram.write(with_meera, "another").await;
    let admin = server.browser(&meera).await;
    (server, asha, admin)
}

async fn all(admin: &Client, query: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("/api/v1/admin/audit/entries?limit=7{query}{cursor}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        let page = page.json();
        found.extend(page["items"].as_array().expect("items").iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[tokio::test]
async fn pages_of_the_log_neither_repeat_nor_skip_an_entry() {
    let (server, _, admin) = scene().await;
    // what happened in the same moment does not fit one page
    let at_once = "insert into audit_entries (at, action, object) select statement_timestamp(), 'user.changed', n::text from generate_series(1, 15) n";
    server.office.database.owner().await.execute(at_once).await.expect("written");
    let ids: Vec<i64> = all(&admin, "").await.iter().map(|entry| entry["id"].as_i64().expect("a number")).collect();
    let unique: BTreeSet<i64> = ids.iter().copied().collect();
    assert_eq!((ids.len() as i64, unique.len()), (server.office.count("select count(*) from audit_entries").await, ids.len()));
    assert!(ids.is_sorted_by(|one, next| one > next), "newest first: {ids:?}");
    for wrong in
        ["limit=0", "limit=201", "cursor=x", "action=nothing", "person=nobody-is-called-that", "from=yesterday", "conversation_id=x"]
    {
        assert_eq!(admin.get(&format!("/api/v1/admin/audit/entries?{wrong}")).await.outcome(), "422 invalid", "{wrong}");
    }
}

#[tokio::test]
async fn entries_are_found_by_person_action_time_and_conversation() {
    let (server, asha, admin) = scene().await;
    let by = async |query: String| all(&admin, &query).await.len() as i64;
    let count = async |condition: &'static str| server.office.count(condition).await;
    let hers = count("select count(*) from audit_entries where actor_id = (select id from users where username = 'asha')").await;
    assert_eq!(by("&person=asha".into()).await, hers);
    assert_eq!(by(format!("&person={}", asha.id())).await, hers);
    assert_eq!(by("&action=message.sent".into()).await, 31);
    assert_eq!(by("&action=message.sent&person=asha".into()).await, 30);
    assert_eq!(by("&action=message.read&person=asha".into()).await, 0);
    let conversation: uuid::Uuid =
        sqlx::query_scalar("select conversation_id from messages limit 1").fetch_one(&*server.office.state.pool).await.expect("one");
    let there: i64 = sqlx::query_scalar("select count(*) from audit_entries where conversation_id = $1")
        .bind(conversation)
        .fetch_one(&*server.office.state.pool)
        .await
        .expect("a number");
    assert_eq!(by(format!("&conversation_id={conversation}")).await, there);
    let tenth: String = all(&admin, "").await[9]["at"].as_str().expect("a moment").to_owned();
    assert_eq!(by(format!("&from={tenth}")).await, 10);
    assert_eq!(by(format!("&until={tenth}")).await, count("select count(*) from audit_entries").await - 10);
    let page = admin.get("/api/v1/admin/audit/entries?action=message.sent").await;
    assert_eq!(page.json()["names"][asha.id().to_string()], "Asha");
    assert!(!page.text.contains("secret"), "no text of a message");
}

#[tokio::test]
async fn what_is_taken_away_is_what_was_asked_for_and_is_itself_an_entry() {
    let (server, asha, admin) = scene().await;
    let answer = admin.post("/api/v1/admin/audit/export", json!({"action": "message.sent", "person": "asha"})).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/jsonl; charset=utf-8"));
    let lines: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).expect("a line")).collect();
    assert_eq!(lines, all(&admin, "&action=message.sent&person=asha").await);
    let recorded: Vec<Value> = sqlx::query_scalar("select details from audit_entries where action = 'audit.exported'")
        .fetch_all(&*server.office.state.pool)
        .await
        .expect("the log");
    assert_eq!(recorded, [json!({"people": [asha.id()], "action": "message.sent", "from": null, "until": null, "conversation_id": null})]);

    let screen = admin.submit("/admin/audit/export", &[("action", "message.sent"), ("person", "asha")]).await;
    assert_eq!((screen.status, screen.text), (200, answer.text));
    assert_eq!(screen.headers["content-disposition"], "attachment; filename=\"audit-entries.jsonl\"");
    let everything = admin.submit("/admin/audit/export", &[]).await;
    let later = "select count(*) from audit_entries";
    assert_eq!(everything.text.lines().count() as i64, server.office.count(later).await - 1, "all but the entry of this export");
}

#[tokio::test]
async fn an_export_that_cannot_be_written_down_gives_nothing() {
    use sqlx::Executor;
    let (server, _, admin) = scene().await;
    let mut owner = server.office.database.owner().await;
    owner.execute("alter table audit_entries add constraint closed check (action <> 'audit.exported') not valid").await.expect("closed");
    let answer = admin.post("/api/v1/admin/audit/export", json!({})).await;
    assert!(answer.status >= 500 && !answer.text.contains("message.sent"), "{answer:?}");
}

#[tokio::test]
async fn the_screen_says_how_far_the_log_is_sealed_and_keeps_what_was_typed() {
    let (_server, asha, admin) = scene().await;
    let page = admin.get("/admin/audit").await;
    assert_eq!((page.status, page.text.contains("Not sealed"), page.text.contains("<script")), (200, true, false));
    assert!(page.header("content-security-policy").contains("default-src 'none'"), "{page:?}");
    let found = admin.get("/admin/audit?action=message.sent&person=asha&from=2020-01-01").await;
    assert!(found.text.contains("value=\"2020-01-01\"") && found.text.contains("asha"), "{}", found.text);
    let refused = admin.get("/admin/audit?person=%3Cb%3Enobody&from=yesterday").await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("This is no day") && refused.text.contains("&lt;b&gt;nobody"), "{}", refused.text);
    assert!(!refused.text.contains(&asha.id().to_string()), "no entries beside a filter that was not understood");
}

/// What is kept of a stretch of the log, to look through it fast, must not grow beyond its page: no entry could be written.
#[tokio::test]
async fn however_many_people_and_conversations_there_are_entries_are_written() {
    let office = Office::new().await;
    let mut owner = office.database.owner().await;
    for sql in [
        "insert into audit_entries (actor_id, action, conversation_id, object)
         select gen_random_uuid(), 'message.read', gen_random_uuid(), '1' from generate_series(1, 60000)",
        "select brin_summarize_new_values('audit_entries_who_where_idx')",
        // a stretch is as full as it can be with the smallest entries
        "insert into audit_entries (actor_id, action, conversation_id)
         select gen_random_uuid(), 'a.b', gen_random_uuid() from generate_series(1, 60000)",
        "select brin_desummarize_range('audit_entries_who_where_idx', 0)",
        "select brin_summarize_new_values('audit_entries_who_where_idx')",
    ] {
        owner.execute(sql).await.expect(sql);
    }
    assert_eq!(office.count("select count(*) from audit_entries").await, 120_000);
}
