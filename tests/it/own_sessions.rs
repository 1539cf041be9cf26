//! Where one is signed in oneself: the list, ending one or all others, what that leaves in the audit log, and the page.

use crate::support::{
    instances::{ends, is_out, stream, two},
    server::{Answer, Client, Server},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SESSIONS: &str = "/api/v1/me/sessions";
const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// What a client sees of its person's sessions.
async fn items(client: &Client) -> Vec<Value> {
    client.get(SESSIONS).await.json()["items"].as_array().expect("items").clone()
}

fn id(item: &Value) -> String {
    item["id"].as_str().expect("an id").to_owned()
}

/// The session that this client comes with.
async fn own(client: &Client) -> String {
    let items = items(client).await;
    id(items.iter().find(|item| item["is_current"] == true).expect("the one that asks"))
}

async fn is_in(client: &Client) -> bool {
    client.get("/api/v1/me").await.status == 200
}

/// Entries of the audit log: action, user name of the actor, object, details.
async fn entries(server: &Server) -> Vec<(String, String, String, Value)> {
    sqlx::query_as(
        "select e.action, coalesce(a.username, ''), coalesce(e.object, ''), e.details
         from audit_entries e left join users a on a.id = e.actor_id order by e.id",
    )
    .fetch_all(&*server.office.state.pool)
    .await
    .expect("the log")
}

fn ended(who: &str, session: &str) -> (String, String, String, Value) {
    ("session.ended".into(), who.into(), session.into(), json!({"reason": "signed_out"}))
}

/// Changes sessions as time would.
async fn age(server: &Server, session: &str, what: &str) {
    let statement = format!("update sessions set {what} where left(encode(token_sha256, 'hex'), 16) = $1");
    let mut owner = server.office.database.owner().await;
    let done = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(session).execute(&mut owner).await.expect("aged");
    assert_eq!(done.rows_affected(), 1);
}

#[tokio::test]
async fn one_sees_the_own_sessions_alone_and_which_of_them_asks() {
    let server = Server::start().await;
    let (asha, bikram) = (server.office.person("asha").await, server.office.person("bikram").await);
    let (desk, phone, other) = (server.browser(&asha).await, server.browser(&asha).await, server.browser(&bikram).await);
    let (of_desk, of_phone, of_other) = (own(&desk).await, own(&phone).await, own(&other).await);
    age(&server, &of_phone, &format!("user_agent = '{FIREFOX}'")).await;
    // the one that asks comes first, also when another was used later
    age(&server, &of_desk, "last_seen_at = last_seen_at - interval '30 seconds'").await;
    let listed = items(&desk).await;
    assert_eq!(listed.iter().map(id).collect::<Vec<_>>(), [of_desk.clone(), of_phone.clone()]);
    assert_eq!((&listed[0]["is_current"], &listed[1]["is_current"]), (&json!(true), &json!(false)));
    assert_eq!(listed[1]["user_agent"], FIREFOX);
    let keys: Vec<_> = listed[0].as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys, ["created_at", "expires_at", "id", "is_current", "last_seen_at", "user_agent"]);
    assert_eq!(items(&other).await.iter().map(id).collect::<Vec<_>>(), [of_other]);
    assert!(items(&server.program(&asha).await).await.iter().all(|item| item["is_current"] == false), "a program has none");

    // what rests too long, and what a new password leaves behind for a moment
    for what in ["last_seen_at = now() - interval '8 days'", "last_seen_at = now(), expires_at = now() + interval '9 seconds'"] {
        age(&server, &of_phone, what).await;
        assert_eq!(items(&desk).await.iter().map(id).collect::<Vec<_>>(), [of_desk.as_str()], "{what}");
    }
}

#[tokio::test]
async fn one_ends_an_own_session_once_and_never_that_of_somebody_else() {
    let server = Server::start().await;
    let (asha, bikram) = (server.office.person("asha").await, server.office.person("bikram").await);
    let (desk, phone, other) = (server.browser(&asha).await, server.browser(&asha).await, server.browser(&bikram).await);
    let (of_desk, of_phone, of_other) = (own(&desk).await, own(&phone).await, own(&other).await);
    let end = async |session: &str| desk.delete(&format!("{SESSIONS}/{session}")).await;
    let unknown = end("0123456789abcdef").await;
    assert_eq!(unknown.outcome(), "404 not_found");
    for not_mine in [of_other.as_str(), "x", "%00", "ÿ"] {
        let answer = end(not_mine).await;
        assert_eq!((answer.status, answer.without_request_id()), (404, unknown.without_request_id()), "{not_mine}");
    }
    assert!(is_in(&other).await, "still signed in");

    let current = end(&of_desk).await;
    assert_eq!(current.outcome(), "422 invalid");
    assert_eq!(current.json()["fields"]["session_id"], "You are asking from this session. Sign out to end it.");
    assert!(is_in(&desk).await, "still signed in");
    assert_eq!(entries(&server).await, []);

    assert_eq!(end(&of_phone).await.status, 204);
    assert!(!is_in(&phone).await, "at once");
    assert_eq!(end(&of_phone).await.outcome(), "404 not_found");
    assert!(is_in(&desk).await && is_in(&other).await);
    assert_eq!(entries(&server).await, [ended("asha", &of_phone)]);
}

