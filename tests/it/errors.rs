//! Every refusal: its code, its order, and that it tells nothing but that.

use crate::support::{
    Office,
    person::Person,
    server::{Answer, Client, Server},
    settings,
};
use axum::{Router, body::Bytes, routing::get};
use cms_messages::{
    error::{Code, Error},
    server::router,
};
use http_body_util::StreamBody;
use hyper::body::Frame;
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

struct Scene {
    server: Server,
    asha: Client,
    stranger: Client,
    /// Of asha and somebody.
    own: String,
    /// Of two others.
    foreign: String,
}

async fn scene() -> Scene {
    let server = Server::start().await;
    let asha = server.office.person("asha").await;
    let bikram = server.office.person("bikram").await;
    let chen = server.office.person("chen").await;
    let own = asha.open(&bikram).await.to_string();
    let foreign = chen.open(&bikram).await;
    chen.write(foreign, "the canary sings").await;
    let (client, stranger) = (server.browser(&asha).await, server.stranger());
    Scene { server, asha: client, stranger, own, foreign: foreign.to_string() }
}

fn message(conversation: &str) -> String {
    format!("/api/v1/conversations/{conversation}/messages/{}", Uuid::now_v7())
}

async fn raw(client: &Client, method: Method, path: &str, content_type: &str, body: impl Into<reqwest::Body>) -> Answer {
    Answer::of(client.request(method, path).header(CONTENT_TYPE, content_type).body(body)).await
}

#[tokio::test]
async fn a_problem_has_the_shape_of_rfc_9457_and_the_id_of_its_request() {
    let scene = scene().await;
    let answer = scene.asha.get("/api/v1/users?q=").await;
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem["request_id"], answer.header("x-request-id"));
    assert_eq!(
        (&problem["type"], &problem["title"], &problem["status"]),
        (&json!("/api/docs#invalid"), &json!("Unprocessable Entity"), &json!(422))
    );
    assert!(problem["fields"]["q"].is_string() && problem["detail"].is_string(), "{problem}");
    assert_ne!(scene.asha.get("/api/v1/users?q=").await.header("x-request-id"), answer.header("x-request-id"));
    // a client's own id would make two requests look like one
    let named = Answer::of(scene.asha.request(Method::GET, "/api/v1/me").header("x-request-id", "mine")).await;
    assert_ne!(named.header("x-request-id"), "mine");
}

#[tokio::test]
async fn an_id_that_is_unknown_malformed_or_not_yours_looks_the_same() {
    let scene = scene().await;
    let unknown = Uuid::now_v7().to_string();
    let mut bodies = Vec::new();
    for id in [scene.foreign.as_str(), &unknown, "x", "%FF", "..%2f"] {
        let one = format!("/api/v1/conversations/{id}");
        let text = json!({"body": "hello"});
        let key = Uuid::now_v7();
        bodies.push(scene.asha.get(&one).await);
        bodies.push(scene.asha.get(&format!("{one}/messages")).await);
        bodies.push(scene.asha.get(&format!("{one}/messages?limit=nonsense")).await);
        bodies.push(scene.asha.put(&format!("{one}/messages/{key}"), text.clone()).await);
        bodies.push(scene.asha.put(&format!("{one}/messages/{key}"), json!({"body": ""})).await);
        bodies.push(scene.asha.put(&format!("{one}/messages/{key}"), json!({"wrong": 1})).await);
        bodies.push(scene.asha.put(&format!("{one}/messages/no-key"), text).await);
        bodies.push(scene.asha.post(&format!("{one}/delivered"), json!({"up_to_seq": 1})).await);
        bodies.push(scene.asha.post(&format!("{one}/read"), json!({"up_to_seq": 99})).await);
        bodies.push(scene.asha.post(&format!("{one}/read"), json!({"up_to_seq": -1})).await);
        let item = json!({"conversation_id": id, "up_to_seq": 1});
        bodies.push(scene.asha.post("/api/v1/delivered", json!({"items": [item]})).await);
    }
    for path in ["/api/v1/nothing", "/api/v1/", "/api/v1", "/api/v2/me", "/api/nothing", "/api/v1/conversations/a/b/c"] {
        bodies.push(scene.asha.get(path).await);
    }
    for id in [unknown.as_str(), "x"] {
        bodies.push(scene.asha.post("/api/v1/conversations", json!({"recipient_id": id})).await);
    }
    let expected = bodies[0].without_request_id();
    for answer in &bodies {
        assert_eq!(answer.status, 404, "{answer:?}");
        assert_eq!(answer.without_request_id(), expected);
        assert_eq!(answer.headers.keys().collect::<Vec<_>>(), bodies[0].headers.keys().collect::<Vec<_>>());
    }
    assert_eq!(bodies[0].code(), "not_found");
}

