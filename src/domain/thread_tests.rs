use super::{MAX_MESSAGES, MAX_PENDING, MAX_ROWS, Pending, PendingState, Side, Thread};
use crate::domain::{
    conversation::Conversation,
    ids::{ChangeNo, ClientId, ConversationId, Seq, UserId},
    message::{Message, Status},
    page::MessagePage,
    rows::RowKey,
    time::Timestamp,
    user::{Role, User},
};
use proptest::prelude::*;
use std::collections::BTreeSet;
use uuid::Uuid;

pub(crate) const VIEWER: UserId = UserId(Uuid::from_u128(1));
pub(crate) const PEER: UserId = UserId(Uuid::from_u128(2));

pub(crate) fn at(minutes: i64) -> Timestamp {
    Timestamp::from_unix_micros(1_790_000_000_000_000 + minutes * 60_000_000).expect("in range")
}

pub(crate) fn message(seq: i64, own: bool) -> Message {
    let (sender_id, recipient_id) = if own { (VIEWER, PEER) } else { (PEER, VIEWER) };
    Message {
        conversation_id: ConversationId(Uuid::from_u128(9)),
        seq: Seq(seq),
        client_id: ClientId(Uuid::from_u128(1_000 + seq as u128)),
        sender_id,
        recipient_id,
        body: format!("text {seq}"),
        sent_at: at(seq),
        delivered_at: None,
        read_at: None,
        status: Status::Sent,
    }
}

pub(crate) fn conversation(last_seq: i64, read_seq: i64, unread_count: i64) -> Conversation {
    Conversation {
        id: ConversationId(Uuid::from_u128(9)),
        peer: User {
            id: PEER,
            username: "peer".into(),
            display_name: "Peer".into(),
            department: String::new(),
            role: Role::Member,
            active: true,
        },
        last_message: None,
        last_activity_at: at(last_seq),
        unread_count,
        last_seq: Seq(last_seq),
        read_seq: Seq(read_seq),
        delivered_seq: Seq(read_seq),
        peer_read_seq: Seq(0),
        peer_delivered_seq: Seq(0),
        can_write: true,
        cannot_write_reason: None,
        change_no: ChangeNo(1),
        created_at: at(0),
    }
}

/// Messages `from..=to` of a conversation of `of`; every third is the viewer's.
pub(crate) fn page(from: i64, to: i64, of: i64) -> MessagePage {
    let items: Vec<_> = (from.max(1)..=to.min(of)).map(|seq| message(seq, seq % 3 == 0)).collect();
    MessagePage { items, has_before: from > 1, has_after: to < of }
}

pub(crate) fn pending(key: u128, state: PendingState) -> Pending {
    Pending { client_id: ClientId(Uuid::from_u128(key)), body: format!("pending {key}"), at: at(9_999), state }
}

fn opened(from: i64, to: i64, of: i64) -> Thread {
    Thread::open(VIEWER, &conversation(of, of, 0), page(from, to, of))
}

fn shown(thread: &Thread) -> Vec<RowKey> {
    thread.days(|at| at.date()).into_iter().flat_map(|day| day.read.into_iter().chain(day.rows)).collect()
}

#[test]
fn history_grows_upward_and_is_trimmed_at_the_end() {
    let mut thread = opened(951, 1_000, 1_000);
    assert!(thread.follows());
    for from in (651..=901).rev().step_by(50) {
        assert!(thread.put(page(from, from + 49, 1_000), Side::Older));
    }
    assert_eq!((thread.oldest(), thread.newest()), (Seq(651), Seq(650 + MAX_MESSAGES as i64)));
    assert!(thread.has_before() && thread.has_after() && !thread.follows());
    for from in (901..=951).step_by(50) {
        assert!(thread.put(page(from, from + 49, 1_000), Side::Newer));
    }
    assert_eq!(thread.newest(), Seq(1_000));
    assert_eq!(thread.messages().len(), MAX_MESSAGES);
    assert!(thread.follows());
}

#[test]
fn a_page_that_does_not_touch_the_window_changes_nothing() {
    let mut thread = opened(101, 150, 1_000);
    let before = thread.clone();
    assert!(!thread.put(page(1, 50, 1_000), Side::Older));
    assert!(!thread.put(page(152, 160, 1_000), Side::Newer));
    assert_eq!(thread, before);
}

#[test]
fn a_burst_larger_than_a_page_is_not_followed_to_its_end() {
    let mut thread = opened(1, 10, 10);
    assert!(thread.put(page(11, 60, 200), Side::Newer));
    assert!(!thread.follows() && thread.has_after());
    assert!(thread.put(page(61, 110, 110), Side::Newer));
    assert!(thread.follows() && !thread.has_after());
}

