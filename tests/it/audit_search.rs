//! Whom the audit log is searched for: one person by an exact name, what was done to them, and a name of too many.

use crate::support::{
    person::Person,
    server::{Client, Server},
};
use cms_messages::server::service::reviews;
use serde_json::{Value, json};

async fn found(admin: &Client, query: &str) -> Vec<(String, Value)> {
    let page = admin.get(&format!("/api/v1/admin/audit/entries?limit=200&{query}")).await.json();
    let items = page["items"].as_array().unwrap_or_else(|| panic!("entries: {page}")).clone();
    items.into_iter().map(|entry| (entry["action"].as_str().expect("a word").to_owned(), entry["details"].clone())).collect()
}

fn actions(entries: &[(String, Value)]) -> Vec<&str> {
    entries.iter().map(|(action, _)| action.as_str()).collect()
}

async fn scene() -> (Server, Person, Client) {
    let server = Server::start().await;
    let (meera, admin) = server.admin("meera").await;
    (server, meera, admin)
}

#[tokio::test]
async fn a_session_that_somebody_else_ends_says_whose_it_was_and_is_found_by_its_person() {
    let (server, meera, admin) = scene().await;
    let (asha, bikram) = (server.office.person("asha").await, server.office.person("bikram").await);
    for person in [&asha, &bikram] {
        let hash = "any hash";
        person.has_password_hash(hash).await;
        for number in 1..=3 {
            let session = cms_messages::server::db::session::NewSession {
                user: person.id(),
                token_sha256: vec![number * if person.id() == asha.id() { 1 } else { 16 }; 32],
                password_hash: hash.into(),
                lifetime_days: 1,
                user_agent: String::new(),
            };
            let mut db = server.office.state.pool.acquire().await.expect("a connection");
            assert!(cms_messages::server::db::session::insert(&mut db, &session).await.expect("begun"));
        }
    }
    let path = |person: &Person| format!("/api/v1/admin/users/{}/sessions", person.id());
    assert_eq!(admin.delete(&format!("{}/0101010101010101", path(&asha))).await.status, 204);
    sqlx::query("update sessions set expires_at = now() - interval '1 second' where user_id = $1 and token_sha256 = $2")
        .bind(asha.id().0)
        .bind(vec![2_u8; 32])
        .execute(&mut server.office.database.owner().await)
        .await
        .expect("aged");
    let mut db = server.office.state.pool.acquire().await.expect("a connection");
    let idle = cms_messages::server::db::session::idle(24);
    assert_eq!(cms_messages::server::db::session::remove_expired(&mut db, idle).await.expect("removed"), 1);
    for person in [&asha, &bikram] {
        assert_eq!(admin.delete(&path(person)).await.status, 200);
    }
    let ended: Vec<Value> = found(&admin, "person=asha")
        .await
        .into_iter()
        .filter(|(action, _)| action == "session.ended")
        .map(|(_, details)| details)
        .collect();
    let of = |reason: &str| json!({"reason": reason, "user_id": asha.id()});
    assert_eq!(ended, [of("signed_out_by_admin"), of("expired"), of("signed_out_by_admin")]);
    // those of older releases do not say it, and are found all the same
    sqlx::query("alter table audit_entries disable trigger user").execute(&mut server.office.database.owner().await).await.expect("open");
    sqlx::query("update audit_entries set details = details - 'user_id' where action = 'session.ended'")
        .execute(&mut server.office.database.owner().await)
        .await
        .expect("as they were");
    let of_asha = found(&admin, "person=asha&action=session.ended").await;
    assert_eq!(of_asha.len(), 3, "{of_asha:?}");
    assert_eq!(found(&admin, &format!("person={}&action=session.ended", meera.id())).await.len(), 5, "who ended them");
}

