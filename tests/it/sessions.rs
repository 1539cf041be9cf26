//! Signing in and out, passwords, one-time links, and what ends a session.

use crate::support::{Office, server::Server, settings};
use cms_messages::{
    domain::{
        profile::{Profile, RawProfile},
        user::{Role, User},
    },
    error::{Code, Error},
    server::{
        auth::{password::Password, token},
        context::{Context, Viewer},
        db,
        jobs::clean_up,
        operator::Operator,
        service::{
            passwords::{self, Renewed},
            session::{self, Presented, SignIn, SignedIn},
            tokens, users,
        },
        settings::{LimitSettings, Settings},
    },
};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PASSWORD: &str = "demo-password";

fn operator(office: &Office) -> Operator {
    Operator { pool: office.state.pool.clone() }
}

/// A new person with a password.
async fn hire(office: &Office, username: &str, role: Role) -> User {
    let raw = RawProfile { username, display_name: "Asha Verma", department: "Planning", role: role.as_str(), email: "", external_id: "" };
    let password = Password::parse("password", PASSWORD).expect("long enough");
    users::create(&operator(office), Profile::parse(raw).expect("valid"), Some(password)).await.expect("created").0
}

fn nobody(office: &Office) -> Context {
    Context { state: office.state.clone(), caller: None, address: [10, 0, 0, 1].into(), request_id: "test".into() }
}

async fn try_sign_in(office: &Office, username: &str, password: &str) -> Result<SignedIn, Error> {
    let attempt = SignIn { username: username.into(), password: password.into(), user_agent: "Browser\n1".into() };
    session::sign_in(&nobody(office), attempt).await
}

async fn sign_in(office: &Office, username: &str) -> String {
    try_sign_in(office, username, PASSWORD).await.expect("signed in").token
}

async fn resolve(office: &Office, token: &str) -> Option<Viewer> {
    session::resolve(&office.state, Presented::Cookie(token)).await.expect("asked")
}

async fn as_viewer(office: &Office, token: &str) -> Context {
    Context { caller: resolve(office, token).await, ..nobody(office) }
}

async fn actions(office: &Office) -> Vec<(String, Option<String>, serde_json::Value)> {
    sqlx::query_as("select action, object, details from audit_entries order by id").fetch_all(&*office.state.pool).await.expect("entries")
}

#[tokio::test]
async fn signing_in_makes_a_new_session_each_time_and_signing_out_ends_one() {
    let office = Office::new().await;
    let asha = hire(&office, "asha", Role::Member).await;
    let (desk, phone) = (sign_in(&office, " ASHA").await, sign_in(&office, "asha").await);
    assert_ne!(desk, phone);
    assert_eq!(resolve(&office, &desk).await.map(|viewer| viewer.user), Some(asha.clone()));
    let me = session::me(&as_viewer(&office, &desk).await).await.expect("me");
    assert_eq!((me.user, me.unread.messages, me.change_no.0, me.policy_version), (asha, 0, 0, 0));

    session::sign_out(&as_viewer(&office, &desk).await).await.expect("signed out");
    assert!(resolve(&office, &desk).await.is_none());
    assert!(resolve(&office, &phone).await.is_some());
    assert!(resolve(&office, "no such token").await.is_none());
    let words: Vec<_> = actions(&office).await.into_iter().map(|(action, ..)| action).collect();
    assert_eq!(words, ["user.created", "session.created", "session.created", "session.ended"]);
}

