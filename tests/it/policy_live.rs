//! A change of the policy is there at once: on every instance, in every stream, and for every send that is under way.

use crate::{
    live::Listener,
    policy::{apply, deny},
    support::{Office, person::Person, server::Server, settings, state},
};
use cms_messages::{
    domain::{
        ids::{ClientId, ConversationId},
        policy::PolicyAction,
        time::Timestamp,
        user_record::UserChange,
    },
    error::{Code, Error},
    server::{
        jobs,
        live::{self, watch},
        service::{conversations, policy, users},
    },
};
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};
use std::time::{Duration, Instant};

const WRITE: &[PolicyAction] = &[PolicyAction::Open, PolicyAction::Send];

/// An admin, and two people who have written to each other long ago.
async fn scene(office: &Office) -> (Person, Person, Person, ConversationId) {
    let meera = office.person_in("meera", "Board").await.becomes_admin().await;
    let (asha, bikram) = (office.person("asha").await, office.person_in("bikram", "Audit").await);
    let id = asha.open(&bikram).await;
    bikram.open(&asha).await;
    (meera, asha, bikram, id)
}

fn code<T>(answer: Result<T, Error>) -> Option<Code> {
    answer.err().map(|error| error.code)
}

#[tokio::test]
async fn what_one_instance_has_applied_holds_on_all_without_a_word_between_them() {
    let office = Office::new().await;
    let (meera, asha, bikram, id) = scene(&office).await;
    let elsewhere = asha.at(&office.another_instance());
    elsewhere.write(id, "allowed, and remembered as such").await;
    apply(&meera, vec![deny("closed", "Planning", "Audit", &[PolicyAction::Find, PolicyAction::Open, PolicyAction::Send])]).await;
    // each by an instance that has heard nothing
    let fresh = || asha.at(&office.another_instance());
    assert_eq!(code(elsewhere.send(id, ClientId::generate(), "too late").await), Some(Code::PolicyDenied));
    assert!(!fresh().sees(id).await.can_write);
    assert!(fresh().find("bikram").await.is_empty());
    assert!(!conversations::list(&fresh().ctx, None, None, None).await.expect("the inbox").items[0].can_write);
    assert_eq!(fresh().changes(0, 50).await.policy_version, 1);
    let chen = office.person_in("chen", "Audit").await;
    assert_eq!(code(conversations::open(&fresh().ctx, chen.id()).await), Some(Code::NotFound), "whom the policy hides");
    apply(&meera, vec![]).await;
    assert!(bikram.at(&office.another_instance()).sees(id).await.can_write);
    elsewhere.write(id, "allowed again").await;
}

#[tokio::test]
async fn streams_of_every_instance_hear_of_it() {
    let server = Server::start().await;
    let (meera, asha, bikram, id) = scene(&server.office).await;
    live::join(&server.office.state);
    let mut here = Listener::open(&server.browser(&asha).await, "", None).await;
    let mut also = Listener::open(&server.browser(&bikram).await, "", None).await;
    assert_eq!(here.ready().await["policy_version"], 0);
    also.ready().await;
    // applied where nobody listens
    let other = server.office.another_instance();
    live::join(&other);
    let version = apply(&meera.at(&other), vec![deny("closed", "Planning", "Audit", WRITE)]).await.version;
    for listener in [&mut here, &mut also] {
        let event = listener.next().await.expect("an event");
        assert_eq!((event.name.as_str(), event.id, event.data), ("policy", None, json!({"policy_version": version})));
    }
    // and what comes after it was decided by it
    bikram.write(id, "for you to answer").await;
    assert_eq!(here.next().await.expect("an event").data["conversation"]["can_write"], true, "who was written to may answer");
    assert_eq!(Listener::open(&server.browser(&asha).await, "", None).await.ready().await["policy_version"], version);
    other.shutdown.cancel();
}

