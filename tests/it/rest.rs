//! The contract of `/api/v1`, operation by operation, over HTTP.

use crate::support::{
    Office, audit_is_closed,
    person::{LEAVES, Person, change},
    server::{Answer, Client, Server},
    settings,
};
use cms_messages::server::settings::Settings;
use serde_json::{Value, json};
use uuid::Uuid;

/// Two people with a conversation, and the second one's name for it.
struct Pair {
    server: Server,
    asha: Client,
    bikram: Client,
    id: String,
}

async fn pair() -> Pair {
    let server = Server::start().await;
    let (asha, bikram) = people(&server.office).await;
    let id = asha.open(&bikram).await.to_string();
    bikram.open(&asha).await;
    let (asha, bikram) = (server.browser(&asha).await, server.program(&bikram).await);
    Pair { server, asha, bikram, id }
}

async fn people(office: &Office) -> (Person, Person) {
    (office.person("asha").await, office.person("bikram").await)
}

impl Pair {
    fn path(&self, rest: &str) -> String {
        format!("/api/v1/conversations/{}{rest}", self.id)
    }

    async fn send(&self, from: &Client, body: &str) -> Answer {
        self.send_as(from, Uuid::now_v7(), body).await
    }

    async fn send_as(&self, from: &Client, key: Uuid, body: &str) -> Answer {
        from.put(&self.path(&format!("/messages/{key}")), json!({ "body": body })).await
    }
}

fn seqs(page: &Answer) -> Vec<i64> {
    page.json()["items"].as_array().expect("items").iter().map(|item| item["seq"].as_i64().expect("seq")).collect()
}

#[tokio::test]
async fn signing_in_sets_a_cookie_that_signing_out_ends() {
    let server = Server::start().await;
    let (asha, _) = people(&server.office).await;
    asha.has_password("correct horse").await;
    let stranger = server.stranger();
    let answer = stranger.post("/api/v1/session", json!({"username": "Asha", "password": "correct horse"})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["user"]["username"], "asha");
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("cms_session=") && cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    let pair = cookie.split(';').next().expect("a pair").to_owned();
    let with_cookie = |method, path: &str| stranger.request(method, path).header("cookie", &pair);
    assert_eq!(Answer::of(with_cookie(reqwest::Method::GET, "/api/v1/me")).await.json()["user"]["username"], "asha");
    let out = Answer::of(with_cookie(reqwest::Method::DELETE, "/api/v1/session")).await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(Answer::of(with_cookie(reqwest::Method::GET, "/api/v1/me")).await.outcome(), "401 unauthenticated");
}

