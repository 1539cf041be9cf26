//! How a person stands in a conversation, as it follows from what was recorded.

use super::thread::Said;
use crate::{domain::time::Timestamp, server::proof::bundle::Participant};

/// What a row of `participants` is computed from.
pub(super) struct Side<'a, I> {
    pub(super) opened_at: Option<Timestamp>,
    pub(super) delivered_seq: i64,
    pub(super) read_seq: i64,
    /// What they wrote, by seq.
    pub(super) own: I,
    /// The newest message, whoever wrote it.
    pub(super) last: Option<&'a Said>,
}

impl<'a, I: Iterator<Item = &'a Said>> Side<'a, I> {
    /// The columns that say something else.
    pub(super) fn differs(self, row: &Participant) -> Vec<&'static str> {
        let (mut own_total, mut own_at_read, mut last_sent_at) = (0_i64, 0_i64, None);
        for said in self.own {
            own_total = own_total.saturating_add(1);
            own_at_read = own_at_read.saturating_add(i64::from(said.seq <= self.read_seq));
            last_sent_at = Some(said.at);
        }
        let last_seq = self.last.map_or(0, |last| last.seq);
        let unread = last_seq.saturating_sub(self.read_seq).saturating_sub(own_total.saturating_sub(own_at_read));
        let micros = |at: Option<Timestamp>| at.map(Timestamp::unix_micros);
        let activity = self.last.map(|last| last.at).or(micros(self.opened_at));
        let columns = [
            ("opened_at", row.opened_at == self.opened_at),
            ("last_seq", row.last_seq == last_seq),
            ("own_total", row.own_total == own_total),
            ("delivered_seq", row.delivered_seq == self.delivered_seq),
            ("read_seq", row.read_seq == self.read_seq),
            ("own_at_read", row.own_at_read == own_at_read),
            ("unread", row.unread == unread),
            ("last_activity_at", micros(row.last_activity_at) == activity),
            ("last_sent_at", micros(row.last_sent_at) == last_sent_at),
        ];
        columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
    }
}