#[test]
fn late_answers_take_nothing_back() {
    let mut thread = opened(1, 3, 3);
    thread.peer_pointers(Seq(3), Seq(2));
    thread.peer_pointers(Seq(1), Seq(1));
    let status = |seq: usize| thread.status(&thread.messages()[seq - 1]);
    assert_eq!([status(1), status(2), status(3)], [Status::Read, Status::Read, Status::Delivered]);
    let mut newer = page(1, 3, 3);
    newer.items[2].status = Status::Read;
    newer.items[2].read_at = Some(at(7));
    thread.put(newer, Side::Newer);
    thread.put(page(1, 3, 3), Side::Newer);
    assert_eq!(thread.messages()[2].read_at, Some(at(7)));
    assert_eq!(thread.status(&thread.messages()[2]), Status::Read);
}

#[test]
fn an_answered_message_takes_its_place_when_it_comes_next() {
    let mut thread = opened(1, 4, 4);
    thread.set_pending(vec![pending(1_005, PendingState::Sending)]);
    let row = *shown(&thread).last().expect("a row");
    let mut answer = message(5, true);
    answer.client_id = row.client_id;
    thread.set_pending(vec![pending(1_005, PendingState::Sent(Box::new(answer)))]);
    assert_eq!(thread.newest(), Seq(5));
    assert_eq!(shown(&thread).last(), Some(&row), "the row is the same before and after");
    assert!(!thread.has_after());
}

#[test]
fn an_answered_message_waits_for_those_before_it_and_stays_in_sight() {
    let mut thread = opened(1, 4, 4);
    let answer = message(6, true);
    let key = answer.client_id.0.as_u128();
    thread.set_pending(vec![pending(key, PendingState::Sent(Box::new(answer)))]);
    assert_eq!(thread.newest(), Seq(4));
    assert!(thread.has_after() && thread.follows());
    assert_eq!(shown(&thread).len(), 5);
    thread.put(page(5, 6, 6), Side::Newer);
    assert_eq!((thread.newest(), shown(&thread).len()), (Seq(6), 6));
    assert!(thread.follows());
}

#[test]
fn in_the_past_what_is_pending_stands_at_the_end_of_the_window() {
    let mut thread = opened(1, 50, 1_000);
    thread.set_pending(vec![pending(7, PendingState::Failed("no".into()))]);
    let row = *shown(&thread).last().expect("a row");
    assert_eq!((shown(&thread).len(), row.client_id), (51, ClientId(Uuid::from_u128(7))));
    assert!(thread.facts(row, |at| at.date()).expect("a row").newest, "its state stands there in words");
    thread.reset(page(951, 1_000, 1_000));
    assert_eq!(shown(&thread).len(), 51);
}

#[test]
fn the_line_stands_before_the_first_unread_message_of_the_peer_and_stays() {
    let mut thread = Thread::open(VIEWER, &conversation(20, 8, 8), page(5, 20, 20));
    assert_eq!(thread.first_new(), Some(Seq(10)), "9 is the viewer's own");
    thread.put(page(21, 30, 30), Side::Newer);
    assert_eq!(thread.first_new(), Some(Seq(10)));
    thread.reset(page(15, 30, 30));
    assert_eq!(thread.first_new(), None);
    thread.reset(page(10, 30, 30));
    assert_eq!(thread.first_new(), Some(Seq(10)));
    assert_eq!(opened(1, 9, 9).first_new(), None);
}

#[test]
fn where_the_line_stands_is_not_guessed() {
    let mut thread = Thread::open(VIEWER, &conversation(100, 8, 60), page(51, 100, 100));
    assert_eq!(thread.first_new(), None);
    thread.put(page(1, 50, 100), Side::Older);
    assert_eq!(thread.first_new(), Some(Seq(10)));
}

#[test]
fn a_form_says_that_the_page_was_displayed_only_if_nothing_unread_stands_before_it() {
    let thread = opened(51, 100, 100);
    assert_eq!(thread.displayed_up_to(Seq(50)), Seq(100));
    assert_eq!(thread.displayed_up_to(Seq(49)), Seq(49));
    assert_eq!(Thread::open(VIEWER, &conversation(0, 0, 0), page(1, 0, 0)).displayed_up_to(Seq(0)), Seq(0));
}

#[test]
fn what_is_below_is_what_is_unread_and_not_above() {
    let thread = Thread::open(VIEWER, &conversation(100, 10, 60), page(1, 50, 100));
    assert_eq!(thread.unread_below(Seq(13), Seq(10), 60), 58);
    assert_eq!(thread.unread_below(Seq(10), Seq(10), 60), 60);
    assert_eq!(thread.unread_below(Seq(50), Seq(10), 0), 0);
}

/// What the world does to an open conversation, and what the viewer does.
#[derive(Debug, Clone)]
enum Step {
    Arrive { count: i64, own: bool },
    Older,
    Newer,
    Around(i64),
    Newest,
    Write,
    Try { which: usize, answer: Answer },
    LatePage(i64),
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Sent,
    StoredButLost,
    Failed,
    Again,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let answer =
        prop_oneof![4 => Just(Answer::Sent), 1 => Just(Answer::StoredButLost), 1 => Just(Answer::Failed), 1 => Just(Answer::Again)];
    let step = prop_oneof![
        2 => (1..70_i64, any::<bool>()).prop_map(|(count, own)| Step::Arrive { count, own }),
        6 => Just(Step::Older),
        6 => Just(Step::Newer),
        1 => (0..900_i64).prop_map(Step::Around),
        1 => Just(Step::Newest),
        4 => Just(Step::Write),
        4 => (0..6_usize, answer).prop_map(|(which, answer)| Step::Try { which, answer }),
        1 => (0..900_i64).prop_map(Step::LatePage),
    ];
    prop::collection::vec(step, 1..60)
}

