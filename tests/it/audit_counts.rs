//! The audit log: one entry per state change, with who, to whom, when, which seq and the digest, never the text.

use crate::support::Office;
use cms_messages::domain::{ids::ClientId, time::Timestamp};
use time::OffsetDateTime;

type Entry = (String, uuid::Uuid, Option<String>, serde_json::Value, OffsetDateTime);

#[tokio::test]
async fn every_state_change_leaves_one_entry_and_nothing_else_does() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    let key = ClientId::generate();
    let message = asha.send(conversation, key, "the secret text").await.expect("sent").message;
    // none of these changes anything
    asha.send(conversation, key, "the secret text").await.expect("replayed");
    asha.send(conversation, key, "another text").await.expect_err("a conflict");
    asha.open(&bikram).await;
    asha.inbox(10).await;
    bikram.history(conversation).await;
    bikram.read(conversation, 2).await.expect_err("beyond");
    bikram.deliver(conversation, 0).await.expect("known");
    bikram.find("asha").await;
    // these do
    bikram.deliver(conversation, 1).await.expect("delivered");
    bikram.read(conversation, 1).await.expect("read");

    let entries: Vec<Entry> = sqlx::query_as("select action, actor_id, object, details, at from audit_entries order by id")
        .fetch_all(&*office.state.pool)
        .await
        .expect("the log");
    let told: Vec<_> = entries.iter().map(|(action, actor, object, ..)| (action.as_str(), *actor, object.as_deref())).collect();
    let (hers, his, to_him) = (asha.id().0, bikram.id().0, bikram.id().to_string());
    assert_eq!(
        told,
        [
            ("conversation.created", hers, Some(to_him.as_str())),
            ("message.sent", hers, Some("1")),
            ("message.delivered", his, Some("1")),
            ("message.read", his, Some("1")),
        ]
    );
    let sent = &entries[1];
    assert_eq!(Timestamp::from(sent.4), message.sent_at, "the entry is of the same moment");
    assert_eq!(sent.3["recipient_id"], to_him);
    let details = sent.3.as_object().expect("an object");
    assert_eq!(details.len(), 2, "recipient and digest, nothing more");
    assert_eq!(office.count("select count(*) from audit_entries e where e::text like '%secret%' or e::text like '%another%'").await, 0);
}

#[tokio::test]
async fn an_entry_commits_to_the_text_with_a_salt_of_its_own() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    for _ in 0..3 {
        asha.write(conversation, "नमस्ते").await;
    }
    let provable = office
        .count(
            "select count(*) from messages m join audit_entries e on e.conversation_id = m.conversation_id and e.object = m.seq::text
             where e.action = 'message.sent' and octet_length(m.body_salt) = 32
               and e.details ->> 'digest' = encode(sha256(m.body_salt || convert_to(m.body, 'UTF8')), 'hex')
               and m.body_digest = sha256(m.body_salt || convert_to(m.body, 'UTF8'))",
        )
        .await;
    assert_eq!(provable, 3);
    assert_eq!(office.count("select count(distinct details ->> 'digest') from audit_entries where action = 'message.sent'").await, 3);
}

#[tokio::test]
async fn a_change_that_fails_leaves_no_entry() {
    use sqlx::Executor;
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    asha.write(conversation, "one").await;
    // the log refuses: then the message must not be there either
    let mut owner = office.database.owner().await;
    owner.execute("alter table audit_entries add constraint audit_entries_closed_check check (id < 0) not valid").await.expect("closed");
    asha.send(conversation, ClientId::generate(), "two").await.expect_err("refused");
    bikram.read(conversation, 1).await.expect_err("refused");
    assert_eq!(office.count("select count(*) from messages").await, 1);
    assert_eq!(office.count("select count(*) from receipts").await, 0);
    assert_eq!((asha.sees(conversation).await.last_seq.0, asha.changes(0, 1).await.change_no.0), (1, 2));
}
