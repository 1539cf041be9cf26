//! `GET /api/v1/openapi.json`, and the same as a page that people can read: made on the server, no script, no file of
//! anybody else.

use super::openapi;
use crate::server::middleware::plain_page::escape;
use axum::{
    Json,
    response::{Html, IntoResponse},
};
use http::{HeaderValue, header};
use serde_json::{Map, Value};
use std::{fmt::Write as _, sync::LazyLock};

static DOCUMENT: LazyLock<Value> = LazyLock::new(super::document);
static PAGE: LazyLock<String> = LazyLock::new(|| render(&DOCUMENT));

const STYLE: &str = include_str!("docs.css");

/// The OpenAPI document.
pub async fn document() -> Json<Value> {
    Json(DOCUMENT.clone())
}

/// The readable page.
pub async fn page() -> impl IntoResponse {
    let policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy))], Html(PAGE.as_str()))
}

/// Its style sheet.
pub async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"))], STYLE)
}

/// Appends formatted text; a `String` takes everything.
macro_rules! put {
    ($page:expr, $($text:tt)*) => {{ let _ = write!($page, $($text)*); }};
}

fn render(document: &Value) -> String {
    let mut page = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>API · cms-messages</title><link rel=\"stylesheet\" href=\"/api/docs.css\"></head><body>",
    );
    put!(page, "<header><h1>cms-messages API</h1><p>{}</p>", text(document, "/info/description"));
    put!(page, "<p>Base path <code>{}</code> · <a href=\"/api/v1/openapi.json\">OpenAPI document</a></p></header>", super::PREFIX);
    let tags = items(document, "/tags");
    put!(page, "<nav aria-label=\"Sections\"><ul>");
    for tag in tags {
        put!(page, "<li><a href=\"#{0}\">{0}</a></li>", text(tag, "/name"));
    }
    put!(page, "<li><a href=\"#objects\">objects</a></li><li><a href=\"#errors\">errors</a></li></ul></nav><main>");
    for tag in tags {
        let name = text(tag, "/name");
        put!(page, "<section id=\"{name}\"><h2>{name}</h2><p>{}</p>", text(tag, "/description"));
        for (path, method, operation) in operations(document) {
            if items(operation, "/tags").iter().any(|tag| tag.as_str() == Some(name.as_str())) {
                put_operation(&mut page, path, method, operation);
            }
        }
        put!(page, "</section>");
    }
    put_objects(&mut page, document);
    put_errors(&mut page);
    page.push_str("</main></body></html>\n");
    page
}

fn put_operation(page: &mut String, path: &str, method: &str, operation: &Value) {
    let id = text(operation, "/operationId");
    put!(page, "<article id=\"{id}\"><h3>{}</h3>", text(operation, "/summary"));
    put!(page, "<p class=\"call\"><code>{} {}{}</code></p>", method.to_uppercase(), super::PREFIX, escape(path));
    put!(page, "<p>{}</p>", text(operation, "/description"));
    let parameters = items(operation, "/parameters");
    let body = operation.pointer("/requestBody/content/application~1json/schema");
    if !parameters.is_empty() || body.is_some() {
        put!(page, "<h4>Request</h4><dl>");
        for parameter in parameters {
            let needed = if parameter.get("required") == Some(&Value::Bool(true)) { "" } else { ", optional" };
            let (name, place) = (text(parameter, "/name"), text(parameter, "/in"));
            put!(page, "<dt><code>{name}</code> <small>{place}{needed}</small></dt>");
            put!(page, "<dd>{} {}</dd>", text(parameter, "/description"), schema(parameter.get("schema")));
        }
        if let Some(body) = body {
            put!(page, "<dt><small>body, JSON</small></dt><dd>{}</dd>", schema(Some(body)));
        }
        put!(page, "</dl>");
    }
    put!(page, "<h4>Answers</h4><dl>");
    for (status, answer) in entries(operation, "/responses") {
        let content = answer.pointer("/content/application~1json/schema");
        put!(page, "<dt>{}</dt><dd>{} {}</dd>", escape(status), linked(&text(answer, "/description")), schema(content));
    }
    put!(page, "</dl></article>");
}

fn put_objects(page: &mut String, document: &Value) {
    put!(page, "<section id=\"objects\"><h2>objects</h2>");
    for (name, object) in entries(document, "/components/schemas") {
        put!(page, "<article id=\"{0}\"><h3>{0}</h3><p>{1}</p>", escape(name), text(object, "/description"));
        let parts = items(object, "/allOf").iter().chain(std::iter::once(object));
        put!(page, "<dl>");
        for part in parts {
            if part.get("$ref").is_some() {
                put!(page, "<dt>all of</dt><dd>{}</dd>", schema(Some(part)));
            }
            for (field, value) in entries(part, "/properties") {
                put!(page, "<dt><code>{}</code></dt><dd>{} {}</dd>", escape(field), text(value, "/description"), schema(Some(value)));
            }
        }
        for word in items(object, "/enum").iter().filter_map(Value::as_str) {
            put!(page, "<dt><code>{}</code></dt><dd></dd>", escape(word));
        }
        put!(page, "</dl></article>");
    }
    put!(page, "</section>");
}

fn put_errors(page: &mut String) {
    put!(
        page,
        "<section id=\"errors\"><h2>errors</h2><p>Every refusal is <code>application/problem+json</code>: {}</p><dl>",
        reference("Problem")
    );
    for (word, status, sentence) in openapi::codes() {
        put!(page, "<dt id=\"{word}\">{status} <code>{word}</code></dt><dd>{}</dd>", escape(&sentence));
    }
    put!(page, "</dl></section>");
}

/// A schema in a few words.
fn schema(schema: Option<&Value>) -> String {
    let Some(schema) = schema else { return String::new() };
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.rsplit('/').next()) {
        return reference(name);
    }
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        let choices: Vec<String> = choices.iter().map(|choice| self::schema(Some(choice))).collect();
        return choices.join(" or ");
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        Some(Value::String(kind)) => kind.clone(),
        _ => return String::new(),
    };
    if kind == "array" {
        return format!("<small>list of</small> {}", self::schema(schema.get("items")));
    }
    let bounds = ["format", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"].into_iter();
    let bounds = bounds.filter_map(|name| schema.get(name).map(|value| format!(" {name} {}", value.to_string().trim_matches('"'))));
    format!("<small>{}</small>", escape(&format!("{kind}{}", bounds.collect::<String>())))
}

fn reference(name: &str) -> String {
    format!("<a href=\"#{0}\">{0}</a>", escape(name))
}

/// `` `word` `` becomes a link to the code's explanation.
fn linked(escaped: &str) -> String {
    let parts = escaped.split('`').enumerate();
    parts.map(|(n, part)| if n % 2 == 1 { format!("<a href=\"#{part}\"><code>{part}</code></a>") } else { part.to_owned() }).collect()
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = entries(document, "/paths");
    paths.flat_map(|(path, item)| entries(item, "").map(move |(method, operation)| (path, method, operation)))
}

fn text(value: &Value, pointer: &str) -> String {
    escape(value.pointer(pointer).and_then(Value::as_str).unwrap_or_default())
}

fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn entries<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let object = value.pointer(pointer).and_then(Value::as_object);
    object.into_iter().flat_map(Map::iter).map(|(key, value)| (key.as_str(), value))
}