#[tokio::test]
async fn a_stream_of_an_instance_that_hears_nothing_of_the_others_knows_within_five_seconds() {
    let server = Server::start().await;
    let (meera, asha, ..) = scene(&server.office).await;
    let state = &server.office.state;
    jobs::spawn(state, &state.shutdown);
    let mut listener = Listener::open(&server.browser(&asha).await, "", None).await;
    listener.ready().await;
    // no bus between the two
    let version = apply(&meera.at(&server.office.another_instance()), vec![deny("closed", "*", "Audit", WRITE)]).await.version;
    let applied = Instant::now();
    let event = listener.next().await.expect("an event");
    assert_eq!((event.name.as_str(), &event.data["policy_version"]), ("policy", &json!(version)));
    assert!(applied.elapsed() < Duration::from_secs(5), "{:?}", applied.elapsed());
}

#[tokio::test]
async fn a_stream_is_decided_by_what_its_viewer_is_by_now() {
    let server = Server::start().await;
    let (meera, asha, bikram, id) = scene(&server.office).await;
    asha.write(id, "allowed").await;
    apply(&meera, vec![deny("closed", "Yard", "Audit", WRITE)]).await;
    let mut listener = Listener::open(&server.browser(&asha).await, "", None).await;
    listener.ready().await;
    // on another instance, so that the stream has to read
    let elsewhere = server.office.another_instance();
    let moves = UserChange { department: Some("Yard".into()), ..UserChange::default() };
    users::change(&meera.at(&elsewhere).ctx, asha.id(), moves).await.expect("moved");
    bikram.at(&elsewhere).read(id, 1).await.expect("read");
    watch::look(&server.office.state).await.expect("a look");
    let event = listener.next().await.expect("an event");
    assert_eq!((event.name.as_str(), &event.data["conversation"]["can_write"]), ("change", &json!(false)), "{:?}", event.data);
}

#[tokio::test]
async fn the_watch_finds_a_version_that_was_written_past_all_programs() {
    let server = Server::start().await;
    let (meera, asha, ..) = scene(&server.office).await;
    apply(&meera, vec![]).await;
    let mut listener = Listener::open(&server.browser(&asha).await, "", None).await;
    let version = listener.ready().await["policy_version"].as_i64().expect("a number");
    let old = "insert into policy_versions (digest) values ('\\x07')";
    server.office.state.pool.execute(old).await.expect("as the previous program does");
    watch::look(&server.office.state).await.expect("a look");
    assert_eq!(listener.next().await.expect("an event").data["policy_version"], version + 1);
}

/// Waits until somebody waits for a lock that this connection can see.
async fn until_somebody_waits(db: &mut PgConnection, lock: &'static str) {
    let waiting = "select exists (select from pg_locks l join pg_stat_activity a using (pid)
                   where not l.granted and l.locktype = $1 and a.datname = current_database())";
    let began = Instant::now();
    while !sqlx::query_scalar::<_, bool>(waiting).bind(lock).fetch_one(&mut *db).await.expect("asked") {
        assert!(began.elapsed() < Duration::from_secs(10), "nobody waits for a {lock}");
        tokio::task::yield_now().await;
    }
}

async fn sent_at_and_applied_at(office: &Office, text: &str) -> (Timestamp, Timestamp) {
    let (sent, applied): (time::OffsetDateTime, time::OffsetDateTime) =
        sqlx::query_as("select m.sent_at, v.applied_at from messages m, policy_versions v where m.body = $1 order by version desc limit 1")
            .bind(text)
            .fetch_one(&*office.state.pool)
            .await
            .expect("both");
    (sent.into(), applied.into())
}

