//! The OpenAPI document: a committed snapshot, so that a change of the interface is seen in review; and its readable page.

use crate::support::server::Server;
use cms_messages::server::rest;
use serde_json::Value;
use std::{collections::BTreeSet, path::Path};

const SNAPSHOT: &str = "tests/it/snapshots/openapi.json";

#[test]
fn the_interface_is_the_one_that_was_reviewed() {
    let document = format!("{}\n", serde_json::to_string_pretty(&rest::document()).expect("json"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(SNAPSHOT);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(&file, &document).expect("written");
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == document, "the interface changed: look at `git diff` after UPDATE_SNAPSHOTS=1 script/test rust openapi");
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_names_its_errors() {
    let document = rest::document();
    assert_eq!(document["openapi"].as_str().and_then(|version| version.get(..3)), Some("3.1"));
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    for reference in references {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let errors: Vec<_> = operation["x-errors"].as_array().expect("errors").iter().filter_map(Value::as_str).collect();
            for always in ["rate_limited", "unavailable", "internal"] {
                assert!(errors.contains(&always), "{method} {path} {errors:?}");
            }
            // these leave a record in the name of who asks
            let recorded = ["/admin/reviews/{id}/conversations", "/admin/reviews/{id}/conversations/{conversation_id}/messages"];
            assert_eq!(errors.contains(&"cross_site_request"), method != "get" || recorded.contains(&path.as_str()), "{method} {path}");
            assert!(path.contains("{id}") == errors.contains(&"not_found") || !path.contains("{id}"), "{method} {path}");
            assert!(ids.insert(operation["operationId"].as_str().expect("an id").to_owned()), "{method} {path}");
        }
    }
    assert_eq!(ids.len(), 49);
}

fn collect<'a>(value: &'a Value, references: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(object) => {
            references.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_and_its_page_are_there_for_strangers_and_need_no_script() {
    let server = Server::start().await;
    let stranger = server.stranger();
    let document = stranger.get("/api/v1/openapi.json").await;
    assert_eq!((document.status, document.json()), (200, rest::document()));
    let page = stranger.get("/api/docs").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(!page.text.contains("<script") && !page.text.contains("style=\""), "{}", page.text);
    for item in document.json()["paths"].as_object().expect("paths").values() {
        for operation in item.as_object().expect("operations").values() {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(page.text.contains(&format!("<article id=\"{id}\">")), "{id}");
        }
    }
    // every link within the page leads somewhere
    for link in page.text.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page.text.contains(&format!("id=\"{link}\"")), "#{link}");
    }
    assert_eq!(stranger.get("/api/docs.css").await.header("content-type"), "text/css; charset=utf-8");
}
