//! The headers of every answer, and what may be kept by whom.

use crate::support::{
    server::{Answer, Client, Server},
    settings,
};
use cms_messages::server::settings::{Server as ServerSettings, Settings};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;

/// One of each kind of answer.
async fn every_kind(signed_in: &Client, stranger: &Client) -> Vec<(&'static str, Answer)> {
    vec![
        ("page", signed_in.get("/messages").await),
        ("sign-in page", stranger.get("/sign_in").await),
        ("redirect", stranger.get("/messages").await),
        ("json", signed_in.get("/api/v1/me").await),
        ("401", stranger.get("/api/v1/me").await),
        ("403", Answer::of(signed_in.request(Method::POST, "/rpc/get_session").header("sec-fetch-site", "cross-site")).await),
        ("404", signed_in.get("/api/v1/nothing").await),
        ("404 page", signed_in.get("/nothing").await),
        ("404 for a stranger", stranger.get("/nothing").await),
        ("405", Answer::of(signed_in.request(Method::DELETE, "/api/v1/me")).await),
        ("413", signed_in.put("/api/v1/conversations/x/messages/x", json!({"body": "x".repeat(70_000)})).await),
        ("415", Answer::of(signed_in.request(Method::POST, "/rpc/get_session").body("x")).await),
        ("422", signed_in.get("/api/v1/users?q=").await),
        ("server function", signed_in.post("/rpc/get_session", json!({})).await),
        ("form", signed_in.submit("/sign_out", &[]).await),
        ("file", stranger.get("/robots.txt").await),
        ("hashed file", stranger.get("/pkg/cms-messages.abc.js").await),
        ("documentation", stranger.get("/api/docs").await),
        ("health", stranger.get("/healthz").await),
    ]
}

#[tokio::test]
async fn every_answer_has_the_security_headers_and_its_own_request_id() {
    let server = Server::start().await;
    let asha = server.office.person("asha").await;
    let mut ids = BTreeSet::new();
    for (kind, answer) in every_kind(&server.browser(&asha).await, &server.stranger()).await {
        expect_security(kind, &answer);
        assert_eq!(answer.header("strict-transport-security"), "", "{kind}: plain http");
        assert!(ids.insert(answer.header("x-request-id").to_owned()), "{kind}");
        match kind {
            "file" => assert_eq!(answer.header("cache-control"), "no-cache"),
            "hashed file" => assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable"),
            _ => expect_private(kind, &answer),
        }
    }
}

/// What every answer has.
fn expect_security(kind: &str, answer: &Answer) {
    let policy = answer.header("content-security-policy");
    for needed in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action"] {
        assert!(policy.contains(needed), "{kind}: {policy}");
    }
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'") && !policy.contains('*'), "{kind}: {policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{kind}");
    }
    assert!(answer.header("permissions-policy").contains("camera=()"), "{kind}");
}

/// The same for what is no file of ours: nobody keeps it, and no other site may read it. The matrix asks it of every route.
pub fn expect_private(kind: &str, answer: &Answer) {
    expect_security(kind, answer);
    assert_eq!(answer.headers.get_all("cache-control").iter().collect::<Vec<_>>(), ["no-store"], "{kind}");
    for (name, _) in &answer.headers {
        assert!(!name.as_str().starts_with("access-control-") && name.as_str() != "server", "{kind}: {name}");
    }
}

