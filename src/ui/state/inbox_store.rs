//! The inbox of this tab: every conversation it has heard of, the totals, and the version of the policy.
//!
//! Fed by the first page, by further pages and by changes, all through `domain::Inbox`. A conversation is only ever
//! replaced by a newer one.

use crate::domain::{conversation::Conversation, ids::ConversationId, inbox::Inbox, page::ConversationPage, unread::Unread};
use leptos::prelude::*;

/// Shared by the list, the menu, and the open conversation.
#[derive(Debug, Clone, Copy)]
pub struct InboxStore {
    /// The conversations that are known here, latest activity first.
    pub inbox: RwSignal<Inbox>,
    /// The totals as the server counts them.
    pub unread: RwSignal<Unread>,
    /// When it grows, `can_write` of any conversation may have changed.
    pub policy_version: RwSignal<i64>,
    refreshes: Trigger,
}

impl InboxStore {
    /// The store of this tab; only below the layout.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// One conversation as it is known now.
    #[must_use]
    pub fn conversation(self, id: ConversationId) -> Memo<Option<Conversation>> {
        Memo::new(move |_| self.inbox.with(|inbox| inbox.get(id).cloned()))
    }

    /// Takes in a conversation that came as an answer; what is known stays when it is newer.
    pub fn put(self, conversation: Conversation) {
        self.inbox.update(|inbox| {
            let next_cursor = inbox.next_cursor.clone();
            let change_no = inbox.change_no;
            inbox.append(ConversationPage { items: vec![conversation], next_cursor, change_no });
        });
    }

    /// Asks for changes now instead of at the next tick.
    pub fn refresh(self) {
        self.refreshes.notify();
    }
}