#[tokio::test]
async fn server_functions_do_not_tell_foreign_from_unknown_either() {
    let scene = scene().await;
    let unknown = Uuid::now_v7().to_string();
    let mut texts = Vec::new();
    for id in [&scene.foreign, &unknown] {
        texts.push(scene.asha.post("/rpc/get_conversation", json!({"id": id})).await);
        texts.push(scene.asha.post("/rpc/get_messages", json!({"conversation_id": id, "at": "newest"})).await);
        let send = json!({"conversation_id": id, "client_id": Uuid::now_v7(), "body": "hello"});
        texts.push(scene.asha.post("/rpc/send_message", send).await);
        texts.push(scene.asha.post("/rpc/mark_read", json!({"conversation_id": id, "up_to_seq": 1})).await);
        texts.push(scene.asha.post("/rpc/mark_delivered", json!({"items": [{"conversation_id": id, "up_to_seq": 1}]})).await);
    }
    for answer in &texts {
        assert_eq!(answer.outcome(), "404 not_found");
        assert_eq!(answer.text, texts[0].text);
    }
}

#[tokio::test]
async fn what_is_not_a_json_object_is_malformed() {
    let scene = scene().await;
    let path = message(&scene.own);
    let bodies: [&[u8]; 9] = [
        b"",
        b"{",
        b"[]",
        b"\"body\"",
        b"null",
        b"{\"body\": \"\xff\"}",
        b"{\"body\": \"\\ud800\"}",
        b"{\"body\": \"\\udc00x\"}",
        b"{\"body\": 1e999}",
    ];
    for body in bodies {
        let answer = raw(&scene.asha, Method::PUT, &path, "application/json", body.to_vec()).await;
        assert_eq!(answer.outcome(), "400 malformed_request", "{:?}", String::from_utf8_lossy(body));
        let answer = raw(&scene.asha, Method::POST, "/rpc/send_message", "application/json", body.to_vec()).await;
        assert_eq!(answer.outcome(), "400 malformed_request", "{:?}", String::from_utf8_lossy(body));
    }
    let deep = format!("{{\"body\": {}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(raw(&scene.asha, Method::PUT, &path, "application/json", deep).await.outcome(), "400 malformed_request");
}

#[tokio::test]
async fn a_field_that_is_wrong_is_named_and_never_quoted() {
    let scene = scene().await;
    let path = message(&scene.own);
    for (body, field) in [
        (json!({}), "body"),
        (json!({"body": 7}), "body"),
        (json!({"body": null}), "body"),
        (json!({"body": ["canary"]}), "body"),
        (json!({"body": " \n "}), "body"),
        (json!({"body": "canary\u{0}"}), "body"),
        (json!({"body": "x".repeat(4_001)}), "body"),
    ] {
        let answer = scene.asha.put(&path, body.clone()).await;
        assert_eq!(answer.outcome(), "422 invalid", "{body}");
        assert!(answer.json()["fields"][field].is_string(), "{answer:?}");
        assert!(!answer.text.contains("canary") && !answer.text.contains("xxx"), "{answer:?}");
    }
    let answer = scene.asha.put(&format!("/api/v1/conversations/{}/messages/no-key", scene.own), json!({"body": "x"})).await;
    assert!(answer.status == 422 && answer.json()["fields"]["client_id"].is_string(), "{answer:?}");
    let answer = scene.asha.post("/api/v1/delivered", json!({"items": [{"conversation_id": scene.own}]})).await;
    assert!(answer.status == 422 && answer.json()["fields"]["items[0].up_to_seq"].is_string(), "{answer:?}");
}

#[tokio::test]
async fn only_json_is_json_and_only_a_form_is_a_form() {
    let scene = scene().await;
    let object = json!({"body": "hello"}).to_string();
    let send = json!({"conversation_id": scene.own, "client_id": Uuid::now_v7(), "body": "hello"}).to_string();
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", "text/json", ""] {
        let answer = raw(&scene.asha, Method::PUT, &message(&scene.own), content_type, object.clone()).await;
        assert_eq!(answer.outcome(), "415 unsupported_media_type", "{content_type:?}");
        let answer = raw(&scene.asha, Method::POST, "/rpc/send_message", content_type, send.clone()).await;
        assert_eq!(answer.outcome(), "415 unsupported_media_type", "{content_type:?}");
    }
    let no_type = Answer::of(scene.asha.request(Method::PUT, &message(&scene.own)).body(object.clone())).await;
    assert_eq!(no_type.outcome(), "415 unsupported_media_type");
    for content_type in ["application/json", "text/plain", "multipart/form-data"] {
        let answer = raw(&scene.asha, Method::POST, &format!("/messages/{}", scene.own), content_type, "body=x&action=send").await;
        assert_eq!(answer.status, 415, "{content_type:?}");
    }
    let with_charset = raw(&scene.asha, Method::PUT, &message(&scene.own), "Application/JSON; charset=utf-8", object).await;
    assert_eq!(with_charset.status, 201, "{with_charset:?}");
    assert_eq!(scene.server.office.count("select count(*) from messages").await, 2);
}

