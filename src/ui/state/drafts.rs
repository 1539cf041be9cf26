//! What was typed and not sent: it stays while its writer looks at another conversation, and never shows up in another one.

use crate::{
    browser,
    domain::ids::{ConversationId, UserId},
};
use leptos::prelude::*;
use std::collections::HashMap;

const PREFIX: &str = "cms_messages.draft.";

/// The drafts of this tab.
#[derive(Debug, Clone, Copy)]
pub struct Drafts {
    viewer: UserId,
    texts: StoredValue<HashMap<ConversationId, String>>,
}

impl Drafts {
    /// Provides the drafts of this viewer in this tab; called by the layout.
    pub fn provide(viewer: UserId) {
        provide_context(Self { viewer, texts: StoredValue::default() });
    }

    /// The drafts of this tab; only below the layout.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// The draft of a conversation; empty when there is none.
    #[must_use]
    pub fn get(self, conversation_id: ConversationId) -> String {
        let here = self.texts.with_value(|texts| texts.get(&conversation_id).cloned());
        here.or_else(|| browser::drafts::read(&self.key(conversation_id))).unwrap_or_default()
    }

    /// Keeps what stands in the composer now; nothing when it is empty.
    pub fn set(self, conversation_id: ConversationId, text: &str) {
        browser::drafts::write(&self.key(conversation_id), text);
        self.texts.update_value(|texts| {
            texts.insert(conversation_id, text.to_owned());
        });
    }

    /// Forgets all of them: the viewer leaves, and another may sit down here.
    pub fn forget_all(self) {
        browser::drafts::forget(PREFIX);
        self.texts.set_value(HashMap::new());
    }

    fn key(self, conversation_id: ConversationId) -> String {
        format!("{PREFIX}{}.{conversation_id}", self.viewer)
    }
}
