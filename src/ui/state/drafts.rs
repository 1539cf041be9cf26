//! What was typed and not sent: it stays while its writer looks at another conversation, shows in the row of its own one, and
//! never shows up in another.

use crate::{
    browser,
    domain::ids::{ConversationId, UserId},
};
use leptos::prelude::*;
use std::collections::HashMap;

/// How the keys of all drafts begin.
pub const PREFIX: &str = "cms_messages.draft.";

/// The drafts of this tab.
#[derive(Debug, Clone, Copy)]
pub struct Drafts {
    viewer: UserId,
    texts: RwSignal<HashMap<ConversationId, String>>,
}

impl Drafts {
    /// Provides the drafts of this viewer in this tab; called by the layout.
    pub fn provide(viewer: UserId) {
        let drafts = Self { viewer, texts: RwSignal::default() };
        provide_context(drafts);
        // what a reload has left
        Effect::new(move |_| {
            let kept = browser::drafts::all(&drafts.prefix());
            let kept: Vec<_> = kept.into_iter().filter_map(|(id, text)| Some((id.parse().ok()?, text))).collect();
            drafts.texts.maybe_update(|texts| {
                for (id, text) in &kept {
                    texts.entry(*id).or_insert_with(|| text.clone());
                }
                !kept.is_empty()
            });
        });
    }

    /// The drafts of this tab; only below the layout.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// The draft of a conversation; empty when there is none.
    #[must_use]
    pub fn get(self, conversation_id: ConversationId) -> String {
        let here = self.texts.with_untracked(|texts| texts.get(&conversation_id).cloned());
        here.or_else(|| browser::drafts::read(&self.key(conversation_id))).unwrap_or_default()
    }

    /// The draft of a conversation as its row shows it; nothing where there is nothing to be read.
    #[must_use]
    pub fn shown(self, conversation_id: ConversationId) -> Option<String> {
        self.texts.with(|texts| texts.get(&conversation_id).filter(|text| !text.trim().is_empty()).cloned())
    }

    /// Keeps what stands in the composer now; nothing when it is empty.
    pub fn set(self, conversation_id: ConversationId, text: &str) {
        browser::drafts::write(&self.key(conversation_id), text);
        self.texts.maybe_update(|texts| texts.insert(conversation_id, text.to_owned()).unwrap_or_default() != text);
    }

    /// Forgets all of them: the viewer leaves, and another may sit down here.
    pub fn forget_all(self) {
        browser::drafts::forget(PREFIX);
        self.texts.set(HashMap::new());
    }

    fn prefix(self) -> String {
        format!("{PREFIX}{}.", self.viewer)
    }

    fn key(self, conversation_id: ConversationId) -> String {
        format!("{}{conversation_id}", self.prefix())
    }
}