#[tokio::test]
async fn who_is_unknown_gone_or_wrong_gets_the_same_answer_and_one_entry_a_minute() {
    let office = Office::new().await;
    let asha = hire(&office, "asha", Role::Member).await;
    hire(&office, "gone", Role::Member).await;
    users::deactivate(&operator(&office), "gone").await.expect("deactivated");
    let no_password = RawProfile { username: "new", display_name: "New", department: "", role: "member", email: "", external_id: "" };
    users::create(&operator(&office), Profile::parse(no_password).expect("valid"), None).await.expect("created");
    let before = actions(&office).await.len();

    let mut answers = Vec::new();
    for (username, password) in
        [("asha", "wrong-password"), ("asha", ""), ("nobody", PASSWORD), ("x y \0", PASSWORD), ("gone", PASSWORD), ("new", PASSWORD)]
    {
        answers.push(try_sign_in(&office, username, password).await.expect_err("refused"));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(answers[0].code, Code::Unauthenticated);

    let entries = actions(&office).await.split_off(before);
    // a minute may have passed in between; without that there are four: asha, nobody, gone, new
    assert!((4..=6).contains(&entries.len()), "{entries:?}");
    assert!(entries.iter().all(|(action, ..)| action == "session.refused"));
    assert!(entries.iter().any(|(_, object, _)| *object == Some(asha.id.to_string())));
    assert!(!format!("{entries:?}").contains("nobody"));
}

#[tokio::test]
async fn signing_in_is_slowed_per_account_whatever_is_typed() {
    let limits = LimitSettings { sign_ins_per_minute_account: 3, ..settings().limits };
    let office = Office::with(Settings { limits, ..settings() }).await;
    hire(&office, "asha", Role::Member).await;
    for _ in 0..3 {
        assert_eq!(try_sign_in(&office, "asha", "wrong-password").await.err().map(|error| error.code), Some(Code::Unauthenticated));
    }
    let slowed = try_sign_in(&office, "Asha ", PASSWORD).await.expect_err("refused");
    assert_eq!(slowed.code, Code::RateLimited);
    assert!(slowed.retry_after.is_some());
    assert_eq!(try_sign_in(&office, "bikram", "x").await.err().map(|error| error.code), Some(Code::Unauthenticated));
}

#[tokio::test]
async fn a_session_ends_when_it_rests_too_long_and_in_any_case() {
    let office = Office::new().await;
    hire(&office, "asha", Role::Member).await;
    let owner = &mut office.database.owner().await;
    let (idle, old, fresh) = (sign_in(&office, "asha").await, sign_in(&office, "asha").await, sign_in(&office, "asha").await);
    for (token, change) in [(&idle, "last_seen_at = now() - interval '169 hours'"), (&old, "expires_at = now()")] {
        let statement = format!("update sessions set {change} where token_sha256 = sha256($1)");
        let done = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(token.as_bytes()).execute(&mut *owner).await.expect("aged");
        assert_eq!(done.rows_affected(), 1);
    }
    assert!(resolve(&office, &idle).await.is_none());
    assert!(resolve(&office, &old).await.is_none());
    assert!(resolve(&office, &fresh).await.is_some());

    let before = actions(&office).await.len();
    clean_up::run(&office.state.pool, 168).await.expect("cleaned up");
    let entries = actions(&office).await.split_off(before);
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|(action, _, details)| action == "session.ended" && details["reason"] == "expired"));
    assert_eq!(office.count("select count(*) from sessions").await, 1);
}

#[tokio::test]
async fn a_visit_is_remembered_at_most_once_a_minute() {
    let office = Office::new().await;
    hire(&office, "asha", Role::Member).await;
    let token = sign_in(&office, "asha").await;
    let seen = "select (extract(epoch from last_seen_at) * 1000000)::bigint from sessions";
    let first = office.count(seen).await;
    resolve(&office, &token).await.expect("stands");
    assert_eq!(office.count(seen).await, first);
    let owner = &mut office.database.owner().await;
    sqlx::query("update sessions set last_seen_at = last_seen_at - interval '61 seconds'").execute(owner).await.expect("aged");
    office.state.believed.forget();
    resolve(&office, &token).await.expect("stands");
    assert!(office.count(seen).await > first);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let office = Office::new().await;
    hire(&office, "asha", Role::Member).await;
    let (desk, phone) = (sign_in(&office, "asha").await, sign_in(&office, "asha").await);
    let ctx = as_viewer(&office, &desk).await;
    let change = |current: &str, new: &str| passwords::change_password(&ctx, current.into(), new.into());
    let field = |answer: Result<Option<Renewed>, Error>| answer.err().and_then(|error| error.fields.into_keys().next());
    assert_eq!(field(change("wrong", "another-password").await).as_deref(), Some("current_password"));
    assert_eq!(field(change(PASSWORD, "too short").await).as_deref(), Some("new_password"));
    let renewed = change(PASSWORD, "another-password").await.expect("changed").expect("a session goes on");

    assert_eq!(resolve(&office, &renewed.token).await.map(|viewer| viewer.user), resolve(&office, &desk).await.map(|viewer| viewer.user));
    assert!((29 * 86_400..=30 * 86_400).contains(&renewed.max_age_seconds), "it keeps its end: {}", renewed.max_age_seconds);
    // whoever has a copy of the old cookie has it for a moment, in which requests of the same browser come to their end
    assert_eq!(office.count("select count(*) from sessions where expires_at < now() + interval '11 seconds'").await, 1);
    sqlx::query("update sessions set expires_at = expires_at - interval '10 seconds'")
        .execute(&mut office.database.owner().await)
        .await
        .expect("aged");
    office.state.believed.forget();
    assert!(resolve(&office, &desk).await.is_none());
    assert!(resolve(&office, &renewed.token).await.is_some());
    assert!(resolve(&office, &phone).await.is_none());
    assert!(try_sign_in(&office, "asha", PASSWORD).await.is_err());
    assert!(try_sign_in(&office, "asha", "another-password").await.is_ok());
    let entries = actions(&office).await;
    assert_eq!(entries.iter().filter(|(action, ..)| action == "password.changed").count(), 1);
    assert_eq!(entries.iter().filter(|(_, _, details)| details["reason"] == "password_changed").count(), 1);
}

