//! Who gets what from which endpoint. The endpoints are the router's own: one without a row here fails, and a row without
//! an endpoint too.
//!
//! Each row is asked for by a stranger, by a participant of the conversation, by a colleague who is not one, and by an
//! admin who is not one: being an admin opens nobody's conversation here.

mod scene;

use crate::{
    headers,
    support::server::{Answer, Client},
};
use cms_messages::{
    domain::session::VIEWER_HEADER,
    server::{middleware::signed_in::OPEN, router},
};
use reqwest::Method;
use server_fn::axum::server_fn_paths;
use std::collections::BTreeSet;

pub use scene::{Scene, scene};

/// What nobody but the two may ever see.
const CANARY: &str = "the canary sings at noon";

/// What nobody but admins may see, and they where they look after people alone.
const MAILBOX: &str = "mailbox.of.bikram@port.example";

/// A file of one person.
const PEOPLE: &str = "username,display_name,department,role,email,external_id,password\nfarhan,Farhan,Yard,member,,,\n";

/// What asking for an endpoint comes to.
pub struct Row {
    /// GET, POST …
    pub method: &'static str,
    /// As the router has it.
    pub path: &'static str,
    stranger: &'static str,
    participant: &'static str,
    /// A colleague who is not one of the two.
    colleague: &'static str,
    /// An admin who is not one of the two.
    admin: &'static str,
}

