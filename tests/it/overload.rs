//! More than there is room for, and a database that is slow, stuck or gone: an answer at once, bounded memory, and everything
//! as before when it is over.

use crate::support::{Office, server::Server, settings, state, wire::Wire};
use axum::{Router, body::Body};
use cms_messages::{
    error::{Code, Error},
    server::{
        auth::token,
        db::{self, pool},
        router,
        service::audit_log,
    },
};
use http::{Request, StatusCode, header};
use reqwest::Method;
use sqlx::{Connection, Executor, PgConnection};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tower::ServiceExt;
use uuid::Uuid;

/// Nothing here takes as long; what does not happen fails instead of hanging.
const LONG: Duration = Duration::from_secs(30);

async fn get(app: &Router, path: &str, bearer: &str) -> (StatusCode, bool) {
    let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {bearer}")).body(Body::empty());
    let answer = app.clone().oneshot(request.expect("a request")).await.expect("an answer");
    (answer.status(), answer.headers().contains_key(header::RETRY_AFTER))
}

async fn token_of_asha(office: &Office) -> String {
    let (asha, token) = (office.person("asha").await, Uuid::new_v4().to_string());
    sqlx::query("insert into api_tokens (token_sha256, user_id) values ($1, $2)")
        .bind(token::digest(&token))
        .bind(asha.id().0)
        .execute(&*office.state.pool)
        .await
        .expect("a token");
    token
}