#[tokio::test]
async fn a_wrong_pair_an_unknown_user_and_a_deactivated_one_get_the_same_answer() {
    let server = Server::start().await;
    let (asha, bikram) = people(&server.office).await;
    asha.has_password("correct horse").await;
    bikram.has_password("correct horse").await;
    change(&server.office.state, &bikram, LEAVES).await;
    let mut answers = Vec::new();
    for (username, password) in [("asha", "wrong"), ("nobody", "correct horse"), ("bikram", "correct horse"), ("a\0b", "x"), ("", "")] {
        let answer = server.stranger().post("/api/v1/session", json!({"username": username, "password": password})).await;
        assert_eq!(answer.outcome(), "401 unauthenticated", "{username:?}");
        assert_eq!(answer.header("set-cookie"), "");
        answers.push(answer.without_request_id());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn tries_to_sign_in_are_slowed() {
    let mut settings = settings();
    settings.limits.sign_ins_per_minute_account = 2;
    let server = Server::with(settings).await;
    for expected in ["401 unauthenticated", "401 unauthenticated", "429 rate_limited"] {
        let answer = server.stranger().post("/api/v1/session", json!({"username": "asha", "password": "x"})).await;
        assert_eq!(answer.outcome(), expected);
        if answer.status == 429 {
            assert!((1..=30).contains(&answer.header("retry-after").parse::<u32>().expect("seconds")), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn requests_of_one_user_are_bounded_and_those_of_another_are_not_touched() {
    let mut settings = settings();
    settings.limits.requests_per_second = 3;
    let server = Server::with(settings).await;
    let (asha, bikram) = people(&server.office).await;
    let (asha, bikram) = (server.browser(&asha).await, server.browser(&bikram).await);
    let mut refused = 0;
    for _ in 0..20 {
        refused += usize::from(asha.get("/api/v1/unread").await.status == 429);
    }
    assert!(refused > 0);
    assert_eq!(bikram.get("/api/v1/unread").await.status, 200);
}

#[tokio::test]
async fn people_are_found_and_never_oneself() {
    let Pair { asha, server: _server, .. } = pair().await;
    let found = asha.get("/api/v1/users?q=BIK&limit=5").await;
    assert_eq!(found.status, 200, "{found:?}");
    assert_eq!(found.json()["items"][0]["username"], "bikram");
    assert_eq!(found.json()["items"][0]["can_write"], true);
    assert!(found.json()["items"][0].get("email").is_none());
    assert_eq!(asha.get("/api/v1/users?q=asha").await.json()["items"], json!([]));
    for query in ["", "?q=", "?q=%20", "?q=a&limit=0", "?q=a&limit=21", "?q=a&limit=x", "?limit=5"] {
        assert_eq!(asha.get(&format!("/api/v1/users{query}")).await.outcome(), "422 invalid", "{query}");
    }
    assert_eq!(asha.get("/api/v1/users?q=%FF").await.outcome(), "400 malformed_request");
}

#[tokio::test]
async fn opening_a_conversation_twice_gives_the_same_one() {
    let server = Server::start().await;
    let (asha, bikram) = people(&server.office).await;
    let client = server.browser(&asha).await;
    let recipient = json!({"recipient_id": bikram.id().to_string()});
    let first = client.post("/api/v1/conversations", recipient.clone()).await;
    let second = client.post("/api/v1/conversations", recipient).await;
    assert_eq!((first.status, second.status), (201, 200));
    assert_eq!(first.json(), second.json());
    assert_eq!(first.json()["peer"]["username"], "bikram");
    assert_eq!(first.json()["last_message"], Value::Null);
    assert_eq!(client.get(&format!("/api/v1/conversations/{}", first.json()["id"].as_str().expect("id"))).await.json(), first.json());
    let oneself = json!({"recipient_id": asha.id().to_string()});
    assert_eq!(client.post("/api/v1/conversations", oneself).await.outcome(), "422 invalid");
    for nobody in ["x", "", "00000000-0000-0000-0000-000000000000"] {
        assert_eq!(client.post("/api/v1/conversations", json!({"recipient_id": nobody})).await.outcome(), "404 not_found");
    }
    // empty and opened by the other alone
    let theirs = server.browser(&bikram).await;
    assert_eq!(theirs.get(&format!("/api/v1/conversations/{}", first.json()["id"].as_str().expect("id"))).await.outcome(), "404 not_found");
    assert_eq!(theirs.get("/api/v1/conversations").await.json()["items"], json!([]));
}

#[tokio::test]
async fn the_policy_denies_with_its_rule_and_an_open_conversation_stays_readable() {
    let server = Server::with(Settings { policy: audit_is_closed(), ..settings() }).await;
    let asha = server.office.person("asha").await;
    let auditor = server.office.person_in("zoya", "Audit").await;
    let client = server.browser(&asha).await;
    let denied = client.post("/api/v1/conversations", json!({"recipient_id": auditor.id().to_string()})).await;
    assert_eq!(denied.outcome(), "403 policy_denied");
    assert_eq!(denied.json()["rule"], "audit_is_closed");
    let id = auditor.open(&asha).await;
    auditor.write(id, "please call").await;
    let seen = client.get(&format!("/api/v1/conversations/{id}")).await.json();
    assert_eq!((&seen["can_write"], &seen["unread_count"]), (&json!(true), &json!(1)));
}

#[tokio::test]
async fn a_send_is_created_once_and_replayed_with_the_same_message() {
    let pair = pair().await;
    let key = Uuid::now_v7();
    let first = pair.send_as(&pair.asha, key, " Grüße\r\nan alle ").await;
    assert_eq!(first.status, 201, "{first:?}");
    let message = first.json();
    assert_eq!((&message["body"], &message["seq"], &message["status"]), (&json!("Grüße\nan alle"), &json!(1), &json!("sent")));
    assert_eq!((&message["delivered_at"], &message["read_at"]), (&Value::Null, &Value::Null));
    let replay = pair.send_as(&pair.asha, key, "Grüße\nan alle").await;
    assert_eq!((replay.status, replay.json()), (200, message));
    assert_eq!(pair.send_as(&pair.asha, key, "something else").await.outcome(), "409 idempotency_conflict");
    assert_eq!(pair.bikram.get("/api/v1/unread").await.json(), json!({"messages": 1, "conversations": 1}));
}

#[tokio::test]
async fn acknowledging_moves_the_status_and_repeating_it_changes_nothing() {
    let pair = pair().await;
    pair.send(&pair.asha, "one").await;
    pair.send(&pair.asha, "two").await;
    let ack = async |what: &str, seq: i64| pair.bikram.post(&pair.path(what), json!({"up_to_seq": seq})).await;
    assert_eq!(ack("/delivered", 2).await.status, 204);
    let before = pair.asha.get("/api/v1/me").await.json()["change_no"].clone();
    assert_eq!(ack("/delivered", 2).await.status, 204);
    assert_eq!(ack("/delivered", 0).await.status, 204);
    assert_eq!(pair.asha.get("/api/v1/me").await.json()["change_no"], before);
    assert_eq!(ack("/delivered", 3).await.outcome(), "422 invalid");
    assert_eq!(ack("/read", 1).await.status, 204);
    let page = pair.asha.get(&pair.path("/messages")).await.json();
    assert_eq!((&page["items"][0]["status"], &page["items"][1]["status"]), (&json!("read"), &json!("delivered")));
    assert!(page["items"][0]["read_at"].as_str().is_some_and(|at| at.len() == 27 && at.ends_with('Z')), "{page}");
    assert_eq!(pair.bikram.get("/api/v1/unread").await.json()["messages"], 1);
}

#[tokio::test]
async fn many_acknowledgements_are_all_or_none() {
    let pair = pair().await;
    pair.send(&pair.asha, "one").await;
    let many = |items: Value| pair.bikram.post("/api/v1/delivered", json!({ "items": items }));
    let good = json!({"conversation_id": pair.id, "up_to_seq": 1});
    let foreign = json!({"conversation_id": Uuid::now_v7(), "up_to_seq": 1});
    assert_eq!(many(json!([good, foreign])).await.outcome(), "404 not_found");
    assert_eq!(many(json!([good, {"conversation_id": pair.id, "up_to_seq": 9}])).await.outcome(), "422 invalid");
    assert_eq!(many(json!([good, {"conversation_id": "x", "up_to_seq": 1}])).await.outcome(), "404 not_found");
    assert_eq!(many(json!([])).await.outcome(), "422 invalid");
    assert_eq!(many(json!(vec![good.clone(); 501])).await.outcome(), "422 invalid");
    let status = || async { pair.asha.get(&pair.path("/messages")).await.json()["items"][0]["status"].clone() };
    assert_eq!(status().await, "sent");
    assert_eq!(many(json!([good, good])).await.status, 204);
    assert_eq!(status().await, "delivered");
}

#[tokio::test]
async fn history_is_paged_from_any_place() {
    let pair = pair().await;
    for n in 1..=7 {
        pair.send(if n % 2 == 0 { &pair.asha } else { &pair.bikram }, &format!("message {n}")).await;
    }
    let page = async |query: &str| pair.asha.get(&pair.path(&format!("/messages?{query}"))).await;
    assert_eq!(seqs(&page("limit=3").await), [5, 6, 7]);
    assert_eq!(seqs(&page("limit=3&before=5").await), [2, 3, 4]);
    assert_eq!(seqs(&page("limit=3&after=5").await), [6, 7]);
    assert_eq!(seqs(&page("limit=4&around=4").await), [2, 3, 4, 5]);
    assert_eq!(seqs(&page("limit=4&around=1").await), [1, 2, 3, 4]);
    assert_eq!(seqs(&page("limit=3&at=2020-01-01T00:00:00Z").await), [1, 2, 3]);
    assert_eq!(seqs(&page("limit=3&at=2999-01-01T00:00:00Z").await), [5, 6, 7]);
    assert_eq!(seqs(&page("limit=2&before=9223372036854775807").await), [6, 7]);
    let middle = page("limit=2&around=4").await.json();
    assert_eq!((&middle["has_before"], &middle["has_after"]), (&json!(true), &json!(true)));
    for wrong in [
        "before=1&after=1",
        "around=-1",
        "before=9223372036854775808",
        "after=x",
        "at=yesterday",
        "limit=201",
        "limit=0",
        "before=",
        "limit=1&limit=2",
    ] {
        assert_eq!(page(wrong).await.outcome(), "422 invalid", "{wrong}");
    }
}

#[tokio::test]
async fn the_inbox_is_paged_and_its_pages_and_changes_are_complete() {
    let server = Server::start().await;
    let asha = server.office.person("asha").await;
    for n in 0..5 {
        let peer = server.office.person(&format!("peer{n}")).await;
        let id = peer.open(&asha).await;
        peer.write(id, &format!("hello {n}")).await;
    }
    let client = server.browser(&asha).await;
    let first = client.get("/api/v1/conversations?limit=3").await.json();
    assert_eq!(first["items"].as_array().map(Vec::len), Some(3));
    assert_eq!(first["items"][0]["last_message"]["text"], "hello 4");
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let second = client.get(&format!("/api/v1/conversations?limit=3&cursor={cursor}")).await.json();
    assert_eq!((second["items"].as_array().map(Vec::len), &second["next_cursor"]), (Some(2), &Value::Null));
    assert_eq!(client.get("/api/v1/conversations?q=peer3").await.json()["items"].as_array().map(Vec::len), Some(1));
    for wrong in ["cursor=x", "limit=0", "limit=101", "limit=1.5"] {
        assert_eq!(client.get(&format!("/api/v1/conversations?{wrong}")).await.outcome(), "422 invalid", "{wrong}");
    }
}

#[tokio::test]
async fn changes_are_pages_of_what_looks_different_now() {
    let pair = pair().await;
    let since = pair.asha.get("/api/v1/me").await.json()["change_no"].as_i64().expect("a number");
    pair.send(&pair.bikram, "one").await;
    pair.send(&pair.bikram, "two").await;
    let changes = pair.asha.get(&format!("/api/v1/changes?since={since}")).await.json();
    assert_eq!(changes["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(changes["items"][0]["unread_count"], 2);
    assert_eq!((&changes["more"], changes.get("reset")), (&json!(false), None));
    let newest = changes["change_no"].as_i64().expect("a number");
    let none = pair.asha.get(&format!("/api/v1/changes?since={newest}")).await.json();
    assert_eq!(none["items"], json!([]));
    let future = pair.asha.get(&format!("/api/v1/changes?since={}", newest + 1)).await.json();
    assert_eq!((&future["reset"], &future["items"]), (&json!(true), &json!([])));
    for wrong in ["", "?since=-1", "?since=x", "?since=0&limit=0", "?since=0&limit=501"] {
        assert_eq!(pair.asha.get(&format!("/api/v1/changes{wrong}")).await.outcome(), "422 invalid", "{wrong}");
    }
}

#[tokio::test]
async fn unread_is_not_sent_again_when_nothing_moved() {
    let pair = pair().await;
    pair.send(&pair.bikram, "one").await;
    let first = pair.asha.get("/api/v1/unread").await;
    let tag = first.header("etag").to_owned();
    assert_eq!((first.status, first.header("cache-control")), (200, "no-store"));
    let again = |tag: String| Answer::of(pair.asha.request(reqwest::Method::GET, "/api/v1/unread").header("if-none-match", tag));
    let unchanged = again(tag.clone()).await;
    assert_eq!((unchanged.status, unchanged.text.as_str(), unchanged.header("cache-control")), (304, "", "no-store"));
    assert_eq!(unchanged.header("etag"), tag);
    pair.send(&pair.bikram, "two").await;
    assert_eq!(again(tag).await.json()["messages"], 2);
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let pair = pair().await;
    let answer = Answer::of(pair.asha.request(reqwest::Method::HEAD, "/api/v1/me")).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn a_token_that_is_revoked_elsewhere_is_nobody_within_five_seconds() {
    let pair = pair().await;
    assert_eq!(pair.bikram.get("/api/v1/me").await.status, 200);
    sqlx::query("update api_tokens set revoked_at = clock_timestamp()").execute(&*pair.server.office.state.pool).await.expect("revoked");
    let began = std::time::Instant::now();
    while pair.bikram.get("/api/v1/me").await.status == 200 {
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "believed for {:?}", began.elapsed());
    }
    assert_eq!(pair.bikram.get("/api/v1/me").await.outcome(), "401 unauthenticated");
}
