//! A small honest history, for the tests of the checks: each spoils one thing and sees it found.

use super::{Check, Evidence, FinalScreen, Struck};
use crate::faults::{
    history::{Acknowledged, Letter, Outcome, Try, Wording},
    rows::{EntryRow, MessageRow, ParticipantRow, ReceiptRow},
    screen::digest,
};
use cms_messages::domain::{conversation::Conversation, message::Message, unread::Unread};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use time::OffsetDateTime;
use uuid::Uuid;

/// Asha (1) has written three messages to Bikram (2); he has read two and holds the third.
pub struct Specimen;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

const ASHA: u128 = 1;
const BIKRAM: u128 = 2;
const THREAD: u128 = 9;

fn key(seq: i64) -> Uuid {
    id(100 + seq as u128)
}

fn at(seq: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(seq)
}

fn answer(seq: i64, status: &str) -> Message {
    let at = format!("1970-01-01T00:00:0{seq}.000000Z");
    serde_json::from_value(json!({"conversation_id": id(THREAD), "seq": seq, "client_id": key(seq), "sender_id": id(ASHA),
        "recipient_id": id(BIKRAM), "body": format!("text {seq}"), "sent_at": at, "delivered_at": null, "read_at": null, "status": status}))
    .unwrap()
}

fn row() -> Conversation {
    let at = "1970-01-01T00:00:03.000000Z";
    let peer = json!({"id": id(ASHA), "username": "a", "display_name": "A", "department": "", "role": "member", "active": true});
    let last: Value = json!({"seq": 3, "sender_id": id(ASHA), "text": "text 3", "sent_at": at, "status": "delivered"});
    serde_json::from_value(json!({"id": id(THREAD), "peer": peer, "last_message": last, "last_activity_at": at, "unread_count": 1,
        "last_seq": 3, "read_seq": 2, "delivered_seq": 3, "peer_read_seq": 0, "peer_delivered_seq": 0, "can_write": true,
        "cannot_write_reason": null, "change_no": 5, "created_at": at}))
    .unwrap()
}

impl Specimen {
    pub fn new() -> Self {
        Self
    }

    pub fn evidence(&self) -> Evidence {
        let mut evidence = Evidence::default();
        for seq in 1..=3 {
            let wording = Wording { typed: format!(" text {seq}"), stored: format!("text {seq}") };
            let letter = Arc::new(Letter { sender: id(ASHA), key: key(seq), conversation: id(THREAD), wording });
            let time = |millis: i64| Duration::from_millis((seq * 100 + millis) as u64);
            let one = |begin, outcome| Try { letter: letter.clone(), begin: time(begin), end: time(begin + 10), outcome };
            // the second was answered at its second try, and asked again later
            if seq == 2 {
                evidence.done.tries.push(one(0, Outcome::Unknown));
                evidence.done.tries.push(one(20, Outcome::Accepted { created: false, message: Box::new(answer(seq, "sent")) }));
                evidence.done.tries.push(one(40, Outcome::Accepted { created: false, message: Box::new(answer(seq, "read")) }));
            } else {
                evidence.done.tries.push(one(20, Outcome::Accepted { created: true, message: Box::new(answer(seq, "sent")) }));
            }
            evidence.rows.messages.push(MessageRow {
                conversation_id: id(THREAD),
                seq,
                sender_id: id(ASHA),
                client_id: key(seq),
                body: format!("text {seq}"),
                sent_at: at(seq),
                // her first change was the opening
                sender_change_no: seq + 1,
                recipient_change_no: seq,
            });
        }
        evidence.done.rested = Duration::from_secs(100);
        let side = |user, peer, own_total, delivered_seq, read_seq, unread, change_no| ParticipantRow {
            conversation_id: id(THREAD),
            user_id: id(user),
            peer_id: id(peer),
            last_seq: 3,
            own_total,
            delivered_seq,
            read_seq,
            unread,
            change_no,
        };
        evidence.rows.participants = vec![side(ASHA, BIKRAM, 3, 0, 0, 0, 6), side(BIKRAM, ASHA, 0, 3, 2, 1, 5)];
        evidence.rows.feeds = [(id(ASHA), 6), (id(BIKRAM), 5)].into();
        let receipt = |kind: &str, up_to_seq, evidence: &str, seconds| ReceiptRow {
            conversation_id: id(THREAD),
            user_id: id(BIKRAM),
            kind: kind.into(),
            up_to_seq,
            evidence: evidence.into(),
            at: at(seconds),
        };
        evidence.rows.receipts =
            vec![receipt("delivered", 2, "read", 4), receipt("delivered", 3, "client", 5), receipt("read", 2, "client", 4)];
        let entry = |action: &str, actor, object: &str| EntryRow {
            action: action.into(),
            conversation_id: id(THREAD),
            actor_id: id(actor),
            object: object.into(),
            proves: true,
        };
        evidence.rows.entries = vec![entry("conversation.created", ASHA, &id(BIKRAM).to_string())];
        evidence.rows.entries.extend(["1", "2", "3"].map(|seq| entry("message.sent", ASHA, seq)));
        evidence.rows.entries.extend(
            [("delivered", "2"), ("delivered", "3"), ("read", "2")].map(|(kind, seq)| entry(&format!("message.{kind}"), BIKRAM, seq)),
        );
        for (read, up_to) in [(true, 2), (false, 3)] {
            evidence.done.acknowledged.push(Acknowledged { user: id(BIKRAM), conversation: id(THREAD), up_to, read });
        }
        evidence.screens.push(FinalScreen {
            name: "bikram".into(),
            kept: vec![row()],
            fresh: vec![row()],
            unread: Unread { messages: 1, conversations: 1 },
            shown: vec![(id(THREAD), (1..=3).map(|seq| digest(key(seq), &format!("text {seq}"))).collect())],
        });
        let fault = Struck {
            name: "a storm".into(),
            from: Duration::from_secs(1),
            until: Duration::from_secs(2),
            agreed: Ok(Duration::from_secs(1)),
        };
        evidence.struck.push(fault);
        evidence
    }
}

/// The honest history passes the check; spoiled like this it does not.
pub fn finds(check: impl Fn(&Evidence) -> Check, spoil: impl FnOnce(&mut Evidence)) {
    let mut evidence = Specimen::new().evidence();
    let honest = check(&evidence);
    assert!(honest.wrong.is_empty(), "{honest:?}");
    spoil(&mut evidence);
    let spoiled = check(&evidence);
    assert!(!spoiled.wrong.is_empty(), "{} did not find it", spoiled.invariant);
}
