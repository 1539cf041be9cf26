use super::{Answer, LONGEST_PAUSE, Outgoing, Queue, Standing, TRIES, Then};
use crate::domain::{
    ids::{ClientId, ConversationId},
    thread::{
        PendingState,
        tests::{at, message},
    },
};
use uuid::Uuid;

fn key(number: u128) -> ClientId {
    ClientId(Uuid::from_u128(number))
}

fn outgoing(number: u128) -> Outgoing {
    Outgoing {
        conversation_id: ConversationId(Uuid::from_u128(9)),
        client_id: key(number),
        body: format!("text {number}"),
        at: at(0),
        standing: Standing::Unsent,
    }
}

fn queue(numbers: &[u128]) -> Queue {
    let mut queue = Queue::default();
    assert!(numbers.iter().all(|number| queue.put(outgoing(*number))));
    queue
}

fn stored() -> Answer {
    Answer::Stored(Box::new(message(1, true)))
}

fn not_begun() -> Answer {
    Answer::NotBegun("Not now.".into(), 0)
}

/// Tries the next one.
fn answer(queue: &mut Queue, answer: Answer) -> Then {
    let next = queue.next().expect("somebody's turn");
    queue.begin(next).expect("it is here");
    queue.answered(next, answer).expect("it is here")
}

fn states(queue: &Queue, online: bool) -> Vec<PendingState> {
    queue.pending(online).into_iter().map(|pending| pending.state).collect()
}

fn failed() -> PendingState {
    PendingState::Failed("Not now.".into())
}

#[test]
fn they_go_in_the_order_of_writing_whenever_they_were_found() {
    let mut queue = queue(&[2, 3]);
    assert!(queue.put(outgoing(1)));
    assert!(!queue.put(outgoing(2)), "the same message twice");
    for expected in [1, 2, 3] {
        assert_eq!(queue.next(), Some(key(expected)));
        assert_eq!(answer(&mut queue, stored()), Then::Next);
    }
    assert_eq!((queue.next(), queue.unconfirmed()), (None, 0));
}

#[test]
fn an_unknown_outcome_is_never_called_failed_and_never_given_up() {
    let mut queue = queue(&[1]);
    assert_eq!(states(&queue, true), [PendingState::Sending]);
    let mut longest = 0;
    for _ in 0..50 {
        let Then::Again(pause) = answer(&mut queue, Answer::Unknown) else { panic!("given up") };
        assert!(pause >= longest && pause <= LONGEST_PAUSE);
        longest = pause;
        assert_eq!(states(&queue, true), [PendingState::Unconfirmed]);
        assert_eq!(states(&queue, false), [PendingState::Unconfirmed]);
    }
    assert_eq!(longest, LONGEST_PAUSE);
    assert_eq!(answer(&mut queue, stored()), Then::Next);
}

#[test]
fn what_may_be_stored_stays_in_doubt_when_a_later_try_is_turned_away() {
    let mut queue = queue(&[1]);
    answer(&mut queue, Answer::Unknown);
    for _ in 0..2 * TRIES {
        assert!(matches!(answer(&mut queue, not_begun()), Then::Again(_)));
    }
    assert_eq!(answer(&mut queue, Answer::SignedOut), Then::Stop);
    assert_eq!(states(&queue, true), [PendingState::Unconfirmed]);
    assert_eq!(queue.kept(key(1)).expect("kept").standing, Standing::Tried);
}

#[test]
fn what_was_not_begun_fails_after_its_tries_and_holds_up_those_behind_it() {
    let mut queue = queue(&[1, 2]);
    let pauses: Vec<_> = (1..TRIES).map(|_| answer(&mut queue, not_begun())).collect();
    assert_eq!(pauses, [Then::Again(500), Then::Again(1_000), Then::Again(2_000)]);
    assert_eq!(answer(&mut queue, not_begun()), Then::Stop);
    assert_eq!(states(&queue, true), [failed(), PendingState::Waiting]);
    assert_eq!(queue.next(), None, "the second does not overtake the first");

    let mut thrown_away = queue.clone();
    thrown_away.remove(|client_id| client_id == key(1));
    assert_eq!(thrown_away.next(), Some(key(2)));

    queue.retry(key(1));
    assert_eq!(states(&queue, true), [PendingState::Sending, PendingState::Sending]);
    assert_eq!(answer(&mut queue, not_begun()), Then::Again(500), "it has all its tries again");
}

#[test]
fn what_the_server_asks_for_is_waited_up_to_a_limit() {
    let mut queue = queue(&[1]);
    assert_eq!(answer(&mut queue, Answer::NotBegun("Slowly.".into(), 3)), Then::Again(3_000));
    assert_eq!(answer(&mut queue, Answer::NotBegun("Slowly.".into(), 3_600)), Then::Again(5_000));
}

#[test]
fn a_refused_message_is_not_tried_again_and_lets_the_next_ones_pass() {
    let mut queue = queue(&[1, 2]);
    assert_eq!(answer(&mut queue, Answer::Refused("Not now.".into())), Then::Next);
    assert_eq!(queue.next(), Some(key(2)));
    queue.wake();
    assert_eq!(states(&queue, true), [failed(), PendingState::Sending]);
    answer(&mut queue, stored());
    assert_eq!(queue.next(), None);
}

#[test]
fn without_a_network_or_a_session_they_wait() {
    let mut queue = queue(&[1, 2]);
    assert_eq!(states(&queue, false), [PendingState::Waiting, PendingState::Waiting]);
    assert_eq!(answer(&mut queue, Answer::SignedOut), Then::Stop);
    assert_eq!(states(&queue, true), [PendingState::Waiting, PendingState::Waiting]);
    assert_eq!(queue.kept(key(1)).expect("kept").standing, Standing::Unsent);
    queue.wake();
    assert_eq!(states(&queue, true), [PendingState::Sending, PendingState::Sending]);
}

#[test]
fn what_is_kept_says_from_the_first_try_on_that_it_may_be_stored() {
    let mut queue = queue(&[1]);
    queue.begin(key(1));
    let text = serde_json::to_string(queue.kept(key(1)).expect("kept")).expect("JSON");
    let mut restored = Queue::default();
    restored.put(serde_json::from_str(&text).expect("an outgoing message"));
    assert_eq!(states(&restored, true), [PendingState::Unconfirmed]);
    restored.answered(key(1), stored());
    assert_eq!(restored.kept(key(1)), None);
    assert!(restored.has(key(1)), "it stands here until its place is on the screen");
}
