//! How the program ends, and that nobody can stop it by not listening.

use crate::support::{Office, person::Person, program::Program};
use cms_messages::{
    domain::ids::{ClientId, ConversationId},
    server::auth::token,
};
use serde_json::json;
use sqlx::{Connection, PgConnection};
use std::{sync::mpsc::Receiver, time::Duration};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Nothing here takes as long; what does not happen fails instead of hanging.
const LONG: Duration = Duration::from_secs(30);

struct Scene {
    office: Office,
    asha: Person,
    conversation: ConversationId,
    http: reqwest::Client,
}

async fn scene() -> Scene {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    sqlx::query("insert into api_tokens (token_sha256, user_id) values ($1, $2)")
        .bind(token::digest("a-token"))
        .bind(asha.id().0)
        .execute(&*office.state.pool)
        .await
        .expect("a token");
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    Scene { office, asha, conversation, http }
}

impl Scene {
    /// Sends under this key; the status of the answer, 0 without one.
    fn send(&self, program: &Program, key: Uuid) -> impl Future<Output = u16> + Send + 'static {
        let url = format!("http://{}/api/v1/conversations/{}/messages/{key}", program.address, self.conversation);
        let request = self.http.put(url).bearer_auth("a-token").json(&json!({"body": "the last one"}));
        async move { request.send().await.map_or(0, |answer| answer.status().as_u16()) }
    }

    /// Sends wait from here on, until the transaction that this begins ends.
    async fn hold<'a>(&self, owner: &'a mut PgConnection) -> sqlx::Transaction<'a, sqlx::Postgres> {
        let mut holds = owner.begin().await.expect("begun");
        let lock = sqlx::query("select from conversations where id = $1 for update").bind(self.conversation.0);
        lock.execute(&mut *holds).await.expect("held");
        holds
    }

    /// A send has reached the lock.
    async fn until_one_waits(&self) {
        let mut watch = self.office.database.owner().await;
        let waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut watch).await.expect("counted") == 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// The log says this.
async fn said(log: Receiver<String>, words: &'static str) {
    let said = tokio::task::spawn_blocking(move || while !log.recv().expect("it still runs").contains(words) {});
    tokio::time::timeout(LONG, said).await.expect("in time").expect("no panic");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asked_to_stop_it_says_goodbye_to_every_stream_and_answers_what_has_begun() {
    let scene = scene().await;
    let mut program = Program::unread(&scene.office.database);
    let log = program.log();
    let mut streams = JoinSet::new();
    let mut ready = Vec::new();
    for _ in 0..100 {
        let request = scene.http.get(format!("http://{}/api/v1/events", program.address)).bearer_auth("a-token");
        let mut stream = request.send().await.expect("a stream");
        assert_eq!(stream.status(), 200);
        ready.push(stream.chunk().await.expect("an event").expect("ready"));
        streams.spawn(async move {
            let mut text = String::new();
            while let Ok(Some(bytes)) = stream.chunk().await {
                text.push_str(&String::from_utf8_lossy(&bytes));
            }
            text
        });
    }
    let mut owner = scene.office.database.owner().await;
    let holds = scene.hold(&mut owner).await;
    let keys: Vec<Uuid> = (0..20).map(|_| Uuid::now_v7()).collect();
    let mut sends = JoinSet::new();
    for key in &keys {
        sends.spawn(scene.send(&program, *key));
    }
    scene.until_one_waits().await;
    let address = program.address;
    program.ask_to_stop();
    said(log, "draining").await;
    let refused = scene.http.get(format!("http://{address}/readyz")).send().await;
    assert!(refused.map_or(503, |answer| answer.status().as_u16()) == 503, "no traffic should come here");
    let farewells = tokio::time::timeout(Duration::from_secs(5), streams.join_all()).await.expect("they do not wait for the sends");
    assert!(farewells.iter().all(|text| text.contains("event: bye")), "{farewells:?}");
    holds.rollback().await.expect("let go");
    let answers = sends.join_all().await;
    let (status, took) = tokio::time::timeout(LONG, program.ended()).await.expect("an end");
    assert!(status.success() && took < Duration::from_secs(10), "{status:?} after {took:?}");
    // some had not yet been taken in when it stopped to accept; those that were are written
    assert!(answers.iter().all(|status| matches!(status, 0 | 201)), "{answers:?}");
    assert!(answers.contains(&201), "{answers:?}");
    let answered = answers.iter().filter(|status| **status == 201).count();
    assert!(scene.office.count("select count(*) from messages").await >= i64::try_from(answered).expect("a number"));
    for key in keys {
        scene.asha.send(scene.conversation, ClientId(key), "the last one").await.expect("sent");
    }
    assert_eq!(scene.office.count("select count(*) from messages").await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asked_twice_it_stops_at_once() {
    let scene = scene().await;
    let mut program = Program::unread(&scene.office.database);
    let log = program.log();
    let mut owner = scene.office.database.owner().await;
    let holds = scene.hold(&mut owner).await;
    let send = tokio::spawn(scene.send(&program, Uuid::now_v7()));
    scene.until_one_waits().await;
    program.ask_to_stop();
    said(log, "draining").await;
    program.ask_to_stop();
    let (status, took) = tokio::time::timeout(LONG, program.ended()).await.expect("an end");
    assert!(status.code() == Some(1) && took < Duration::from_secs(3), "{status:?} after {took:?}");
    assert_eq!(send.await.expect("no panic"), 0);
    holds.rollback().await.expect("let go");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_that_nobody_reads_stops_nothing() {
    let scene = scene().await;
    let program = Program::unread(&scene.office.database);
    // 64 KiB fit the pipe, and a line has some 200 bytes
    let all = async {
        for n in 0..1_500 {
            let answer = scene.http.get(format!("http://{}/healthz", program.address)).send().await.expect("an answer");
            assert_eq!(answer.status(), 200, "{n}");
        }
    };
    tokio::time::timeout(LONG, all).await.expect("it goes on answering");
    program.ask_to_stop();
    let (status, took) = tokio::time::timeout(LONG, program.ended()).await.expect("an end");
    assert!(status.success() && took < Duration::from_secs(10), "{status:?} after {took:?}");
}
