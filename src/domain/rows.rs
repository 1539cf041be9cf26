//! What of an open conversation stands on the screen: days, the line of new messages, and what each row says of itself.
//!
//! Split in two, because they change at different times: the order of the rows (`days`), and the facts of one row
//! (`facts`), which move while the row stays where it is. The day of a moment is the caller's business: UTC on the server,
//! the viewer's own in the browser.

use super::{
    ids::{ClientId, Seq, UserId},
    message::{Message, Status},
    thread::{Pending, PendingState, Thread},
    time::Timestamp,
};

/// Two messages of one sender stand together when they were written within so many seconds.
const JOINED_WITHIN: i64 = 300;

/// What tells a row from all others, from the moment it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowKey {
    /// Written by the viewer.
    pub own: bool,
    /// Its sender's key.
    pub client_id: ClientId,
}

/// One day of the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// `2026-11-22`.
    pub date: String,
    /// The rows above the line, on the day that has it.
    pub read: Vec<RowKey>,
    /// How many messages were new when the conversation was opened, on the day where the line stands.
    pub new: Option<i64>,
    /// The rows of the day, or those below the line.
    pub rows: Vec<RowKey>,
}

/// What a row says of itself; it moves while the row stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its place; a pending one has none.
    pub seq: Option<Seq>,
    /// When it was sent, or written.
    pub at: Timestamp,
    /// When a client of the recipient first acknowledged it, as far as it was asked for.
    pub delivered_at: Option<Timestamp>,
    /// When it was first on the recipient's screen, as far as it was asked for.
    pub read_at: Option<Timestamp>,
    /// How far it has come.
    pub state: RowState,
    /// It follows a row of the same sender within five minutes.
    pub joined: bool,
    /// The viewer's newest.
    pub newest: bool,
}

/// A day in words. In the browser `today` is the viewer's own day, and the words say it; on the server nobody's day is
/// known, and the year stands instead.
#[must_use]
pub fn day_name(date: &str, today: Option<&str>) -> String {
    let Some(day) = parse_day(date) else { return date.to_owned() };
    let (weekday, number, month) = (day.weekday(), day.day(), day.month());
    match today.and_then(parse_day) {
        Some(today) if day == today => format!("Today, {weekday} {number} {month}"),
        Some(today) if day.next_day() == Some(today) => format!("Yesterday, {weekday} {number} {month}"),
        Some(today) if day.year() == today.year() => format!("{weekday} {number} {month}"),
        _ => format!("{weekday} {number} {month} {}", day.year()),
    }
}

fn parse_day(date: &str) -> Option<time::Date> {
    time::Date::parse(date, time::macros::format_description!("[year]-[month]-[day]")).ok()
}

/// How far a row has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowState {
    /// Stored; the status as the sender sees it.
    Stored(Status),
    /// Not begun.
    Waiting,
    /// On its way.
    Sending,
    /// Perhaps stored; being asked.
    Unconfirmed,
    /// Not sent; the reason is for the user.
    Failed(String),
}

/// A message or a pending one, as rows see it.
#[derive(Clone, Copy)]
enum Row<'a> {
    Stored(&'a Message),
    Pending(&'a Pending),
}

impl Row<'_> {
    fn at(self) -> Timestamp {
        match self {
            Self::Stored(message) => message.sent_at,
            Self::Pending(pending) => pending.at,
        }
    }

    fn key(self, viewer: UserId) -> RowKey {
        match self {
            Self::Stored(message) => RowKey { own: message.sender_id == viewer, client_id: message.client_id },
            Self::Pending(pending) => RowKey { own: true, client_id: pending.client_id },
        }
    }

    fn seq(self) -> Option<Seq> {
        match self {
            Self::Stored(message) => Some(message.seq),
            Self::Pending(Pending { state: PendingState::Sent(message), .. }) => Some(message.seq),
            Self::Pending(_) => None,
        }
    }
}

impl Thread {
    /// The rows in order, by day.
    #[must_use]
    pub fn days(&self, day_of: impl Fn(Timestamp) -> String) -> Vec<Day> {
        let mut days: Vec<Day> = Vec::new();
        for row in self.rows() {
            let date = day_of(row.at());
            // a viewer who travels west, or a clock that is wrong, must not bring a day back
            let date = days.last().map_or(date.clone(), |day| date.max(day.date.clone()));
            if days.last().is_none_or(|day| day.date != date) {
                days.push(Day { date, read: Vec::new(), new: None, rows: Vec::new() });
            }
            if let Some(day) = days.last_mut() {
                if self.starts_new(row) {
                    day.read = std::mem::take(&mut day.rows);
                    day.new = self.line.map(|line| line.count);
                }
                day.rows.push(row.key(self.viewer));
            }
        }
        days
    }

    /// The text of a row and when it was written; `None` when it is no longer here.
    #[must_use]
    pub fn text(&self, key: RowKey) -> Option<String> {
        match self.find(key)?.1 {
            Row::Stored(message) => Some(message.body.clone()),
            Row::Pending(pending) => Some(pending.body.clone()),
        }
    }

    /// What a row says of itself; `None` when it is no longer here.
    #[must_use]
    pub fn facts(&self, key: RowKey, day_of: impl Fn(Timestamp) -> String) -> Option<Facts> {
        let (before, row) = self.find(key)?;
        let state = match row {
            Row::Stored(message) => RowState::Stored(self.status(message)),
            Row::Pending(pending) => match &pending.state {
                PendingState::Waiting => RowState::Waiting,
                PendingState::Sending => RowState::Sending,
                PendingState::Unconfirmed => RowState::Unconfirmed,
                PendingState::Failed(reason) => RowState::Failed(reason.clone()),
                PendingState::Sent(message) => RowState::Stored(self.status(message)),
            },
        };
        let (delivered_at, read_at) = match row {
            Row::Stored(message) => (message.delivered_at, message.read_at),
            Row::Pending(_) => (None, None),
        };
        let joined = before.is_some_and(|before| {
            before.key(self.viewer).own == key.own
                && row.at().seconds_since(before.at()) <= JOINED_WITHIN
                && !self.starts_new(row)
                && day_of(before.at()) == day_of(row.at())
        });
        Some(Facts { seq: row.seq(), at: row.at(), delivered_at, read_at, state, joined, newest: self.newest_own() == Some(key) })
    }

    /// What is pending stands behind the window wherever that is: a text that is no longer in the composer is here.
    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.messages.iter().map(Row::Stored).chain(self.pending.iter().map(Row::Pending))
    }

    /// The row with this key, and the one before it.
    fn find(&self, key: RowKey) -> Option<(Option<Row<'_>>, Row<'_>)> {
        let mut before = None;
        for row in self.rows() {
            if row.key(self.viewer) == key {
                return Some((before, row));
            }
            before = Some(row);
        }
        None
    }

    fn newest_own(&self) -> Option<RowKey> {
        let pending = self.pending.last().map(Row::Pending);
        let stored = || self.messages.iter().rev().find(|m| m.sender_id == self.viewer).filter(|_| self.follows()).map(Row::Stored);
        let row = pending.or_else(stored);
        row.map(|row| row.key(self.viewer))
    }

    fn starts_new(&self, row: Row<'_>) -> bool {
        matches!((row, self.line), (Row::Stored(message), Some(line)) if line.first == Some(message.seq))
    }
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
