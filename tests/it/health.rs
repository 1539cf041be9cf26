//! What machines ask, and how the server ends.

use crate::support::{self, person::Person, server::Server, settings};
use cms_messages::server::{db::pool, health, metrics::Metrics, router, serve::Bounds};
use http::Request;
use serde_json::json;
use sqlx::{Executor, PgPool, postgres::PgPoolOptions};
use std::{fs::File, path::Path, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower::ServiceExt;
use uuid::Uuid;

async fn readiness(server: &Server) -> (u16, String) {
    let answer = server.stranger().get("/readyz").await;
    (answer.status, answer.text)
}

#[tokio::test]
async fn a_server_with_its_schema_and_its_role_is_ready() {
    let server = Server::start().await;
    assert_eq!(server.stranger().get("/healthz").await.status, 200);
    assert_eq!(readiness(&server).await, (200, "ready\n".into()));
}

#[tokio::test]
async fn a_schema_that_is_older_than_the_program_is_not_ready_and_a_newer_one_is() {
    let server = Server::start().await;
    let mut owner = server.office.database.owner().await;
    owner.execute("insert into _sqlx_migrations select version + 1000, description, installed_on, success, checksum, execution_time from _sqlx_migrations limit 1").await.expect("a later one");
    assert_eq!(readiness(&server).await.0, 200);
    owner.execute("delete from _sqlx_migrations where version = (select min(version) from _sqlx_migrations)").await.expect("one less");
    assert_eq!(readiness(&server).await, (503, "not ready: the schema is older than this program\n".into()));
}

#[tokio::test]
async fn a_role_that_may_too_much_is_not_ready() {
    let server = Server::start().await;
    let ask = async |pool: PgPool| {
        let state = support::state(settings(), pool.into());
        let request = Request::get("/readyz").body(axum::body::Body::empty()).expect("a request");
        let answer = router::router(state).oneshot(request).await.expect("an answer");
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), 1_000).await.expect("a body");
        (status, String::from_utf8_lossy(&body).into_owned())
    };
    let superuser = PgPoolOptions::new().connect_with(server.office.database.options()).await.expect("a pool");
    assert_eq!(ask(superuser).await, (503, "not ready: the database role is a superuser\n".into()));
    let mut owner = server.office.database.owner().await;
    let role = format!("owner_of_one_table_{}", std::process::id());
    let grants =
        format!("create role {role}; grant cms_messages_app to {role}; alter table user_fanouts owner to {role}; grant {role} to postgres");
    owner.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(grants))).await.expect("an owner");
    let become_owner = format!("set role {role}");
    let owning = PgPoolOptions::new().after_connect(move |connection, _| {
        let become_owner = become_owner.clone();
        Box::pin(async move { connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(become_owner))).await.map(|_| ()) })
    });
    let owning = owning.connect_with(server.office.database.options()).await.expect("a pool");
    assert_eq!(ask(owning).await, (503, "not ready: the database role owns the tables\n".into()));
    let undo = format!("alter table user_fanouts owner to current_user; drop owned by {role}; drop role {role}");
    owner.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(undo))).await.expect("as before");
}

#[tokio::test]
async fn a_database_that_is_away_is_not_ready_and_the_process_lives() {
    let nowhere = pool::options("postgres://nobody@127.0.0.1:1/nothing").expect("a url");
    let state = support::state(settings(), pool::open(nowhere, 1, pool::Purpose::Serve));
    for (path, status) in [("/readyz", 503), ("/healthz", 200)] {
        let request = Request::get(path).body(axum::body::Body::empty()).expect("a request");
        assert_eq!(router::router(state.clone()).oneshot(request).await.expect("an answer").status(), status, "{path}");
    }
}

#[tokio::test]
async fn draining_says_so_lets_open_requests_end_and_takes_no_new_ones() {
    let mut server = Server::start().await;
    let (asha, bikram): (Person, Person) = (server.office.person("asha").await, server.office.person("bikram").await);
    let id = asha.open(&bikram).await;
    let token = server.browser(&asha).await;
    assert_eq!(token.get("/api/v1/me").await.status, 200);
    // a request that has begun: its head is there, its body is not
    let mut open = TcpStream::connect(server.address).await.expect("a connection");
    let program = format!("slow-{}", Uuid::new_v4().simple());
    sqlx::query("insert into api_tokens (token_sha256, user_id) values ($1, $2)")
        .bind(cms_messages::server::auth::token::digest(&program))
        .bind(asha.id().0)
        .execute(&*server.office.state.pool)
        .await
        .expect("a token");
    let body = json!({"body": "the last one"}).to_string();
    let path = format!("/api/v1/conversations/{id}/messages/{}", Uuid::now_v7());
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {program}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    open.write_all(head.as_bytes()).await.expect("sent");
    // the server asks for the body: the request is in its handler
    let mut answer = vec![0; 1_000];
    let read = open.read(&mut answer).await.expect("an answer");
    assert!(String::from_utf8_lossy(&answer[..read]).starts_with("HTTP/1.1 100"), "{}", String::from_utf8_lossy(&answer[..read]));

    let address = server.address;
    let stopping = tokio::spawn(async move {
        server.stop().await;
        server
    });
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    open.write_all(body.as_bytes()).await.expect("sent");
    let mut rest = Vec::new();
    open.read_to_end(&mut rest).await.expect("the answer, then the end of the connection");
    assert!(String::from_utf8_lossy(&rest).starts_with("HTTP/1.1 201"), "{}", String::from_utf8_lossy(&rest));
    let server = tokio::time::timeout(Duration::from_secs(5), stopping).await.expect("it ends at once").expect("without a panic");
    assert_eq!(server.office.count("select count(*) from messages").await, 1);
}

