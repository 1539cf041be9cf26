//! What is cut off in the middle: clients hang up, backends are ended, the process is killed. A message is there once or
//! not at all, one that was answered is there, and no transaction stays open.

use crate::support::{
    Office,
    person::{Person, hash_of},
    program::Program,
    server::{Client, Server},
};
use cms_messages::{
    domain::ids::{ClientId, ConversationId},
    server::auth::token,
};
use serde_json::json;
use sqlx::{Connection, PgConnection};
use std::time::Instant;
use tokio::task::JoinSet;
use uuid::Uuid;

const PASSWORD: &str = "correct horse battery";
const ANOTHER: &str = "staple battery horse";

fn message(conversation: ConversationId, key: Uuid) -> String {
    format!("/api/v1/conversations/{conversation}/messages/{key}")
}

/// Asks the owner's connection until the answer is 0.
async fn until_none(owner: &mut PgConnection, sql: &'static str) {
    while sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut *owner).await.expect("counted") > 0 {
        tokio::task::yield_now().await;
    }
}

/// 0 as soon as a backend waits for a lock.
const NOBODY_WAITS: &str =
    "select (count(*) = 0)::int::int8 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

/// The server has noticed that all clients have gone.
async fn until_noticed(server: &Server) {
    while !server.office.state.metrics.render().contains("cms_messages_http_connections 0\n") {
        tokio::task::yield_now().await;
    }
}

/// Every request and what it left behind has ended; then no backend may be within a transaction.
async fn no_transaction_is_left(server: &mut Server) {
    server.stop().await;
    let (pool, mut owner) = (server.office.state.pool.clone(), server.office.database.owner().await);
    while pool.idle() < pool.size() as usize {
        tokio::task::yield_now().await;
    }
    let active =
        "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state = 'active'";
    until_none(&mut owner, active).await;
    let open = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'";
    assert_eq!(sqlx::query_scalar::<_, i64>(open).fetch_one(&mut owner).await.expect("counted"), 0, "open transactions");
}

