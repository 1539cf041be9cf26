//! Sending and reading messages: texts, retries, order of refusals, pages.

use crate::support::{
    Office, audit_is_closed,
    person::{Person, change},
    settings,
};
use cms_messages::{
    domain::{
        ids::{ClientId, ConversationId, Seq},
        message::Status,
        page::PageAt,
        time::Timestamp,
    },
    error::{Code, Error},
    server::{
        service::messages,
        settings::{LimitSettings, Settings},
    },
};
use sqlx::Executor;

async fn two(office: &Office) -> (Person, Person, ConversationId) {
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    (asha, bikram, conversation)
}

#[tokio::test]
async fn a_text_is_stored_and_shown_exactly_as_normalised() {
    let office = Office::new().await;
    let (asha, bikram, conversation) = two(&office).await;
    let longest = "🧵".repeat(4_000);
    let texts = [
        ("  \r\nHello\rthere\r\nyou\n ", "Hello\nthere\nyou"),
        ("cafe\u{301}", "caf\u{e9}"),
        ("<b>&amp;</b> '; drop table messages; -- \\ %s $1 {}", "<b>&amp;</b> '; drop table messages; -- \\ %s $1 {}"),
        ("अ‍आ \u{202e}rtl\u{202c} \u{200b}\u{feff} zero\u{200d}width", "अ‍आ \u{202e}rtl\u{202c} \u{200b}\u{feff} zero\u{200d}width"),
        ("tab\there", "tab\there"),
        (longest.as_str(), longest.as_str()),
    ];
    for (typed, stored) in texts {
        assert_eq!(asha.write(conversation, typed).await.body, stored);
    }
    for person in [&asha, &bikram] {
        let bodies: Vec<String> = person.history(conversation).await.into_iter().map(|message| message.body).collect();
        assert_eq!(bodies, texts.map(|(_, stored)| stored));
    }
}

#[tokio::test]
async fn a_text_that_cannot_be_shown_is_refused_and_nothing_is_written() {
    let office = Office::new().await;
    let (asha, _, conversation) = two(&office).await;
    let too_long = "a".repeat(4_001);
    for text in ["", " \n\t ", "a\0b", "a\u{7}b", too_long.as_str()] {
        let error = asha.send(conversation, ClientId::generate(), text).await.expect_err("refused");
        assert_eq!((error.code, error.fields.contains_key("body")), (Code::Invalid, true));
    }
    assert_eq!(office.count("select count(*) from messages").await, 0);
}

#[tokio::test]
async fn seqs_are_dense_and_the_same_for_both() {
    let office = Office::new().await;
    let (asha, bikram, conversation) = two(&office).await;
    for n in 1..=6 {
        let writer = if n % 3 == 0 { &bikram } else { &asha };
        let message = writer.write(conversation, &format!("{n}")).await;
        assert_eq!((message.seq, message.status), (Seq(n), Status::Sent));
    }
    let (hers, his) = (asha.history(conversation).await, bikram.history(conversation).await);
    assert_eq!(hers, his);
    assert_eq!(hers.iter().map(|message| message.body.clone()).collect::<Vec<_>>(), ["1", "2", "3", "4", "5", "6"]);
    assert!(hers.is_sorted_by_key(|message| message.sent_at));
    assert!(hers.iter().all(|message| message.recipient_id == if message.sender_id == asha.id() { bikram.id() } else { asha.id() }));
}

#[tokio::test]
async fn time_never_runs_against_seq() {
    let office = Office::new().await;
    let (asha, bikram, conversation) = two(&office).await;
    asha.write(conversation, "while the clock was ahead").await;
    let mut owner = office.database.owner().await;
    owner.execute("update messages set sent_at = sent_at + interval '1 hour'").await.expect("an hour ahead");
    owner.execute("update conversations set last_message_at = last_message_at + interval '1 hour'").await.expect("an hour ahead");
    let ahead = asha.history(conversation).await[0].sent_at;
    assert_eq!(asha.write(conversation, "once it was set right").await.sent_at, ahead);
    bikram.read(conversation, 2).await.expect("read");
    for message in asha.history(conversation).await {
        assert_eq!((message.sent_at, message.delivered_at, message.read_at), (ahead, Some(ahead), Some(ahead)));
    }
}