#[tokio::test]
async fn a_policy_waits_for_the_sends_that_are_under_way() {
    let office = Office::new().await;
    let (meera, asha, _, id) = scene(&office).await;
    asha.write(id, "allowed").await;
    let (mut holder, mut looker) = (office.database.owner().await, office.database.owner().await);
    let mut held = holder.begin().await.expect("a transaction");
    held.execute("select 1 from conversations for update").await.expect("held");
    let sending = tokio::spawn(async move { asha.send(id, ClientId::generate(), "under way").await });
    until_somebody_waits(&mut looker, "transactionid").await;
    let applying = tokio::spawn(async move { apply(&meera, vec![deny("closed", "*", "Audit", WRITE)]).await });
    until_somebody_waits(&mut looker, "advisory").await;
    held.rollback().await.expect("let go");
    sending.await.expect("no panic").expect("it was allowed when it began, and came first");
    applying.await.expect("no panic");
    let (sent_at, applied_at) = sent_at_and_applied_at(&office, "under way").await;
    assert!(sent_at < applied_at, "{sent_at} {applied_at}");
}

#[tokio::test]
async fn a_send_that_waits_for_a_policy_is_decided_by_it() {
    let office = Office::new().await;
    let (_, asha, _, id) = scene(&office).await;
    asha.write(id, "allowed").await;
    let (mut applier, mut looker) = (office.database.owner().await, office.database.owner().await);
    let mut applying = applier.begin().await.expect("a transaction");
    applying.execute("select pg_advisory_xact_lock(hashtextextended('cms_messages.policy', 0))").await.expect("locked");
    let sending = tokio::spawn(async move { asha.send(id, ClientId::generate(), "too late").await });
    until_somebody_waits(&mut looker, "advisory").await;
    let rules = json!([deny("closed", "*", "Audit", WRITE)]);
    sqlx::query("insert into policy_versions (digest, rules) values ('\\x00', $1)")
        .bind(rules)
        .execute(&mut *applying)
        .await
        .expect("added");
    applying.commit().await.expect("in force");
    assert_eq!(code(sending.await.expect("no panic")), Some(Code::PolicyDenied));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_under_rules_that_have_been_replaced_however_many_send() {
    let office = Office::new().await;
    let (meera, asha, _, _) = scene(&office).await;
    let instances = [office.state.clone(), state(settings(), office.database.pool(6))];
    let mut senders = Vec::new();
    for n in 0..12 {
        let auditor = office.person_in(&format!("auditor{n}"), "Audit").await;
        let id = asha.open(&auditor).await;
        let asha = asha.at(&instances[n % 2]);
        senders.push(tokio::spawn(async move {
            let mut sent = 0;
            loop {
                match asha.send(id, ClientId::generate(), &format!("{n}")).await {
                    Ok(_) if sent < 5_000 => sent += 1,
                    Ok(_) => panic!("nobody ends it"),
                    Err(error) => {
                        assert_eq!(error.code, Code::PolicyDenied);
                        return sent;
                    }
                }
            }
        }));
    }
    while office.count("select count(*) from messages").await < 60 {
        tokio::task::yield_now().await;
    }
    apply(&meera, vec![deny("closed", "Planning", "Audit", WRITE)]).await;
    // of each one that had begun before, the answer may still be on its way; the next one is refused
    let mut sent = 0;
    for sender in senders {
        sent += sender.await.expect("no panic");
    }
    assert_eq!(office.count("select count(*) from messages").await, sent);
    let late = "select count(*) from messages m, policy_versions v where m.sent_at > v.applied_at";
    assert_eq!(office.count(late).await, 0);
}

#[tokio::test]
async fn a_policy_does_not_hold_the_sends_up_for_long() {
    let office = Office::new().await;
    let (meera, asha, _, id) = scene(&office).await;
    asha.write(id, "allowed").await;
    let mut holder = office.database.owner().await;
    let mut held = holder.begin().await.expect("a transaction");
    held.execute("select pg_advisory_xact_lock_shared(hashtextextended('cms_messages.policy', 0))").await.expect("a send that hangs");
    let expected_version = policy::current(&meera.ctx).await.expect("current").version;
    let new =
        policy::NewPolicy { rules: vec![deny("closed", "*", "Audit", WRITE)], note: String::new(), expected_version, restored_from: None };
    let began = Instant::now();
    assert_eq!(code(policy::apply(&meera.ctx, new).await), Some(Code::Unavailable));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    asha.write(id, "goes on").await;
}
