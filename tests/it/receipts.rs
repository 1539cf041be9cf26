//! Delivered and read: pointers that only grow, moved by the recipient alone, once per step.

use crate::support::{Office, person::Person};
use cms_messages::{
    domain::{
        ids::{ConversationId, Seq},
        message::{Message, Status},
        receipt::{Acknowledgement, Evidence, ReceiptKind},
        unread::Unread,
    },
    error::{Code, Error},
    server::service::receipts,
};
use uuid::Uuid;

async fn five_messages(office: &Office) -> (Person, Person, ConversationId) {
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    for n in 1..=5 {
        asha.write(conversation, &format!("{n}")).await;
    }
    (asha, bikram, conversation)
}

fn statuses(messages: &[Message]) -> Vec<Status> {
    messages.iter().map(|message| message.status).collect()
}

#[tokio::test]
async fn the_sender_sees_how_far_each_message_has_come_and_when() {
    use Status::{Delivered, Read, Sent};
    let office = Office::new().await;
    let (asha, bikram, conversation) = five_messages(&office).await;
    bikram.deliver(conversation, 2).await.expect("delivered");
    let delivered = asha.history(conversation).await;
    assert_eq!(statuses(&delivered), [Delivered, Delivered, Sent, Sent, Sent]);

    bikram.read(conversation, 3).await.expect("read");
    let read = asha.history(conversation).await;
    assert_eq!(statuses(&read), [Read, Read, Read, Sent, Sent]);
    assert_eq!(read[0].delivered_at, delivered[0].delivered_at, "the first receipt tells the time");
    assert!(read[0].delivered_at < read[0].read_at);
    assert_eq!(read[2].delivered_at, read[2].read_at, "reading is delivery too");
    assert!(read.iter().all(|message| message.delivered_at.is_none_or(|at| at >= message.sent_at)));
    assert_eq!(bikram.history(conversation).await, read, "both see the same");

    let seen = asha.sees(conversation).await;
    assert_eq!((seen.peer_read_seq, seen.peer_delivered_seq, seen.read_seq, seen.delivered_seq), (Seq(3), Seq(3), Seq(0), Seq(0)));
}

#[tokio::test]
async fn what_is_known_already_changes_nothing() {
    let office = Office::new().await;
    let (asha, bikram, conversation) = five_messages(&office).await;
    bikram.read(conversation, 3).await.expect("read");
    let before = (asha.inbox(10).await, bikram.inbox(10).await, traces(&office).await);
    for (kind, up_to) in [(ReceiptKind::Read, 3), (ReceiptKind::Read, 1), (ReceiptKind::Delivered, 3), (ReceiptKind::Delivered, 0)] {
        bikram.acknowledge(kind, conversation, up_to).await.expect("accepted");
    }
    assert_eq!((asha.inbox(10).await, bikram.inbox(10).await, traces(&office).await), before);
    assert_eq!(asha.history(conversation).await[3].status, Status::Sent);
}

/// Receipts and audit entries.
async fn traces(office: &Office) -> (i64, i64) {
    (office.count("select count(*) from receipts").await, office.count("select count(*) from audit_entries").await)
}

#[tokio::test]
async fn nothing_beyond_the_last_message_is_acknowledged() {
    let office = Office::new().await;
    let (_, bikram, conversation) = five_messages(&office).await;
    for kind in [ReceiptKind::Delivered, ReceiptKind::Read] {
        for up_to in [6, i64::MAX, -1, i64::MIN] {
            let error = bikram.acknowledge(kind, conversation, up_to).await.expect_err("refused");
            assert_eq!((error.code, error.fields.contains_key("up_to_seq")), (Code::Invalid, true), "{up_to}");
        }
    }
    assert_eq!(office.count("select count(*) from receipts").await, 0);
    bikram.read(conversation, 5).await.expect("the last one can be read");
}

