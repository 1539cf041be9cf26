//! Many people and instances at once: one message per key, dense seqs and feeds, nothing missed, no deadlock.

use crate::support::{
    Office,
    person::{LEAVES, Person, change},
};
use cms_messages::{
    domain::{
        ids::{ClientId, ConversationId, Seq},
        inbox::Inbox,
        message::{Message, SentMessage},
        page::PageAt,
    },
    error::{Code, Error},
};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tries_with_one_key_give_one_message_and_the_same_answers() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    let instances = [asha.clone(), asha.at(&office.another_instance()), asha.at(&office.another_instance())];
    for round in 0..5 {
        let key = ClientId::generate();
        let mut tries = JoinSet::new();
        for n in 0..24 {
            let asha = instances[n % 3].clone();
            tries.spawn(async move { asha.send(conversation, key, "once").await.expect("answered") });
        }
        let answers: Vec<SentMessage> = tries.join_all().await;
        assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1, "one try wrote it");
        assert!(answers.iter().all(|answer| answer.message == answers[0].message));
        assert_eq!(answers[0].message.seq, Seq(round + 1));
    }
    assert_eq!(office.count("select count(*) from messages").await, 5);
    assert_eq!(office.count("select count(*) from audit_entries where action = 'message.sent'").await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_key_in_two_conversations_at_once_belongs_to_one_of_them() {
    let office = Office::new().await;
    let (asha, bikram, chitra) = (office.person("asha").await, office.person("bikram").await, office.person("chitra").await);
    let conversations = [asha.open(&bikram).await, asha.open(&chitra).await];
    for _ in 0..10 {
        let key = ClientId::generate();
        let mut tries = JoinSet::new();
        for n in 0..8 {
            let (asha, conversation) = (asha.clone(), conversations[n % 2]);
            tries.spawn(async move { asha.send(conversation, key, "text").await.map(|sent| sent.message.conversation_id) });
        }
        let answers: Vec<Result<ConversationId, Error>> = tries.join_all().await;
        let won: Vec<_> = answers.iter().flatten().collect();
        assert_eq!(won.len(), 4);
        assert!(won.iter().all(|id| *id == won[0]));
        assert!(answers.iter().filter_map(|answer| answer.as_ref().err()).all(|error| error.code == Code::IdempotencyConflict));
    }
    assert_eq!(office.count("select count(*) from messages").await, 10);
}

/// Everybody writes to everybody, each message tried twice at different instances, in both directions, while all
/// acknowledge what they get and somebody follows each feed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_leaves_dense_numbers_and_misses_nothing() {
    const CROWD: usize = 5;
    const ROUNDS: usize = 6;
    let office = Office::new().await;
    let other = office.another_instance();
    let mut people: Vec<Person> = Vec::new();
    for n in 0..CROWD {
        people.push(office.person(&format!("p{n}")).await);
    }
    let mut conversations: HashMap<(usize, usize), ConversationId> = HashMap::new();
    for a in 0..CROWD {
        for b in 0..a {
            let id = people[a].open(&people[b]).await;
            people[b].open(&people[a]).await;
            conversations.insert((a, b), id);
            conversations.insert((b, a), id);
        }
    }

    let over = Arc::new(AtomicBool::new(false));
    let mut followers = JoinSet::new();
    for person in people.clone() {
        let over = over.clone();
        followers.spawn(async move { follow(&person, &over).await });
    }
    let mut writers = JoinSet::new();
    for ((from, _), conversation) in conversations.clone() {
        let (here, there) = (people[from].clone(), people[from].at(&other));
        writers.spawn(async move {
            for round in 0..ROUNDS {
                let (key, text) = (ClientId::generate(), format!("{round}"));
                let (first, second) = tokio::join!(here.send(conversation, key, &text), there.send(conversation, key, &text));
                let (first, second) = (first.expect("sent"), second.expect("sent"));
                assert_eq!((first.message.seq, first.message.sent_at), (second.message.seq, second.message.sent_at));
                assert_ne!(first.replayed, second.replayed);
                let seen = here.sees(conversation).await.last_seq.0;
                // two devices, each in its own time
                let (delivered, read) = tokio::join!(here.deliver(conversation, seen), there.read(conversation, seen - 1));
                delivered.and(read).expect("acknowledged");
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.expect("every try is answered");
    }
    over.store(true, SeqCst);
    while let Some(followed) = followers.join_next().await {
        let (person, inbox) = followed.expect("the follower sees no gap");
        assert_eq!(inbox, person.inbox(100).await, "what was followed is what is there");
    }

    for ((from, to), conversation) in &conversations {
        let messages: Vec<Message> = people[*from].page(*conversation, PageAt::After(Seq(0)), 200).await.items;
        let seqs: Vec<i64> = messages.iter().map(|message| message.seq.0).collect();
        assert_eq!(seqs, (1..=2 * ROUNDS as i64).collect::<Vec<_>>());
        assert!(messages.is_sorted_by_key(|message| message.sent_at));
        for writer in [from, to] {
            let texts: Vec<&str> = messages.iter().filter(|m| m.sender_id == people[*writer].id()).map(|m| m.body.as_str()).collect();
            assert_eq!(texts, ["0", "1", "2", "3", "4", "5"], "in the order in which they were acknowledged to their sender");
        }
    }
    // each opening, each message for both sides, each call that moved a pointer for both sides, and nothing else
    let dense = office
        .count(
            "select count(*) from user_feeds f where change_no <> \
             (select count(*) from participants o where o.user_id = f.user_id and o.opened_at is not null) \
             + (select count(*) from messages m join participants p on p.conversation_id = m.conversation_id and p.user_id = f.user_id) \
             + (select count(*) from receipts r join participants p on p.conversation_id = r.conversation_id and p.user_id = f.user_id \
                where r.evidence <> 'read')",
        )
        .await;
    assert_eq!(dense, 0, "feeds with a gap");
    let repeated = office
        .count(
            "select count(*) from (select user_id, change_no from (
                 select m.sender_id as user_id, m.sender_change_no as change_no from messages m
                 union all
                 select p.user_id, m.recipient_change_no from messages m
                 join participants p on p.conversation_id = m.conversation_id and p.user_id <> m.sender_id
             ) numbers group by user_id, change_no having count(*) > 1) twice",
        )
        .await;
    assert_eq!(repeated, 0, "change numbers given twice");
    let wrong = office
        .count(
            "select count(*) from participants p where unread <> (select count(*) from messages m where \
             m.conversation_id = p.conversation_id and m.seq > p.read_seq and m.sender_id <> p.user_id)",
        )
        .await;
    assert_eq!(wrong, 0, "unread counts that are not what counting gives");
    other.pool.close().await;
    assert_eq!(deadlocks(&office).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn people_change_while_everybody_writes_and_all_take_locks_in_one_order() {
    let office = Office::new().await;
    let mut people: Vec<Person> = Vec::new();
    for n in 0..4 {
        people.push(office.person(&format!("p{n}")).await);
    }
    let mut tasks = JoinSet::new();
    for a in 0..people.len() {
        for b in 0..a {
            let (here, there, state) = (people[a].clone(), people[b].clone(), office.state.clone());
            let conversation = here.open(&there).await;
            there.open(&here).await;
            tasks.spawn(async move {
                for _ in 0..10 {
                    tokio::join!(insist(&here, conversation), insist(&there, conversation), async {
                        there.read(conversation, 1).await.and(here.read(conversation, 1).await)
                    },)
                    .2
                    .unwrap_or_else(|error| assert_eq!(error.code, Code::Invalid, "nothing to read yet"));
                    change(&state, &here, "department = department").await;
                }
            });
        }
    }
    tasks.join_all().await;
    assert_eq!(office.count("select count(*) from messages").await, 6 * 2 * 10);
    for person in &people {
        let mut screen = Inbox::default();
        person.catch_up(&mut screen, 2).await;
        assert_eq!(screen, person.inbox(100).await);
    }
    assert_eq!(deadlocks(&office).await, 0);
}

/// Sends until it is sent: a recipient who changes faster than the policy can be asked is `unavailable`.
async fn insist(person: &Person, conversation: ConversationId) {
    let key = ClientId::generate();
    while let Err(error) = person.send(conversation, key, "text").await {
        assert_eq!(error.code, Code::Unavailable);
    }
}

/// Retries hide them from the callers, not from the database, which counts when its connections end.
async fn deadlocks(office: &Office) -> i64 {
    office.state.pool.close().await;
    let mut owner = office.database.owner().await;
    let backends =
        "select count(*) from pg_stat_activity where datname = current_database() and usename is not null and pid <> pg_backend_pid()";
    while sqlx::query_scalar::<_, i64>(backends).fetch_one(&mut owner).await.expect("the backends") > 0 {
        tokio::task::yield_now().await;
    }
    let count = "select deadlocks from pg_stat_database where datname = current_database()";
    sqlx::query_scalar(count).fetch_one(&mut owner).await.expect("the counter")
}

/// Follows a feed until everybody is done. A change that was numbered but not yet visible would be missed for ever.
async fn follow(person: &Person, over: &AtomicBool) -> (Person, Inbox) {
    let mut inbox = person.inbox(100).await;
    loop {
        // asked before the last look, so that it comes after the last change
        let last = over.load(SeqCst);
        person.catch_up(&mut inbox, 3).await;
        if last {
            return (person.clone(), inbox);
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_leaves_while_a_send_waits_for_its_lock_is_not_written_to() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    // the policy has said yes to this recipient as they are
    asha.write(conversation, "in time").await;
    let mut holder = office.state.pool.begin().await.expect("begun");
    sqlx::query("select 1 from conversations for update").execute(&mut *holder).await.expect("held");
    let (sender, waiting) = (
        asha.clone(),
        "select count(*) from pg_locks where not granted and pid in (select pid from pg_stat_activity where datname = current_database())",
    );
    let late = tokio::spawn(async move { sender.send(conversation, ClientId::generate(), "too late").await });
    while office.count(waiting).await == 0 && !late.is_finished() {}
    change(&office.state, &bikram, LEAVES).await;
    holder.rollback().await.expect("let go");
    let answer = late.await.expect("no panic");
    assert_eq!(answer.map_err(|error| error.code), Err(Code::PolicyDenied));
    assert_eq!(office.count("select count(*) from messages").await, 1);
}
