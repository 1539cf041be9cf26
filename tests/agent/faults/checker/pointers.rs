//! I8 and I9: how far a message has come only advances, and unread is what it says.

use super::{Check, Evidence, accepted};
use std::collections::HashMap;

/// I8
pub fn only_advance(evidence: &Evidence) -> Check {
    let mut check = Check::new("I8", "sent, delivered and read only advance, by the recipient alone");
    let mut before: Option<&crate::faults::rows::ReceiptRow> = None;
    for row in &evidence.rows.receipts {
        if let Some(before) = before
            && (before.conversation_id, before.user_id, &before.kind) == (row.conversation_id, row.user_id, &row.kind)
        {
            check.look(before.at <= row.at, || {
                format!("a receipt of {} up to {} is older than an earlier one", row.conversation_id, row.up_to_seq)
            });
        }
        before = Some(row);
    }
    for side in &evidence.rows.participants {
        let top = |kind: &str| {
            let mine =
                evidence.rows.receipts.iter().filter(|row| row.conversation_id == side.conversation_id && row.user_id == side.user_id);
            mine.filter(|row| row.kind == kind).map(|row| row.up_to_seq).max().unwrap_or(0)
        };
        let receipts = (top("delivered"), top("read"));
        check.look(receipts == (side.delivered_seq, side.read_seq), || {
            format!("pointers of {} are ({}, {}), its receipts reach {receipts:?}", side.conversation_id, side.delivered_seq, side.read_seq)
        });
        check.look(side.read_seq <= side.delivered_seq, || format!("more read than delivered in {}", side.conversation_id));
    }
    // the answers to the tries of one key that came after each other
    let mut known = HashMap::new();
    for (one, message) in accepted(evidence) {
        let last = known.entry((one.letter.sender, one.letter.key)).or_insert((one.end, message.status));
        if one.begin >= last.0 {
            check.look(message.status >= last.1, || {
                format!("message {} of {} went from {:?} to {:?}", message.seq, message.conversation_id, last.1, message.status)
            });
            *last = (one.end, message.status);
        }
    }
    check.and_seen(&evidence.done)
}

/// I9
pub fn unread_is_the_count(evidence: &Evidence) -> Check {
    let mut check = Check::new("I9", "unread is the count of the peer's messages after the pointer, in row, list and total");
    for side in &evidence.rows.participants {
        let unread = evidence
            .rows
            .messages
            .iter()
            .filter(|row| row.conversation_id == side.conversation_id && row.seq > side.read_seq && row.sender_id != side.user_id);
        let count = i64::try_from(unread.count()).unwrap_or(0);
        check.look(side.unread == count, || format!("unread of {} is {} of {count}", side.conversation_id, side.unread));
    }
    for screen in &evidence.screens {
        let counts = screen.fresh.iter().map(|row| row.unread_count).filter(|count| *count > 0);
        let (messages, conversations) = counts.fold((0, 0), |(messages, conversations), count| (messages + count, conversations + 1));
        let said = (screen.unread.messages, screen.unread.conversations);
        check.look(said == (messages, conversations), || {
            format!("{} is told of {said:?} unread and shown {:?}", screen.name, (messages, conversations))
        });
    }
    check.and_seen(&evidence.done)
}

#[cfg(test)]
mod tests {
    use super::super::specimen::finds;
    use super::*;
    use crate::faults::history::Outcome;
    use cms_messages::domain::message::Status;

    #[test]
    fn what_goes_back_is_found() {
        finds(only_advance, |evidence| evidence.rows.receipts[1].at -= time::Duration::HOUR);
        finds(only_advance, |evidence| evidence.rows.participants[1].read_seq = 1);
        finds(only_advance, |evidence| {
            let Outcome::Accepted { message, .. } = &mut evidence.done.tries[2].outcome else { panic!("accepted") };
            message.status = Status::Delivered;
            let Outcome::Accepted { message, .. } = &mut evidence.done.tries[3].outcome else { panic!("accepted") };
            message.status = Status::Sent;
        });
    }

    #[test]
    fn an_unread_number_that_is_not_the_count_is_found() {
        finds(unread_is_the_count, |evidence| evidence.rows.participants[1].unread = 2);
        finds(unread_is_the_count, |evidence| evidence.screens[0].unread.messages = 2);
    }
}
