//! The inbox of this tab: every conversation it has heard of, the totals, and the version of the policy.
//!
//! Fed by the first page, by further pages and by changes, all through `domain::Inbox`. A conversation is only ever
//! replaced by a newer one, and the cursor of the changes is moved by changes alone: a page that was read later must not
//! hide what happened to a conversation that is not on it.

use crate::domain::{change::Changes, conversation::Conversation, inbox::Inbox, page::ConversationPage, session::Me, unread::Unread};
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
    pub(super) refreshes: Trigger,
}

impl InboxStore {
    /// Provides an empty one that has heard of everything up to the viewer's present change.
    pub fn provide(me: &Me) -> Self {
        let store = Self {
            inbox: RwSignal::new(Inbox::empty(me.change_no)),
            unread: RwSignal::new(me.unread),
            policy_version: RwSignal::new(me.policy_version),
            refreshes: Trigger::new(),
        };
        provide_context(store);
        store
    }

    /// The store of this tab; only below the layout.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// One conversation as it is known now, beginning with `first`; as it was known last when the store knows it no more.
    /// Every row of a long list asks this after every change: it looks itself up, and copies nothing unless it is news.
    #[must_use]
    pub fn follow(self, first: Conversation) -> Memo<Conversation> {
        Memo::new_owning(move |before: Option<Conversation>| {
            let is_first = before.is_none();
            let before = before.unwrap_or_else(|| first.clone());
            self.inbox.with(|inbox| match inbox.get(before.id) {
                Some(now) if now.change_no >= before.change_no && *now != before => (now.clone(), true),
                _ => (before, is_first),
            })
        })
    }

    /// Takes in a conversation that came as an answer; what is known stays when it is newer.
    pub fn put(self, conversation: Conversation) {
        let next_cursor = self.inbox.with_untracked(|inbox| inbox.next_cursor.clone());
        self.take_in(vec![conversation], next_cursor);
    }

    /// Asks for changes now instead of at the next tick.
    pub fn refresh(self) {
        self.refreshes.notify();
    }

    /// Takes in conversations, and where the next page begins.
    pub(super) fn take_in(self, items: Vec<Conversation>, next_cursor: Option<String>) {
        self.inbox.try_update(|inbox| {
            let change_no = inbox.change_no;
            inbox.append(ConversationPage { items, next_cursor, change_no });
        });
    }

    /// Brings everything up to date; returns what moved, before and after. Nobody is told when nothing moved.
    pub(super) fn apply(self, changes: &Changes) -> Vec<(Option<Conversation>, Conversation)> {
        let is_news = |inbox: &Inbox| !changes.items.is_empty() || inbox.change_no != changes.change_no;
        if self.inbox.try_with_untracked(is_news) != Some(true) {
            return Vec::new();
        }
        self.inbox.try_update(|inbox| inbox.apply(changes)).unwrap_or_default()
    }
}
