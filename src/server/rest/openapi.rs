//! The OpenAPI 3.1 document: what the handlers say of themselves, completed by what holds for all of them.
//!
//! A handler lists its own refusals (`x-errors`); those of the layers in front of it follow from its shape: whether it needs
//! a viewer, changes state, takes a body. So no handler can forget one, and the document names every code of every answer.

use crate::{
    error::{Code, Error},
    server::middleware::problem::{Problem, word},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::{OpenApi, PartialSchema};

#[derive(OpenApi)]
#[openapi(
    info(title = "cms-messages", description = "Messages between the users of a CMS. Times are RFC 3339 UTC with microseconds, ids are UUIDs."),
    servers((url = "/api/v1")),
    components(schemas(Problem, Code)),
    tags(
        (name = "session", description = "Signing in and out, and who is signed in."),
        (name = "people", description = "Finding somebody to write to."),
        (name = "conversations", description = "The inbox and what changed in it."),
        (name = "messages", description = "Writing, and reading the history."),
        (name = "receipts", description = "What arrived, and what was on the screen."),
        (name = "policy", description = "Who may write to whom; for admins."),
        (name = "administration", description = "People as admins see and change them. For admins alone."),
        (name = "audit", description = "What the organisation can be held to."),
    )
)]
struct Base;

/// Title, tags, and the schema of every refusal.
#[must_use]
pub fn base() -> utoipa::openapi::OpenApi {
    Base::openapi()
}

/// Adds the refusals of the layers, and how a client proves who it is.
#[must_use]
pub fn complete(document: utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for operations in paths.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        for (method, operation) in operations {
            add_refusals(method, operation);
        }
    }
    if let Some(root) = document.as_object_mut() {
        root.insert("security".into(), json!([{"session": []}, {"token": []}]));
    }
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert(
            "securitySchemes".into(),
            json!({
                "session": {"type": "apiKey", "in": "cookie", "name": "cms_session", "description": "From signing in; `__Host-cms_session` behind https."},
                "token": {"type": "http", "scheme": "bearer", "description": "From `cms-messages token create --user NAME`."},
            }),
        );
    }
    document
}

fn add_refusals(method: &str, operation: &mut Value) {
    let mut by_status: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for code in refusals(method, operation) {
        by_status.entry(code.status().as_u16()).or_default().push(word(code));
    }
    let Some(operation) = operation.as_object_mut() else { return };
    operation.insert("x-errors".into(), json!(by_status.values().flatten().collect::<Vec<_>>()));
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let Some(responses) = responses.as_object_mut() else { return };
    for (status, words) in by_status {
        responses.insert(status.to_string(), refusal(status, &words));
    }
}

/// The codes of one operation.
fn refusals(method: &str, operation: &Value) -> Vec<Code> {
    let own = operation.get("x-errors").cloned().unwrap_or_default();
    let mut codes: Vec<Code> = serde_json::from_value(own).unwrap_or_default();
    let changes_state = !matches!(method, "get" | "head");
    let needs_viewer = operation.get("security").is_none();
    let mut add = |wanted: bool, code: Code| {
        if wanted && !codes.contains(&code) {
            codes.push(code);
        }
    };
    add(needs_viewer, Code::Unauthenticated);
    add(changes_state, Code::CrossSiteRequest);
    for code in [Code::UnsupportedMediaType, Code::TooLarge, Code::MalformedRequest, Code::Invalid] {
        add(operation.get("requestBody").is_some(), code);
    }
    for code in [Code::RateLimited, Code::Internal, Code::Unavailable] {
        add(true, code);
    }
    codes.sort_by_key(|code| code.status());
    codes
}

fn refusal(status: u16, words: &[String]) -> Value {
    let mut refusal = json!({
        "description": format!("`{}`", words.join("`, `")),
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    });
    if matches!(status, 429 | 503) {
        let header = json!({"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}});
        refusal.as_object_mut().map(|refusal| refusal.insert("headers".into(), header));
    }
    refusal
}

/// Each code with its status and its usual sentence, for the readable page.
#[must_use]
pub fn codes() -> Vec<(String, u16, String)> {
    let schema = serde_json::to_value(Code::schema()).unwrap_or_default();
    let words = schema.get("enum").and_then(Value::as_array).cloned().unwrap_or_default();
    let codes = words.into_iter().filter_map(|word| serde_json::from_value::<Code>(word).ok());
    codes.map(|code| (word(code), code.status().as_u16(), Error::new(code).detail)).collect()
}