#[tokio::test]
async fn what_was_done_to_somebody_is_found_wherever_the_entry_names_them() {
    let (server, meera, admin) = scene().await;
    let (asha, bikram, chen) =
        (server.office.person("asha").await, server.office.person("bikram").await, server.office.person("chen").await);
    bikram.open(&asha).await;
    asha.open(&chen).await;
    let with_others = bikram.open(&chen).await;
    bikram.write(with_others, "nothing to asha").await;
    let of_bikram = chen.open(&asha).await;
    assert_eq!(actions(&found(&admin, "person=asha").await), ["conversation.opened", "conversation.created", "conversation.created"]);
    chen.write(of_bikram, "traffic is found by who wrote it").await;
    let request = cms_messages::domain::review::ReviewRequest {
        case_id: "TP-C-118".into(),
        category: cms_messages::domain::review::ReviewCategory::Complaint,
        reason: "Gate passes were promised outside the tender.".into(),
        scope: cms_messages::domain::review::ReviewScope::UserId(asha.id()),
        from: cms_messages::domain::time::Timestamp::EPOCH,
        until: cms_messages::domain::time::Timestamp::parse("2100-01-01T00:00:00Z").expect("a moment"),
    };
    reviews::request(&meera.ctx, request).await.expect("asked for");
    let mut db = server.office.state.pool.acquire().await.expect("a connection");
    cms_messages::server::db::api_token::insert(&mut db, asha.id(), &[7; 32]).await.expect("made");
    assert_eq!(
        actions(&found(&admin, "person=asha").await),
        ["token.created", "review.requested", "conversation.opened", "conversation.created", "conversation.created"]
    );
    assert_eq!(actions(&found(&admin, "person=asha&action=token.created").await), ["token.created"]);
    assert_eq!(actions(&found(&admin, "person=bikram").await), ["message.sent", "conversation.created", "conversation.created"]);
}

#[tokio::test]
async fn an_exact_name_means_one_person_and_a_name_of_too_many_is_refused() {
    let (server, _, admin) = scene().await;
    let (ana, anand) = (server.office.person("ana").await, server.office.person("anand").await);
    let peer = server.office.person("peer").await;
    ana.open(&peer).await;
    anand.open(&peer).await;
    let of = async |person: &str| found(&admin, &format!("person={person}")).await.len();
    assert_eq!((of("an").await, of("ana").await, of("ANA").await, of("anan").await), (2, 1, 1, 1));
    assert_eq!(of(&ana.id().to_string().to_uppercase()).await, 1);
    // a review as well
    let meant = reviews::scope(&server.admin("noor").await.0.ctx, " Ana ", None).await;
    assert_eq!(meant.map_err(|error| error.detail), Ok(cms_messages::domain::review::ReviewScope::UserId(ana.id())));

    for number in 0..49 {
        server.office.person(&format!("zed{number}")).await;
    }
    let fifty = server.office.person("zed").await;
    fifty.open(&peer).await;
    assert_eq!(of("ze").await, 1, "fifty are looked for");
    server.office.person("zed49").await;
    let refused = admin.get("/api/v1/admin/audit/entries?person=ze").await;
    assert_eq!(refused.outcome(), "422 invalid");
    assert_eq!(refused.json()["fields"]["person"], "More than 50 people are called that: be more exact.");
    assert_eq!(admin.post("/api/v1/admin/audit/export", json!({"person": "ze"})).await.outcome(), "422 invalid");
    let screen = admin.get("/admin/audit?person=ze").await;
    assert!(screen.status == 422 && screen.text.contains("be more exact") && screen.text.contains("value=\"ze\""), "{}", screen.text);
    assert_eq!(of("zed").await, 1, "who is called just that");
}

#[tokio::test]
async fn the_last_moment_of_a_day_belongs_to_it() {
    let (server, _, admin) = scene().await;
    let mut owner = server.office.database.owner().await;
    for at in ["2026-02-27 23:59:59.999999+00", "2026-02-28 00:00+00", "2026-02-28 23:59:59.999999+00", "2026-03-01 00:00+00"] {
        sqlx::query("insert into audit_entries (at, action, object) values ($1::text::timestamptz, 'user.changed', $1)")
            .bind(at)
            .execute(&mut owner)
            .await
            .expect("written");
    }
    let taken = admin.submit("/admin/audit/export", &[("action", "user.changed"), ("from", "2026-02-28"), ("until", "2026-02-28")]).await;
    let objects: Vec<Value> =
        taken.text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line")["object"].clone()).collect();
    assert_eq!(objects, ["2026-02-28 23:59:59.999999+00", "2026-02-28 00:00+00"]);
}
