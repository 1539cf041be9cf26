//! The restore drill of docs/operations.md: a dump of a database in use is a moment that was, whole and consistent, from
//! which everybody can go on.

use crate::support::{
    Office,
    backup::Dump,
    person::Person,
    server::{Answer, Server},
    settings,
};
use cms_messages::domain::ids::{ClientId, ConversationId};
use reqwest::Method;
use sqlx::{Connection, Executor, PgConnection};
use std::{cell::Cell, collections::BTreeSet};
use tokio::task::JoinSet;

const PEOPLE: usize = 12;

const SEQS: &str = "a conversation's messages are numbered 1, 2, 3 … up to its last_seq";
const UNREAD: &str = "an unread number is the counted one";
const SENT: &str = "a message has exactly one audit entry with the digest of its text";
const ENTRIES: &str = "there are no more entries of sent messages than messages";
const POINTERS: &str = "a pointer stands where its farthest receipt does, and within the conversation";
const NEWEST: &str = "a feed stands at the newest change of its user's conversations";
const DENSE: &str = "a feed counts every change, none twice and none left out";
const UNIQUE: &str = "no two messages of a user, and no two conversations, have one change number";

/// What has to hold in any database of ours, with what counts where it does not.
const CHECKS: [(&str, &str); 8] = [
    (
        SEQS,
        "select count(*) from participants p join conversations c on c.id = p.conversation_id
         where (p.last_seq, c.last_seq, c.last_seq) is distinct from
               (select row(c.last_seq, count(*), coalesce(max(seq), 0)) from messages m where m.conversation_id = c.id)",
    ),
    (
        UNREAD,
        "select count(*) from participants p
         where p.unread <> (select count(*) from messages m
                            where m.conversation_id = p.conversation_id and m.sender_id <> p.user_id and m.seq > p.read_seq)",
    ),
    (
        SENT,
        "select count(*) from messages m
         where 1 <> (select count(*) from audit_entries e
                     where e.action = 'message.sent' and e.actor_id = m.sender_id and e.conversation_id = m.conversation_id
                       and e.object = m.seq::text and m.body_digest = sha256(m.body_salt || convert_to(m.body, 'UTF8'))
                       and e.details ->> 'digest' = encode(m.body_digest, 'hex'))",
    ),
    (ENTRIES, "select (select count(*) from audit_entries where action = 'message.sent') - (select count(*) from messages)"),
    (
        POINTERS,
        "select count(*) from participants p
         where p.read_seq > p.delivered_seq or p.delivered_seq > p.last_seq
            or (p.delivered_seq, p.read_seq) is distinct from
               (select row(coalesce(max(up_to_seq) filter (where kind = 'delivered'), 0),
                           coalesce(max(up_to_seq) filter (where kind = 'read'), 0))
                from receipts r where r.conversation_id = p.conversation_id and r.user_id = p.user_id)",
    ),
    (
        NEWEST,
        "select count(*) from user_feeds f
         where f.change_no <> (select coalesce(max(change_no), 0) from participants p where p.user_id = f.user_id)",
    ),
    (
        // what a change is here: a conversation of one's own, a message of either side, a pointer of either side that moved
        DENSE,
        "select count(*) from user_feeds f
         where f.change_no <> (
             select coalesce(sum((c.created_by = f.user_id)::int
                 + (select count(*) from messages m where m.conversation_id = c.id)
                 + (select count(*) from receipts r where r.conversation_id = c.id and not (kind = 'delivered' and evidence = 'read'))), 0)
             from conversations c where f.user_id in (c.user_low, c.user_high))",
    ),
    (
        UNIQUE,
        "select count(*) from (
             select 1 from (
                 select sender_id as user_id, sender_change_no as change_no from messages
                 union all
                 select p.user_id, m.recipient_change_no
                 from messages m join participants p on p.conversation_id = m.conversation_id and p.user_id <> m.sender_id
                 union all
                 select p.user_id, p.change_no from participants p
                 where p.change_no > 0 and not exists (
                     select 1 from messages m where m.conversation_id = p.conversation_id
                     and p.change_no = case m.sender_id when p.user_id then m.sender_change_no else m.recipient_change_no end)
             ) as numbers group by user_id, change_no having count(*) > 1
         ) as twice",
    ),
];

