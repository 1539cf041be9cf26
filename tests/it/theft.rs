//! What a stolen, planted or copied credential is worth.

use crate::support::{
    person::Person,
    server::{Answer, Client, Server},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use cms_messages::server::{
    operator::Operator,
    service::{tokens, users},
};
use reqwest::{Method, header};
use serde_json::json;
use std::collections::BTreeSet;

const PASSWORD: &str = "a long enough passphrase";

async fn asha(server: &Server) -> Person {
    let asha = server.office.person("asha").await;
    asha.has_password(PASSWORD).await;
    asha
}

/// The cookie of an answer, as `name=value`.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

async fn sign_in(client: &Client, planted: Option<&str>) -> Answer {
    let mut request = client.request(Method::POST, "/api/v1/session").json(&json!({"username": "asha", "password": PASSWORD}));
    if let Some(planted) = planted {
        request = request.header(header::COOKIE, planted);
    }
    Answer::of(request).await
}

async fn me(client: &Client, name: header::HeaderName, value: &str) -> String {
    let answer = Answer::of(client.request(Method::GET, "/api/v1/me").header(name, value)).await;
    if answer.status == 200 { answer.json()["user"]["username"].as_str().unwrap_or_default().to_owned() } else { answer.outcome() }
}

#[tokio::test]
async fn a_cookie_that_was_planted_before_signing_in_is_worth_nothing_after_it() {
    let server = Server::start().await;
    let (_asha, mallory) = (asha(&server).await, server.office.person("mallory").await);
    let stranger = server.stranger();
    let own = format!("cms_session={}", "m".repeat(43));
    sqlx::query(
        "insert into sessions (token_sha256, user_id, expires_at) values (sha256(convert_to($1, 'UTF8')), $2, now() + interval '1 hour')",
    )
    .bind("m".repeat(43))
    .bind(mallory.id().0)
    .execute(&*server.office.state.pool)
    .await
    .expect("a session of mallory");
    // one that is nobody's, and mallory's own, which asha would then write into
    for planted in [format!("cms_session={}", "p".repeat(43)), own.clone()] {
        let before = me(&stranger, header::COOKIE, &planted).await;
        let given = cookie(&sign_in(&stranger, Some(&planted)).await);
        assert_ne!(given, planted);
        assert_eq!(me(&stranger, header::COOKIE, &given).await, "asha");
        assert_eq!(me(&stranger, header::COOKIE, &planted).await, before, "signing in has made it nobody else's");
        let form = stranger.request(Method::POST, "/sign_in").header(header::COOKIE, &planted);
        let form = form
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(format!("username=asha&password={}&next=", PASSWORD.replace(' ', "+")));
        let answer = Answer::of(form).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        assert_eq!(me(&stranger, header::COOKIE, &cookie(&answer)).await, "asha");
        assert_eq!(me(&stranger, header::COOKIE, &planted).await, before);
    }
    // planted beside ours, by a neighbour of this host: the first one counts, and is nobody's or its maker's
    let given = cookie(&sign_in(&stranger, None).await);
    assert_eq!(me(&stranger, header::COOKIE, &format!("{own}; {given}")).await, "mallory");
}

#[tokio::test]
async fn every_sign_in_has_a_token_of_256_bits_of_its_own() {
    let server = Server::start().await;
    asha(&server).await;
    let mut seen = BTreeSet::new();
    for _ in 0..5 {
        let given = cookie(&sign_in(&server.stranger(), None).await);
        let (name, token) = given.split_once('=').expect("a cookie");
        assert_eq!(name, "cms_session");
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).expect("a token");
        assert_eq!(bytes.len(), 32);
        // no two share even a part of it: nothing counts up in there
        for part in bytes.chunks(8) {
            assert!(seen.insert(part.to_vec()), "{given}");
        }
    }
}

#[tokio::test]
async fn the_end_of_a_session_does_not_move_however_much_it_is_used() {
    let server = Server::start().await;
    asha(&server).await;
    let stranger = server.stranger();
    let answer = sign_in(&stranger, None).await;
    let given = cookie(&answer);
    assert!(answer.header("set-cookie").contains(&format!("; Max-Age={};", 30 * 24 * 60 * 60)), "{answer:?}");
    let ends = "select count(*) from sessions where expires_at between now() + interval '29 days 23 hours' and now() + interval '30 days'";
    assert_eq!(server.office.count(ends).await, 1);
    let owner = &mut server.office.database.owner().await;
    sqlx::query("update sessions set expires_at = now() + interval '1 hour', last_seen_at = now() - interval '2 hours'")
        .execute(owner)
        .await
        .expect("aged");
    server.office.state.believed.forget();
    assert_eq!(me(&stranger, header::COOKIE, &given).await, "asha");
    assert_eq!(
        server.office.count("select count(*) from sessions where last_seen_at > now() - interval '1 minute'").await,
        1,
        "it was used"
    );
    assert_eq!(server.office.count("select count(*) from sessions where expires_at > now() + interval '1 hour'").await, 0);
}

