//! The live stream: what happens arrives, from any instance, after any interruption, and for nobody else.

use crate::support::{
    Office,
    person::{LEAVES, Person, change},
    server::{Client, Server},
    settings,
};
use cms_messages::{
    domain::{
        change::Changes,
        conversation::Conversation,
        ids::{ChangeNo, ClientId, ConversationId, Seq},
        inbox::Inbox,
        message::MessageBody,
        page::PageAt,
    },
    server::{
        db::{
            self,
            send::{NewMessage, Sent},
        },
        live::{self, mailbox::Next, watch},
        service::{self, live::Happened},
    },
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Connection;
use std::{collections::BTreeMap, future::poll_fn, time::Duration};

/// Longer than anything here takes; a stream that waited so long has heard nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client's end of a stream.
pub struct Listener {
    answer: reqwest::Response,
    buffer: String,
}

/// What came.
#[derive(Debug, Clone)]
pub struct Event {
    /// `ready`, `change`, …
    pub name: String,
    /// The cursor.
    pub id: Option<i64>,
    /// Its JSON.
    pub data: Value,
}

impl Listener {
    pub async fn open(client: &Client, query: &str, last_event_id: Option<i64>) -> Self {
        let mut request = client.request(Method::GET, &format!("/api/v1/events{query}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id.to_string());
        }
        let answer = request.send().await.expect("the server answers");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { answer, buffer: String::new() }
    }

    /// The next event; `None` when the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
                if let Some(name) = field("event:") {
                    let data = serde_json::from_str(&field("data:").expect("data")).expect("json");
                    return Some(Event { name, id: field("id:").map(|id| id.parse().expect("a number")), data });
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.answer.chunk()).await.expect("something is heard in time");
            match chunk {
                Ok(Some(bytes)) => self.buffer.push_str(std::str::from_utf8(&bytes).expect("utf-8")),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    pub async fn ready(&mut self) -> Value {
        let event = self.next().await.expect("an event");
        assert_eq!(event.name, "ready");
        event.data
    }

    /// The texts of the next change.
    async fn texts(&mut self) -> Vec<String> {
        let event = self.next().await.expect("an event");
        assert_eq!((event.name.as_str(), event.id), ("change", event.data["change_no"].as_i64()));
        let messages = event.data["messages"].as_array().expect("messages");
        messages.iter().map(|message| message["body"].as_str().expect("a text").to_owned()).collect()
    }
}

async fn pair(server: &Server) -> (Person, Person, ConversationId) {
    let (asha, bikram) = (server.office.person("asha").await, server.office.person("bikram").await);
    let id = asha.open(&bikram).await;
    bikram.open(&asha).await;
    (asha, bikram, id)
}

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
    let sent = db::send::send(&mut connection, &group.iter().collect::<Vec<_>>()).await.expect("sent");
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
async fn a_stream_that_the_database_keeps_waiting_ends_all_the_same() {
    let server = Server::start().await;
    let (_, bikram, _) = pair(&server).await;
    let mut listener = Listener::open(&server.browser(&bikram).await, "", None).await;
    listener.ready().await;
    let mut owner = server.office.database.owner().await;
    let mut holds = owner.begin().await.expect("begun");
    sqlx::query("lock table participants").execute(&mut *holds).await.expect("held");
    server.office.state.hub.hint(bikram.id(), ChangeNo(0));
    let waits = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut *holds).await.expect("asked") {
        tokio::task::yield_now().await;
    }
    server.office.state.hub.end(|_| false);
    // the lock would be waited for twice as long
    let end = tokio::time::timeout(Duration::from_millis(2_500), listener.next()).await;
    assert!(end.expect("at once").is_none());
    holds.rollback().await.expect("let go");
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
        let beat = tokio::time::timeout(doubt, listener.answer.chunk()).await.expect("in time").expect("alive");
        assert_eq!(beat.as_deref(), Some(b": keep-alive\nevent: beat\ndata: {}\n\n".as_slice()));
    }
}

#[tokio::test]
async fn another_instance_is_heard_through_the_database() {
    let office = Office::new().await;
    live::join(&office.state);
    let elsewhere = office.another_instance();
    live::join(&elsewhere);
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let id = asha.open(&bikram).await;
    let place = office.state.hub.subscribe(bikram.id(), bikram.ctx.viewer().expect("signed in").credential.clone()).expect("room");
    assert_eq!(poll_fn(|cx| place.poll_next(cx)).await, Next::Read, "it begins by reading");
    assert!(place.stands_at(bikram.inbox(50).await.change_no));
    // both listen from some moment on: what is said before that is for the watch
    let heard = async {
        loop {
            asha.at(&elsewhere).write(id, "from elsewhere").await;
            if tokio::time::timeout(Duration::from_millis(200), poll_fn(|cx| place.poll_next(cx))).await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.expect("the hint arrives");
    office.state.shutdown.cancel();
    elsewhere.shutdown.cancel();
}

#[tokio::test]
async fn a_lost_hint_is_found_by_the_watch() {
    let server = Server::start().await;
    let (asha, bikram, id) = pair(&server).await;
    let mut listener = Listener::open(&server.browser(&bikram).await, "", None).await;
    listener.ready().await;
    let mut known = watch::Known::default();
    watch::look(&server.office.state, &mut known).await.expect("a look");
    // another instance that tells nobody
    asha.at(&server.office.another_instance()).write(id, "whispered").await;
    watch::look(&server.office.state, &mut known).await.expect("a look");
    assert_eq!(listener.texts().await, ["whispered"]);
}

#[tokio::test]
async fn a_stream_ends_with_its_session_its_token_and_its_person() {
    let server = Server::start().await;
    let state = &server.office.state;
    let (asha, bikram, _) = pair(&server).await;
    let session = server.browser(&asha).await;
    let (mut signed_out, mut stays) =
        (Listener::open(&session, "", None).await, Listener::open(&server.browser(&asha).await, "", None).await);
    let mut revoked = Listener::open(&server.program(&asha).await, "", None).await;
    let mut gone = Listener::open(&server.browser(&bikram).await, "", None).await;
    for listener in [&mut signed_out, &mut stays, &mut revoked, &mut gone] {
        listener.ready().await;
    }
    assert_eq!(session.delete("/api/v1/session").await.status, 204);
    sqlx::query("update api_tokens set revoked_at = clock_timestamp()").execute(&*state.pool).await.expect("revoked");
    change(state, &bikram, LEAVES).await;
    watch::look(state, &mut watch::Known::default()).await.expect("a look");
    let rest = async |listener: &mut Listener| while listener.next().await.is_some() {};
    for listener in [&mut signed_out, &mut revoked, &mut gone] {
        tokio::time::timeout(PATIENCE, rest(listener)).await.expect("it ends");
    }
    let id = asha.open(&server.office.person("chen").await).await;
    asha.write(id, "still here").await;
    while stays.texts().await != ["still here"] {}
    assert_eq!(state.hub.len(), 1);
}

#[tokio::test]
async fn one_stream_too_many_is_refused() {
    let mut settings = settings();
    settings.limits.streams_per_user = 2;
    let server = Server::with(settings).await;
    let (asha, ..) = pair(&server).await;
    let client = server.browser(&asha).await;
    let _first = Listener::open(&client, "", None).await;
    let second = Listener::open(&client, "", None).await;
    let refused = client.get("/api/v1/events").await;
    assert_eq!(refused.outcome(), "429 rate_limited");
    assert!(!refused.header("retry-after").is_empty());
    drop(second);
    // the server notices when it next writes or reads there
    let again = async {
        while client.request(Method::GET, "/api/v1/events").send().await.expect("an answer").status() != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.expect("a closed one makes room");
}

#[tokio::test]
async fn before_the_server_goes_it_says_so_and_does_not_wait_for_the_streams() {
    let mut server = Server::start().await;
    let (asha, ..) = pair(&server).await;
    let mut listener = Listener::open(&server.browser(&asha).await, "", None).await;
    listener.ready().await;
    let stopping = tokio::spawn(async move { server.stop().await });
    let bye = listener.next().await.expect("an event");
    assert_eq!(bye.name, "bye");
    assert!(bye.data["retry_ms"].as_i64().is_some_and(|ms| (500..=3_000).contains(&ms)), "{bye:?}");
    assert!(listener.next().await.is_none());
    tokio::time::timeout(PATIENCE, stopping).await.expect("in time").expect("no panic");
}

#[tokio::test]
async fn whatever_is_cut_off_in_between_a_snapshot_and_the_stream_are_a_fresh_snapshot() {
    let server = Server::start().await;
    let (asha, bikram, id) = pair(&server).await;
    let chen = server.office.person("chen").await;
    let other = chen.open(&bikram).await;
    chen.write(other, "0").await;
    let client = server.browser(&bikram).await;
    let mut inbox = bikram.inbox(100).await;
    let mut seen = BTreeMap::from([(id, 0), (other, 1)]);
    let (one, two) = (asha.clone(), chen.clone());
    let writers = [
        tokio::spawn(async move {
            for n in 0..30 {
                one.write(id, &format!("{n}")).await;
            }
        }),
        tokio::spawn(async move {
            for n in 1..30 {
                two.write(other, &format!("{n}")).await;
            }
        }),
    ];
    while seen.values().sum::<i64>() < 60 {
        // cut off after a few events, again and again
        let mut listener = Listener::open(&client, "", Some(inbox.change_no.0)).await;
        assert_eq!(listener.ready().await["reset"], false);
        for _ in 0..3 {
            if seen.values().sum::<i64>() == 60 {
                break;
            }
            take_in(&listener.next().await.expect("an event"), &mut inbox, &mut seen, &bikram).await;
        }
    }
    for writer in writers {
        writer.await.expect("no panic");
    }
    assert_eq!(seen, BTreeMap::from([(id, 30), (other, 30)]));
    let fresh = bikram.inbox(100).await;
    assert_eq!((inbox.conversations(), inbox.change_no), (fresh.conversations(), fresh.change_no));
}

/// Takes an event in as a client does: every message once, in order, and what a cut has left out is fetched.
async fn take_in(event: &Event, inbox: &mut Inbox, seen: &mut BTreeMap<ConversationId, i64>, person: &Person) {
    let change_no = ChangeNo(event.id.expect("an id"));
    assert!(change_no > inbox.change_no, "ascending");
    let conversation: Conversation = serde_json::from_value(event.data["conversation"].clone()).expect("a conversation");
    let known = seen.get_mut(&conversation.id).expect("one of theirs");
    let sent: Vec<_> =
        event.data["messages"].as_array().expect("messages").iter().map(|message| message["seq"].as_i64().expect("seq")).collect();
    // up to what this event brings, or up to what it says is there
    let until = sent.first().map_or(conversation.last_seq.0, |first| first - 1);
    if until > *known {
        for message in
            person.page(conversation.id, PageAt::After(Seq(*known)), 200).await.items.iter().filter(|message| message.seq.0 <= until)
        {
            assert_eq!(message.seq.0, *known + 1);
            *known += 1;
        }
    }
    for seq in sent {
        assert_eq!(seq, *known + 1, "each once, in order");
        *known += 1;
    }
    assert_eq!(*known, conversation.last_seq.0);
    inbox.apply(&Changes { items: vec![conversation], change_no, more: true, policy_version: 1, reset: false });
}