/// Which of the checks do not hold.
async fn broken(connection: &mut PgConnection) -> Vec<&'static str> {
    let mut broken = Vec::new();
    for (check, violations) in CHECKS {
        let count: i64 =
            sqlx::query_scalar(violations).fetch_one(&mut *connection).await.unwrap_or_else(|error| panic!("{check}: {error}"));
        if count != 0 {
            broken.push(check);
        }
    }
    broken
}

/// Two people and their conversation.
#[derive(Clone)]
struct Pair {
    one: Person,
    other: Person,
    id: ConversationId,
}

impl Pair {
    /// Both write, and see as much as people do who are there for a part of the day.
    async fn talk(self, round: usize) {
        let asked = self.one.write(self.id, &format!("question {round}")).await.seq.0;
        self.other.deliver(self.id, asked).await.expect("delivered");
        if !round.is_multiple_of(3) {
            let answered = self.other.write(self.id, &format!("उत्तर {round}")).await.seq.0;
            self.one.read(self.id, answered).await.expect("read");
        }
        if round.is_multiple_of(2) {
            self.other.read(self.id, asked).await.expect("read");
        }
    }
}

/// A dozen people, each of whom talks with four others.
async fn office_in_use(office: &Office) -> Vec<Pair> {
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        people.push(office.person(&format!("person{n}")).await);
    }
    let mut pairs = Vec::new();
    for step in [1, 5] {
        for (n, one) in people.iter().enumerate() {
            let other = people[(n + step) % PEOPLE].clone();
            pairs.push(Pair { id: one.open(&other).await, one: one.clone(), other });
        }
    }
    for round in 0..4 {
        all_talk(&pairs, round).await;
    }
    pairs
}

/// All at once.
async fn all_talk(pairs: &[Pair], round: usize) {
    pairs.iter().cloned().map(|pair| pair.talk(round)).collect::<JoinSet<()>>().join_all().await;
}

/// Every message: where it stands, its key, its text's digest.
async fn messages(connection: &mut PgConnection) -> BTreeSet<(uuid::Uuid, i64, uuid::Uuid, Vec<u8>)> {
    let all = sqlx::query_as("select conversation_id, seq, client_id, body_digest from messages").fetch_all(connection).await;
    all.expect("the messages").into_iter().collect()
}

#[tokio::test]
async fn a_dump_of_a_database_in_use_is_a_whole_moment_from_which_everybody_goes_on() {
    let office = Office::new().await;
    let pairs = office_in_use(&office).await;
    let Pair { one: asha, other: bikram, id } = pairs[0].clone();
    let kept = asha.send(id, ClientId::generate(), "before the dump").await.expect("sent").message;
    let before = messages(&mut office.database.owner().await).await;

    // they go on while the dump is taken, and after it
    let ended = Cell::new(false);
    let dumping = async {
        let dump = Dump::of(&office.database).await;
        ended.set(true);
        dump
    };
    let talking = async {
        let mut round = 4;
        while !ended.get() {
            all_talk(&pairs, round).await;
            round += 1;
        }
        round
    };
    let (dump, round) = tokio::join!(dumping, talking);
    all_talk(&pairs, round).await;
    let lost_key = ClientId::generate();
    asha.send(id, lost_key, "after the dump").await.expect("sent");
    let lost = bikram.changes(0, 500).await.change_no;
    let everything = messages(&mut office.database.owner().await).await;
    assert_eq!(broken(&mut office.database.owner().await).await, Vec::<&str>::new(), "before anything was lost");

    let database = dump.restore().await;
    let mut owner = database.owner().await;
    let found = messages(&mut owner).await;
    assert!(found.is_superset(&before), "what was there when the dump began is there");
    assert!(everything.is_superset(&found) && found.len() < everything.len(), "and nothing that never was");
    assert_eq!(broken(&mut owner).await, Vec::<&str>::new());

    let server = Server::on(database, settings()).await;
    let (asha, bikram) = (asha.at(&server.office.state), bikram.at(&server.office.state));
    assert_eq!(server.stranger().get("/readyz").await.status, 200, "the schema is whole");
    sqlx::query("delete from messages").execute(&*server.office.state.pool).await.expect_err("what was said still stays");

    // a client that saw what is lost is told so, and a fresh list puts it right
    let changes = bikram.changes(lost.0, 500).await;
    assert_eq!((changes.reset, changes.items.len()), (true, 0));
    assert!(changes.change_no < lost);
    let stream = server.browser(&bikram).await.request(Method::GET, &format!("/api/v1/events?since={}", lost.0));
    let ready = Answer::beginning_of(stream).await.text;
    assert!(ready.starts_with("event: ready\n") && ready.contains("\"reset\":true"), "{ready}");
    let mut inbox = bikram.inbox(3).await;
    assert_eq!((inbox.change_no, inbox.conversations().len()), (changes.change_no, 4));
    assert_eq!(bikram.unread().await, bikram.unread_in_inbox().await);
    assert!(!bikram.changes(inbox.change_no.0, 500).await.reset);

    // what was lost is written once when it is tried again, and what was not is not written again
    let last = asha.sees(id).await.last_seq.0;
    let first_try = asha.send(id, lost_key, "after the dump").await.expect("sent");
    let second_try = asha.send(id, lost_key, "after the dump").await.expect("sent");
    assert_eq!((first_try.replayed, first_try.message.seq.0), (false, last + 1));
    assert_eq!((second_try.replayed, &second_try.message), (true, &first_try.message));
    let again = asha.send(id, kept.client_id, "before the dump").await.expect("known");
    assert_eq!((again.replayed, again.message.seq, again.message.sent_at), (true, kept.seq, kept.sent_at));
    bikram.catch_up(&mut inbox, 3).await;
    assert_eq!(inbox.conversations(), bikram.inbox(100).await.conversations(), "the fresh list stays up to date");

    // and everybody goes on
    let pairs: Vec<Pair> = pairs
        .iter()
        .map(|pair| Pair { one: pair.one.at(&server.office.state), other: pair.other.at(&server.office.state), ..*pair })
        .collect();
    all_talk(&pairs, round + 1).await;
    assert_eq!(broken(&mut owner).await, Vec::<&str>::new(), "after going on");
}