#[tokio::test]
async fn who_comes_when_the_queue_is_full_hears_so_at_once_and_who_waits_is_answered() {
    let office = Office::new().await;
    // one connection, so a hundred may wait for it
    let pool = office.database.pool(1);
    let held = pool.acquire().await.expect("a connection");
    let began = Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..300 {
        let pool = pool.clone();
        calls.spawn(async move { db::read(&pool, |mut db| async move { db.execute("select 1").await.map(|_| ()) }).await });
    }
    for _ in 0..200 {
        let answer = calls.join_next().await.expect("one more").expect("no panic").expect_err("refused");
        assert!(answer.code == Code::Unavailable && answer.retry_after.is_some(), "{answer:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(4), "at once, and not when waiting was in vain: {:?}", began.elapsed());
    assert_eq!((pool.waiting(), pool.waits().refused()), (100, 200));
    drop(held);
    assert!(calls.join_all().await.into_iter().all(|answer| answer == Ok(())));
}

#[tokio::test]
async fn what_needs_a_transaction_waits_in_the_same_queue() {
    let office = Office::new().await;
    let pool = office.database.pool(1);
    let held = pool.acquire().await.expect("a connection");
    let mut calls = JoinSet::new();
    for _ in 0..150 {
        let pool = pool.clone();
        calls.spawn(async move { pool.begin().await?.commit().await.map_err(Error::from) });
    }
    for _ in 0..50 {
        let answer = calls.join_next().await.expect("one more").expect("no panic");
        assert_eq!(answer, Err(Error::unavailable()), "at once");
    }
    assert_eq!((pool.waiting(), pool.waits().refused()), (100, 50));
    drop(held);
    assert!(calls.join_all().await.into_iter().all(|answer| answer == Ok(())));
}

#[tokio::test]
async fn what_could_not_be_begun_was_not_begun() {
    let office = Office::new().await;
    let meera = office.person("meera").await.becomes_admin().await;
    let meera = meera.at(&state(settings(), office.database.pool(1)));
    let page = || audit_log::page(&meera.ctx, audit_log::Asked::default(), None, None);
    let mut owner = office.database.owner().await;
    // a connection that was used a moment ago is not asked whether it lives; an older one is, and made anew
    let refused = loop {
        page().await.expect("a page");
        owner
            .execute("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
            .await
            .expect("cut");
        if let Err(error) = page().await {
            break error;
        }
    };
    assert_eq!(refused, Error::unavailable());
    page().await.expect("and then all is as before");
}

#[tokio::test]
async fn two_thousand_requests_to_a_database_that_is_stuck_are_answered_and_then_all_is_as_before() {
    let office = Office::new().await;
    let token = token_of_asha(&office).await;
    let state = state(settings(), office.database.pool(2));
    let app = router::router(state.clone());
    assert_eq!(get(&app, "/api/v1/unread", &token).await.0, 200);
    let mut owner = office.database.owner().await;
    owner.execute("begin; lock table participants in access exclusive mode").await.expect("locked");
    let mut requests = JoinSet::new();
    for _ in 0..2_000 {
        let (app, token) = (app.clone(), token.clone());
        requests.spawn(async move { get(&app, "/api/v1/unread", &token).await });
    }
    let mut answered = 0;
    let all = async {
        while let Some(answer) = requests.join_next().await {
            assert_eq!(answer.expect("no panic"), (StatusCode::SERVICE_UNAVAILABLE, true));
            answered += 1;
            if answered % 100 == 1 {
                assert_eq!(get(&app, "/healthz", &token).await.0, 200);
                assert!(state.pool.waiting() <= 200, "{} wait", state.pool.waiting());
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all).await.expect("nobody waits for long");
    assert_eq!(answered, 2_000);
    owner.execute("rollback").await.expect("let go");
    let released = Instant::now();
    assert_eq!(get(&app, "/api/v1/unread", &token).await.0, 200);
    assert!(released.elapsed() < Duration::from_secs(2), "{:?}", released.elapsed());
}

#[tokio::test]
async fn a_database_that_stands_still_is_not_ready_and_the_process_lives() {
    let office = Office::new().await;
    let wire = Wire::tap(office.database.options()).await;
    let app = router::router(state(settings(), pool::open(wire.options(office.database.options()), 2, pool::Purpose::Serve)));
    assert_eq!(get(&app, "/readyz", "").await.0, 200);
    wire.freeze(true);
    for _ in 0..3 {
        let began = Instant::now();
        assert_eq!(get(&app, "/healthz", "").await.0, 200);
        assert_eq!(get(&app, "/readyz", "").await, (StatusCode::SERVICE_UNAVAILABLE, true));
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    }
    wire.freeze(false);
    let ready = async { while get(&app, "/readyz", "").await.0 != 200 {} };
    tokio::time::timeout(Duration::from_secs(15), ready).await.expect("it comes back by itself");
}

#[tokio::test]
async fn a_call_that_the_database_never_answers_is_given_up_and_its_connection_is_replaced() {
    let office = Office::new().await;
    let wire = Wire::tap(office.database.options()).await;
    let pool = |_| pool::open(wire.options(office.database.options()), 1, pool::Purpose::Serve);
    let pools: Vec<_> = (0..3).map(pool).collect();
    let ask = |pool: pool::Pool, n: i32| async move {
        db::keyed(&pool, move |mut db| async move { sqlx::query_scalar::<_, i32>("select $1").bind(n).fetch_one(&mut *db).await }).await
    };
    for pool in &pools {
        assert_eq!(ask(pool.clone(), 1).await, Ok(1));
    }
    let mut abandoned = pools[2].acquire().await.expect("a connection");
    wire.freeze(true);
    // a client that goes away in the middle of a call
    let cut = tokio::time::timeout(Duration::from_millis(50), sqlx::query("select 2").execute(&mut *abandoned)).await;
    assert!(cut.is_err(), "nobody answers");
    drop(abandoned);
    let began = Instant::now();
    let call = ask(pools[0].clone(), 3).await.map_err(|error| error.code);
    assert_eq!(call, Err(Code::Unconfirmed), "sent, and nobody knows what came of it");
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    wire.freeze(false);
    let all = async {
        for pool in &pools {
            while ask(pool.clone(), 4).await != Ok(4) {}
        }
    };
    tokio::time::timeout(Duration::from_secs(10), all).await.expect("every place in the pool is there again");
}

/// Ends every other backend of this database.
async fn end_backends(owner: &mut PgConnection) {
    let end = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    owner.execute(end).await.expect("ended");
}

#[tokio::test]
async fn every_connection_has_its_limits_of_time_also_one_that_was_made_again() {
    let office = Office::new().await;
    let (pool, mut owner) = (office.database.pool(3), office.database.owner().await);
    for round in 0..2 {
        let mut held = Vec::new();
        for _ in 0..3 {
            let mut connection = pool.acquire().await.expect("a connection");
            let limits: (String, String, String, String) = sqlx::query_as(
                "select current_setting('statement_timeout'), current_setting('lock_timeout'),
                        current_setting('idle_in_transaction_session_timeout'), current_user::text",
            )
            .fetch_one(&mut *connection)
            .await
            .expect("the settings");
            assert_eq!(limits, ("8s".into(), "5s".into(), "10s".into(), "cms_messages_app".into()), "round {round}");
            held.push(connection);
        }
        drop(held);
        end_backends(&mut owner).await;
        // the broken ones are noticed by who uses them
        for _ in 0..3 {
            let _ = db::read(&pool, |mut db| async move { db.execute("select 1").await.map(|_| ()) }).await;
        }
    }
}

#[tokio::test]
async fn a_statement_a_lock_and_a_transaction_that_rests_end_in_their_time() {
    let office = Office::new().await;
    let pool = office.database.pool(3);
    office.person("asha").await;
    let mut owner = office.database.owner().await;
    let mut holds = owner.begin().await.expect("begun");
    holds.execute("select from users for update").await.expect("held");
    let began = Instant::now();
    let lock = async {
        let waits = db::read(&pool, |mut db| async move { db.execute("select from users for update").await.map(|_| ()) }).await;
        (waits.map_err(|error| error.code), began.elapsed())
    };
    let statement = async {
        let sleeps = db::read(&pool, |mut db| async move { db.execute("select pg_sleep(60)").await.map(|_| ()) }).await;
        (sleeps.map_err(|error| error.code), began.elapsed())
    };
    let idle = async {
        let mut connection = pool.acquire().await.expect("a connection");
        connection.execute("begin; select 1").await.expect("begun");
        let mut watch = office.database.owner().await;
        let open = "select count(*) from pg_stat_activity where datname = current_database() and state = 'idle in transaction' and usename = current_user and query like 'begin; select 1%'";
        while sqlx::query_scalar::<_, i64>(open).fetch_one(&mut watch).await.expect("counted") > 0 {
            tokio::task::yield_now().await;
        }
        (connection.execute("select 1").await.is_err(), began.elapsed())
    };
    let (lock, statement, idle) = tokio::time::timeout(LONG, async { tokio::join!(lock, statement, idle) }).await.expect("they end");
    let within = |took: Duration, from: u64| took >= Duration::from_secs(from) && took < Duration::from_secs(from + 8);
    assert!(lock.0 == Err(Code::Unavailable) && within(lock.1, 5), "{lock:?}");
    assert!(statement.0 == Err(Code::Unavailable) && within(statement.1, 8), "{statement:?}");
    assert!(idle.0 && within(idle.1, 10), "{idle:?}");
    assert_eq!(db::read(&pool, |mut db| async move { db.execute("select 1").await.map(|_| ()) }).await, Ok(()));
}

#[tokio::test]
async fn invented_tokens_cost_the_database_little_and_nobody_else_anything() {
    let mut settings = settings();
    settings.limits.requests_per_second = 20;
    let office = Office::with(settings.clone()).await;
    let token = token_of_asha(&office).await;
    let wire = Wire::tap(office.database.options()).await;
    let state = state(settings, pool::open(wire.options(office.database.options()), 2, pool::Purpose::Serve));
    let app = router::router(state.clone());
    assert_eq!(get(&app, "/api/v1/me", &token).await.0, 200);
    let (slowed, traffic) = wire
        .during(&state.pool, async {
            let mut slowed = 0;
            for n in 0..300 {
                let (status, retry_after) = get(&app, "/api/v1/me", &format!("invented-{n}")).await;
                assert!(matches!(status.as_u16(), 401 | 429) && (status == 401) != retry_after, "{status}");
                slowed += usize::from(status == 429);
            }
            slowed
        })
        .await;
    assert!(slowed > 200 && traffic.statements < 100, "{slowed} slowed, {traffic:?}");
    assert_eq!(get(&app, "/api/v1/me", &token).await.0, 200, "from the same address");
}

#[tokio::test]
async fn strangers_who_ask_whether_we_are_ready_cost_the_database_little() {
    let office = Office::new().await;
    let wire = Wire::tap(office.database.options()).await;
    let state = state(settings(), pool::open(wire.options(office.database.options()), 2, pool::Purpose::Serve));
    let app = router::router(state.clone());
    assert_eq!(get(&app, "/readyz", "").await.0, 200);
    let of_one = wire.during(&state.pool, get(&app, "/readyz", "")).await.1.statements;
    let all = async {
        let mut asked = JoinSet::new();
        for _ in 0..500 {
            let app = app.clone();
            asked.spawn(async move { get(&app, "/readyz", "").await.0 });
        }
        asked.join_all().await
    };
    let (answers, traffic) = wire.during(&state.pool, all).await;
    assert!(answers.iter().all(|status| *status == 200));
    assert!(of_one > 0 && traffic.statements <= 5 * of_one, "{traffic:?} for 500, {of_one} statements for one");
}

#[tokio::test]
async fn a_header_does_not_move_a_stranger_away_from_their_limit() {
    for (trusted, chain, is_moved) in [
        // nobody is trusted: whatever is written, the connection counts
        (vec![], "198.51.100.{n}", false),
        // a proxy is, and what the stranger wrote stands to the left of what it adds
        (vec!["127.0.0.1"], "198.51.100.{n}, 203.0.113.7", false),
        (vec!["127.0.0.1"], "nonsense-{n}, 203.0.113.7", false),
        // in one network of IPv6 there are more addresses than anybody could count
        (vec!["127.0.0.1"], "2001:db8::{n}", false),
        // other people
        (vec!["127.0.0.1"], "203.0.113.{n}", true),
    ] {
        let mut settings = settings();
        settings.limits.sign_ins_per_minute_address = 3;
        settings.server.trusted_proxies = trusted.iter().map(|address| address.parse().expect("an address")).collect();
        let server = Server::with(settings).await;
        let stranger = server.stranger();
        let mut slowed = 0;
        for n in 1..=8 {
            let request = stranger.request(Method::POST, "/api/v1/session").header("x-forwarded-for", chain.replace("{n}", &n.to_string()));
            let request = request.header("forwarded", format!("for=192.0.2.{n}")).header("x-real-ip", format!("192.0.2.{n}"));
            let body = serde_json::json!({"username": format!("nobody{n}"), "password": "x"});
            let answer = request.json(&body).send().await.expect("an answer");
            slowed += usize::from(answer.status() == 429);
        }
        assert_eq!(slowed, if is_moved { 0 } else { 5 }, "{trusted:?} {chain}");
    }
}