#[tokio::test]
async fn a_link_sets_a_password_once_and_ends_every_session() {
    let office = Office::new().await;
    let asha = hire(&office, "asha", Role::Member).await;
    let session = sign_in(&office, "asha").await;
    let ctx = nobody(&office);
    let link = users::link(&operator(&office), "asha").await.expect("made").token.reveal();
    assert_eq!(passwords::link_owner(&ctx, &link).await, Ok(asha));
    assert_eq!(passwords::set_password(&ctx, &link, "short".into()).await.map_err(|error| error.code), Err(Code::Invalid));

    let set = |new: &str| passwords::set_password(&ctx, &link, new.into());
    let (one, other) = tokio::join!(set("first-password"), set("other-password"));
    assert_eq!([&one, &other].iter().filter(|answer| answer.is_ok()).count(), 1, "{one:?} {other:?}");
    let new = if one.is_ok() { "first-password" } else { "other-password" };
    assert!(resolve(&office, &session).await.is_none());
    assert!(try_sign_in(&office, "asha", new).await.is_ok());
    assert_eq!(passwords::link_owner(&ctx, &link).await, Err(Error::not_found()));
    assert_eq!(passwords::link_owner(&ctx, "guessed").await, Err(Error::not_found()));
}

#[tokio::test]
async fn a_newer_link_makes_the_older_ones_of_the_same_person_worthless() {
    let office = Office::new().await;
    let (asha, bikram) = (hire(&office, "asha", Role::Member).await, hire(&office, "bikram", Role::Member).await);
    let ctx = nobody(&office);
    let make = async |who| users::link(&operator(&office), who).await.expect("made").token.reveal();
    let (oldest, of_bikram, older, newest) = (make("asha").await, make("bikram").await, make("asha").await, make("asha").await);
    for worthless in [oldest, older] {
        assert_eq!(passwords::link_owner(&ctx, &worthless).await, Err(Error::not_found()));
        assert_eq!(passwords::set_password(&ctx, &worthless, "another-password".into()).await, Err(Error::not_found()));
    }
    assert_eq!(passwords::link_owner(&ctx, &of_bikram).await, Ok(bikram), "nobody else's");
    assert_eq!(passwords::link_owner(&ctx, &newest).await, Ok(asha));
    passwords::set_password(&ctx, &newest, "another-password".into()).await.expect("set");
}

#[tokio::test]
async fn a_link_lasts_a_day_and_not_beyond_another_password() {
    let office = Office::new().await;
    hire(&office, "asha", Role::Member).await;
    let ctx = nobody(&office);
    let make = || async { users::link(&operator(&office), "asha").await.expect("made").token.reveal() };
    let old = make().await;
    let owner = &mut office.database.owner().await;
    let day = "select count(*) from password_links where expires_at between now() + interval '23 hours 59 minutes' and now() + interval '24 hours'";
    assert_eq!(office.count(day).await, 1);
    sqlx::query("update password_links set expires_at = now()").execute(owner).await.expect("aged");
    assert_eq!(passwords::set_password(&ctx, &old, "another-password".into()).await, Err(Error::not_found()));

    let forgotten = make().await;
    let token = sign_in(&office, "asha").await;
    let viewer = as_viewer(&office, &token).await;
    passwords::change_password(&viewer, PASSWORD.into(), "another-password".into()).await.expect("changed");
    assert_eq!(passwords::link_owner(&ctx, &forgotten).await, Err(Error::not_found()));
}