/// Tries each key again: the answered ones are there, and in the end each is there once.
async fn each_is_there_once(office: &Office, asha: &Person, conversation: ConversationId, keys: &[(Uuid, bool)]) {
    for (key, answered) in keys {
        let again = asha.send(conversation, ClientId(*key), "once").await.expect("sent");
        assert!(again.replayed || !answered, "{key} was answered and is not there");
    }
    let sent = i64::try_from(keys.len()).expect("a number");
    assert_eq!(office.count("select count(*) from messages").await, sent);
    assert_eq!(office.count("select max(seq) from messages").await, sent);
    assert_eq!(office.count("select count(*) from audit_entries where action = 'message.sent'").await, sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_sends_whose_clients_hang_up_are_written_once_or_not_at_all() {
    let mut server = Server::start().await;
    let (asha, bikram) = (server.office.person("asha").await, server.office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    let client = server.program(&asha).await;
    let mut keys = Vec::new();
    let began = Instant::now();
    for _ in 0..20 {
        keys.push((Uuid::now_v7(), true));
        assert_eq!(client.put(&message(conversation, keys[keys.len() - 1].0), json!({"body": "once"})).await.status, 201);
    }
    let usual = began.elapsed() / 20;
    let (mut owner, mut watch) = (server.office.database.owner().await, server.office.database.owner().await);
    // longer than any of them takes: a lock that is held still is held by a transaction that nobody ends
    sqlx::query("set lock_timeout = '5s'").execute(&mut owner).await.expect("set");
    for round in 0..125 {
        let at_once: Vec<Uuid> = (0..8).map(|_| Uuid::now_v7()).collect();
        let mut hasty = JoinSet::new();
        if u32::is_multiple_of(round, 2) {
            // away before, while or after it is written; eight at once take longer than one
            for (n, key) in (0..).zip(at_once) {
                let client = client.clone();
                hasty.spawn(async move {
                    let (path, body) = (message(conversation, key), json!({"body": "once"}));
                    let answer = tokio::time::timeout(usual * n, client.put(&path, body)).await;
                    (key, answer.is_ok_and(|answer| answer.status < 300))
                });
            }
            keys.extend(hasty.join_all().await);
        } else {
            // away while the statement waits for its turn
            let mut holds = owner.begin().await.expect("begun");
            sqlx::query("select from conversations where id = $1 for update")
                .bind(conversation.0)
                .execute(&mut *holds)
                .await
                .expect("held");
            let mut waiting = JoinSet::new();
            for key in &at_once {
                let (client, path) = (client.clone(), message(conversation, *key));
                waiting.spawn(async move { client.put(&path, json!({"body": "once"})).await });
            }
            until_none(&mut watch, NOBODY_WAITS).await;
            waiting.shutdown().await;
            until_noticed(&server).await;
            holds.rollback().await.expect("let go");
            keys.extend(at_once.into_iter().map(|key| (key, false)));
        }
    }
    assert_eq!(keys.len(), 1_020);
    let written = server.office.count("select count(*) from messages").await;
    let answered = keys.iter().filter(|(_, answered)| *answered).count();
    assert!(answered < 1_020, "nobody hung up in time: {answered} answers, {written} messages");
    no_transaction_is_left(&mut server).await;
    each_is_there_once(&server.office, &asha, conversation, &keys).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn answered_messages_outlive_their_backends_and_the_others_end_once() {
    let mut server = Server::start().await;
    let (asha, bikram) = (server.office.person("asha").await, server.office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    let client = server.program(&asha).await;
    let mut owner = server.office.database.owner().await;
    let mut keys = Vec::new();
    for _ in 0..20 {
        let mut sends = JoinSet::new();
        for _ in 0..10 {
            let (client, key) = (client.clone(), Uuid::now_v7());
            sends.spawn(async move { (key, client.put(&message(conversation, key), json!({"body": "once"})).await.status < 300) });
        }
        let end =
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
        sqlx::query_scalar::<_, i64>(end).fetch_one(&mut owner).await.expect("ended");
        keys.extend(sends.join_all().await);
    }
    no_transaction_is_left(&mut server).await;
    each_is_there_once(&server.office, &asha, conversation, &keys).await;
}

/// Somebody with a password and two sessions: here, and elsewhere.
async fn at_two_screens(server: &Server, username: &str, hash: &str) -> (Person, Client) {
    let person = server.office.person(username).await;
    person.has_password_hash(hash).await;
    server.browser(&person).await;
    let here = server.browser(&person).await;
    (person, here)
}

async fn change_password(client: &Client) -> u16 {
    client.submit("/settings", &[("current_password", PASSWORD), ("new_password", ANOTHER)]).await.status
}

/// Password, sessions (but those that end in a moment) and log of everybody: people whose change was made by half.
const HALF: &str = "select count(*) from (
        select password_hash <> (select password_hash from users where username = 'nobody') as changed,
               (select count(*) from sessions s where s.user_id = u.id and s.expires_at > now() + interval '1 minute') as sessions,
               (select count(*) from audit_entries e where e.action = 'password.changed' and e.object = u.id::text) as entries
        from users u where u.password_hash is not null
    ) as people where (sessions, entries) <> (case when changed then 1 else 2 end, changed::int)";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn password_changes_whose_clients_hang_up_are_whole_or_were_never_made() {
    let mut server = Server::start().await;
    let hash = hash_of(PASSWORD).await;
    at_two_screens(&server, "nobody", &hash).await;
    let (_, first) = at_two_screens(&server, "first", &hash).await;
    let began = Instant::now();
    assert_eq!(change_password(&first).await, 303);
    let usual = began.elapsed();
    for n in 0..60 {
        let (_, client) = at_two_screens(&server, &format!("p{n}"), &hash).await;
        // most of the time goes into two hashes; what is written comes at the end
        let _ = tokio::time::timeout(usual * (70 + n % 60) / 100, change_password(&client)).await;
    }
    no_transaction_is_left(&mut server).await;
    assert_eq!(server.office.count(HALF).await, 0);
    assert!(server.office.count("select count(*) from audit_entries where action = 'password.changed'").await > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_password_change_that_has_begun_is_finished_without_its_client() {
    let mut server = Server::start().await;
    let hash = hash_of(PASSWORD).await;
    at_two_screens(&server, "nobody", &hash).await;
    let (asha, client) = at_two_screens(&server, "asha", &hash).await;
    let (mut owner, mut watch) = (server.office.database.owner().await, server.office.database.owner().await);
    let mut holds = owner.begin().await.expect("begun");
    sqlx::query("select from users where id = $1 for update").bind(asha.id().0).execute(&mut *holds).await.expect("held");
    let changing = tokio::spawn(async move { change_password(&client).await });
    until_none(&mut watch, NOBODY_WAITS).await;
    changing.abort();
    until_noticed(&server).await;
    holds.rollback().await.expect("let go");
    no_transaction_is_left(&mut server).await;
    assert_eq!(server.office.count("select count(*) from audit_entries where action = 'password.changed'").await, 1);
    assert_eq!(server.office.count(HALF).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn answered_messages_outlive_the_killed_process_and_the_others_end_once() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    sqlx::query("insert into api_tokens (token_sha256, user_id) values ($1, $2)")
        .bind(token::digest("a-token"))
        .bind(asha.id().0)
        .execute(&*office.state.pool)
        .await
        .expect("a token");
    let mut keys = Vec::new();
    for round in 0..3 {
        let mut program = Program::serve(&office.database);
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let mut sends = JoinSet::new();
        for _ in 0..60 {
            let (http, address, key) = (http.clone(), program.address, Uuid::now_v7());
            sends.spawn(async move {
                let put = http.put(format!("http://{address}{}", message(conversation, key))).bearer_auth("a-token");
                (key, put.json(&json!({"body": "once"})).send().await.is_ok_and(|answer| answer.status().is_success()))
            });
        }
        // in the middle of it: some are answered, the others are on their way
        for _ in 0..10 * (round + 1) {
            keys.push(sends.join_next().await.expect("a send").expect("no panic"));
        }
        program.kill();
        keys.extend(sends.join_all().await);
    }
    let answered = keys.iter().filter(|(_, answered)| *answered).count();
    assert!((10..180).contains(&answered), "{answered} of 180 were answered");
    let mut owner = office.database.owner().await;
    // what the killed ones had begun
    let active = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle' and backend_type = 'client backend'";
    until_none(&mut owner, active).await;
    each_is_there_once(&office, &asha, conversation, &keys).await;
}