/// The server: every message there is, in order.
struct Server(Vec<Message>);

impl Server {
    fn store(&mut self, client_id: ClientId, own: bool) -> Message {
        if own && let Some(known) = self.0.iter().rev().find(|known| known.client_id == client_id) {
            return known.clone();
        }
        let mut new = message(self.0.len() as i64 + 1, own);
        new.client_id = client_id;
        self.0.push(new.clone());
        new
    }

    fn page(&self, from: i64, to: i64) -> MessagePage {
        let last = self.0.len() as i64;
        let items = self.0.iter().filter(|m| (from..=to).contains(&m.seq.0)).cloned().collect();
        MessagePage { items, has_before: from > 1, has_after: to < last }
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_window_is_whole_bounded_and_without_doubles(length in 0..700_i64, unread in 0..200_i64, steps in steps()) {
        let mut server = Server(Vec::new());
        let mut keys = 10_000_000_u128;
        let mut fresh = || { keys += 1; ClientId(Uuid::from_u128(keys)) };
        for n in 0..length {
            let key = fresh();
            server.store(key, n % 3 == 0);
        }
        let read = (length - unread).max(0);
        let first = server.page((read - 24).max(1), (read + 25).max(50));
        let unread_count = server.0.iter().filter(|m| m.seq.0 > read && m.sender_id != VIEWER).count() as i64;
        let mut thread = Thread::open(VIEWER, &conversation(length, read, unread_count), first);
        let mut outbox: Vec<Pending> = Vec::new();
        let mut line = thread.first_new();
        for step in steps {
            match step {
                Step::Arrive { count, own } => {
                    for _ in 0..count {
                        let key = fresh();
                        server.store(key, own);
                    }
                    thread.heard(Seq(server.0.len() as i64));
                }
                Step::Older => {
                    let before = thread.oldest().0;
                    let kept = thread.put(server.page((before - 50).max(1), before - 1), Side::Older);
                    prop_assert!(kept);
                }
                Step::Newer => {
                    let after = thread.newest().0;
                    let kept = thread.put(server.page(after + 1, after + 50), Side::Newer);
                    prop_assert!(kept);
                }
                Step::Around(seq) => thread.reset(server.page((seq - 25).max(1), seq + 25)),
                Step::Newest => thread.reset(server.page((server.0.len() as i64 - 49).max(1), server.0.len() as i64)),
                Step::Write => {
                    if outbox.len() < MAX_PENDING {
                        outbox.push(Pending { client_id: fresh(), ..pending(0, PendingState::Sending) });
                    }
                    thread.set_pending(outbox.clone());
                }
                Step::Try { which, answer } => {
                    if let Some(tried) = outbox.get_mut(which) {
                        match answer {
                            Answer::Sent => tried.state = PendingState::Sent(Box::new(server.store(tried.client_id, true))),
                            Answer::StoredButLost => { server.store(tried.client_id, true); tried.state = PendingState::Failed("lost".into()); }
                            Answer::Failed => tried.state = PendingState::Failed("no".into()),
                            Answer::Again => tried.state = PendingState::Sending,
                        }
                    }
                    thread.set_pending(outbox.clone());
                }
                Step::LatePage(seq) => { thread.put(server.page(seq, seq + 49), Side::Newer); }
            }

            outbox.retain(|sent| !thread.is_settled(sent.client_id));

            let rows = shown(&thread);
            prop_assert!(rows.len() <= MAX_ROWS);
            prop_assert_eq!(rows.iter().map(|row| row.client_id).collect::<BTreeSet<_>>().len(), rows.len(), "a row stands twice");
            prop_assert!(thread.messages().len() <= MAX_MESSAGES);
            prop_assert!(thread.messages().windows(2).all(|two| two[0].seq.next() == two[1].seq), "a gap");
            for known in thread.messages() {
                prop_assert_eq!(&known.client_id, &server.0[known.seq.0 as usize - 1].client_id);
            }
            prop_assert!(thread.last_seq().0 <= server.0.len() as i64);
            prop_assert_eq!(rows.len(), thread.messages().len() + outbox.len(), "what is pending is in sight");
            if line.is_some() && thread.first_new().is_some() {
                prop_assert_eq!(thread.first_new(), line, "the line moved");
            }
            line = line.or(thread.first_new());
            for row in rows.iter().step_by(29) {
                prop_assert!(thread.facts(*row, |at| at.date()).is_some() && thread.text(*row).is_some());
            }
        }
    }
}