#[tokio::test]
async fn deactivation_ends_sessions_tokens_and_links() {
    let office = Office::new().await;
    hire(&office, "asha", Role::Member).await;
    let operator = operator(&office);
    let session = sign_in(&office, "asha").await;
    let token = tokens::create(&operator, "asha").await.expect("made").1.reveal();
    let link = users::link(&operator, "asha").await.expect("made").token.reveal();
    let bearer = || async { session::resolve(&office.state, Presented::Bearer(&token)).await.expect("asked") };
    assert!(bearer().await.is_some());
    assert!(resolve(&office, &token).await.is_none(), "a program's token is no cookie");

    users::deactivate(&operator, "asha").await.expect("deactivated");
    // by another process: `believed` has its time (tests/it/believed.rs)
    office.state.believed.forget();
    assert!(resolve(&office, &session).await.is_none());
    assert!(bearer().await.is_none());
    assert_eq!(passwords::link_owner(&nobody(&office), &link).await, Err(Error::not_found()));
    assert!(users::link(&operator, "asha").await.is_err());
    assert!(tokens::create(&operator, "asha").await.is_err());
    let entries = actions(&office).await;
    for word in ["session.ended", "token.revoked", "user.deactivated"] {
        assert_eq!(entries.iter().filter(|(action, ..)| action == word).count(), 1, "{word}");
    }

    users::activate(&operator, "asha").await.expect("activated");
    assert!(resolve(&office, &session).await.is_none());
    assert!(bearer().await.is_none());
    assert!(try_sign_in(&office, "asha", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn nobody_slips_in_behind_their_deactivation() {
    let office = Office::new().await;
    let asha = hire(&office, "asha", Role::Member).await;
    let (password_hash,): (String,) =
        sqlx::query_as("select password_hash from users").fetch_one(&*office.state.pool).await.expect("a hash");
    let session =
        db::session::NewSession { user: asha.id, token_sha256: vec![7; 32], password_hash, lifetime_days: 1, user_agent: String::new() };
    let mut deactivation = office.state.pool.begin().await.expect("begun");
    let gone = User { active: false, ..asha.clone() };
    db::user::update(&mut deactivation, &asha, &gone, None).await.expect("deactivated");
    // the password was right a moment ago, and the deactivation has not been committed
    let pool = office.state.pool.clone();
    let sign_in = tokio::spawn(async move { db::session::insert(&mut *pool.acquire().await?, &session).await });
    let waiting =
        "select count(*) from pg_locks where not granted and pid in (select pid from pg_stat_activity where datname = current_database())";
    while office.count(waiting).await == 0 && !sign_in.is_finished() {}
    db::session::end_all(&mut deactivation, &[asha.id.0], None, None, "deactivated").await.expect("ended");
    deactivation.commit().await.expect("committed");
    assert!(!sign_in.await.expect("no panic").expect("answered"));
    assert_eq!(office.count("select count(*) from sessions").await, 0);
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_unavailable_and_nothing_was_begun() {
    let office = Office::new().await;
    hire(&office, "asha", Role::Member).await;
    office.state.pool.close().await;
    let answer = try_sign_in(&office, "asha", PASSWORD).await.expect_err("refused");
    assert_eq!((answer.code, answer.retry_after), (Code::Unavailable, Some(2)));
    assert_eq!(session::resolve(&office.state, Presented::Cookie("x")).await.map_err(|error| error.code), Err(Code::Unavailable));
}

#[tokio::test]
async fn a_body_that_comes_after_the_end_of_its_session_writes_nothing() {
    let server = Server::start().await;
    let (asha, bikram) = (server.office.person("asha").await, server.office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    let pool = &*server.office.state.pool;
    sqlx::query("insert into sessions (token_sha256, user_id, expires_at) values ($1, $2, now() + interval '1 hour')")
        .bind(token::digest("slow"))
        .bind(asha.id().0)
        .execute(pool)
        .await
        .expect("a session");
    let body = r#"{"body": "too late"}"#;
    let head = format!(
        "PUT /api/v1/conversations/{conversation}/messages/{} HTTP/1.1\r\nHost: x\r\nCookie: cms_session=slow\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        uuid::Uuid::now_v7(),
        body.len()
    );
    let mut connection = tokio::net::TcpStream::connect(server.address).await.expect("connected");
    connection.write_all(head.as_bytes()).await.expect("written");
    // the server asks for the body, so it has looked at the session
    let mut go_on = [0; 25];
    connection.read_exact(&mut go_on).await.expect("an answer");
    assert!(go_on.starts_with(b"HTTP/1.1 100 Continue"));
    let caller = session::resolve(&server.office.state, Presented::Cookie("slow")).await.expect("asked");
    session::sign_out(&Context { caller, ..nobody(&server.office) }).await.expect("signed out");
    connection.write_all(body.as_bytes()).await.expect("written");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert_eq!(server.office.count("select count(*) from messages").await, 0);
}
