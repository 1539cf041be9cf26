//! The inbox as a value, and the one reducer that keeps it right: `snapshot.apply(changes) == fresh snapshot`.
//!
//! The browser keeps its list with it, the tests compare it with a fresh list after every step.

use super::{
    change::Changes,
    conversation::Conversation,
    ids::{ChangeNo, ConversationId},
    page::ConversationPage,
    unread::Unread,
};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// The viewer's conversations as far as they are loaded, latest activity first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Inbox {
    /// Latest activity first.
    pub conversations: Vec<Conversation>,
    /// Everything up to here is contained.
    pub change_no: ChangeNo,
    /// Where the next page begins; `None` when all are loaded.
    pub next_cursor: Option<String>,
}

impl Inbox {
    /// The inbox of a first page.
    #[must_use]
    pub fn new(page: ConversationPage) -> Self {
        Self { conversations: page.items, change_no: page.change_no, next_cursor: page.next_cursor }
    }

    /// Puts a further page behind what is there. What a change has brought meanwhile is newer and stays.
    pub fn append(&mut self, page: ConversationPage) {
        self.next_cursor = page.next_cursor;
        for conversation in page.items {
            if self.get(conversation.id).is_none_or(|known| known.change_no < conversation.change_no) {
                self.put(conversation);
            }
        }
    }

    /// Brings the inbox to the state after these changes. Returns the conversations that are new or newer here, as
    /// pairs (before, now), so that the caller can tell what arrived. A change that is already contained does nothing.
    pub fn apply(&mut self, changes: &Changes) -> Vec<(Option<Conversation>, Conversation)> {
        let mut moved = Vec::new();
        for conversation in &changes.items {
            let before = self.get(conversation.id).cloned();
            if before.as_ref().is_some_and(|known| known.change_no >= conversation.change_no) {
                continue;
            }
            self.put(conversation.clone());
            moved.push((before, conversation.clone()));
        }
        self.change_no = self.change_no.max(changes.change_no);
        moved
    }

    /// One conversation, if it is loaded.
    #[must_use]
    pub fn get(&self, id: ConversationId) -> Option<&Conversation> {
        self.conversations.iter().find(|conversation| conversation.id == id)
    }

    /// The totals over what is loaded; exact when nothing is left to load.
    #[must_use]
    pub fn unread(&self) -> Unread {
        self.conversations.iter().filter(|conversation| conversation.unread_count > 0).fold(Unread::default(), |sum, conversation| {
            Unread {
                messages: sum.messages.saturating_add(conversation.unread_count),
                conversations: sum.conversations.saturating_add(1),
            }
        })
    }

    fn put(&mut self, conversation: Conversation) {
        self.conversations.retain(|known| known.id != conversation.id);
        let key = |c: &Conversation| Reverse((c.last_activity_at, c.id));
        let place = self.conversations.partition_point(|known| key(known) < key(&conversation));
        self.conversations.insert(place, conversation);
    }
}