#[tokio::test]
async fn a_replay_gives_the_same_message_as_it_stands() {
    let office = Office::new().await;
    let (asha, bikram, conversation) = two(&office).await;
    let key = ClientId::generate();
    let first = asha.send(conversation, key, "one\r\ntwo").await.expect("sent");
    assert!(!first.replayed);
    let replay = asha.send(conversation, key, " one\ntwo ").await.expect("replayed");
    assert_eq!((replay.replayed, &replay.message), (true, &first.message), "the same normalised text");

    asha.write(conversation, "later").await;
    bikram.read(conversation, 1).await.expect("read");
    let changes = asha.changes(0, 10).await.change_no;
    let replay = asha.send(conversation, key, "one\ntwo").await.expect("replayed").message;
    let listed = asha.history(conversation).await.swap_remove(0);
    assert_eq!((replay.status, &replay), (Status::Read, &listed));
    assert_eq!((replay.seq, replay.sent_at), (first.message.seq, first.message.sent_at));
    assert_eq!(asha.changes(0, 10).await.change_no, changes, "a replay is no change");
    assert_eq!(office.count("select count(*) from messages").await, 2);
}

#[tokio::test]
async fn a_key_means_one_text_in_one_conversation_of_one_sender() {
    let office = Office::new().await;
    let (asha, bikram, conversation) = two(&office).await;
    let chitra = office.person("chitra").await;
    let other = asha.open(&chitra).await;
    let key = ClientId::generate();
    asha.send(conversation, key, "text").await.expect("sent");
    assert_eq!(asha.send(conversation, key, "other text").await.expect_err("refused").code, Code::IdempotencyConflict);
    assert_eq!(asha.send(other, key, "text").await.expect_err("refused").code, Code::IdempotencyConflict);
    assert!(!bikram.send(conversation, key, "text").await.expect("another sender's key").replayed);
    assert_eq!(office.count("select count(*) from messages").await, 2);
}

/// The locks let one try look at a time; the constraint holds also for what takes none.
#[tokio::test]
async fn the_table_itself_takes_a_key_once() {
    let office = Office::new().await;
    let (asha, _, conversation) = two(&office).await;
    asha.write(conversation, "text").await;
    let error = sqlx::query(
        "insert into messages
         select conversation_id, seq + 1, sender_id, sender_ordinal + 1, client_id, body, body_salt, body_digest, sent_at,
                sender_change_no, recipient_change_no
         from messages",
    )
    .execute(&*office.state.pool)
    .await
    .expect_err("refused");
    assert_eq!(error.as_database_error().and_then(|error| error.constraint()), Some("messages_client_id_key"));
}

#[tokio::test]
async fn a_replay_is_answered_whatever_the_policy_says_by_now() {
    let office = Office::with_policy(audit_is_closed()).await;
    let (asha, bikram, conversation) = two(&office).await;
    let key = ClientId::generate();
    asha.send(conversation, key, "text").await.expect("sent");
    change(&office.state, &bikram, "department = 'Audit'").await;
    assert!(asha.send(conversation, key, "text").await.expect("replayed").replayed);
    assert_eq!(asha.send(conversation, key, "other").await.expect_err("refused").code, Code::IdempotencyConflict);
    let refused = asha.send(conversation, ClientId::generate(), "new").await.expect_err("refused");
    assert_eq!((refused.code, refused.rule.as_deref()), (Code::PolicyDenied, Some("audit_is_closed")), "the permit is of the past");
}

