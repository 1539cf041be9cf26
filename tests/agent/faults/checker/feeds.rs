//! I6: every change has its number, without gaps, in the order of commits; and no stream keeps one back.

use super::{Check, Evidence};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};
use uuid::Uuid;

/// So long after a fault a stream may still be what it made of it.
const AFTERMATH: Duration = Duration::from_secs(8);

/// I6: the number of changes is the number of things that happened.
pub fn dense(evidence: &Evidence) -> Check {
    let mut check = Check::new("I6", "change numbers are dense: as many as things happened");
    let rows = &evidence.rows;
    let mut happened: HashMap<Uuid, i64> = HashMap::new();
    let peers: HashMap<(Uuid, Uuid), Uuid> =
        rows.participants.iter().map(|side| ((side.conversation_id, side.user_id), side.peer_id)).collect();
    let mut both = |conversation, user: Uuid| {
        for user in [Some(user), peers.get(&(conversation, user)).copied()].into_iter().flatten() {
            *happened.entry(user).or_default() += 1;
        }
    };
    rows.messages.iter().for_each(|row| both(row.conversation_id, row.sender_id));
    // a receipt that reading implied came with the reading's own
    rows.receipts.iter().filter(|row| row.evidence != "read").for_each(|row| both(row.conversation_id, row.user_id));
    for entry in rows.entries.iter().filter(|entry| entry.action.starts_with("conversation.")) {
        *happened.entry(entry.actor_id).or_default() += 1;
    }
    for (user, change_no) in &rows.feeds {
        let expected = happened.get(user).copied().unwrap_or(0);
        check.look(*change_no == expected, || format!("the feed of {user} stands at {change_no} after {expected} changes"));
    }
    let mut numbers = HashSet::new();
    let mut before: HashMap<(Uuid, Uuid), i64> = HashMap::new();
    for row in &rows.messages {
        let recipient = peers.get(&(row.conversation_id, row.sender_id)).copied().unwrap_or_default();
        for (user, number) in [(row.sender_id, row.sender_change_no), (recipient, row.recipient_change_no)] {
            check.look(numbers.insert((user, number)), || format!("change {number} of {user} is two messages'"));
            let newest = rows.feeds.get(&user).copied().unwrap_or(0);
            check.look((1..=newest).contains(&number), || format!("change {number} of {user}, whose feed stands at {newest}"));
            let last = before.insert((row.conversation_id, user), number).unwrap_or(0);
            check.look(last < number, || format!("change {number} of {user} is of a later message than change {last}"));
        }
    }
    for side in rows.participants.iter().filter(|side| side.change_no > 0) {
        let last = before.get(&(side.conversation_id, side.user_id)).copied().unwrap_or(0);
        check.look(side.change_no >= last, || {
            format!("{} stands at change {} and its message at {last}", side.conversation_id, side.change_no)
        });
    }
    check
}

/// I6: what readers saw, and streams that stood still without a fault.
pub fn nothing_was_missed(evidence: &Evidence) -> Check {
    let mut check = Check::new("I6", "from any cursor, at any instance, no stream misses, repeats or keeps back a change");
    check.looked_at = usize::try_from(evidence.done.counted.get("changes by streams").copied().unwrap_or(0)).unwrap_or(usize::MAX);
    for still in &evidence.done.stood_still {
        let is_explained = evidence.struck.iter().any(|fault| still.from <= fault.until + AFTERMATH && fault.from <= still.until);
        check.look(is_explained, || format!("without a fault {}", still.what));
    }
    check.and_seen(&evidence.done)
}

#[cfg(test)]
mod tests {
    use super::super::specimen::finds;
    use super::*;
    use crate::faults::history::StoodStill;

    #[test]
    fn a_number_that_was_left_out_or_used_twice_is_found() {
        finds(dense, |evidence| *evidence.rows.feeds.values_mut().next().unwrap() += 1);
        finds(dense, |evidence| evidence.rows.messages[2].sender_change_no = 3);
        finds(dense, |evidence| evidence.rows.messages[2].sender_change_no = 7);
        finds(dense, |evidence| {
            let [first, second, ..] = &mut evidence.rows.messages[..] else { panic!("three messages") };
            std::mem::swap(&mut first.recipient_change_no, &mut second.recipient_change_no);
        });
        finds(dense, |evidence| evidence.rows.participants[0].change_no = 1);
    }

    #[test]
    fn a_stream_that_stands_still_without_a_fault_is_found() {
        let still =
            |from: u64, until: u64| StoodStill { from: Duration::from_secs(from), until: Duration::from_secs(until), what: "still".into() };
        finds(nothing_was_missed, |evidence| evidence.done.stood_still.push(still(20, 25)));
        let mut evidence = super::super::specimen::Specimen::new().evidence();
        evidence.done.stood_still.push(still(0, 4));
        assert!(nothing_was_missed(&evidence).wrong.is_empty(), "the fault explains it");
        finds(nothing_was_missed, |evidence| evidence.done.seen.push(("I6", "twice".into())));
    }
}
