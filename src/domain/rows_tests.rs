use super::{RowState, Thread, day_name};
use crate::domain::{
    ids::Seq,
    message::Status,
    page::MessagePage,
    thread::{
        PendingState, Side,
        tests::{VIEWER, at, conversation, message, page, pending},
    },
    time::Timestamp,
};

fn day(moment: Timestamp) -> String {
    moment.date()
}

/// A thread of messages `(minute, own)`.
fn thread(written: &[(i64, bool)]) -> Thread {
    let items = written.iter().enumerate().map(|(place, (minute, own))| {
        let mut message = message(place as i64 + 1, *own);
        message.sent_at = at(*minute);
        message
    });
    let page = MessagePage { items: items.collect(), has_before: false, has_after: false };
    Thread::open(VIEWER, &conversation(written.len() as i64, written.len() as i64, 0), page)
}

fn joined(thread: &Thread) -> Vec<bool> {
    let keys = thread.days(day).into_iter().flat_map(|day| day.read.into_iter().chain(day.rows)).collect::<Vec<_>>();
    keys.into_iter().map(|key| thread.facts(key, day).expect("a row").joined).collect()
}

#[test]
fn messages_of_one_sender_within_five_minutes_stand_together() {
    assert_eq!(joined(&thread(&[(0, true), (5, true), (11, true), (11, false), (12, false)])), [false, true, false, false, true]);
}

#[test]
fn a_new_day_and_the_line_separate() {
    let midnight = (0..).find(|minute| at(*minute).date() != at(minute + 1).date()).expect("a midnight");
    let thread = thread(&[(midnight - 1, true), (midnight, true), (midnight + 1, true)]);
    assert_eq!(joined(&thread), [false, true, false]);
    assert_eq!(thread.days(day).len(), 2);
    let new = Thread::open(VIEWER, &conversation(4, 1, 2), page(1, 4, 4));
    assert_eq!(joined(&new), [false, false, false, false]);
    let days = new.days(day);
    assert_eq!((days.len(), days[0].read.len(), days[0].new, days[0].rows.len()), (1, 1, Some(2), 3));
}

#[test]
fn a_clock_that_runs_behind_brings_no_day_back() {
    let mut thread = thread(&[(0, false), (9_000, false)]);
    let mut early = pending(5, PendingState::Sending);
    early.at = at(-90_000);
    thread.set_pending(vec![early]);
    let days: Vec<_> = thread.days(day).into_iter().map(|day| (day.date, day.rows.len())).collect();
    assert_eq!(days, [(at(0).date(), 1), (at(9_000).date(), 2)]);
}

#[test]
fn the_newest_of_ones_own_says_so_wherever_it_stands() {
    let mut thread = thread(&[(0, true), (1, true), (2, false)]);
    let newest = |thread: &Thread| {
        let keys = thread.days(day).into_iter().flat_map(|day| day.rows);
        keys.map(|key| thread.facts(key, day).expect("a row").newest).collect::<Vec<_>>()
    };
    assert_eq!(newest(&thread), [false, true, false]);
    thread.set_pending(vec![pending(5, PendingState::Sending)]);
    assert_eq!(newest(&thread), [false, false, false, true]);
}

#[test]
fn a_row_says_how_far_it_has_come() {
    let mut thread = thread(&[(0, true), (1, true)]);
    thread.peer_pointers(Seq(2), Seq(1));
    let states = [PendingState::Sending, PendingState::Unconfirmed, PendingState::Failed("no".into()), PendingState::Waiting];
    thread.set_pending((5..).zip(states).map(|(key, state)| pending(key, state)).collect());
    let keys = thread.days(day).into_iter().flat_map(|day| day.rows);
    let states: Vec<_> = keys.map(|key| thread.facts(key, day).expect("a row").state).collect();
    assert_eq!(
        states,
        [
            RowState::Stored(Status::Read),
            RowState::Stored(Status::Delivered),
            RowState::Sending,
            RowState::Unconfirmed,
            RowState::Failed("no".into()),
            RowState::Waiting,
        ]
    );
}

#[test]
fn a_row_that_was_trimmed_away_has_no_facts() {
    let mut thread = thread(&[(0, true)]);
    let key = thread.days(day)[0].rows[0];
    thread.reset(page(500, 549, 600));
    assert_eq!(thread.facts(key, day), None);
    assert!(thread.put(page(450, 499, 600), Side::Older));
}

#[test]
fn a_day_is_named_as_its_reader_sees_it() {
    assert_eq!(day_name("2026-11-19", None), "Thursday 19 November 2026");
    assert_eq!(day_name("2026-11-19", Some("2026-11-19")), "Today, Thursday 19 November");
    assert_eq!(day_name("2026-11-19", Some("2026-11-20")), "Yesterday, Thursday 19 November");
    assert_eq!(day_name("2026-11-09", Some("2026-11-20")), "Monday 9 November");
    assert_eq!(day_name("2025-12-31", Some("2026-01-02")), "Wednesday 31 December 2025");
    assert_eq!(day_name("2025-12-31", Some("2026-01-01")), "Yesterday, Wednesday 31 December");
}
