//! Marks messages as read when they were displayed, by the rule of `domain::reading`; `ReadPointers` tells the server.

use crate::{
    browser::moment::{Alarm, elapsed},
    domain::{
        ids::{ConversationId, Seq},
        reading::Reading,
        thread::Thread,
    },
    ui::state::read_pointers::ReadPointers,
};
use leptos::prelude::*;
use std::collections::BTreeSet;

/// The reader of one open conversation.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    id: ConversationId,
    pointers: ReadPointers,
    reading: StoredValue<Reading>,
    shown: StoredValue<BTreeSet<Seq>>,
    alarm: StoredValue<Option<Alarm>>,
}

impl Reader {
    /// The reader of a conversation that was read up to `read`.
    #[must_use]
    pub fn new(id: ConversationId, read: Seq) -> Self {
        let pointers = ReadPointers::expect();
        pointers.know(id, read);
        Self { id, pointers, reading: StoredValue::new(Reading::new(read)), shown: StoredValue::default(), alarm: StoredValue::new(None) }
    }

    /// These messages are displayed now, and no others.
    pub fn see(self, now_shown: &[Seq]) {
        let at = elapsed();
        let now_shown: BTreeSet<Seq> = now_shown.iter().copied().collect();
        self.reading.update_value(|reading| {
            self.shown.with_value(|before| before.difference(&now_shown).for_each(|seq| reading.hidden(*seq, at)));
            now_shown.iter().for_each(|seq| reading.shown(*seq, at));
        });
        self.shown.set_value(now_shown);
        self.check();
    }

    /// The viewer looks, or no longer.
    pub fn attention(self, attention: bool) {
        self.reading.update_value(|reading| reading.attention(attention, elapsed()));
        self.check();
    }

    /// The messages that are there, and the pointer as the server has it.
    pub fn know(self, thread: &Thread, read: Seq) {
        self.reading.update_value(|reading| {
            thread.own_seqs().for_each(|seq| reading.own(seq));
            reading.read(read);
        });
        self.pointers.know(self.id, read);
        self.check();
    }

    /// Everything up to here is read because the viewer says so.
    pub fn mark(self, up_to: Seq) {
        self.pointers.tell(self.id, up_to);
    }

    /// The first message of the peer that was not displayed yet, as far as the window goes.
    #[must_use]
    pub fn first_unseen(self, thread: &Thread) -> Option<Seq> {
        let run = self.reading.try_update_value(|reading| reading.run(elapsed()))?;
        thread.first_of_peer_after(run)
    }

    fn check(self) {
        let at = elapsed();
        let Some(up_to) = self.reading.try_update_value(|reading| reading.up_to(at)) else { return };
        if let Some(up_to) = up_to {
            self.pointers.tell(self.id, up_to);
        }
        let next = self.reading.with_value(Reading::next_moment);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "half a second at most")]
        let alarm = next.map(|next| Alarm::after((next - at).max(0.0).ceil() as u32, move || self.check()));
        self.alarm.try_set_value(alarm);
    }
}
