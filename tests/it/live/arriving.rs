//! What happens arrives: once, in order, with its text, and for nobody else.

use super::{Listener, pair};
use crate::support::{person::Person, server::Server};
use cms_messages::{
    domain::{ids::ClientId, message::MessageBody},
    server::{
        db::send::{self, NewMessage, Sent},
        service::{self, live::Happened},
    },
};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn of_several_messages_in_one_group_the_last_is_the_preview() {
    let server = Server::start().await;
    let (asha, bikram, id) = pair(&server).await;
    let mut listener = Listener::open(&server.browser(&bikram).await, "", None).await;
    listener.ready().await;
    let new = |person: &Person, text: &str| NewMessage {
        sender: person.id(),
        conversation_id: id,
        client_id: ClientId::generate(),
        body: MessageBody::parse(text).expect("a text"),
        salt: [7; 32],
        recipient_version: Some(1),
        policy_version: 0,
    };
    let group = [new(&asha, "one"), new(&bikram, "two"), new(&asha, "three")];
    let mut connection = server.office.state.pool.acquire().await.expect("a connection");
    let sent = send::send(&mut connection, &group.iter().collect::<Vec<_>>()).await.expect("sent");
    let happened = sent.iter().map(|sent| match sent {
        Sent::Created(message, sides) => Happened { sides, message: Some(message) },
        other => panic!("{other:?}"),
    });
    service::live::tell(&server.office.state, &happened.collect::<Vec<_>>());
    let event = listener.next().await.expect("an event");
    assert_eq!(event.data["messages"].as_array().map(Vec::len), Some(3));
    let preview = &event.data["conversation"]["last_message"];
    assert_eq!((&preview["seq"], &preview["text"], &preview["sender_id"]), (&json!(3), &json!("three"), &json!(asha.id())));
}

#[tokio::test]
async fn what_happens_arrives_on_both_sides_with_its_text() {
    let server = Server::start().await;
    let (asha, bikram, id) = pair(&server).await;
    let mut theirs = Listener::open(&server.browser(&bikram).await, "", None).await;
    let mut own = Listener::open(&server.browser(&asha).await, "", None).await;
    let ready = theirs.ready().await;
    assert_eq!((&ready["change_no"], &ready["reset"]), (&json!(1), &json!(false)));
    own.ready().await;
    asha.write(id, "the crane is free").await;
    assert_eq!(theirs.texts().await, ["the crane is free"]);
    assert_eq!(own.texts().await, ["the crane is free"], "one's other tabs hear it, too");
    bikram.read(id, 1).await.expect("read");
    let event = own.next().await.expect("an event");
    assert_eq!((&event.data["conversation"]["peer_read_seq"], &event.data["messages"]), (&json!(1), &json!([])));
}

#[tokio::test]
async fn what_is_committed_here_is_handed_over_without_a_look_at_the_feed() {
    let server = Server::start().await;
    let (asha, bikram, id) = pair(&server).await;
    let mut theirs = Listener::open(&server.browser(&bikram).await, "", None).await;
    theirs.ready().await;
    let pushed = || server.office.state.metrics.render().contains("cms_messages_pushed_total 3\n");
    // the first ones may fall into the time when the stream still reads where it stands
    for n in 0.. {
        assert!(n < 50, "nothing is handed over");
        asha.write(id, &format!("{n}")).await;
        assert_eq!(theirs.texts().await, [format!("{n}")]);
        if pushed() {
            break;
        }
    }
    assert!(server.office.state.metrics.render().contains("cms_messages_resyncs_total 0\n"));
}

#[tokio::test]
async fn nobody_hears_what_others_write() {
    let server = Server::start().await;
    let (asha, bikram, id) = pair(&server).await;
    let chen = server.office.person("chen").await;
    let with_chen = chen.open(&asha).await;
    let mut listener = Listener::open(&server.browser(&chen).await, "", None).await;
    listener.ready().await;
    asha.write(id, "not for chen").await;
    bikram.write(id, "nor this").await;
    chen.write(with_chen, "hello").await;
    let event = listener.next().await.expect("an event");
    assert_eq!(event.data["conversation"]["id"], with_chen.to_string());
    assert!(!event.data.to_string().contains("for chen"));
}

#[tokio::test]
async fn a_stream_resumes_where_it_ended_whatever_happened_meanwhile() {
    let server = Server::start().await;
    let (asha, bikram, id) = pair(&server).await;
    let client = server.browser(&bikram).await;
    let mut listener = Listener::open(&client, "", None).await;
    listener.ready().await;
    asha.write(id, "one").await;
    let first = listener.next().await.expect("an event").id;
    drop(listener);
    asha.write(id, "two").await;
    asha.write(id, "three").await;
    let mut resumed = Listener::open(&client, "?since=0", first).await;
    assert_eq!(resumed.ready().await["change_no"], json!(first));
    assert_eq!(resumed.texts().await, ["two", "three"], "Last-Event-ID goes before the address");
}

#[tokio::test]
async fn a_cursor_from_a_lost_future_starts_afresh() {
    let server = Server::start().await;
    let (asha, bikram, id) = pair(&server).await;
    let client = server.browser(&bikram).await;
    let mut listener = Listener::open(&client, "?since=99", None).await;
    let ready = listener.ready().await;
    assert_eq!((&ready["change_no"], &ready["reset"]), (&json!(1), &json!(true)));
    asha.write(id, "after the restore").await;
    assert_eq!(listener.texts().await, ["after the restore"]);
    for wrong in ["?since=-1", "?since=x"] {
        assert_eq!(client.get(&format!("/api/v1/events{wrong}")).await.outcome(), "422 invalid", "{wrong}");
    }
}

#[tokio::test]
async fn a_quiet_stream_beats_before_a_browser_doubts_it_and_for_browsers_that_hide_comments_too() {
    let server = Server::start().await;
    let (_, bikram, _) = pair(&server).await;
    let mut listener = Listener::open(&server.browser(&bikram).await, "", None).await;
    listener.ready().await;
    for _ in 0..2 {
        let doubt = Duration::from_secs_f64(cms_messages::domain::live::SILENCE / 1_000.0);
        let beat = tokio::time::timeout(doubt, listener.chunk()).await.expect("in time");
        assert_eq!(beat.as_deref(), Some(b": keep-alive\nevent: beat\ndata: {}\n\n".as_slice()));
    }
}
