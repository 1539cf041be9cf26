//! I1 to I4 and I16: what was answered is there, once, as it was written; what was not is there once or not at all; and
//! nothing is there by half.

use super::{Check, Evidence, accepted};
use crate::faults::{
    history::{Outcome, Try},
    rows::{EntryRow, MessageRow},
};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

fn by_key(evidence: &Evidence) -> HashMap<(Uuid, Uuid), Vec<&MessageRow>> {
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for row in &evidence.rows.messages {
        found.entry((row.sender_id, row.client_id)).or_default().push(row);
    }
    found
}

fn tries_by_key(evidence: &Evidence) -> BTreeMap<(Uuid, Uuid), Vec<&Try>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for one in &evidence.done.tries {
        found.entry((one.letter.sender, one.letter.key)).or_default().push(one);
    }
    found
}

/// I1
pub fn accepted_are_there(evidence: &Evidence) -> Check {
    let mut check = Check::new("I1", "what was answered with 2xx is in the database");
    let rows = by_key(evidence);
    for (one, message) in accepted(evidence) {
        let row = rows.get(&(one.letter.sender, one.letter.key)).and_then(|rows| rows.first());
        check.look(row.is_some(), || format!("message {} of {} was acknowledged and is not there", message.seq, message.conversation_id));
    }
    let pointers: HashMap<_, _> = (evidence.rows.participants.iter())
        .map(|side| ((side.conversation_id, side.user_id), (side.delivered_seq, side.read_seq)))
        .collect();
    for done in &evidence.done.acknowledged {
        let (delivered, read) = pointers.get(&(done.conversation, done.user)).copied().unwrap_or_default();
        let holds = delivered >= done.up_to && (!done.read || read >= done.up_to);
        check.look(holds, || {
            format!("acknowledged up to {} of {}, and the pointers are at {delivered}, {read}", done.up_to, done.conversation)
        });
    }
    check.and_seen(&evidence.done)
}

/// I2
pub fn one_key_one_message(evidence: &Evidence) -> Check {
    let mut check = Check::new("I2", "all tries of a key give one message and the same answer");
    for (key, rows) in by_key(evidence) {
        check.look(rows.len() == 1, || format!("{} messages with the key {}", rows.len(), key.1));
    }
    let mut first = HashMap::new();
    for (one, message) in accepted(evidence) {
        let said = (message.conversation_id, message.seq, message.sender_id, message.client_id, &message.body, message.sent_at);
        let known = *first.entry((one.letter.sender, one.letter.key)).or_insert(said);
        check.look(known == said, || {
            format!("the key {} was answered with message {} and with message {}", one.letter.key, known.1, said.1)
        });
    }
    let created = |tries: &[&Try]| tries.iter().filter(|one| matches!(one.outcome, Outcome::Accepted { created: true, .. })).count();
    for (key, tries) in tries_by_key(evidence) {
        check.look(created(&tries) <= 1, || format!("the key {} was answered with 201 more than once", key.1));
    }
    check.and_seen(&evidence.done)
}

/// I3
pub fn unknown_ends_once(evidence: &Evidence) -> Check {
    let mut check = Check::new("I3", "an unknown outcome ends once, after its retry");
    let rows = by_key(evidence);
    for (key, tries) in tries_by_key(evidence) {
        if tries.iter().any(|one| one.outcome == Outcome::Unknown) {
            let count = rows.get(&key).map_or(0, Vec::len);
            check.look(count == 1, || {
                format!("{count} messages with the key {}, whose outcome was unknown and which was tried again", key.1)
            });
        }
    }
    check
}

/// I3
pub fn refused_was_not_begun(evidence: &Evidence) -> Check {
    let mut check = Check::new("I3", "what was refused with 429 or 503 and not tried again is not there");
    for (key, tries) in tries_by_key(evidence) {
        let refused = tries.iter().take_while(|one| matches!(one.outcome, Outcome::Refused { status: 429 | 503 })).count();
        // the retries of the end are tries, too: the last one has been accepted
        let retried =
            tries.iter().skip(refused).all(|one| matches!(one.outcome, Outcome::Accepted { .. }) && one.begin >= evidence.done.rested);
        if refused > 0 && retried {
            check.look(!evidence.before_retries.contains(&key), || format!("the key {} was only ever refused, and is there", key.1));
        }
    }
    for one in &evidence.done.tries {
        if let Outcome::Refused { status } = one.outcome
            && !matches!(status, 429 | 503)
        {
            check.look(false, || format!("a send was answered with {status}"));
        }
    }
    check
}

