//! How far the server is to be told that conversations were read: at most one request per conversation on its way, the
//! newest pointer wins, lost ones are tried again.
//!
//! Lives above the pages, so that what was displayed becomes read although its reader has gone on to another conversation.

use super::{
    inbox_store::InboxStore,
    patience::{PATIENCE, in_time},
};
use crate::{
    browser::moment::{jittered, sleep},
    domain::ids::{ConversationId, Seq},
    server_fns::receipts::mark_read,
};
use leptos::{prelude::*, task::spawn_local};
use std::collections::HashMap;

/// The longest wait between two tries, in milliseconds: visible screens agree with the database soon after a fault.
const LONGEST_PAUSE: u32 = 8_000;

/// The read pointers of this tab.
#[derive(Debug, Clone, Copy)]
pub struct ReadPointers {
    wanted: StoredValue<HashMap<ConversationId, Wanted>>,
    inbox: InboxStore,
}

/// How far the server is to be told, how far it knows, and whether somebody is telling it.
#[derive(Debug, Clone, Copy, Default)]
struct Wanted {
    up_to: Seq,
    told: Seq,
    busy: bool,
}

impl ReadPointers {
    /// Provides them; called by the layout.
    pub fn provide(inbox: InboxStore) {
        provide_context(Self { wanted: StoredValue::default(), inbox });
    }

    /// The pointers of this tab; only below the layout.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// The server has it that the conversation is read up to here.
    pub fn know(self, id: ConversationId, read: Seq) {
        self.wanted.try_update_value(|all| {
            let wanted = all.entry(id).or_default();
            wanted.told = wanted.told.max(read);
        });
    }

    /// The conversation is read up to here.
    pub fn tell(self, id: ConversationId, up_to: Seq) {
        let idle = self.wanted.try_update_value(|all| {
            let wanted = all.entry(id).or_default();
            wanted.up_to = wanted.up_to.max(up_to);
            wanted.up_to > wanted.told && !std::mem::replace(&mut wanted.busy, true)
        });
        if idle != Some(true) {
            return;
        }
        spawn_local(async move {
            let mut pause = 500;
            while let Some(up_to) = self.next(id) {
                match in_time(PATIENCE, mark_read(id, up_to)).await {
                    Ok(()) => {
                        pause = 500;
                        self.know(id, up_to);
                        self.inbox.refresh();
                    }
                    Err(error) if error.is_transient() => {
                        sleep(jittered(pause)).await;
                        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                    }
                    // signed out, or no longer ours: trying again would not help
                    Err(_) => self.know(id, up_to),
                }
            }
        });
    }

    /// What to tell next; the end of telling when there is nothing, or when the tab's state is gone.
    fn next(self, id: ConversationId) -> Option<Seq> {
        self.wanted.try_update_value(|all| {
            let wanted = all.get_mut(&id)?;
            wanted.busy = wanted.up_to > wanted.told;
            wanted.busy.then_some(wanted.up_to)
        })?
    }
}
