//! Marks messages as read when they were displayed, by the rule of `domain::reading`, and tells the server: at most one
//! request on its way, the newest pointer wins, lost ones are tried again.

use crate::{
    browser::moment::{Alarm, elapsed, jittered, sleep},
    domain::{
        ids::{ConversationId, Seq},
        reading::Reading,
        thread::Thread,
    },
    server_fns::receipts::mark_read,
    ui::state::inbox_store::InboxStore,
};
use leptos::{prelude::*, task::spawn_local};
use std::collections::BTreeSet;

/// The longest wait between two tries, in milliseconds.
const LONGEST_PAUSE: u32 = 30_000;

/// The reader of one open conversation.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    id: ConversationId,
    inbox: InboxStore,
    reading: StoredValue<Reading>,
    shown: StoredValue<BTreeSet<Seq>>,
    wanted: StoredValue<Wanted>,
    alarm: StoredValue<Option<Alarm>>,
}

/// How far the server is to be told, and whether somebody is telling it.
#[derive(Debug, Clone, Copy, Default)]
struct Wanted {
    up_to: Seq,
    told: Seq,
    busy: bool,
}

impl Reader {
    /// The reader of a conversation that was read up to `read`.
    #[must_use]
    pub fn new(id: ConversationId, read: Seq, inbox: InboxStore) -> Self {
        Self {
            id,
            inbox,
            reading: StoredValue::new(Reading::new(read)),
            shown: StoredValue::default(),
            wanted: StoredValue::new(Wanted { up_to: read, told: read, busy: false }),
            alarm: StoredValue::new(None),
        }
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
        self.wanted.update_value(|wanted| wanted.told = wanted.told.max(read));
        self.check();
    }

    /// Everything up to here is read because the viewer says so.
    pub fn mark(self, up_to: Seq) {
        self.tell(up_to);
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
            self.tell(up_to);
        }
        let next = self.reading.with_value(Reading::next_moment);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "half a second at most")]
        let alarm = next.map(|next| Alarm::after((next - at).max(0.0).ceil() as u32, move || self.check()));
        self.alarm.try_set_value(alarm);
    }

    fn tell(self, up_to: Seq) {
        let idle = self.wanted.try_update_value(|wanted| {
            wanted.up_to = wanted.up_to.max(up_to);
            wanted.up_to > wanted.told && !std::mem::replace(&mut wanted.busy, true)
        });
        if idle != Some(true) {
            return;
        }
        spawn_local(async move {
            let mut pause = 500;
            while let Some(up_to) = self.next() {
                match mark_read(self.id, up_to).await {
                    Ok(()) => {
                        pause = 500;
                        self.wanted.try_update_value(|wanted| wanted.told = wanted.told.max(up_to));
                        self.inbox.refresh();
                    }
                    Err(error) if error.is_transient() => {
                        sleep(jittered(pause)).await;
                        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                    }
                    // signed out, or no longer ours: trying again would not help
                    Err(_) => {
                        self.wanted.try_update_value(|wanted| wanted.told = wanted.told.max(up_to));
                    }
                }
            }
        });
    }

    /// What to tell next; the end of telling when there is nothing, or when the conversation was left.
    fn next(self) -> Option<Seq> {
        self.wanted.try_update_value(|wanted| {
            wanted.busy = wanted.up_to > wanted.told;
            wanted.busy.then_some(wanted.up_to)
        })?
    }
}
