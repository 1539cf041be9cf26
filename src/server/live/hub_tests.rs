//! The rules of the hub and its mailboxes: what is handed over, what has to be read, and how a stream ends.

use super::*;
use bytes::Bytes;
use std::task::Waker;
use uuid::Uuid;

impl Place {
    fn next(&self) -> Option<Next> {
        match self.poll_next(&Context::from_waker(Waker::noop())) {
            Poll::Ready(next) => Some(next),
            Poll::Pending => None,
        }
    }
}

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn token(n: u128) -> Credential {
    Credential::Token { id: Uuid::from_u128(n) }
}

#[test]
fn one_stream_too_many_is_refused_and_a_closed_one_makes_room() {
    let hub = Arc::new(Hub::new(Bounds { per_user: 2, total: 3 }));
    let first = hub.subscribe(user(1), token(1)).expect("room");
    let _second = hub.subscribe(user(1), token(1)).expect("room");
    assert_eq!(hub.subscribe(user(1), token(1)).expect_err("full").code, Code::RateLimited);
    let _other = hub.subscribe(user(2), token(2)).expect("room");
    assert_eq!(hub.subscribe(user(3), token(3)).expect_err("full").code, Code::Unavailable);
    drop(first);
    assert_eq!((hub.len(), hub.listeners().len()), (2, 2));
    hub.subscribe(user(1), token(1)).expect("room again");
}

fn pushed(after: i64, up_to: i64) -> Pushed {
    Pushed { after: ChangeNo(after), up_to: ChangeNo(up_to), frame: Bytes::from_static(b"data: x\n\n"), policy_version: 1 }
}

/// A stream that has read everything up to here.
fn standing(hub: &Arc<Hub>, n: u128, change_no: i64) -> Place {
    let place = hub.subscribe(user(n), token(n)).expect("room");
    assert_eq!(place.next(), Some(Next::Read), "it begins by reading");
    assert!(place.stands_at(ChangeNo(change_no)));
    place
}

#[test]
fn what_follows_without_a_gap_is_handed_over_and_nobody_else_hears_it() {
    let hub = Arc::new(Hub::default());
    let (mine, theirs) = (standing(&hub, 1, 4), standing(&hub, 2, 4));
    assert_eq!(hub.push(user(1), &pushed(4, 5)), Taken { pushed: 1, behind: 0 });
    assert_eq!(hub.push(user(1), &pushed(5, 7)), Taken { pushed: 1, behind: 0 });
    assert_eq!(mine.next(), Some(Next::Send(vec![pushed(4, 5), pushed(5, 7)])));
    assert_eq!((mine.next(), theirs.next()), (None, None));
}

#[test]
fn a_push_that_overtakes_another_makes_the_stream_read_and_the_late_one_is_nothing_new() {
    let hub = Arc::new(Hub::default());
    let mine = standing(&hub, 1, 4);
    assert_eq!(hub.push(user(1), &pushed(5, 6)), Taken { pushed: 0, behind: 1 });
    assert_eq!(mine.next(), Some(Next::Read));
    assert!(mine.stands_at(ChangeNo(6)), "the feed had both");
    assert_eq!(hub.push(user(1), &pushed(4, 5)), Taken::default());
    assert_eq!(mine.next(), None);
}

#[test]
fn what_is_heard_of_while_a_stream_reads_is_read_again() {
    let hub = Arc::new(Hub::default());
    let mine = hub.subscribe(user(1), token(1)).expect("room");
    assert_eq!(mine.next(), Some(Next::Read));
    assert_eq!(hub.push(user(1), &pushed(4, 5)), Taken::default(), "it is reading");
    assert!(!mine.stands_at(ChangeNo(4)), "the feed was read before the push");
    assert_eq!(mine.next(), Some(Next::Read));
    assert!(mine.stands_at(ChangeNo(5)));
    assert_eq!(mine.next(), None);
}

#[test]
fn a_hint_of_what_was_handed_over_costs_nothing_and_one_without_a_number_is_looked_after() {
    let hub = Arc::new(Hub::default());
    let mine = standing(&hub, 1, 4);
    hub.push(user(1), &pushed(4, 5));
    hub.hint(user(1), ChangeNo(5));
    assert_eq!(mine.next(), Some(Next::Send(vec![pushed(4, 5)])));
    assert_eq!(mine.next(), None);
    for _ in 0..1_000 {
        hub.hint(user(1), ChangeNo(0));
    }
    assert_eq!(mine.next(), Some(Next::Read));
    assert!(mine.stands_at(ChangeNo(5)), "a thousand hints are one");
    hub.hint(user(1), ChangeNo(6));
    assert_eq!(mine.next(), Some(Next::Read));
}

#[test]
fn a_stream_ends_with_the_credential_that_opened_it() {
    let hub = Arc::new(Hub::default());
    let (gone, stays) = (hub.subscribe(user(1), token(1)).expect("room"), hub.subscribe(user(1), token(2)).expect("room"));
    hub.end(|credential| *credential != token(1));
    assert_eq!((gone.next(), stays.next()), (Some(Next::End), Some(Next::Read)));
    hub.close();
    assert_eq!((gone.next(), stays.next()), (Some(Next::End), Some(Next::Bye)));
    assert_eq!(hub.subscribe(user(2), token(3)).expect("room").next(), Some(Next::Bye));
}

#[test]
fn what_was_handed_over_comes_no_second_time_unless_it_was_lost() {
    let hub = Arc::new(Hub::default());
    let place = standing(&hub, 1, 4);
    assert_eq!(hub.push(user(1), &pushed(2, 3)), Taken::default(), "it was read before, and is late");
    assert_eq!(hub.push(user(1), &pushed(4, 6)), Taken { pushed: 1, behind: 0 });
    assert_eq!(place.next(), Some(Next::Send(vec![pushed(4, 6)])));
    assert_eq!(hub.push(user(1), &pushed(4, 5)), Taken { pushed: 0, behind: 1 });
    assert_eq!(place.next(), Some(Next::Read));

    let place = standing(&hub, 2, 4);
    hub.feed_stands_at(user(2), ChangeNo(4));
    assert_eq!(place.next(), None);
    hub.feed_stands_at(user(2), ChangeNo(3));
    assert_eq!(place.next(), Some(Next::Read));
}