/// What may be wrong with a restored database, and who has to see it.
const DAMAGES: [(&str, &str); 16] = [
    ("delete from messages where seq = 2", SEQS),
    ("delete from messages m using conversations c where c.id = m.conversation_id and m.seq = c.last_seq", SEQS),
    ("update conversations set last_seq = last_seq + 1", SEQS),
    ("update participants set last_seq = last_seq + 1", SEQS),
    ("update participants set own_at_read = own_at_read + 1 where own_at_read < own_total", UNREAD),
    ("delete from audit_entries where action = 'message.sent' and object = '2'", SENT),
    ("update messages set body = 'something else' where seq = 2", SENT),
    ("update audit_entries set details = details - 'digest' where object = '2'", SENT),
    (
        "insert into audit_entries (actor_id, action, conversation_id, object)
         select actor_id, action, conversation_id, object from audit_entries where action = 'message.sent' and object = '2'",
        ENTRIES,
    ),
    ("update participants set delivered_seq = last_seq where delivered_seq < last_seq", POINTERS),
    ("delete from receipts r using participants p where r.up_to_seq = p.read_seq and r.user_id = p.user_id", POINTERS),
    ("update user_feeds set change_no = change_no - 1", NEWEST),
    ("update user_feeds set change_no = change_no + 1", NEWEST),
    ("delete from receipts where up_to_seq = 1", DENSE),
    ("update participants set change_no = 1", UNIQUE),
    ("update messages set recipient_change_no = recipient_change_no + 1 where seq = 1", UNIQUE),
];

#[tokio::test]
async fn every_check_of_the_drill_sees_what_it_is_for() {
    let office = Office::new().await;
    office_in_use(&office).await;
    let database = Dump::of(&office.database).await.restore().await;
    let mut owner = database.owner().await;
    assert_eq!(broken(&mut owner).await, Vec::<&str>::new());
    for (damage, check) in DAMAGES {
        let mut undone = owner.begin().await.expect("begun");
        assert!(undone.execute(damage).await.expect("damaged").rows_affected() > 0, "{damage}");
        let seen = broken(&mut undone).await;
        assert!(seen.contains(&check), "{damage}: {seen:?}");
        undone.rollback().await.expect("undone");
    }
    let seen: BTreeSet<&str> = DAMAGES.iter().map(|(_, check)| *check).collect();
    assert_eq!(seen.len(), CHECKS.len(), "each check is damaged");
}
