//! I5: seq is 1 to n without gaps, times do not run against it, and who was answered before somebody else began stands
//! before them.

use super::{Check, Evidence, accepted};
use std::{collections::HashMap, time::Duration};
use uuid::Uuid;

/// One message as time saw it.
struct Span {
    begin: Duration,
    end: Duration,
    seq: i64,
}

/// I5
pub fn dense_and_in_real_time(evidence: &Evidence) -> Check {
    let mut check = Check::new("I5", "seq is 1 to n, the same for both, and in the order of real time");
    let rows = &evidence.rows;
    let mut before = None;
    for row in &rows.messages {
        let (next, sent_at) = match before {
            Some((conversation, seq, sent_at)) if conversation == row.conversation_id => (seq + 1, sent_at),
            _ => (1, row.sent_at),
        };
        check.look(row.seq == next, || format!("message {} where {next} was to come, in {}", row.seq, row.conversation_id));
        check.look(row.sent_at >= sent_at, || format!("message {} of {} is older than the one before", row.seq, row.conversation_id));
        before = Some((row.conversation_id, row.seq, row.sent_at));
    }
    let mut last: HashMap<Uuid, i64> = HashMap::new();
    for row in &rows.messages {
        last.insert(row.conversation_id, row.seq);
    }
    for side in &rows.participants {
        let last = last.get(&side.conversation_id).copied().unwrap_or(0);
        check.look(side.last_seq == last, || format!("last_seq of {} is {} of {last}", side.conversation_id, side.last_seq));
    }
    for (conversation, spans) in spans(evidence) {
        real_time(conversation, spans, &mut check);
    }
    check.and_seen(&evidence.done)
}

/// Of each message: when its first try began, when its first answer came.
fn spans(evidence: &Evidence) -> HashMap<Uuid, Vec<Span>> {
    let mut began: HashMap<(Uuid, Uuid), Duration> = HashMap::new();
    for one in &evidence.done.tries {
        let begin = began.entry((one.letter.sender, one.letter.key)).or_insert(one.begin);
        *begin = one.begin.min(*begin);
    }
    let mut ended: HashMap<(Uuid, Uuid), (Uuid, Duration, i64)> = HashMap::new();
    for (one, message) in accepted(evidence) {
        let key = (one.letter.sender, one.letter.key);
        let end = ended.entry(key).or_insert((one.letter.conversation, one.end, message.seq.0));
        end.1 = one.end.min(end.1);
    }
    let mut spans: HashMap<Uuid, Vec<Span>> = HashMap::new();
    for (key, (conversation, end, seq)) in ended {
        let begin = began.get(&key).copied().unwrap_or(end);
        spans.entry(conversation).or_default().push(Span { begin, end, seq });
    }
    spans
}

fn real_time(conversation: Uuid, mut spans: Vec<Span>, check: &mut Check) {
    spans.sort_by_key(|span| span.begin);
    let mut by_end: Vec<(Duration, i64)> = spans.iter().map(|span| (span.end, span.seq)).collect();
    by_end.sort();
    let mut ended = by_end.into_iter().peekable();
    let mut highest = 0;
    for span in spans {
        while let Some((_, seq)) = ended.next_if(|(end, _)| *end < span.begin) {
            highest = seq.max(highest);
        }
        check.look(highest < span.seq, || format!("message {} of {conversation} began when {highest} had been answered", span.seq));
    }
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{Specimen, finds};
    use super::*;

    #[test]
    fn a_gap_a_wrong_time_and_a_wrong_order_are_found() {
        let honest = Specimen::new().evidence();
        assert_eq!(dense_and_in_real_time(&honest).wrong, Vec::<String>::new());
        finds(dense_and_in_real_time, |evidence| evidence.rows.messages[2].seq = 4);
        finds(dense_and_in_real_time, |evidence| evidence.rows.messages[1].sent_at -= time::Duration::HOUR);
        finds(dense_and_in_real_time, |evidence| evidence.rows.participants[0].last_seq = 2);
        // the third was answered before the first began
        finds(dense_and_in_real_time, |evidence| {
            let last = evidence.done.tries.len() - 1;
            evidence.done.tries[last].begin = Duration::ZERO;
            evidence.done.tries[last].end = Duration::from_millis(1);
            evidence.done.tries[0].begin = Duration::from_millis(2);
        });
    }
}