#[tokio::test]
async fn many_at_once_are_all_or_none() {
    let office = Office::new().await;
    let (asha, bikram, conversation) = five_messages(&office).await;
    let chitra = office.person("chitra").await;
    let second = chitra.open(&bikram).await;
    chitra.write(second, "hello").await;
    let foreign = asha.open(&chitra).await;
    asha.write(foreign, "not for bikram").await;

    let many = async |items: &[(ConversationId, i64)]| {
        let items = items.iter().map(|(id, up_to)| Acknowledgement { conversation_id: *id, up_to_seq: Seq(*up_to) }).collect();
        receipts::acknowledge(&bikram.ctx, ReceiptKind::Delivered, Evidence::Client, items).await
    };
    let unknown = ConversationId(Uuid::new_v4());
    for stranger in [foreign, unknown] {
        assert_eq!(many(&[(conversation, 5), (stranger, 1)]).await, Err(Error::not_found()));
        assert_eq!(many(&[(stranger, 1), (conversation, 6)]).await, Err(Error::not_found()), "404 comes before 422");
    }
    assert_eq!(many(&[(conversation, 5), (second, 2)]).await.expect_err("refused").code, Code::Invalid);
    assert_eq!(many(&[]).await.expect_err("refused").code, Code::Invalid);
    assert_eq!(many(&vec![(conversation, 1); 501]).await.expect_err("refused").code, Code::Invalid);
    assert_eq!(office.count("select count(*) from receipts").await, 0, "none");

    many(&[(second, 1), (conversation, 2), (conversation, 4), (conversation, 3)]).await.expect("all");
    assert_eq!((bikram.sees(conversation).await.delivered_seq, bikram.sees(second).await.delivered_seq), (Seq(4), Seq(1)));
    many(&vec![(conversation, 5); 500]).await.expect("five hundred are not too many");
}

#[tokio::test]
async fn only_the_recipient_advances_a_message() {
    let office = Office::new().await;
    let (asha, bikram, conversation) = five_messages(&office).await;
    asha.read(conversation, 5).await.expect("her own pointer moves");
    assert_eq!(asha.sees(conversation).await.read_seq, Seq(5));
    for person in [&asha, &bikram] {
        assert_eq!(statuses(&person.history(conversation).await), [Status::Sent; 5]);
    }
    assert_eq!(bikram.unread().await, Unread { messages: 5, conversations: 1 });
}

#[tokio::test]
async fn reading_on_one_device_clears_the_badge_on_the_other() {
    let office = Office::new().await;
    let (_, bikram, conversation) = five_messages(&office).await;
    let phone = bikram.at(&office.another_instance());
    bikram.read(conversation, 4).await.expect("read");
    assert_eq!(phone.unread().await, Unread { messages: 1, conversations: 1 });
    assert_eq!(phone.sees(conversation).await.unread_count, 1);
    phone.read(conversation, 5).await.expect("read");
    assert_eq!(bikram.unread().await, Unread::default());
}

#[tokio::test]
async fn own_messages_are_never_unread_and_sending_reads_nothing() {
    let office = Office::new().await;
    let (asha, bikram, conversation) = five_messages(&office).await;
    bikram.write(conversation, "an answer before reading").await;
    assert_eq!(bikram.unread().await.messages, 5);
    bikram.read(conversation, 6).await.expect("read past his own");
    assert_eq!((bikram.unread().await.messages, asha.unread().await.messages), (0, 1));
    asha.write(conversation, "7").await;
    bikram.write(conversation, "8").await;
    assert_eq!((bikram.unread().await.messages, asha.unread().await.messages), (1, 2));
    assert_eq!(asha.unread_in_inbox().await, asha.unread().await);
}

#[tokio::test]
async fn how_a_receipt_came_about_is_recorded() {
    let office = Office::new().await;
    let (_, bikram, conversation) = five_messages(&office).await;
    let item = |up_to| vec![Acknowledgement { conversation_id: conversation, up_to_seq: Seq(up_to) }];
    receipts::acknowledge(&bikram.ctx, ReceiptKind::Delivered, Evidence::Client, item(1)).await.expect("delivered");
    receipts::acknowledge(&bikram.ctx, ReceiptKind::Read, Evidence::Form, item(2)).await.expect("read");
    let rows: Vec<(String, i64, String)> = sqlx::query_as("select kind, up_to_seq, evidence from receipts order by up_to_seq, kind")
        .fetch_all(&*office.state.pool)
        .await
        .expect("receipts");
    let row = |kind: &str, up_to, evidence: &str| (kind.to_owned(), up_to, evidence.to_owned());
    assert_eq!(rows, [row("delivered", 1, "client"), row("delivered", 2, "read"), row("read", 2, "form")]);
}