#[tokio::test]
async fn what_the_policy_allows_to_a_person_ends_when_they_move() {
    let office = Office::with_policy(audit_is_closed()).await;
    let (omar, aviva) = (office.person_in("omar", "Audit").await, office.person_in("aviva", "Audit").await);
    let conversation = omar.open(&aviva).await;
    omar.write(conversation, "among ourselves").await;
    let mut moved = omar.clone();
    moved.user.department = "Yard".into();
    let moved = moved.at(&office.state);
    assert_eq!(moved.send(conversation, ClientId::generate(), "still?").await.expect_err("refused").code, Code::PolicyDenied);
}

#[tokio::test]
async fn the_right_to_answer_ends_after_thirty_days() {
    let office = Office::with_policy(audit_is_closed()).await;
    let (asha, omar) = (office.person("asha").await, office.person_in("omar", "Audit").await);
    let conversation = omar.open(&asha).await;
    omar.write(conversation, "a question").await;
    asha.write(conversation, "an answer").await;
    asha.write(conversation, "and more").await;
    let mut owner = office.database.owner().await;
    owner.execute("update participants set last_sent_at = last_sent_at - interval '30 days 1 second'").await.expect("time passes");
    assert_eq!(asha.send(conversation, ClientId::generate(), "late").await.expect_err("refused").code, Code::PolicyDenied);
    assert!(!asha.sees(conversation).await.can_write);
}

#[tokio::test]
async fn over_the_rate_replays_are_answered_and_refusals_keep_their_order() {
    let limits = LimitSettings { sends_per_minute: 3, ..settings().limits };
    let office = Office::with(Settings { limits, policy: audit_is_closed(), ..settings() }).await;
    let (asha, bikram, conversation) = two(&office).await;
    let other = asha.open(&office.person("chitra").await).await;
    asha.write(other, "known to the policy").await;
    change(&office.state, &bikram, "department = 'Yard'").await;
    let key = ClientId::generate();
    asha.send(conversation, key, "text").await.expect("sent");
    asha.write(conversation, "the last one").await;

    let code = |result: Result<_, Error>| result.map(|_: cms_messages::domain::message::SentMessage| ()).expect_err("refused").code;
    assert_eq!(code(asha.send(conversation, ClientId::generate(), "too fast").await), Code::RateLimited);
    assert!(asha.send(conversation, ClientId::generate(), "too fast").await.expect_err("refused").retry_after.is_some());
    assert!(asha.send(conversation, key, "text").await.expect("a replay").replayed);
    assert_eq!(code(asha.send(conversation, key, "other").await), Code::IdempotencyConflict);
    assert_eq!(code(asha.send(ConversationId(uuid::Uuid::new_v4()), ClientId::generate(), "text").await), Code::NotFound);
    assert_eq!(code(asha.send(conversation, ClientId::generate(), "").await), Code::Invalid);
    change(&office.state, &bikram, "department = 'Audit'").await;
    assert_eq!(code(asha.send(conversation, ClientId::generate(), "denied").await), Code::PolicyDenied);
    assert_eq!(office.count("select count(*) from messages").await, 3);
    bikram.write(conversation, "others are not slowed").await;
}

#[tokio::test]
async fn every_page_is_what_counting_by_hand_gives() {
    let office = Office::new().await;
    let (asha, _, conversation) = two(&office).await;
    for length in 0..=5_i64 {
        if length > 0 {
            asha.write(conversation, &format!("{length}")).await;
        }
        for limit in 1..=6_i64 {
            let all: Vec<i64> = (1..=length).collect();
            check(&asha, conversation, PageAt::Newest, limit, &all, tail(&all, limit)).await;
            for seq in (0..=length + 3).chain([1_000, i64::MAX]) {
                let below: Vec<i64> = all.iter().copied().filter(|n| *n < seq).collect();
                check(&asha, conversation, PageAt::Before(Seq(seq)), limit, &all, tail(&below, limit)).await;
                let above: Vec<i64> = all.iter().copied().filter(|n| *n > seq).take(limit as usize).collect();
                check(&asha, conversation, PageAt::After(Seq(seq)), limit, &all, above).await;
                check(&asha, conversation, PageAt::Around(Seq(seq)), limit, &all, around(&all, seq, limit)).await;
            }
        }
    }
}