#[tokio::test]
async fn signing_out_everywhere_else_leaves_the_session_that_asks_and_everybody_else() {
    let server = Server::start().await;
    let (asha, bikram) = (server.office.person("asha").await, server.office.person("bikram").await);
    let (desk, other, program) = (server.browser(&asha).await, server.browser(&bikram).await, server.program(&asha).await);
    let others = [server.browser(&asha).await, server.browser(&asha).await];
    let mut expected = [ended("asha", &own(&others[0]).await), ended("asha", &own(&others[1]).await)];
    assert_eq!(desk.delete(SESSIONS).await.json(), json!({"ended": 2}));
    for gone in &others {
        assert!(!is_in(gone).await, "at once");
    }
    assert_eq!(desk.delete(SESSIONS).await.json(), json!({"ended": 0}));
    assert!(is_in(&desk).await && is_in(&other).await && is_in(&program).await);
    let mut log = entries(&server).await;
    log.sort_by(|one, other| one.2.cmp(&other.2));
    expected.sort_by(|one, other| one.2.cmp(&other.2));
    assert_eq!(log, expected);

    // a program does so for its owner, and none of the sessions is its own
    let of_desk = own(&desk).await;
    assert_eq!(program.delete(&format!("{SESSIONS}/{of_desk}")).await.status, 204);
    let desk = server.browser(&asha).await;
    assert_eq!(program.delete(SESSIONS).await.json(), json!({"ended": 1}));
    assert!(!is_in(&desk).await && is_in(&program).await && is_in(&other).await);
}

#[tokio::test]
async fn what_one_ends_elsewhere_is_out_in_time_with_its_stream() {
    let (server, elsewhere, address) = two(false).await;
    let asha = server.office.person("asha").await;
    let desk = server.browser(&asha).await;
    let mut stays = stream(&desk).await;
    for all in [false, true] {
        let there = server.browser(&asha).await.at(address);
        let (mut ending, session) = (stream(&there).await, own(&there).await);
        let began = Instant::now();
        if all {
            assert_eq!(desk.delete(SESSIONS).await.json(), json!({"ended": 1}));
        } else {
            assert_eq!(desk.delete(&format!("{SESSIONS}/{session}")).await.status, 204);
        }
        ends(&mut ending, began).await;
        is_out(&there, began).await;
    }
    let id = asha.open(&server.office.person("chen").await).await;
    asha.write(id, "still heard").await;
    let hears =
        async { while !String::from_utf8_lossy(&stays.chunk().await.expect("no error").expect("no end")).contains("still heard") {} };
    tokio::time::timeout(Duration::from_secs(5), hears).await.expect("this one goes on");
    elsewhere.shutdown.cancel();
}

#[tokio::test]
async fn the_settings_list_the_sessions_and_end_them_without_a_script() {
    let server = Server::start().await;
    let (asha, bikram) = (server.office.person("asha").await, server.office.person("bikram").await);
    let desk = server.browser(&asha).await;
    let alone = desk.get("/settings").await.text;
    assert!(alone.contains("This browser") && alone.contains("Unknown browser") && !alone.contains("/settings/sessions/"), "{alone}");
    let (phone, tablet, other) = (server.browser(&asha).await, server.browser(&asha).await, server.browser(&bikram).await);
    let (of_desk, of_phone, of_other) = (own(&desk).await, own(&phone).await, own(&other).await);
    age(&server, &of_phone, &format!("user_agent = '{FIREFOX}'")).await;
    let action = |session: &str| format!("/settings/sessions/{session}/end");
    let page = desk.get("/settings").await.text;
    assert!(page.contains("Firefox on Windows") && page.contains("UTC"), "{page}");
    assert!(page.contains(&format!("action=\"{}\"", action(&of_phone))));
    assert!(page.contains("action=\"/settings/sessions/end_others\""));
    assert!(!page.contains(&action(&of_desk)) && !page.contains(&of_other), "neither this one nor somebody else's");

    let is_settings = |answer: &Answer| answer.text.contains("Where you are signed in") && answer.text.contains("Firefox on Windows");
    let refused = desk.submit(&action(&of_other), &[]).await;
    assert!(refused.status == 404 && is_settings(&refused) && is_in(&other).await, "{refused:?}");
    let refused = desk.submit(&action(&of_desk), &[]).await;
    assert!(refused.status == 422 && is_settings(&refused), "{refused:?}");
    let told = refused.text.matches(">You are asking from this session. Sign out to end it.<").count();
    assert_eq!(told, 1, "beside the list, and not beside the password: {}", refused.text);

    let gone = desk.submit(&action(&of_phone), &[]).await;
    assert_eq!((gone.status, gone.header("location")), (303, "/settings?ended=one#sessions"));
    assert!(!is_in(&phone).await);
    let page = desk.get("/settings?ended=one").await.text;
    assert!(page.contains("That session has ended.") && !page.contains("Firefox on Windows"));
    let gone = desk.submit("/settings/sessions/end_others", &[]).await;
    assert_eq!((gone.status, gone.header("location")), (303, "/settings?ended=others#sessions"));
    assert!(!is_in(&tablet).await && is_in(&desk).await && is_in(&other).await);
    let page = desk.get("/settings?ended=others").await.text;
    assert!(page.contains("You are signed out everywhere else.") && !page.contains("/settings/sessions/"));

    let door = tablet.submit("/settings/sessions/end_others", &[]).await;
    assert_eq!((door.status, door.header("location")), (303, "/sign_in?next=%2Fsettings"), "back to the page that has the form");
}
