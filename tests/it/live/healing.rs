//! Whatever is lost on the way is found again: other instances, lost hints, cut streams.

use super::{Event, Listener, PATIENCE, pair};
use crate::support::{Office, person::Person, server::Server};
use cms_messages::{
    domain::{
        change::Changes,
        conversation::Conversation,
        ids::{ChangeNo, ConversationId, Seq},
        inbox::Inbox,
        message::Message,
        page::PageAt,
    },
    server::{
        db,
        live::{self, mailbox::Next, watch},
        service::changes,
    },
};
use std::{collections::BTreeMap, future::poll_fn, time::Duration};

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
    watch::look(&server.office.state).await.expect("a look");
    // another instance that tells nobody
    asha.at(&server.office.another_instance()).write(id, "whispered").await;
    watch::look(&server.office.state).await.expect("a look");
    assert_eq!(listener.texts().await, ["whispered"]);
}

/// A database that lacks the last commits has taken over: its numbers come a second time.
#[tokio::test]
async fn a_stream_of_a_lost_future_says_goodbye_and_its_client_starts_afresh() {
    for is_written_to in [false, true] {
        let server = Server::start().await;
        let (asha, bikram, id) = pair(&server).await;
        let client = server.browser(&bikram).await;
        let mut owner = server.office.database.owner().await;
        let mut listener = Listener::open(&client, "", None).await;
        let mut cursor = listener.ready().await["change_no"].as_i64();
        // the first is read, the rest is handed over
        for text in ["one", "two", "three", "four"] {
            asha.write(id, text).await;
            let event = listener.next().await.expect("an event");
            assert_eq!(event.name, "change");
            cursor = event.id;
        }
        sqlx::query("update user_feeds set change_no = change_no - 3 where user_id = $1")
            .bind(bikram.id().0)
            .execute(&mut owner)
            .await
            .expect("three are lost");
        if is_written_to {
            asha.write(id, "under a number that was there before").await;
        } else {
            watch::look(&server.office.state).await.expect("a look");
        }
        assert_eq!(listener.next().await.map(|event| event.name).as_deref(), Some("bye"), "{is_written_to}");
        assert!(listener.next().await.is_none(), "it ends");
        assert_eq!(Listener::open(&client, "", cursor).await.ready().await["reset"], true);
    }
}

/// Between the two looks of a stream at the database as much may be written as a change brings at most.
#[tokio::test]
async fn a_change_brings_its_messages_however_much_was_written_since() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let id = asha.open(&bikram).await;
    let texts = |messages: Vec<Message>| messages.into_iter().map(|message| message.body).collect::<Vec<_>>();
    for text in ["one", "two", "three"] {
        asha.write(id, text).await;
    }
    let read = changes::since(&bikram.ctx, 0, None).await.expect("changes");
    for n in 0..60 {
        asha.write(id, &format!("since, {n}")).await;
    }
    let mut connection = office.state.pool.acquire().await.expect("a connection");
    let messages = db::live::messages(&mut connection, bikram.id(), &read.items, ChangeNo(0)).await.expect("messages");
    assert_eq!(texts(messages), ["one", "two", "three"]);
    // of more than that, the newest
    let read = changes::since(&bikram.ctx, 0, None).await.expect("changes");
    let messages = db::live::messages(&mut connection, bikram.id(), &read.items, ChangeNo(0)).await.expect("messages");
    assert_eq!((messages.len(), messages[0].seq, messages[49].seq), (50, Seq(14), Seq(63)));
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
