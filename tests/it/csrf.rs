//! What changes state comes from our own pages, or from a program; never from another site with somebody's cookie.

use crate::support::{
    server::{Answer, Client, Server},
    settings,
};
use cms_messages::server::settings::{Server as ServerSettings, Settings};
use reqwest::{Method, RequestBuilder, header::CONTENT_TYPE};
use serde_json::json;
use uuid::Uuid;

/// What each surface has that changes state, ready to be sent.
fn state_changes(client: &Client, conversation: &str) -> Vec<(&'static str, RequestBuilder)> {
    let form = |path: &str, body: &str| {
        client.request(Method::POST, path).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.to_owned())
    };
    let message = format!("/api/v1/conversations/{conversation}/messages/{}", Uuid::now_v7());
    let send = json!({"conversation_id": conversation, "client_id": Uuid::now_v7(), "body": "x"});
    let reply = format!("body=x&action=send&client_id={}&displayed_seq=0", Uuid::now_v7());
    vec![
        ("send", client.request(Method::PUT, &message).json(&json!({"body": "x"}))),
        ("sign in", client.request(Method::POST, "/api/v1/session").json(&json!({"username": "asha", "password": "x"}))),
        ("server function", client.request(Method::POST, "/rpc/send_message").json(&send)),
        ("form", form(&format!("/messages/{conversation}"), &reply)),
        ("sign-in form", form("/sign_in", "username=asha&password=x&next=")),
        ("sign out", client.request(Method::DELETE, "/api/v1/session")),
    ]
}

async fn browser_with_conversation(settings: Settings) -> (Server, Client, String) {
    let server = Server::with(settings).await;
    let (asha, bikram) = (server.office.person("asha").await, server.office.person("bikram").await);
    let conversation = asha.open(&bikram).await.to_string();
    let client = server.browser(&asha).await;
    (server, client, conversation)
}

#[tokio::test]
async fn another_site_changes_nothing() {
    let (server, client, conversation) = browser_with_conversation(settings()).await;
    let foreign: [&[(&str, &str)]; 5] = [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site"), ("origin", "http://neighbour.example")],
        &[("sec-fetch-site", "cross-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ];
    for headers in foreign {
        for (name, request) in state_changes(&client, &conversation) {
            let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            let answer = Answer::of(request).await;
            assert_eq!(answer.status, 403, "{name} with {headers:?}: {answer:?}");
            if answer.header("content-type") == "application/problem+json" {
                assert_eq!(answer.code(), "cross_site_request");
            }
        }
    }
    assert_eq!(server.office.count("select count(*) from messages").await, 0);
    assert_eq!(server.office.count("select count(*) from sessions").await, 1);
    assert_eq!(server.office.count("select count(*) from audit_entries where action = 'session.refused'").await, 0);
}

#[tokio::test]
async fn what_another_site_posts_never_comes_back_beside_a_button_of_ours() {
    let (server, client, conversation) = browser_with_conversation(settings()).await;
    // a browser leaves the cookie away (SameSite=Lax): the first refusal would be 401, whose page sends once more
    for poster in [client, server.stranger()] {
        let posted = poster.request(Method::POST, &format!("/messages/{conversation}")).header("sec-fetch-site", "cross-site");
        let posted = posted.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body("body=planted&action=send");
        let answer = Answer::of(posted).await;
        assert_eq!(answer.status, 403);
        assert!(!answer.text.contains("planted") && !answer.text.contains("<form"), "{}", answer.text);
    }
}

#[tokio::test]
async fn our_own_pages_and_programs_pass() {
    let (server, client, conversation) = browser_with_conversation(settings()).await;
    let own = format!("http://{}", server.address);
    let ours: [&[(&str, &str)]; 4] =
        [&[("sec-fetch-site", "same-origin"), ("origin", &own)], &[("origin", &own)], &[("sec-fetch-site", "none")], &[]];
    for headers in ours {
        for (name, request) in state_changes(&client, &conversation).into_iter().filter(|(name, _)| *name != "sign out") {
            let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            let answer = Answer::of(request).await;
            assert_ne!(answer.status, 403, "{name} with {headers:?}: {answer:?}");
        }
    }
    assert_eq!(server.office.count("select count(*) from messages").await, 4 * 3);
}

#[tokio::test]
async fn reading_from_another_site_is_the_browsers_to_refuse() {
    let (_server, client, _) = browser_with_conversation(settings()).await;
    let answer = Answer::of(client.request(Method::GET, "/api/v1/me").header("sec-fetch-site", "cross-site")).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, ""));
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
}

#[tokio::test]
async fn behind_a_proxy_the_public_url_is_our_origin() {
    let server = ServerSettings { public_url: "https://cms.example/".into(), ..ServerSettings::default() };
    let (_server, client, _) = browser_with_conversation(Settings { server, ..settings() }).await;
    let sign_in = |origin: &str| {
        let request = client.request(Method::POST, "/api/v1/session").json(&json!({"username": "a", "password": "b"}));
        Answer::of(request.header("origin", origin.to_owned()))
    };
    assert_eq!(sign_in("https://cms.example").await.outcome(), "401 unauthenticated");
    assert_eq!(sign_in("https://cms.example.evil.example").await.outcome(), "403 cross_site_request");
    assert_eq!(sign_in("http://cms.example").await.outcome(), "403 cross_site_request");
}