#[tokio::test]
async fn what_a_client_claims_about_our_name_comes_back_nowhere() {
    let server = Server::start().await;
    let asha = server.office.person("asha").await;
    let (signed_in, stranger) = (server.browser(&asha).await, server.stranger());
    for (client, path) in [
        (&stranger, "/"),
        (&stranger, "/messages"),
        (&stranger, "/sign_in"),
        (&stranger, "/nothing"),
        (&stranger, "/api/docs"),
        (&stranger, "/api/v1/openapi.json"),
        (&stranger, "/api/v1/me"),
        (&signed_in, "/"),
        (&signed_in, "/messages"),
        (&signed_in, "/settings"),
        (&signed_in, "/nothing"),
        (&signed_in, "/admin"),
        (&signed_in, "/api/v1/me"),
    ] {
        let mut request = client.request(Method::GET, path).header("host", "evil.example");
        for name in ["x-forwarded-host", "x-host", "x-original-host", "x-forwarded-server", "x-original-url", "x-rewrite-url"] {
            request = request.header(name, "evil.example");
        }
        let request =
            request.header("forwarded", "host=evil.example").header("x-forwarded-proto", "evil").header("x-http-method-override", "DELETE");
        let answer = Answer::of(request).await;
        assert!(answer.status < 405, "{path}: {answer:?}");
        assert!(!answer.text.contains("evil") && !format!("{:?}", answer.headers).contains("evil"), "{path}: {answer:?}");
    }
    assert_eq!(signed_in.get("/api/v1/me").await.status, 200, "nothing was deleted");
}

#[tokio::test]
async fn behind_https_the_cookie_is_of_this_host_and_the_transport_is_strict() {
    let server = ServerSettings { public_url: "https://cms.example".into(), ..ServerSettings::default() };
    let server = Server::with(Settings { server, ..settings() }).await;
    let answer = server.stranger().get("/sign_in").await;
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
    let asha = server.office.person("asha").await;
    let signed_in = server.browser(&asha).await;
    assert_eq!(signed_in.get("/api/v1/me").await.status, 401, "a cookie without the prefix is not ours");
    let cookie = Answer::of(server.program(&asha).await.request(Method::GET, "/api/v1/me")).await;
    assert_eq!(cookie.status, 200);
}

#[tokio::test]
async fn the_scripts_of_a_page_carry_the_nonce_of_its_policy_and_no_two_pages_share_one() {
    let server = Server::start().await;
    let mut nonces = BTreeSet::new();
    for _ in 0..3 {
        let page = server.stranger().get("/sign_in").await;
        assert_eq!(page.status, 200, "{page:?}");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("script-src 'self' 'nonce-") && policy.contains("'wasm-unsafe-eval'"), "{policy}");
        assert!(policy.contains("connect-src 'self';"), "{policy}");
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce").to_owned();
        assert!(nonce.len() >= 22, "{nonce}");
        for script in page.text.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap_or_default();
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "<script{tag}>");
        }
        assert!(page.text.contains("<script"), "hydrated pages have one");
        assert!(!page.text.contains(" style=\""), "an inline style is blocked by the policy");
        assert!(nonces.insert(nonce));
    }
}

#[tokio::test]
async fn files_come_compressed_when_they_are_and_unchanged_ones_are_not_sent_again() {
    let server = Server::start().await;
    let stranger = server.stranger();
    let script = "/pkg/cms-messages.abc.js";
    let compressed = Answer::of(stranger.request(Method::GET, script).header("accept-encoding", "br")).await;
    assert_eq!((compressed.header("content-encoding"), compressed.text.as_str()), ("br", "not really brotli"));
    assert!(compressed.header("content-type").starts_with("text/javascript"), "{compressed:?}");
    let plain = stranger.get(script).await;
    assert_eq!((plain.header("content-encoding"), plain.text.as_str()), ("", "export {}"));
    let file = stranger.get("/robots.txt").await;
    assert_eq!(file.status, 200);
    let again = Answer::of(stranger.request(Method::GET, "/robots.txt").header("if-none-match", file.header("etag"))).await;
    assert_eq!((again.status, again.header("cache-control")), (304, "no-cache"));
    for outside in ["/../Cargo.toml", "/pkg/..%2f..%2fCargo.toml", "/%2e%2e/Cargo.toml", "/pkg", "/pkg/"] {
        assert_eq!(stranger.get(outside).await.status, 404, "{outside}");
    }
}

#[tokio::test]
async fn a_page_is_compressed_for_who_can_read_that() {
    let server = Server::start().await;
    let page = Answer::of(server.stranger().request(Method::GET, "/api/docs").header("accept-encoding", "gzip")).await;
    assert_eq!(page.header("content-encoding"), "gzip");
    assert!(page.header("vary").contains("accept-encoding"));
}