async fn check(person: &Person, conversation: ConversationId, at: PageAt, limit: i64, all: &[i64], expected: Vec<i64>) {
    let page = person.page(conversation, at, limit).await;
    let seqs: Vec<i64> = page.items.iter().map(|message| message.seq.0).collect();
    assert_eq!(seqs, expected, "{at:?}, {limit} of {}", all.len());
    assert!(page.items.iter().all(|message| message.body == message.seq.0.to_string()));
    let (before, after) = match (expected.first(), expected.last(), at) {
        (Some(first), Some(last), _) => (all.first() < Some(first), all.last() > Some(last)),
        (_, _, PageAt::Before(_)) => (false, !all.is_empty()),
        (_, _, PageAt::After(_)) => (!all.is_empty(), false),
        _ => (false, false),
    };
    assert_eq!((page.has_before, page.has_after), (before, after), "{at:?}, {limit} of {}", all.len());
}

fn tail(seqs: &[i64], limit: i64) -> Vec<i64> {
    let mut last: Vec<i64> = seqs.iter().rev().take(limit as usize).copied().collect();
    last.reverse();
    last
}

/// Half of the page before the seq, the rest from it on; what one side lacks comes from the other.
fn around(all: &[i64], seq: i64, limit: i64) -> Vec<i64> {
    let (before, from): (Vec<i64>, Vec<i64>) = all.iter().partition(|n| **n < seq);
    if from.is_empty() {
        return tail(&before, limit);
    }
    let mut page = tail(&before, limit / 2);
    page.extend(from.iter().take((limit - limit / 2) as usize));
    // fill up, one at a time, later ones first
    while (page.len() as i64) < limit && page.len() < all.len() {
        match (page.last().copied().unwrap_or(0), page.first().copied()) {
            (last, _) if last < all.len() as i64 => page.push(last + 1),
            (_, Some(first)) => page.insert(0, first - 1),
            _ => break,
        }
    }
    page
}

#[tokio::test]
async fn a_time_leads_to_the_first_message_sent_then() {
    let office = Office::new().await;
    let (asha, _, conversation) = two(&office).await;
    for n in 0..9 {
        asha.write(conversation, &format!("{n}")).await;
    }
    // three messages a second, so that times repeat
    let mut owner = office.database.owner().await;
    owner
        .execute("update messages set sent_at = timestamptz '2026-01-01 00:00:00Z' + ((seq - 1) / 3) * interval '1 second'")
        .await
        .expect("set");
    let at = |text: &str| PageAt::At(Timestamp::parse(text).expect("a time"));
    let seqs = async |at, limit| asha.page(conversation, at, limit).await.items.iter().map(|message| message.seq.0).collect::<Vec<_>>();
    assert_eq!(seqs(at("2026-01-01T00:00:01Z"), 4).await, [2, 3, 4, 5]);
    assert_eq!(seqs(at("2026-01-01T00:00:00.000001Z"), 1).await, [4]);
    assert_eq!(seqs(at("1970-01-01T00:00:00Z"), 3).await, [1, 2, 3]);
    assert_eq!(seqs(at("2030-01-01T00:00:00Z"), 3).await, [7, 8, 9], "after all of them: the newest");
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused_with_the_field() {
    let office = Office::new().await;
    let (asha, _, conversation) = two(&office).await;
    let field = async |at, limit| {
        let error = messages::page(&asha.ctx, conversation, at, limit).await.expect_err("refused");
        assert_eq!(error.code, Code::Invalid);
        error.fields.into_keys().next().expect("a field")
    };
    for limit in [0, -5, 201, i64::MIN] {
        assert_eq!(field(PageAt::Newest, Some(limit)).await, "limit");
    }
    assert_eq!(field(PageAt::Before(Seq(-1)), None).await, "before");
    assert_eq!(field(PageAt::After(Seq(-1)), None).await, "after");
    assert_eq!(field(PageAt::Around(Seq(i64::MIN)), None).await, "around");
}
