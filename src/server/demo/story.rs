//! Reads `conversations.txt`: who wrote what to whom, when, and who has not read it yet. Pure: the present comes in.

use crate::domain::time::Timestamp;

/// One conversation, as it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Story {
    /// Who opened it, and with whom.
    pub(super) people: [String; 2],
    /// Oldest first.
    pub(super) lines: Vec<Line>,
    /// Who has not read the last so many messages.
    pub(super) unread: Vec<(String, usize)>,
    /// Whom the last so many messages have not reached.
    pub(super) away: Vec<(String, usize)>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) at: Timestamp,
    pub(super) sender: String,
    pub(super) text: String,
}

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// All conversations of the file, as they stand at `now`.
pub(super) fn read(text: &str, now: Timestamp) -> Result<Vec<Story>, String> {
    let mut stories: Vec<Story> = Vec::new();
    for (place, line) in text.lines().enumerate() {
        let wrong = || format!("conversations.txt, line {}", place.saturating_add(1));
        if let Some(head) = line.strip_prefix("== ") {
            stories.push(heading(head).ok_or_else(wrong)?);
        } else if let (Some(story), false) = (stories.last_mut(), line.is_empty()) {
            story.lines.push(message(line, now).ok_or_else(wrong)?);
        }
    }
    Ok(stories)
}

fn heading(head: &str) -> Option<Story> {
    let mut parts = head.split("; ");
    let (one, other) = parts.next()?.split_once(" + ")?;
    let mut story = Story { people: [one.into(), other.into()], lines: Vec::new(), unread: Vec::new(), away: Vec::new() };
    for part in parts {
        let mut words = part.split(' ');
        let (who, what, count) = (words.next()?, words.next()?, words.next()?.parse().ok()?);
        match what {
            "unread" => story.unread.push((who.into(), count)),
            "away" => story.away.push((who.into(), count)),
            _ => return None,
        }
    }
    Some(story)
}

fn message(line: &str, now: Timestamp) -> Option<Line> {
    let (when_and_who, text) = line.split_once(": ")?;
    let (when, sender) = when_and_who.rsplit_once(' ')?;
    Some(Line { at: moment(when, now)?, sender: sender.into(), text: text.replace('⏎', "\n") })
}

/// `3d 05:40`, `2h10m`, `3h` or `45m`.
fn moment(when: &str, now: Timestamp) -> Option<Timestamp> {
    if let Some((days, clock)) = when.split_once("d ") {
        let (hour, minute) = clock.split_once(':')?;
        let minutes = hour.parse::<i64>().ok()?.checked_mul(60)?.checked_add(minute.parse().ok()?)?;
        let today = now.unix_micros().checked_sub(now.unix_micros().checked_rem(DAY)?)?;
        return Timestamp::from_unix_micros(today - days.parse::<i64>().ok()? * DAY + minutes * MINUTE);
    }
    let (hours, minutes) = when.split_once('h').unwrap_or(("0", when));
    let minutes = match minutes.strip_suffix('m') {
        Some(minutes) => minutes.parse::<i64>().ok()?,
        None if minutes.is_empty() => 0,
        None => return None,
    };
    Timestamp::from_unix_micros(now.unix_micros() - (hours.parse::<i64>().ok()? * 60 + minutes) * MINUTE)
}

#[cfg(test)]
mod tests {
    use super::{super::people::PEOPLE, read};
    use crate::domain::time::Timestamp;

    #[test]
    fn the_file_is_right_at_any_time_of_the_day() {
        for clock in ["00:00", "04:40", "12:00", "23:59"] {
            let now = Timestamp::parse(&format!("2026-11-22T{clock}:30Z")).expect("valid");
            let stories = read(include_str!("conversations.txt"), now).expect("readable");
            assert!(stories.len() > 25);
            for story in stories {
                let known = |name: &str| PEOPLE.iter().any(|person| person.username == name);
                assert!(story.people.iter().all(|name| known(name)), "{:?}", story.people);
                assert!(story.lines.iter().all(|line| story.people.contains(&line.sender) && line.at < now), "{:?}", story.people);
                assert!(story.lines.windows(2).all(|pair| pair[0].at < pair[1].at), "{:?} at {clock}", story.people);
                let of_others = |who: &String, count: &usize| story.lines.iter().rev().take(*count).all(|line| line.sender != *who);
                assert!(story.unread.iter().chain(&story.away).all(|(who, count)| of_others(who, count)), "{:?}", story.people);
            }
        }
    }

    #[test]
    fn the_organisation_has_forty_people_in_six_departments() {
        let mut departments: Vec<_> = PEOPLE.iter().map(|person| person.department).collect();
        departments.sort_unstable();
        departments.dedup();
        assert!(PEOPLE.len() >= 40);
        assert_eq!(departments.len(), 6);
    }
}
