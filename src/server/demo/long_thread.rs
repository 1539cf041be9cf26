//! The long conversation of the demo organisation: what planning and the quay have to tell each other on four weeks of
//! working days. Deterministic: only the present comes in.

use super::story::{Line, Story};
use crate::domain::time::Timestamp;

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;
const DAYS: i64 = 28;

const VESSELS: [&str; 7] = ["Tarang Star", "Coral Trader", "Konkan Pearl", "Hai Yun 8", "Nordlys", "Al Noor", "Sakura Maru"];

/// What is said in one go: `a` is planning, `b` the quay.
const EXCHANGES: [&[(char, &str)]; 16] = [
    &[
        ('a', "Good morning Bikram. {v} is planned for berth {b} at {h}:30."),
        ('b', "Good morning Asha. Berth {b}, {h}:30, understood."),
        ('b', "The lines are ready."),
    ],
    &[('a', "How deep is it at berth {b} today?"), ('b', "{n}.4 m at low water, measured this morning.")],
    &[('b', "{v} reports {n} minutes of delay at the pilot station."), ('a', "Thank you, I move the gang by half an hour."), ('b', "👍")],
    &[('a', "Can crane {c} take hatch {k} after lunch?"), ('b', "Yes, from 13:15."), ('a', "Then I write it so.")],
    &[('b', "Wind at the quay: {n} knots from the south-west. We stop lifting at 35."), ('a', "Understood. Tell me when you stop.")],
    &[('a', "The agent of {v} asks for fresh water, {n} tonnes."), ('b', "The barge comes alongside at {h}:00."), ('a', "I told them.")],
    &[('b', "{v} is fast, first line {h}:12, last line {h}:26."), ('a', "Noted in the log.")],
    &[('a', "Does the gangway of {v} stand clear of bollard {n}?"), ('b', "Just so. I had it moved by a metre."), ('a', "Perfect.")],
    &[
        ('b', "Two reefers of {v} show an alarm, {c} and {k} in row {n}."),
        ('a', "I call the electrician."),
        ('b', "He is here. Both are cooling again."),
    ],
    &[('a', "Handover at {h}:00 as usual?"), ('b', "As usual, at the kiosk.")],
    &[('b', "The tug can come {n} minutes earlier if you want."), ('a', "Please: then {v} gets away before the tide turns.")],
    &[
        ('a', "{v} wants to shift from berth {b} to berth {c} overnight."),
        ('b', "Possible after {h}:00, with one pilot and one tug."),
        ('a', "Booked: https://cms.tarangports.example/plans/shift"),
        ('b', "Seen."),
    ],
    &[('b', "Lashing of {v} is complete, bays {k} to {n}."), ('a', "Thank you, I release the gang.")],
    &[('a', "Lunch at the canteen?"), ('b', "In ten minutes. Today there is fish curry."), ('a', "Even better.")],
    &[('b', "{v} has sailed, {h}:48."), ('a', "Then berth {b} is free for the next one.")],
    &[
        ('a', "Please check the fenders at berth {b} before {v} comes."),
        ('b', "Checked: one bolt tightened, all others fine."),
        ('a', "Thank you for being so quick."),
    ],
];

/// Between asha and bikram; both have read everything.
pub(super) fn between(planning: &str, quay: &str, now: Timestamp) -> Story {
    let today = now.unix_micros() - now.unix_micros().rem_euclid(DAY);
    let mut lines = Vec::new();
    let mut said: i64 = 0;
    for day in (1..=DAYS).rev().filter(|day| !is_sunday(today - day * DAY)) {
        // from 03:30 UTC, nine in the morning at the port
        let mut at = today - day * DAY + (3 * 60 + 30) * MINUTE;
        for _ in 0..6 {
            at += (23 + said * 7 % 41) * MINUTE;
            at = exchange(said, at, [planning, quay], &mut lines);
            said += 1;
        }
    }
    let mut at = now.unix_micros() - 95 * MINUTE;
    for _ in 0..2 {
        at = exchange(said, at + 25 * MINUTE, [planning, quay], &mut lines);
        said += 1;
    }
    Story { people: [planning.into(), quay.into()], lines, unread: Vec::new(), away: Vec::new() }
}

/// Says the exchange whose turn it is; returns when its last line was said.
fn exchange(turn: i64, mut at: i64, people: [&str; 2], lines: &mut Vec<Line>) -> i64 {
    let [planning, quay] = people;
    // 7 has no divisor in common with 16: each comes once before one comes again
    let said = EXCHANGES.get(usize::try_from(turn * 7 % 16).unwrap_or_default()).copied().unwrap_or_default();
    let vessel = VESSELS.get(usize::try_from(turn * 3 % 7).unwrap_or_default()).copied().unwrap_or_default();
    for (who, text) in said {
        at += (20 + turn * 13 % 70) * 1_000_000 + turn % 1_000;
        let text = text
            .replace("{v}", vessel)
            .replace("{b}", &(1 + turn % 6).to_string())
            .replace("{c}", &(2 + turn % 7).to_string())
            .replace("{k}", &(1 + turn % 4).to_string())
            .replace("{n}", &(11 + turn * 5 % 17).to_string())
            .replace("{h}", &(10 + turn % 9).to_string());
        let sender = if *who == 'a' { planning } else { quay };
        lines.extend(Timestamp::from_unix_micros(at).map(|at| Line { at, sender: sender.into(), text }));
    }
    at
}

/// 1970-01-01 was a Thursday.
fn is_sunday(midnight: i64) -> bool {
    (midnight.div_euclid(DAY) + 4).rem_euclid(7) == 0
}

#[cfg(test)]
mod tests {
    use super::between;
    use crate::domain::time::Timestamp;

    #[test]
    fn it_has_three_hundred_messages_in_order_before_now() {
        for now in ["2026-11-22T00:00:00Z", "2026-11-23T11:59:59Z"] {
            let now = Timestamp::parse(now).expect("valid");
            let lines = between("asha", "bikram", now).lines;
            assert!(lines.len() >= 300, "{}", lines.len());
            assert!(lines.windows(2).all(|pair| pair[0].at < pair[1].at));
            assert!(lines.iter().all(|line| line.at < now && !line.text.contains('{')));
        }
    }
}
