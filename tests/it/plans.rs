//! How the queries behind the screens run for a busy person: by their indexes, and no further than the page.
//! The same at full size, with times: `script/bench plans`.

use crate::support::database::TestDatabase;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

/// 300 conversations and 20,000 messages of one person; 50 more people around them.
const SIZE: &str = "set busy.peers = 300; set busy.others = 50; set busy.messages = 60; set busy.more = 2000;";
const ME: &str = "'00000001-0000-7000-8000-000000000001'";
const LONG: &str = "'00000002-0000-7000-8000-000000000001'";
const MIDDLE: &str = "'00000002-0000-7000-8000-000000000150'";

/// What grows without end.
const BIG: [&str; 4] = ["messages", "participants", "conversations", "receipts"];

struct Query {
    name: &'static str,
    sql: &'static str,
    parameters: String,
    /// Of no table it may read more rows: two for each row of the page, because a conversation has two sides.
    rows: f64,
}

fn queries() -> Vec<Query> {
    let query = |name, sql, parameters, rows| Query { name, sql, parameters, rows };
    let inbox = include_str!("../../src/server/db/sql/inbox_page.sql");
    let changes = include_str!("../../src/server/db/sql/inbox_changes.sql");
    let history = include_str!("../../src/server/db/sql/message_page.sql");
    vec![
        query("unread totals", include_str!("../../src/server/db/sql/unread.sql"), ME.into(), 30.0),
        query("one conversation", include_str!("../../src/server/db/sql/inbox_entry.sql"), format!("{ME}, {MIDDLE}"), 2.0),
        query("inbox, first page", inbox, format!("{ME}, null, null, '{{}}', 51"), 102.0),
        query("inbox, third page", inbox, format!("{ME}, '2026-01-01 03:00+00', {MIDDLE}, '{{}}', 51"), 102.0),
        query("changes, recent", changes, format!("{ME}, 2950, 501"), 10.0),
        query("changes, from the beginning", changes, format!("{ME}, 0, 101"), 202.0),
        query("history, newest", history, format!("{LONG}, {ME}, 50, null, null, null, null"), 50.0),
        query("history, before", history, format!("{LONG}, {ME}, 50, 1000, null, null, null"), 50.0),
        query("history, after", history, format!("{LONG}, {ME}, 50, null, 1000, null, null"), 50.0),
        query("history, around", history, format!("{LONG}, {ME}, 50, null, null, 1000, null"), 50.0),
        query("history, at a time", history, format!("{LONG}, {ME}, 50, null, null, null, '2025-12-25 00:00+00'"), 50.0),
    ]
}

#[tokio::test]
async fn the_queries_behind_the_screens_read_by_index_and_no_further_than_the_page() {
    let database = TestDatabase::new().await;
    let mut db = busy(&database).await;
    let mut wrong = Vec::new();
    for query in queries() {
        // as the first executions of a prepared statement are planned, and as the later ones may be
        for mode in ["force_custom_plan", "force_generic_plan"] {
            let plan = explain(&mut db, mode, &query).await;
            wrong.extend(complaints(&plan, query.rows).into_iter().map(|complaint| format!("{}, {mode}: {complaint}", query.name)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_missing_index_is_noticed() {
    let cases = [
        ("alter table receipts drop constraint receipts_pkey", "history, newest", "Seq Scan on receipts"),
        ("drop index participants_inbox_idx", "inbox, first page", "300 rows of participants"),
        ("drop index participants_unread_idx", "unread totals", "300 rows of participants"),
        ("drop index participants_changes_idx", "changes, recent", "300 rows of participants"),
        ("alter table messages drop constraint messages_pkey", "history, before", "2060 rows of messages"),
    ];
    let database = TestDatabase::new().await;
    let mut db = busy(&database).await;
    for (drop, name, expected) in cases {
        let query = queries().into_iter().find(|query| query.name == name).expect("a query of this name");
        let mut inside = db.begin().await.expect("a transaction");
        run(&mut inside, drop).await;
        let found = complaints(&explain(&mut inside, "force_custom_plan", &query).await, query.rows);
        inside.rollback().await.expect("the index is back");
        assert!(found.iter().any(|complaint| complaint.contains(expected)), "after {drop}: {found:?}");
    }
}

async fn busy(database: &TestDatabase) -> PgConnection {
    let mut db = database.owner().await;
    run(&mut db, "set jit = off").await;
    run(&mut db, SIZE).await;
    run(&mut db, include_str!("../../script/lib/busy.sql")).await;
    run(&mut db, "vacuum analyze").await;
    db
}

async fn run(db: &mut PgConnection, sql: &str) {
    db.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
}

async fn explain(db: &mut PgConnection, mode: &str, query: &Query) -> Value {
    run(db, &format!("set plan_cache_mode = {mode}; prepare q as {}", query.sql)).await;
    let sql = format!("explain (analyze, timing off, format json) execute q({})", query.parameters);
    let row = db.fetch_one(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap_or_else(|error| panic!("{}: {error}", query.name));
    run(db, "deallocate q").await;
    let text: String = row.try_get_unchecked(0).expect("a plan");
    let plan: Value = serde_json::from_str(&text).expect("JSON");
    plan[0]["Plan"].clone()
}

/// Each scan of a big table that reads all of it, or more rows than allowed.
fn complaints(node: &Value, rows: f64) -> Vec<String> {
    let number = |key: &str| node[key].as_f64().unwrap_or_default();
    let mut found = Vec::new();
    if let Some(table) = node["Relation Name"].as_str().filter(|table| BIG.contains(table)) {
        let kind = node["Node Type"].as_str().unwrap_or_default();
        if kind == "Seq Scan" {
            found.push(format!("{kind} on {table}"));
        }
        let read = number("Actual Loops") * (number("Actual Rows") + number("Rows Removed by Filter"));
        if read > rows {
            found.push(format!("{kind} reads {read} rows of {table}"));
        }
    }
    for below in node["Plans"].as_array().into_iter().flatten() {
        found.extend(complaints(below, rows));
    }
    found
}