#[tokio::test]
async fn who_has_copied_the_cookie_is_out_once_the_password_is_another() {
    let server = Server::start().await;
    asha(&server).await;
    let stranger = server.stranger();
    let mut password = PASSWORD.to_owned();
    for (way, another) in [("form", "another long passphrase"), ("server function", "one more long passphrase")] {
        let pair = json!({"username": "asha", "password": password});
        let copied = cookie(&Answer::of(stranger.request(Method::POST, "/api/v1/session").json(&pair)).await);
        let answer = if way == "form" {
            let body = format!("current_password={password}&new_password={another}").replace(' ', "+");
            let request = stranger.request(Method::POST, "/settings").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            Answer::of(request.header(header::COOKIE, &copied).body(body)).await
        } else {
            let body = json!({"current": password, "new": another});
            Answer::of(stranger.request(Method::POST, "/rpc/change_password").header(header::COOKIE, &copied).json(&body)).await
        };
        assert!(answer.status < 400, "{way}: {answer:?}");
        let set = answer.header("set-cookie").to_owned();
        assert!(set.contains("; HttpOnly; SameSite=Lax") && set.contains("Path=/"), "{way}: {set}");
        let owner = &mut server.office.database.owner().await;
        sqlx::query("update sessions set expires_at = expires_at - interval '10 seconds'").execute(owner).await.expect("aged");
        server.office.state.believed.forget();
        assert_eq!(me(&stranger, header::COOKIE, &copied).await, "401 unauthenticated", "{way}");
        assert_eq!(me(&stranger, header::COOKIE, &cookie(&answer)).await, "asha", "{way}");
        password = another.to_owned();
    }
}

#[tokio::test]
async fn a_stolen_table_opens_nothing() {
    let server = Server::start().await;
    let asha = asha(&server).await;
    let operator = Operator { pool: server.office.state.pool.clone() };
    let stranger = server.stranger();
    let session = cookie(&sign_in(&stranger, None).await).split_once('=').expect("a cookie").1.to_owned();
    let bearer = tokens::create(&operator, "asha").await.expect("made").1.reveal();
    let link = users::link(&operator, "asha").await.expect("made").token.reveal();
    assert_eq!(me(&stranger, header::AUTHORIZATION, &format!("Bearer {bearer}")).await, "asha");
    assert_eq!(stranger.get(&format!("/password/{link}")).await.status, 200);

    let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(
        "select 'sessions', token_sha256 from sessions union all select 'api_tokens', token_sha256 from api_tokens
         union all select 'password_links', token_sha256 from password_links
         union all select 'users', convert_to(password_hash, 'UTF8') from users where password_hash is not null",
    )
    .fetch_all(&*server.office.state.pool)
    .await
    .expect("the tables");
    assert_eq!(rows.iter().map(|(table, _)| table.as_str()).collect::<BTreeSet<_>>().len(), 4);
    for (table, stolen) in rows {
        let hex: String = stolen.iter().map(|byte| format!("{byte:02x}")).collect();
        for text in [
            hex.clone(),
            hex.to_uppercase(),
            format!("\\x{hex}"),
            BASE64_URL_SAFE_NO_PAD.encode(&stolen),
            String::from_utf8_lossy(&stolen).into_owned(),
        ] {
            if !text.is_ascii() || text.contains(char::is_control) {
                continue;
            }
            assert_eq!(me(&stranger, header::COOKIE, &format!("cms_session={text}")).await, "401 unauthenticated", "{table}");
            assert_eq!(me(&stranger, header::AUTHORIZATION, &format!("Bearer {text}")).await, "401 unauthenticated", "{table}");
            let path = text.replace(['\\', '/', '$', '+', '='], "%5C");
            assert_eq!(stranger.get(&format!("/password/{path}")).await.status, 404, "{table}");
            let pair = json!({"username": "asha", "password": text});
            assert_eq!(stranger.post("/api/v1/session", pair).await.outcome(), "401 unauthenticated", "{table}");
        }
    }

    // nor does any table hold what would
    let tables: Vec<String> = sqlx::query_scalar(
        "select quote_ident(table_name) from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
    )
    .fetch_all(&*server.office.state.pool)
    .await
    .expect("the tables");
    let owner = &mut server.office.database.owner().await;
    assert!(tables.len() > 15, "{tables:?}");
    for table in tables {
        for secret in [&session, &bearer, &link, PASSWORD] {
            let found = format!("select count(*) from {table} t where t::text like '%' || $1 || '%'");
            let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(found)).bind(secret).fetch_one(&mut *owner).await.expect("counted");
            assert_eq!(found, 0, "{table} of {}", asha.user.username);
        }
    }
}