/// Where an admin is a colleague like any other.
const fn row(method: &'static str, path: &'static str, [stranger, participant, others]: [&'static str; 3]) -> Row {
    Row { method, path, stranger, participant, colleague: others, admin: others }
}

/// Where the role decides.
const fn for_admins(method: &'static str, path: &'static str, [stranger, members, admin]: [&'static str; 3]) -> Row {
    Row { method, path, stranger, participant: members, colleague: members, admin }
}

const NOBODY: &str = "401 unauthenticated";
const FORBIDDEN: &str = "403 forbidden";
const HIDDEN: &str = "404 not_found";
/// To the sign-in page.
const AWAY: &str = "303";
/// The page that gives back what was written.
const KEPT: &str = "401";

/// Every endpoint.
pub const MATRIX: &[Row] = &[
    //                                                                      stranger  participant  others
    row("POST", "/api/v1/session", ["401 unauthenticated", "401 unauthenticated", "401 unauthenticated"]),
    row("DELETE", "/api/v1/session", [NOBODY, "204", "204"]),
    row("GET", "/api/v1/me", [NOBODY, "200", "200"]),
    row("GET", "/api/v1/me/sessions", [NOBODY, "200", "200"]),
    row("DELETE", "/api/v1/me/sessions", [NOBODY, "200", "200"]),
    // nobody's
    row("DELETE", "/api/v1/me/sessions/{session_id}", [NOBODY, HIDDEN, HIDDEN]),
    row("GET", "/api/v1/users", [NOBODY, "200", "200"]),
    row("POST", "/api/v1/conversations", [NOBODY, "200", "201"]),
    row("GET", "/api/v1/conversations", [NOBODY, "200", "200"]),
    row("GET", "/api/v1/conversations/{id}", [NOBODY, "200", HIDDEN]),
    row("GET", "/api/v1/conversations/{id}/messages", [NOBODY, "200", HIDDEN]),
    row("PUT", "/api/v1/conversations/{id}/messages/{client_id}", [NOBODY, "201", HIDDEN]),
    row("POST", "/api/v1/conversations/{id}/delivered", [NOBODY, "204", HIDDEN]),
    row("POST", "/api/v1/conversations/{id}/read", [NOBODY, "204", HIDDEN]),
    row("POST", "/api/v1/delivered", [NOBODY, "204", HIDDEN]),
    row("GET", "/api/v1/unread", [NOBODY, "200", "200"]),
    row("GET", "/api/v1/changes", [NOBODY, "200", "200"]),
    row("GET", "/api/v1/events", [NOBODY, "200", "200"]),
    row("GET", "/api/v1/audit/checkpoint", [NOBODY, HIDDEN, HIDDEN]),
    for_admins("GET", "/api/v1/admin/policy", [NOBODY, FORBIDDEN, "200"]),
    for_admins("PUT", "/api/v1/admin/policy", [NOBODY, FORBIDDEN, "200"]),
    for_admins("GET", "/api/v1/admin/policy/versions", [NOBODY, FORBIDDEN, "200"]),
    for_admins("GET", "/api/v1/admin/policy/explain", [NOBODY, FORBIDDEN, "200"]),
    for_admins("POST", "/api/v1/admin/policy/dry_run", [NOBODY, FORBIDDEN, "200"]),
    row("GET", "/api/v1/conversations/{id}/reviews", [NOBODY, "200", HIDDEN]),
    //                                                                      stranger  members  admins
    for_admins("GET", "/api/v1/admin/audit/entries", [NOBODY, FORBIDDEN, "200"]),
    for_admins("POST", "/api/v1/admin/audit/export", [NOBODY, FORBIDDEN, "200"]),
    for_admins("GET", "/api/v1/admin/reviews", [NOBODY, FORBIDDEN, "200"]),
    for_admins("POST", "/api/v1/admin/reviews", [NOBODY, FORBIDDEN, "201"]),
    // a request of this very admin, which nobody has approved
    for_admins("GET", "/api/v1/admin/reviews/{id}", [NOBODY, FORBIDDEN, "200"]),
    for_admins("POST", "/api/v1/admin/reviews/{id}/approve", [NOBODY, FORBIDDEN, FORBIDDEN]),
    for_admins("POST", "/api/v1/admin/reviews/{id}/refuse", [NOBODY, FORBIDDEN, FORBIDDEN]),
    for_admins("POST", "/api/v1/admin/reviews/{id}/end", [NOBODY, FORBIDDEN, "200"]),
    for_admins("GET", "/api/v1/admin/reviews/{id}/conversations", [NOBODY, FORBIDDEN, FORBIDDEN]),
    for_admins("GET", "/api/v1/admin/reviews/{id}/conversations/{conversation_id}/messages", [NOBODY, FORBIDDEN, FORBIDDEN]),
    for_admins("POST", "/api/v1/admin/reviews/{id}/exports", [NOBODY, FORBIDDEN, FORBIDDEN]),
    for_admins("GET", "/api/v1/admin/reviews/{id}/exports", [NOBODY, FORBIDDEN, "200"]),
    // none that anybody has asked for
    for_admins("POST", "/api/v1/admin/reviews/{id}/exports/{export_id}/release", [NOBODY, FORBIDDEN, HIDDEN]),
    for_admins("POST", "/api/v1/admin/reviews/{id}/exports/{export_id}/refuse", [NOBODY, FORBIDDEN, HIDDEN]),
    for_admins("POST", "/api/v1/admin/reviews/{id}/exports/{export_id}/archive", [NOBODY, FORBIDDEN, HIDDEN]),
    for_admins("GET", "/api/v1/admin/users", [NOBODY, FORBIDDEN, "200"]),
    for_admins("POST", "/api/v1/admin/users", [NOBODY, FORBIDDEN, "201"]),
    for_admins("POST", "/api/v1/admin/users/import", [NOBODY, FORBIDDEN, "200"]),
    for_admins("GET", "/api/v1/admin/users/{id}", [NOBODY, FORBIDDEN, "200"]),
    for_admins("PATCH", "/api/v1/admin/users/{id}", [NOBODY, FORBIDDEN, "200"]),
    for_admins("GET", "/api/v1/admin/users/{id}/sessions", [NOBODY, FORBIDDEN, "200"]),
    for_admins("DELETE", "/api/v1/admin/users/{id}/sessions", [NOBODY, FORBIDDEN, "200"]),
    // one that has ended
    for_admins("DELETE", "/api/v1/admin/users/{id}/sessions/{session_id}", [NOBODY, FORBIDDEN, HIDDEN]),
    for_admins("POST", "/api/v1/admin/users/{id}/link", [NOBODY, FORBIDDEN, "201"]),
    row("GET", "/api/v1/openapi.json", ["200", "200", "200"]),
    row("GET", "/api/docs", ["200", "200", "200"]),
    row("GET", "/api/docs.css", ["200", "200", "200"]),
    row("POST", "/rpc/get_session", [NOBODY, "200", "200"]),
    row("POST", "/rpc/get_frame", ["200", "200", "200"]),
    row("POST", "/rpc/sign_out", [NOBODY, "200", "200"]),
    row("POST", "/rpc/change_password", [NOBODY, "422 invalid", "422 invalid"]),
    row("POST", "/rpc/get_password_link", [HIDDEN, HIDDEN, HIDDEN]),
    row("POST", "/rpc/get_own_sessions", [NOBODY, "200", "200"]),
    row("POST", "/rpc/end_own_session", [NOBODY, HIDDEN, HIDDEN]),
    row("POST", "/rpc/end_other_sessions", [NOBODY, "200", "200"]),
    row("POST", "/rpc/search_users", [NOBODY, "200", "200"]),
    row("POST", "/rpc/create_conversation", [NOBODY, "200", "200"]),
    row("POST", "/rpc/get_conversations", [NOBODY, "200", "200"]),
    row("POST", "/rpc/get_conversation", [NOBODY, "200", HIDDEN]),
    row("POST", "/rpc/get_messages", [NOBODY, "200", HIDDEN]),
    row("POST", "/rpc/get_conversation_reviews", [NOBODY, "200", HIDDEN]),
    row("POST", "/rpc/send_message", [NOBODY, "200", HIDDEN]),
    row("POST", "/rpc/mark_delivered", [NOBODY, "200", HIDDEN]),
    row("POST", "/rpc/mark_read", [NOBODY, "200", HIDDEN]),
    row("POST", "/rpc/get_unread_count", [NOBODY, "200", "200"]),
    row("POST", "/rpc/get_changes", [NOBODY, "200", "200"]),
    row("GET", "/", [AWAY, "303", "303"]),
    row("GET", "/sign_in", ["200", "200", "200"]),
    row("POST", "/sign_in", ["401", "401", "401"]),
    row("POST", "/sign_out", [AWAY, "303", "303"]),
    row("GET", "/password/{token}", ["404", "404", "404"]),
    row("POST", "/password/{token}", ["404", "404", "404"]),
    row("GET", "/messages", [AWAY, "200", "200"]),
    row("GET", "/messages/new", [AWAY, "200", "200"]),
    row("POST", "/messages/new", [AWAY, "303", "303"]),
    row("GET", "/messages/{id}", [AWAY, "200", "404"]),
    row("POST", "/messages/{id}", [KEPT, "303", "404"]),
    row("GET", "/settings", [AWAY, "200", "200"]),
    row("POST", "/settings", [AWAY, "422", "422"]),
    row("POST", "/settings/sessions/{session_id}/end", [AWAY, "404", "404"]),
    row("POST", "/settings/sessions/end_others", [AWAY, "303", "303"]),
    //                                                                      stranger  members  admins
    for_admins("GET", "/admin", [AWAY, "303", "303"]),
    for_admins("GET", "/admin/policy", [AWAY, "403", "200"]),
    for_admins("GET", "/admin/policy/edit", [AWAY, "403", "200"]),
    for_admins("POST", "/admin/policy/edit", [AWAY, "403", "200"]),
    for_admins("GET", "/admin/audit", [AWAY, "403", "200"]),
    for_admins("POST", "/admin/audit/export", [AWAY, "403", "200"]),
    for_admins("GET", "/admin/people", [AWAY, "403", "200"]),
    for_admins("GET", "/admin/people/new", [AWAY, "403", "200"]),
    for_admins("POST", "/admin/people/new", [KEPT, "403", "200"]),
    for_admins("GET", "/admin/people/import", [AWAY, "403", "200"]),
    // nothing was chosen
    for_admins("POST", "/admin/people/import", [AWAY, "403", "422"]),
    for_admins("GET", "/admin/people/{id}", [AWAY, "403", "200"]),
    for_admins("POST", "/admin/people/{id}", [KEPT, "403", "303"]),
    for_admins("GET", "/admin/people/{id}/deactivate", [AWAY, "403", "200"]),
    for_admins("POST", "/admin/people/{id}/deactivate", [AWAY, "403", "303"]),
    for_admins("POST", "/admin/people/{id}/activate", [AWAY, "403", "303"]),
    for_admins("GET", "/admin/people/{id}/sign_out", [AWAY, "403", "200"]),
    for_admins("POST", "/admin/people/{id}/sign_out", [AWAY, "403", "303"]),
    for_admins("POST", "/admin/people/{id}/sessions/{session_id}/end", [AWAY, "403", "404"]),
    for_admins("POST", "/admin/people/{id}/link", [AWAY, "403", "200"]),
    for_admins("GET", "/admin/reviews", [AWAY, "403", "200"]),
    for_admins("GET", "/admin/reviews/new", [AWAY, "403", "200"]),
    for_admins("POST", "/admin/reviews/new", [AWAY, "403", "422"]),
    for_admins("GET", "/admin/reviews/{id}", [AWAY, "403", "200"]),
    for_admins("POST", "/admin/reviews/{id}/decide", [KEPT, "403", "403"]),
    for_admins("POST", "/admin/reviews/{id}/end", [AWAY, "403", "303"]),
    for_admins("POST", "/admin/reviews/{id}/exports", [AWAY, "403", "403"]),
    for_admins("POST", "/admin/reviews/{id}/exports/{export_id}/decide", [KEPT, "403", "404"]),
    for_admins("POST", "/admin/reviews/{id}/exports/{export_id}/archive", [AWAY, "403", "404"]),
    for_admins("GET", "/admin/reviews/{id}/conversations", [AWAY, "403", "403"]),
    for_admins("GET", "/admin/reviews/{id}/conversations/{conversation_id}", [AWAY, "403", "403"]),
    row("GET", "/healthz", ["200", "200", "200"]),
    row("GET", "/readyz", ["200", "200", "200"]),
];

/// The paths as the router names them itself, and for each the methods that it answers to.
async fn endpoints(scene: &Scene, client: &Client) -> BTreeSet<(String, String)> {
    let drawn = format!("{:?}", router::router(scene.server.office.state.clone()));
    let paths: BTreeSet<String> = drawn
        .split('"')
        // what axum adds for a nested router's fallback is no endpoint
        .filter(|text| text.starts_with('/') && !text.contains("{*") && !["/api/v1", "/api/v1/"].contains(text))
        .map(str::to_owned)
        .collect();
    assert!(paths.len() > 20, "the router draws its paths: {drawn:.300}");
    let mut found = BTreeSet::new();
    for path in paths {
        let concrete = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect::<Vec<_>>().join("/");
        // a method that nothing answers to
        let answer = Answer::of(client.request("PROBE".parse().expect("a method"), &concrete)).await;
        assert_eq!(answer.status, 405, "PROBE {path}");
        let methods = answer.header("allow").split(',').map(str::trim).filter(|method| *method != "HEAD");
        // the framework serves each page with a slash behind it, too: the same page, asked for below
        let path = if path == "/" { &path } else { path.trim_end_matches('/') };
        found.extend(methods.map(|method| (method.to_owned(), path.to_owned())));
    }
    found
}

#[tokio::test]
async fn every_endpoint_of_the_router_has_a_row() {
    let (scene, [_, (_, asha, _), ..]) = scene().await;
    let found = endpoints(&scene, &asha).await;
    let listed: BTreeSet<_> = MATRIX.iter().map(|row| (row.method.to_owned(), row.path.to_owned())).collect();
    assert_eq!(listed.len(), MATRIX.len(), "no row twice");
    assert_eq!(found.difference(&listed).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "endpoints without a row");
    assert_eq!(listed.difference(&found).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "rows without an endpoint");
    for (path, method) in server_fn_paths() {
        assert!(found.contains(&(method.to_string(), path.to_owned())), "{method} {path} is registered, but not served");
        assert_ne!(method, Method::GET, "{path}: what changes state must not be a link");
    }
}

#[tokio::test]
async fn a_page_that_was_made_for_somebody_else_does_nothing_in_the_name_of_who_is_signed_in_by_now() {
    let (scene, [_, (_, asha, _), ..]) = scene().await;
    let rows = MATRIX.iter().filter(|row| row.path.starts_with("/rpc/") && row.stranger == NOBODY);
    for row in rows {
        let meant_for = |viewer: &str| Answer::of(scene.request(&asha, row).header(VIEWER_HEADER, viewer));
        for other in [scene.bikram.to_string().as_str(), "nobody"] {
            assert_eq!(meant_for(other).await.outcome(), "409 viewer_changed", "{}", row.path);
        }
    }
    for trace in [
        "select count(*) from messages where body like 'from%'",
        "select count(*) from receipts",
        "select count(*) from audit_entries a join users u on u.id = a.actor_id where u.username = 'asha' and a.action like 'message.%'",
    ] {
        assert_eq!(scene.server.office.count(trace).await, 0, "{trace}");
    }
    let me = asha.get("/api/v1/me").await.json()["user"]["id"].as_str().expect("still signed in").to_owned();
    let own = MATRIX.iter().find(|row| row.path == "/rpc/send_message").expect("a row");
    assert_eq!(Answer::of(scene.request(&asha, own).header(VIEWER_HEADER, me)).await.status, 200, "one's own page goes on");
}

#[tokio::test]
async fn everybody_gets_what_the_matrix_says() {
    let mut wrong = Vec::new();
    for row in MATRIX {
        // what one row changes must not decide another
        let (scene, askers) = scene().await;
        for (who, client, column) in &askers {
            let expected = [row.stranger, row.participant, row.colleague, row.admin][*column];
            let answer = scene.ask(client, row).await;
            headers::expect_private(&format!("{} {} for a {who}", row.method, row.path), &answer);
            if answer.outcome() != expected {
                wrong.push(format!("{} {} for a {who}: {} instead of {expected}", row.method, row.path, answer.outcome()));
            }
            if row.method == "GET" && !row.path.starts_with("/api") && row.path != "/" {
                let with_slash = client.get(&format!("{}/", row.path.replace("{id}", &scene.conversation.to_string()))).await;
                assert!(*who == "participant" || !with_slash.text.contains("canary"), "{}/ shows a {who} the text", row.path);
            }
            let may_see = *who == "participant";
            let seen = answer.text.contains("canary") || format!("{:?}", answer.headers).contains("canary");
            assert!(may_see || !seen, "{} {} shows a {who} the text", row.method, row.path);
            let looks_after_people = *who == "admin" && ["/admin/users", "/admin/people"].iter().any(|part| row.path.contains(part));
            assert!(looks_after_people || !answer.text.contains(MAILBOX), "{} {} shows a {who} an address", row.method, row.path);
            assert!(!answer.text.contains("body_salt") && !answer.text.contains("password_hash"), "{} {}", row.method, row.path);
        }
        let written = "select count(*) from messages m join users u on u.id = m.sender_id where u.username in ('chen', 'meera') and m.body like 'from%'";
        assert_eq!(scene.server.office.count(written).await, 0, "{} {} wrote for somebody who is no participant", row.method, row.path);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_is_open_to_strangers_is_in_the_router_and_nothing_else_is() {
    let listed: BTreeSet<_> = MATRIX.iter().map(|row| (row.method, row.path)).collect();
    for open in OPEN {
        assert!(listed.contains(open), "{open:?} is open, but not there");
    }
    for row in MATRIX {
        let refused = row.stranger == NOBODY || row.stranger == AWAY;
        let is_open = OPEN.contains(&(row.method, row.path));
        let machines = matches!(row.path, "/healthz" | "/readyz");
        let gives_the_text_back = row.stranger == KEPT && !is_open;
        assert!(machines || gives_the_text_back || refused != is_open || row.path == "/api/v1/session", "{} {}", row.method, row.path);
    }
}
