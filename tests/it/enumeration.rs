//! What a stranger, or a colleague, learns about who is here: nothing by trying names, no address by searching.

use crate::support::{
    server::{Answer, Client, Server},
    settings,
};
use cms_messages::server::settings::{LimitSettings, Settings};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

const PASSWORD: &str = "a long enough passphrase";

async fn try_sign_in(client: &Client, username: &str) -> Answer {
    client.post("/api/v1/session", json!({"username": username, "password": "not this one"})).await
}

/// A server with a member, one who has left, one who has no password yet.
async fn office(settings: Settings) -> Server {
    let server = Server::with(settings).await;
    let (asha, gone) = (server.office.person("asha").await, server.office.person("gone").await);
    asha.has_password(PASSWORD).await;
    gone.has_password(PASSWORD).await;
    server.office.person("new").await;
    sqlx::query("update users set active = false, deactivated_at = now() where username = 'gone'")
        .execute(&*server.office.state.pool)
        .await
        .expect("gone");
    server
}

#[tokio::test]
async fn the_time_of_a_refusal_does_not_tell_who_is_here() {
    let server = office(settings()).await;
    let stranger = server.stranger();
    let names = ["asha", "gone", "new", "nobody.of.that.name"];
    let mut times = [const { Vec::new() }; 4];
    // in turn, so that whatever else the machine does hits all of them
    for _ in 0..9 {
        for (name, times) in names.iter().zip(&mut times) {
            let began = Instant::now();
            assert_eq!(try_sign_in(&stranger, name).await.outcome(), "401 unauthenticated");
            times.push(began.elapsed());
        }
    }
    let medians: Vec<Duration> = times
        .into_iter()
        .map(|mut times| {
            times.sort_unstable();
            times[times.len() / 2]
        })
        .collect();
    for (name, median) in names.iter().zip(&medians) {
        let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
        // hashing is nearly all of it: without that a name is answered in a tenth of the time
        assert!((0.5..2.0).contains(&ratio), "{name} takes {ratio:.2} of the time: {medians:?}");
    }
}

#[tokio::test]
async fn a_refusal_looks_the_same_whoever_is_tried_also_when_it_comes_too_often() {
    let limits = LimitSettings { sign_ins_per_minute_account: 3, ..settings().limits };
    let server = office(Settings { limits, ..settings() }).await;
    let stranger = server.stranger();
    let mut seen = Vec::new();
    for name in ["asha", "gone", "new", "nobody.of.that.name"] {
        let mut answers = Vec::new();
        for _ in 0..5 {
            let answer = try_sign_in(&stranger, name).await;
            let form = stranger.submit("/sign_in", &[("username", name), ("password", "not this one"), ("next", "")]).await;
            let form = (form.status, form.text.contains("do not match"), form.header("set-cookie").to_owned());
            // how many seconds are left depends on when it was asked
            let text: String = answer.without_request_id().chars().filter(|c| !c.is_ascii_digit()).collect();
            answers.push((answer.status, text, answer.header("set-cookie").to_owned(), form));
        }
        assert!(answers.iter().any(|(status, ..)| *status == 429), "{name} is slowed");
        seen.push(answers);
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
}

#[tokio::test]
async fn nobody_is_found_by_an_address_and_none_is_shown() {
    let server = office(settings()).await;
    sqlx::query("update users set email = 'heron.dock@port.example', external_id = 'payroll-7781' where username = 'asha'")
        .execute(&*server.office.state.pool)
        .await
        .expect("an address");
    let chen = server.office.person("chen").await;
    let client = server.browser(&chen).await;
    for q in ["heron.dock@port.example", "heron", "dock", "heron.dock", "port.example", "payroll", "payroll-7781", "7781"] {
        for answer in [
            client.get(&format!("/api/v1/users?q={q}")).await,
            client.get(&format!("/api/v1/conversations?q={q}")).await,
            client.post("/rpc/search_users", json!({"q": q})).await,
            client.get(&format!("/messages/new?q={q}")).await,
        ] {
            assert_eq!(answer.status, 200, "{answer:?}");
            assert!(!answer.text.contains("Asha"), "{q} finds her: {}", answer.text);
        }
    }
    for answer in [
        client.get("/api/v1/users?q=asha").await,
        client.post("/rpc/search_users", json!({"q": "asha"})).await,
        client.get("/messages/new?q=asha").await,
    ] {
        assert!(answer.text.contains("Asha") && !answer.text.contains("heron") && !answer.text.contains("7781"), "{}", answer.text);
    }
}

#[tokio::test]
async fn whoever_reads_the_directory_out_is_slowed_by_whichever_way_they_search() {
    let limits = LimitSettings { searches_per_minute: 4, ..settings().limits };
    let server = office(Settings { limits, ..settings() }).await;
    let (chen, dara) = (server.office.person("chen").await, server.office.person("dara").await);
    let client = server.browser(&chen).await;
    let mut statuses = Vec::new();
    for letter in ["a", "b", "c", "d", "e", "f"] {
        statuses.push(client.get(&format!("/api/v1/users?q={letter}")).await.status);
        statuses.push(client.post("/rpc/search_users", json!({"q": letter})).await.status);
        let page = client.get(&format!("/messages/new?q={letter}")).await;
        statuses.push(if page.text.contains("user_search-name") || page.text.contains("Nobody matches") { 200 } else { 429 });
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 4, "{statuses:?}");
    let other = server.program(&dara).await;
    assert_eq!(other.get("/api/v1/users?q=a").await.status, 200, "others search as before");
}

#[tokio::test]
async fn one_time_links_cannot_be_tried_out() {
    let limits = LimitSettings { requests_per_second: 5, ..settings().limits };
    let server = office(Settings { limits, ..settings() }).await;
    let stranger = server.stranger();
    let mut statuses = Vec::new();
    for n in 0..12 {
        let token = format!("{n}").repeat(43);
        statuses.push(stranger.get(&format!("/password/{token}")).await.status);
        statuses.push(stranger.submit(&format!("/password/{token}"), &[("new_password", PASSWORD)]).await.status);
        statuses.push(stranger.post("/rpc/get_password_link", json!({"token": token})).await.status);
        let _ = Answer::of(stranger.request(Method::HEAD, &format!("/password/{token}"))).await;
    }
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert!(count(404) >= 3 && count(429) > 10 && count(404) + count(429) == statuses.len(), "{statuses:?}");
}
