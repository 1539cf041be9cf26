//! What goes to the database together: a bad one fails alone, and everybody gets their own answer.

use crate::support::{Office, person::Person};
use cms_messages::{
    domain::{
        ids::{ClientId, ConversationId, Seq},
        receipt::{Acknowledgement, Evidence, ReceiptKind},
    },
    error::Code,
    server::service,
};
use futures_util::future::join_all;
use sqlx::Executor;
use uuid::Uuid;

/// Pairs of people who have written to each other.
async fn pairs(office: &Office, number: usize) -> Vec<(Person, Person, ConversationId)> {
    let mut pairs = Vec::new();
    for n in 0..number {
        let (one, other) = (office.person(&format!("one{n}")).await, office.person(&format!("other{n}")).await);
        let id = one.open(&other).await;
        one.write(id, "first").await;
        pairs.push((one, other, id));
    }
    pairs
}

/// Of the counter with this name.
fn counted(office: &Office, name: &str) -> u64 {
    let page = office.state.metrics.render();
    let line = page.lines().find_map(|line| line.strip_prefix(&format!("cms_messages_{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in {page}")).parse().expect("a number")
}

#[tokio::test]
async fn a_send_that_fails_takes_no_other_of_its_group_along() {
    let office = Office::new().await;
    let pairs = pairs(&office, 24).await;
    let rule = "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$;
                create trigger refuse before insert on messages for each row when (new.body = 'poison') execute function refuse()";
    office.database.owner().await.execute(sqlx::raw_sql(rule)).await.expect("a rule");
    let sends =
        pairs.iter().enumerate().map(|(n, (one, _, id))| one.send(*id, ClientId::generate(), if n == 13 { "poison" } else { "good" }));
    let answers = join_all(sends).await;
    let refused: Vec<usize> = answers.iter().enumerate().filter(|(_, answer)| answer.is_err()).map(|(n, _)| n).collect();
    assert_eq!(refused, [13]);
    assert!(answers.iter().flatten().all(|sent| sent.message.seq.0 == 2 && !sent.replayed));
    assert_eq!(office.count("select count(*) from messages where body = 'good'").await, 23);
}

#[tokio::test]
async fn who_sends_at_the_same_time_shares_a_transaction() {
    let office = Office::new().await;
    let pairs = pairs(&office, 24).await;
    let before = (counted(&office, "send_groups_total"), counted(&office, "sent_total"));
    for sent in join_all(pairs.iter().map(|(one, _, id)| one.send(*id, ClientId::generate(), "at once"))).await {
        sent.expect("sent");
    }
    let (groups, sent) = (counted(&office, "send_groups_total") - before.0, counted(&office, "sent_total") - before.1);
    assert_eq!(sent, 24);
    assert!(groups < 12 && counted(&office, "send_groups_larger_than_one_total") > 0, "{groups} groups");
}

#[tokio::test]
async fn both_sides_of_a_conversation_in_one_group_keep_their_numbers() {
    let office = Office::new().await;
    let pairs = pairs(&office, 4).await;
    let mut sends = Vec::new();
    for (one, other, id) in &pairs {
        for _ in 0..6 {
            sends.push(one.send(*id, ClientId::generate(), "from one"));
            sends.push(other.send(*id, ClientId::generate(), "from the other"));
        }
    }
    assert!(join_all(sends).await.iter().all(Result::is_ok));
    for (one, other, id) in &pairs {
        let seqs: Vec<i64> = one.history(*id).await.iter().map(|message| message.seq.0).collect();
        assert_eq!(seqs, (1..=13).collect::<Vec<_>>());
        assert_eq!((one.sees(*id).await.unread_count, other.sees(*id).await.unread_count), (6, 7));
        assert_eq!((one.sees(*id).await.change_no.0, other.sees(*id).await.change_no.0), (14, 13), "each message is a change for both");
    }
}

#[tokio::test]
async fn receipts_that_go_together_stand_and_fall_each_for_itself() {
    let office = Office::new().await;
    let pairs = pairs(&office, 24).await;
    let acknowledge = |n: usize| {
        let (_, other, id) = &pairs[n];
        let item = |conversation_id, up_to| Acknowledgement { conversation_id, up_to_seq: Seq(up_to) };
        let items = match n {
            5 => vec![item(*id, 1), item(ConversationId(Uuid::now_v7()), 1)],
            6 => vec![item(*id, 1), item(*id, 2)],
            _ => vec![item(*id, 1)],
        };
        service::receipts::acknowledge(&other.ctx, ReceiptKind::Read, Evidence::Client, items)
    };
    let answers = join_all((0..24).map(acknowledge)).await;
    for (n, answer) in answers.into_iter().enumerate() {
        let expected = match n {
            5 => Err(Code::NotFound),
            6 => Err(Code::Invalid),
            _ => Ok(()),
        };
        assert_eq!(answer.map_err(|error| error.code), expected, "{n}");
    }
    assert_eq!(office.count("select count(*) from receipts where kind = 'read'").await, 22);
    assert_eq!(office.count("select count(*) from audit_entries where action = 'message.read'").await, 22);
}