/// I4
pub fn as_written(evidence: &Evidence) -> Check {
    let mut check = Check::new("I4", "text, sender and conversation are as they were written, normalised");
    let rows = by_key(evidence);
    for (key, tries) in tries_by_key(evidence) {
        let Some((letter, row)) = tries.first().map(|one| &one.letter).zip(rows.get(&key).and_then(|rows| rows.first())) else { continue };
        let is_right = row.body == letter.wording.stored && row.conversation_id == letter.conversation;
        check.look(is_right, || format!("message {} of {} is not what was written", row.seq, row.conversation_id));
    }
    for (one, message) in accepted(evidence) {
        let is_right = message.body == one.letter.wording.stored
            && message.conversation_id.0 == one.letter.conversation
            && message.sender_id.0 == one.letter.sender
            && message.client_id.0 == one.letter.key;
        check.look(is_right, || format!("the answer for {} shows something else than was written", one.letter.key));
    }
    let known = tries_by_key(evidence);
    for row in &evidence.rows.messages {
        check.look(known.contains_key(&(row.sender_id, row.client_id)), || {
            format!("message {} of {} was written by nobody", row.seq, row.conversation_id)
        });
    }
    check.and_seen(&evidence.done)
}

/// I16
pub fn nothing_by_half(evidence: &Evidence) -> Check {
    let mut check = Check::new("I16", "no transaction stays open, no effect is there by half");
    let rows = &evidence.rows;
    check.look(evidence.open_transactions == 0, || format!("{} connections stay within a transaction", evidence.open_transactions));
    let entry = |action: &str, conversation, actor, object: i64| (action.to_owned(), conversation, actor, object.to_string());
    let mut expected: Vec<_> = rows.messages.iter().map(|row| entry("message.sent", row.conversation_id, row.sender_id, row.seq)).collect();
    let receipts = rows.receipts.iter().map(|row| entry(&format!("message.{}", row.kind), row.conversation_id, row.user_id, row.up_to_seq));
    expected.extend(receipts);
    expected.sort();
    let of_messages = rows.entries.iter().filter(|entry| entry.action.starts_with("message."));
    let found: Vec<_> = of_messages
        .clone()
        .map(|e| (e.action.clone(), e.conversation_id, e.actor_id, e.object.clone()))
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    let count = of_messages.clone().count();
    check.look(count == expected.len(), || format!("{count} audit entries for {} messages and receipts", expected.len()));
    check.look(found == expected, || "the audit entries are not those of the messages and receipts".into());
    let lying = of_messages.filter(|entry: &&EntryRow| !entry.proves).count();
    check.look(lying == 0, || format!("{lying} audit entries do not prove their message"));
    for side in &rows.participants {
        let own = |row: &&MessageRow| row.conversation_id == side.conversation_id && row.sender_id == side.user_id;
        let total = i64::try_from(rows.messages.iter().filter(own).count()).unwrap_or(0);
        check.look(side.own_total == total, || format!("own_total of {} is {} of {total}", side.conversation_id, side.own_total));
    }
    check.and_seen(&evidence.done)
}

#[cfg(test)]
mod tests {
    use super::super::specimen::finds;
    use super::*;

    #[test]
    fn an_acknowledged_message_that_is_lost_is_found() {
        finds(accepted_are_there, |evidence| drop(evidence.rows.messages.remove(1)));
        finds(accepted_are_there, |evidence| evidence.rows.participants[1].delivered_seq = 2);
        finds(accepted_are_there, |evidence| evidence.rows.participants[1].read_seq = 1);
    }

    #[test]
    fn a_doubled_message_and_two_answers_for_one_key_are_found() {
        finds(one_key_one_message, |evidence| {
            let double = MessageRow { seq: 4, ..evidence.rows.messages[0].clone() };
            evidence.rows.messages.push(double);
        });
        finds(one_key_one_message, |evidence| {
            if let Outcome::Accepted { message, .. } = &mut evidence.done.tries[2].outcome {
                message.seq.0 = 3;
            }
        });
        finds(one_key_one_message, |evidence| {
            for one in &mut evidence.done.tries {
                if let Outcome::Accepted { created, .. } = &mut one.outcome {
                    *created = true;
                }
            }
        });
    }

    #[test]
    fn an_unknown_outcome_that_never_ends_and_a_refusal_that_was_none_are_found() {
        finds(unknown_ends_once, |evidence| drop(evidence.rows.messages.remove(1)));
        finds(refused_was_not_begun, |evidence| {
            let letter = evidence.done.tries[0].letter.clone();
            evidence.before_retries.insert((letter.sender, letter.key));
            evidence.done.tries[0].outcome = Outcome::Refused { status: 503 };
        });
        finds(refused_was_not_begun, |evidence| evidence.done.tries[0].outcome = Outcome::Refused { status: 409 });
    }

    #[test]
    fn another_text_another_place_and_a_message_of_nobody_are_found() {
        finds(as_written, |evidence| evidence.rows.messages[0].body = " text 1".into());
        finds(as_written, |evidence| evidence.rows.messages[0].conversation_id = Uuid::nil());
        finds(as_written, |evidence| evidence.rows.messages[0].client_id = Uuid::nil());
    }

    #[test]
    fn half_an_effect_and_an_open_transaction_are_found() {
        finds(nothing_by_half, |evidence| evidence.open_transactions = 1);
        finds(nothing_by_half, |evidence| drop(evidence.rows.entries.remove(2)));
        finds(nothing_by_half, |evidence| evidence.rows.entries[2].proves = false);
        finds(nothing_by_half, |evidence| drop(evidence.rows.receipts.remove(0)));
        finds(nothing_by_half, |evidence| evidence.rows.participants[0].own_total = 2);
    }
}
