//! People over HTTP, for admins: the list, changes, sessions, links; what each leaves in the audit log, and under whose name.

use crate::support::server::{Client, Server};
use cms_messages::server::service::passwords;
use serde_json::{Value, json};

/// Entries of the audit log: action, user name of the actor, details.
async fn entries(server: &Server) -> Vec<(String, String, Value)> {
    sqlx::query_as(
        "select e.action, coalesce(a.username, ''), e.details from audit_entries e left join users a on a.id = e.actor_id order by e.id",
    )
    .fetch_all(&*server.office.state.pool)
    .await
    .expect("the log")
}

fn names(page: &Value) -> Vec<String> {
    page["items"].as_array().expect("items").iter().map(|item| item["display_name"].as_str().expect("a name").to_owned()).collect()
}

async fn pages(client: &Client, query: &str) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/api/v1/admin/users?limit=2{query}{cursor}")).await.json();
        all.extend(names(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn people_are_listed_by_name_page_by_page_and_filtered() {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    for (username, department) in [("zoe", "Yard"), ("bikram", "Yard"), ("asha", "Planning"), ("chen", "Yard"), ("emilie", "Planning")] {
        server.office.person_in(username, department).await;
    }
    let asha = meera.get("/api/v1/admin/users?q=ash").await.json()["items"][0]["id"].as_str().expect("asha").to_owned();
    assert_eq!(meera.patch(&format!("/api/v1/admin/users/{asha}"), json!({"display_name": "Äsha Verma"})).await.status, 200);
    let all = ["Äsha Verma", "Bikram", "Chen", "Emilie", "Meera", "Zoe"];
    assert_eq!(pages(&meera, "").await, all, "accents do not matter, in pages of two");
    assert_eq!(pages(&meera, "&q=asha").await, ["Äsha Verma"]);
    assert_eq!(pages(&meera, "&department=Yard").await, ["Bikram", "Chen", "Zoe"]);
    assert_eq!(pages(&meera, "&role=admin").await, ["Meera"]);
    assert_eq!(pages(&meera, "&active=false").await, Vec::<String>::new());
    assert_eq!(pages(&meera, "&department=Planning&role=member").await, ["Äsha Verma", "Emilie"]);

    // somebody comes between two pages: nobody twice, nobody left out of those who were there
    let first = meera.get("/api/v1/admin/users?limit=2").await.json();
    server.office.person("aaron").await;
    let rest = meera.get(&format!("/api/v1/admin/users?limit=10&cursor={}", first["next_cursor"].as_str().expect("more"))).await.json();
    assert_eq!([names(&first), names(&rest)].concat(), all);
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("cursor=x", "cursor"),
        ("q=%20", "q"),
        ("role=boss", "role"),
        ("active=maybe", "active"),
    ] {
        let refused = meera.get(&format!("/api/v1/admin/users?{query}")).await;
        assert_eq!(refused.outcome(), "422 invalid", "{query}");
        assert!(refused.json()["fields"][field].is_string(), "{query}: {}", refused.text);
    }
}

#[tokio::test]
async fn an_e_mail_address_is_for_admins_alone() {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    let chen = server.browser(&server.office.person("chen").await).await;
    let new = json!({"username": "asha", "display_name": "Asha", "email": "asha@example.org", "external_id": "7"});
    assert_eq!(meera.post("/api/v1/admin/users", new).await.status, 201);
    let listed = meera.get("/api/v1/admin/users?q=asha").await.json();
    let item = &listed["items"][0];
    assert_eq!((&item["email"], &item["external_id"], &item["has_password"]), (&json!("asha@example.org"), &json!("7"), &json!(false)));
    for asker in [&chen, &meera] {
        let found = asker.get("/api/v1/users?q=asha").await;
        assert!(found.text.contains("Asha") && !found.text.contains("example.org"), "{}", found.text);
    }
}

#[tokio::test]
async fn a_change_is_all_or_nothing_and_says_who_made_it_but_no_name() {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    let asha = server.office.person("asha").await;
    let path = format!("/api/v1/admin/users/{}", asha.id());
    let changed = meera.patch(&path, json!({"display_name": "Asha Verma", "department": "Yard", "role": "admin"})).await;
    assert_eq!((changed.status, &changed.json()["display_name"], &changed.json()["role"]), (200, &json!("Asha Verma"), &json!("admin")));
    assert_eq!(meera.patch(&path, json!({"role": "admin"})).await.status, 200, "it is so already");
    let wrong = meera.patch(&path, json!({"department": "Quay", "display_name": " "})).await;
    assert_eq!((wrong.outcome().as_str(), wrong.json()["fields"]["display_name"].is_string()), ("422 invalid", true));
    assert_eq!(meera.patch(&path, json!({"rolle": "member"})).await.outcome(), "422 invalid", "no field is overlooked");
    assert_eq!(meera.patch(&path, json!({"active": false, "role": "member"})).await.json()["active"], false);

    let details = meera.get(&path).await.json();
    assert_eq!((&details["department"], &details["active"], &details["is_last_admin"]), (&json!("Yard"), &json!(false), &json!(false)));
    assert!(details["deactivated_at"].is_string());
    let log = entries(&server).await;
    let told: Vec<_> = log.iter().map(|(action, actor, details)| (action.as_str(), actor.as_str(), details.clone())).collect();
    assert_eq!(
        told,
        [
            ("user.changed", "meera", json!({"columns": ["display_name", "department", "role"], "role": "admin"})),
            ("user.changed", "meera", json!({"columns": ["role"], "role": "member"})),
            ("user.deactivated", "meera", json!({})),
        ]
    );
    for unknown in [uuid::Uuid::nil().to_string(), "x".into()] {
        assert_eq!(meera.patch(&format!("/api/v1/admin/users/{unknown}"), json!({"role": "boss"})).await.outcome(), "404 not_found");
    }
}

#[tokio::test]
async fn a_changed_person_is_seen_by_their_peers_when_the_answer_comes() {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    let (asha, bikram) = (server.office.person("asha").await, server.office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    asha.write(conversation, "hello").await;
    let since = asha.sees(conversation).await.change_no.0;
    meera.patch(&format!("/api/v1/admin/users/{}", bikram.id()), json!({"display_name": "Bikram Rao"})).await;
    let changes = asha.changes(since, 10).await;
    assert_eq!(changes.items.iter().map(|item| item.peer.display_name.as_str()).collect::<Vec<_>>(), ["Bikram Rao"]);
    assert_eq!(asha.find("rao").await.len(), 1);
}

#[tokio::test]
async fn the_last_admin_is_told_why_not() {
    let server = Server::start().await;
    let (person, meera) = server.admin("meera").await;
    let path = format!("/api/v1/admin/users/{}", person.id());
    assert_eq!(meera.get(&path).await.json()["is_last_admin"], true);
    for change in [json!({"role": "member"}), json!({"active": false}), json!({"display_name": "Other", "role": "member"})] {
        let refused = meera.patch(&path, change.clone()).await;
        assert_eq!(refused.outcome(), "409 last_admin", "{change}");
        assert!(refused.json()["detail"].as_str().is_some_and(|detail| detail.contains("make somebody else an admin first")));
    }
    assert_eq!(meera.patch(&path, json!({"display_name": "Meera Nair"})).await.status, 200);
    assert_eq!(server.office.count("select count(*) from users where role = 'admin' and active").await, 1);
}

#[tokio::test]
async fn a_session_is_ended_alone_or_with_all_others() {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    let (bikram, asha) = (server.office.person("bikram").await, server.office.person("asha").await);
    let (desk, phone, other) = (server.browser(&bikram).await, server.browser(&bikram).await, server.browser(&asha).await);
    let program = server.program(&bikram).await;
    let path = format!("/api/v1/admin/users/{}/sessions", bikram.id());
    let listed = meera.get(&path).await.json();
    let ids: Vec<&str> = listed["items"].as_array().expect("items").iter().map(|item| item["id"].as_str().expect("an id")).collect();
    assert_eq!((ids.len(), ids[0].len()), (2, 16));
    // another person's session is not found here
    assert_eq!(meera.delete(&format!("/api/v1/admin/users/{}/sessions/{}", asha.id(), ids[0])).await.outcome(), "404 not_found");
    assert_eq!(meera.delete(&format!("{path}/{}", ids[0])).await.status, 204);
    assert_eq!(meera.delete(&format!("{path}/{}", ids[0])).await.outcome(), "404 not_found");
    let mut left = [desk.get("/api/v1/me").await.status, phone.get("/api/v1/me").await.status];
    left.sort_unstable();
    assert_eq!(left, [200, 401]);
    assert_eq!(meera.delete(&path).await.json(), json!({"ended": 1}));
    assert_eq!(meera.delete(&path).await.json(), json!({"ended": 0}));
    for browser in [&desk, &phone] {
        assert_eq!(browser.get("/api/v1/me").await.status, 401);
    }
    assert_eq!((other.get("/api/v1/me").await.status, program.get("/api/v1/me").await.status), (200, 200));
    let log = entries(&server).await;
    let by_meera = ("session.ended".to_owned(), "meera".to_owned(), json!({"reason": "signed_out_by_admin", "user_id": bikram.id()}));
    assert_eq!(log, [by_meera.clone(), by_meera]);
}

#[tokio::test]
async fn an_expired_session_is_none() {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    let bikram = server.office.person("bikram").await;
    server.browser(&bikram).await;
    let mut owner = server.office.database.owner().await;
    sqlx::query("update sessions set last_seen_at = now() - interval '8 days' where user_id = $1")
        .bind(bikram.id().0)
        .execute(&mut owner)
        .await
        .expect("aged");
    assert_eq!(meera.get(&format!("/api/v1/admin/users/{}/sessions", bikram.id())).await.json(), json!({"items": []}));
}

#[tokio::test]
async fn a_link_is_shown_once_and_sets_a_password() {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    let created = meera.post("/api/v1/admin/users", json!({"username": "Asha", "display_name": "Asha"})).await;
    let (id, url) = (created.json()["user"]["id"].clone(), created.json()["link"]["url"].clone());
    let id = id.as_str().expect("an id");
    assert_eq!((created.status, created.header("cache-control")), (201, "no-store"));
    let nobody = cms_messages::server::context::Context { caller: None, ..server.office.person("x").await.ctx };
    let owner = async |url: &Value| {
        let link = url.as_str().and_then(|url| url.rsplit('/').next()).expect("a link").to_owned();
        passwords::link_owner(&nobody, &link).await.map(|user| user.username)
    };
    assert_eq!(owner(&url).await, Ok("asha".into()));
    let another = meera.post(&format!("/api/v1/admin/users/{id}/link"), json!({})).await;
    assert_eq!(owner(&another.json()["url"]).await, Ok("asha".into()));
    assert!(owner(&url).await.is_err(), "only the newest opens anything");
    let url = another.json()["url"].clone();
    let shown = meera.get(&format!("/api/v1/admin/users/{id}")).await.text;
    assert!(!shown.contains("/password/"), "never again");
    let again = meera.post("/api/v1/admin/users", json!({"username": "asha", "display_name": "Asha"})).await;
    assert_eq!((again.outcome().as_str(), again.json()["fields"]["username"].is_string()), ("422 invalid", true));

    meera.patch(&format!("/api/v1/admin/users/{id}"), json!({"active": false})).await;
    assert!(owner(&url).await.is_err(), "it ends with who has it");
    assert_eq!(meera.post(&format!("/api/v1/admin/users/{id}/link"), json!({})).await.outcome(), "422 invalid");
    let log = entries(&server).await;
    let by_meera = log.iter().filter(|(_, actor, _)| actor == "meera").map(|(action, ..)| action.as_str()).collect::<Vec<_>>();
    assert_eq!(by_meera, ["user.created", "password_link.created", "password_link.created", "user.deactivated"]);
    assert_eq!(by_meera.len(), log.len());
}