#[tokio::test]
async fn a_body_over_64_kib_is_too_large() {
    let scene = scene().await;
    let of_size = |size: usize| format!("{{\"body\":\"{}\"}}", "x".repeat(size - 11));
    let fits = raw(&scene.asha, Method::PUT, &message(&scene.own), "application/json", of_size(64 * 1024)).await;
    assert_eq!(fits.outcome(), "422 invalid", "it is read, and refused as a message");
    for size in [64 * 1024 + 1, 900_000, 5_000_000] {
        let answer = raw(&scene.asha, Method::PUT, &message(&scene.own), "application/json", of_size(size)).await;
        assert_eq!(answer.outcome(), "413 too_large", "{size}");
    }
    let big = of_size(70_000);
    assert_eq!(raw(&scene.asha, Method::POST, "/rpc/send_message", "application/json", big.clone()).await.outcome(), "413 too_large");
    assert_eq!(raw(&scene.stranger, Method::POST, "/api/v1/session", "application/json", big.clone()).await.outcome(), "413 too_large");
    assert_eq!(raw(&scene.stranger, Method::POST, "/sign_in", "application/x-www-form-urlencoded", big.clone()).await.status, 413);
    // without a length in front
    let frames =
        big.into_bytes().chunks(1_000).map(|chunk| Ok::<_, std::io::Error>(Frame::data(Bytes::copy_from_slice(chunk)))).collect::<Vec<_>>();
    let body = reqwest::Body::wrap(StreamBody::new(futures_util::stream::iter(frames)));
    let chunked = raw(&scene.asha, Method::PUT, &message(&scene.own), "application/json", body).await;
    assert_eq!(chunked.outcome(), "413 too_large");
}