#[tokio::test]
async fn while_draining_it_is_not_ready() {
    let server = Server::start().await;
    let app = router::router(server.office.state.clone());
    server.office.state.shutdown.cancel();
    let request = Request::get("/readyz").body(axum::body::Body::empty()).expect("a request");
    assert_eq!(app.oneshot(request).await.expect("an answer").status(), 503);
}

#[tokio::test]
async fn metrics_count_by_template_and_hold_nothing_of_anybody() {
    let server = Server::start().await;
    let (asha, bikram) = (server.office.person("asha").await, server.office.person("bikram").await);
    let id = asha.open(&bikram).await;
    let client = server.browser(&asha).await;
    let key = Uuid::now_v7();
    let path = format!("/api/v1/conversations/{id}/messages/{key}");
    client.put(&path, json!({"body": "canary"})).await;
    client.put(&path, json!({"body": "canary"})).await;
    client.get("/api/v1/users?q=canary").await;
    client.get("/canary.txt").await;
    let request = Request::get("/metrics").body(axum::body::Body::empty()).expect("a request");
    let answer = health::metrics_router(server.office.state.clone()).oneshot(request).await.expect("an answer");
    let page = axum::body::to_bytes(answer.into_body(), 100_000).await.expect("a body");
    let page = String::from_utf8_lossy(&page);
    assert!(page.contains("cms_messages_sent_total 1\n"), "{page}");
    let template = "/api/v1/conversations/{id}/messages/{client_id}";
    for status in [200, 201] {
        let line = format!("cms_messages_http_request_seconds_count{{method=\"PUT\",route=\"{template}\",status=\"{status}\"}} 1\n");
        assert!(page.contains(&line), "{line} in {page}");
    }
    assert!(!page.contains("canary") && !page.contains(&id.to_string()), "{page}");
    assert_eq!(server.stranger().get("/metrics").await.status, 404, "not on the public address");
    let _: &Metrics = &server.office.state.metrics;
}

/// Nothing here takes as long; a bound that does not hold fails instead of hanging.
const LONG: Duration = Duration::from_secs(10);

/// Asks on a connection that stays open; what came first of the answer, nothing when the server hung up.
async fn ask(connection: &mut TcpStream, path: &str) -> String {
    let _ = connection.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await;
    let mut answer = [0; 100];
    let read = connection.read(&mut answer).await.unwrap_or(0);
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[tokio::test]
async fn a_client_that_never_finishes_its_head_loses_its_connection() {
    let server = Server::start().await;
    let address = server.within(|bounds| bounds.head_within = Duration::from_millis(100)).await;
    let mut slow = TcpStream::connect(address).await.expect("a connection");
    slow.write_all(b"GET / HTTP/1.1\r\nhost: ").await.expect("sent");
    let mut silent = TcpStream::connect(address).await.expect("a connection");
    let mut done = TcpStream::connect(address).await.expect("a connection");
    assert!(ask(&mut done, "/healthz").await.starts_with("HTTP/1.1 200"));
    for stream in [&mut slow, &mut silent, &mut done] {
        let ended = tokio::time::timeout(LONG, stream.read_to_end(&mut Vec::new())).await;
        assert!(ended.is_ok(), "the server hung up");
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_loses_its_connection_to_who_waits() {
    let server = Server::start().await;
    // more than the buffers of both ends take
    let file = File::create(Path::new(&*server.office.state.leptos.site_root).join("pkg/large.bin")).expect("a file");
    file.set_len(64 * 1024 * 1024).expect("large");
    let bounds = |bounds: &mut Bounds| (bounds.connections, bounds.write_within) = (1, Duration::from_millis(200));
    let address = server.within(bounds).await;
    let mut greedy = TcpStream::connect(address).await.expect("a connection");
    assert!(ask(&mut greedy, "/pkg/large.bin").await.starts_with("HTTP/1.1 200"));
    let mut waiting = TcpStream::connect(address).await.expect("in the queue");
    let answer = tokio::time::timeout(LONG, ask(&mut waiting, "/healthz")).await;
    assert!(answer.expect("its turn comes").starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn one_address_cannot_take_all_connections() {
    let server = Server::start().await;
    let address = server.within(|bounds| (bounds.per_address, bounds.proxies) = (2, Vec::new())).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut connection = TcpStream::connect(address).await.expect("a connection");
        assert!(ask(&mut connection, "/healthz").await.starts_with("HTTP/1.1 200"));
        held.push(connection);
    }
    let mut third = TcpStream::connect(address).await.expect("a connection");
    assert_eq!(ask(&mut third, "/healthz").await, "", "hung up on");
    held.pop();
    // the server notices by itself
    let freed = async {
        while ask(&mut TcpStream::connect(address).await.expect("a connection"), "/healthz").await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, freed).await.expect("a place is free again");
}
