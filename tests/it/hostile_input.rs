//! No input is a 500. Every endpoint, every field that it says it has or that its page shows, and in each of them what
//! programs stumble over: NUL, numbers and moments beyond their range, forged cursors, wrong types.

use crate::{
    access_matrix::{self, MATRIX, Row, Scene},
    support::server::{Answer, Client},
};
use cms_messages::server::rest;
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What is put into a field of a form or of a query.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        "\0",
        "asha\0verma and twenty more",
        "\u{202e}\u{200b}\u{feff}",
        "'\"%_\\;--",
        "{}[]",
        "-1",
        "0",
        "1e309",
        "9223372036854775807",
        "9223372036854775808",
        "true",
        "null",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59.999999999Z",
        "-9999-01-01T00:00:00Z",
        "2026-02-30",
        "9999-12-31",
        "+99999-01-01",
        "00000000-0000-0000-0000-000000000000",
        "7fffffffffffffff7fffffffffffffff",
        "80000000000000008000000000000000",
    ]
    .map(str::to_owned)
    .into();
    // a cursor is a moment in hex digits, then an id: moments before there were calendars, and after the last one
    for moment in ["7fffffffffffffff", "8000000000000000", "fffb810000000000", "03000000000000ff", "ff1e65fb21f0c000", "0384440ccc735c20"] {
        texts.push(format!("{moment}{}", "0".repeat(32)));
        texts.push(format!("{moment}{}", "0".repeat(16)));
    }
    texts.push("x".repeat(5_000));
    texts.push("\u{1f9f5}".repeat(1_000));
    texts
}

/// The same for JSON, with the wrong types.
fn values() -> Vec<Value> {
    let mut values: Vec<Value> = texts().into_iter().map(Value::String).collect();
    values.extend([json!(null), json!(true), json!(-1), json!(i64::MAX), json!(u64::MAX), json!(1e308), json!(0.5), json!([]), json!({})]);
    values.extend([json!([null]), json!(["\0"]), json!({"\0": "\0"}), json!([[[[]]]]), json!([{"name": "\0", "effect": "deny"}])]);
    values
}

/// The names of the fields of an operation's body or query, as the document tells them.
fn fields_of(document: &Value, row: &Row) -> BTreeSet<String> {
    let path = row.path.strip_prefix(rest::PREFIX).unwrap_or(row.path);
    let operation = &document["paths"][path][row.method.to_lowercase()];
    let mut found = BTreeSet::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "query") {
        found.extend(parameter["name"].as_str().map(str::to_owned));
    }
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap_or(schema),
        None => schema,
    };
    found.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
    found
}

/// The names of the controls of a page, and what a page of ours may be asked.
async fn controls_of(client: &Client, path: &str) -> BTreeSet<String> {
    let page = client.get(path).await.text;
    let named = page.split(" name=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let named = named.filter(|name| !["viewport", "color-scheme"].contains(name)).map(str::to_owned);
    let asked = ["q", "cursor", "limit", "before", "after", "around", "at", "next", "saved", "password"].map(str::to_owned);
    named.chain(asked).collect()
}

/// One request with each field in turn made hostile.
async fn attack(scene: &Scene, client: &Client, row: &Row, document: &Value) -> usize {
    let method: Method = row.method.parse().expect("a method");
    let path = scene.path(row);
    let mut asked = 0;
    let mut judge = |answer: Answer, what: String| {
        asked += 1;
        // 503 is the answer of a machine that has too much to do, to whatever was asked
        assert!(answer.status < 500 || answer.status == 503, "{} {} with {what:.200}: {answer:?}", row.method, row.path);
    };
    let for_programs = row.path.starts_with("/api/") || row.path.starts_with("/rpc/");
    match for_programs {
        _ if method == Method::GET => {
            let names = if for_programs { fields_of(document, row) } else { controls_of(client, &path).await };
            for name in names {
                for text in texts() {
                    let query = form_urlencoded(&[(&name, &text)]);
                    judge(client.get(&format!("{path}?{query}")).await, format!("{name}={text:?}"));
                }
            }
        }
        true => {
            let usual = scene.body(row.path);
            let names = fields_of(document, row).into_iter().chain(usual.as_object().into_iter().flatten().map(|(name, _)| name.clone()));
            for name in names.collect::<BTreeSet<_>>() {
                for value in values() {
                    let mut body: Map<String, Value> = usual.as_object().cloned().unwrap_or_default();
                    body.insert(name.clone(), value.clone());
                    judge(Answer::of(client.request(method.clone(), &path).json(&body)).await, format!("{name}: {value}"));
                }
            }
        }
        false => {
            let usual = scene.form(row.path);
            let named = usual.split('&').filter_map(|pair| pair.split('=').next()).filter(|name| !name.is_empty()).map(str::to_owned);
            for name in controls_of(client, &path).await.into_iter().chain(named).collect::<BTreeSet<_>>() {
                for text in texts() {
                    // of a field that is there twice the last one counts
                    let body = format!("{usual}&{}", form_urlencoded(&[(&name, &text)]));
                    let request = client.request(method.clone(), &path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
                    judge(Answer::of(request.body(body)).await, format!("{name}={text:?}"));
                }
            }
        }
    }
    asked
}

fn form_urlencoded(fields: &[(&String, &String)]) -> String {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_field_of_any_endpoint_makes_a_500() {
    let document = rest::document();
    let mut asked = 0;
    for row in MATRIX {
        // these take no field, or cost a password each; their fields are tried elsewhere
        let is_left_out = ["/sign_out", "/rpc/sign_out", "/healthz", "/readyz", "/api/v1/events", "/settings", "/rpc/change_password"];
        if row.method == "DELETE"
            || is_left_out.contains(&row.path)
            || row.path.ends_with("/session") && row.method == "POST"
            || row.path.ends_with("/import")
        {
            continue;
        }
        // who may most gets furthest; of a conversation these are the two
        let (scene, [_, (_, asha, _), _, (_, meera, _)]) = access_matrix::scene().await;
        asked += attack(&scene, if row.path.contains("/admin") { &meera } else { &asha }, row, &document).await;
        let log = "select count(*) from audit_entries where details::text like '%twenty more%'";
        assert_eq!(scene.server.office.count(log).await, 0, "{} {} writes into the log what was typed", row.method, row.path);
    }
    assert!(asked > 3_000, "{asked} requests");
}

#[tokio::test]
async fn signing_in_takes_whatever_is_typed() {
    let (scene, _) = access_matrix::scene().await;
    let stranger = scene.server.stranger();
    for text in texts() {
        let pair = json!({"username": text, "password": text});
        let answer = stranger.post("/api/v1/session", pair).await;
        assert_eq!(answer.outcome(), "401 unauthenticated", "{text:.40?}");
        assert_eq!(
            stranger.submit("/sign_in", &[("username", &text), ("password", &text), ("next", &text)]).await.status,
            401,
            "{text:.40?}"
        );
    }
}