#[tokio::test]
async fn checks_come_in_their_order() {
    let scene = scene().await;
    let (path, foreign) = (message(&scene.own), message(&scene.foreign));
    let everything_wrong = |client: &Client, path: &str, content_type: &str, body: String| {
        let request =
            client.request(Method::PUT, path).header("sec-fetch-site", "cross-site").header(CONTENT_TYPE, content_type.to_owned());
        Answer::of(request.body(body))
    };
    let big = "x".repeat(70_000);
    assert_eq!(everything_wrong(&scene.stranger, &foreign, "text/plain", big.clone()).await.outcome(), "401 unauthenticated");
    assert_eq!(everything_wrong(&scene.asha, &foreign, "text/plain", big.clone()).await.outcome(), "403 cross_site_request");
    assert_eq!(raw(&scene.asha, Method::PUT, &foreign, "text/plain", big.clone()).await.outcome(), "415 unsupported_media_type");
    assert_eq!(raw(&scene.asha, Method::PUT, &foreign, "application/json", big).await.outcome(), "413 too_large");
    assert_eq!(raw(&scene.asha, Method::PUT, &foreign, "application/json", "{").await.outcome(), "400 malformed_request");
    assert_eq!(raw(&scene.asha, Method::PUT, &foreign, "application/json", "{}").await.outcome(), "404 not_found");
    assert_eq!(raw(&scene.asha, Method::PUT, &path, "application/json", "{}").await.outcome(), "422 invalid");
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_405_with_the_ones_it_has() {
    let scene = scene().await;
    for (method, path, allow) in [
        (Method::POST, "/api/v1/me".to_owned(), "GET,HEAD"),
        (Method::PUT, "/api/v1/session".to_owned(), "POST,DELETE"),
        (Method::PATCH, message(&scene.own), "PUT"),
        (Method::GET, "/rpc/send_message".to_owned(), "POST"),
        (Method::OPTIONS, "/api/v1/unread".to_owned(), "GET,HEAD"),
    ] {
        let answer = Answer::of(scene.asha.request(method.clone(), &path)).await;
        assert_eq!(answer.outcome(), "405 method_not_allowed", "{method} {path}");
        let mut allowed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
        let mut wanted: Vec<_> = allow.split(',').collect();
        allowed.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(allowed, wanted, "{method} {path}");
    }
    for path in ["/messages", "/sign_out", "/healthz"] {
        assert_eq!(Answer::of(scene.asha.request(Method::DELETE, path)).await.status, 405, "{path}");
    }
}

#[tokio::test]
async fn a_server_functions_refusal_is_read_by_the_browser_as_the_error_it_was() {
    let scene = scene().await;
    let read = |answer: &Answer| serde_json::from_str::<Error>(&answer.text).expect("an error").code;
    let empty = json!({"conversation_id": scene.own, "client_id": Uuid::now_v7(), "body": ""});
    assert_eq!(read(&scene.asha.post("/rpc/send_message", empty).await), Code::Invalid);
    assert_eq!(read(&scene.stranger.post("/rpc/get_session", json!({})).await), Code::Unauthenticated);
    assert_eq!(read(&raw(&scene.asha, Method::POST, "/rpc/get_session", "text/plain", "{}").await), Code::UnsupportedMediaType);
    assert_eq!(scene.asha.post("/rpc/nothing", json!({})).await.outcome(), "404 not_found");
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_503_and_never_signed_out() {
    let scene = scene().await;
    scene.server.office.database.close().await;
    for answer in [
        scene.asha.get("/api/v1/me").await,
        scene.asha.put(&message(&scene.own), json!({"body": "x"})).await,
        scene.asha.post("/rpc/get_session", json!({})).await,
        scene.stranger.post("/api/v1/session", json!({"username": "asha", "password": "x"})).await,
    ] {
        assert_eq!(answer.outcome(), "503 unavailable");
        assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{answer:?}");
    }
    let page = scene.asha.get("/messages").await;
    assert_eq!((page.status, page.header("content-type")), (503, "text/html; charset=utf-8"));
    assert_eq!(scene.stranger.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_panic_is_one_500_with_the_id_of_its_request_and_nothing_else() {
    async fn handler() -> &'static str {
        panic!("the canary sings")
    }
    let office = Office::new().await;
    let routes = Router::new().route("/api/panics", get(handler)).route("/panics", get(handler)).route("/lives", get(async || "well"));
    let app = router::around(routes, office.state.clone());
    let ask = async |path: &str| {
        let request = http::Request::get(path).body(axum::body::Body::empty()).expect("a request");
        let answer = app.clone().oneshot(request).await.expect("an answer");
        let (head, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, 10_000).await.expect("a body");
        let header = |name: &str| head.headers.get(name).map(|value| value.to_str().expect("text").to_owned()).unwrap_or_default();
        let shown = format!("{:?} {}", head.headers, String::from_utf8_lossy(&body));
        assert!(!shown.contains("canary") && !shown.contains(".rs"), "{shown}");
        assert_eq!((header("cache-control"), header("x-content-type-options")), ("no-store".into(), "nosniff".into()), "{path}");
        (head.status, header("x-request-id"), String::from_utf8_lossy(&body).into_owned())
    };
    let (status, id, body) = ask("/api/panics").await;
    let problem: Value = serde_json::from_str(&body).expect("json");
    assert_eq!((status.as_u16(), &problem["code"], &problem["request_id"]), (500, &json!("internal"), &json!(id)));
    let keys: Vec<&str> = problem.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys, ["code", "detail", "request_id", "status", "title", "type"]);
    let (status, id, page) = ask("/panics").await;
    assert!(status == 500 && id.len() == 36 && page.contains(&id) && page.contains("<h1>"), "{page}");
    // it was one request's, and no other's
    assert_eq!((ask("/lives").await.0.as_u16(), ask("/lives").await.2.as_str()), (200, "well"));
    assert_eq!(office.state.metrics.render().lines().filter(|line| line.contains("_count{") && line.contains("status=\"500\"")).count(), 2);
}

#[tokio::test]
async fn too_many_messages_are_429_after_everything_else() {
    let mut settings = settings();
    settings.limits.sends_per_minute = 1;
    let server = Server::with(settings).await;
    let (asha, bikram): (Person, Person) = (server.office.person("asha").await, server.office.person("bikram").await);
    let own = asha.open(&bikram).await.to_string();
    let client = server.browser(&asha).await;
    let key = Uuid::now_v7();
    let path = format!("/api/v1/conversations/{own}/messages/{key}");
    assert_eq!(client.put(&path, json!({"body": "one"})).await.status, 201);
    let slowed = client.put(&message(&own), json!({"body": "two"})).await;
    assert_eq!(slowed.outcome(), "429 rate_limited");
    assert!(slowed.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds <= 60));
    assert_eq!(client.put(&path, json!({"body": "one"})).await.status, 200, "a replay is answered");
    assert_eq!(client.put(&message(&own), json!({"body": ""})).await.outcome(), "422 invalid");
}
