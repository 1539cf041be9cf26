//! Says that something arrived: title, live region, toast, desktop notification.

use crate::domain::ids::ConversationId;
use leptos::prelude::*;

/// The conversation that stands on the screen; set and cleared by its page.
#[derive(Debug, Clone, Copy)]
pub struct OpenConversation(pub RwSignal<Option<ConversationId>>);

impl OpenConversation {
    /// The one of this page; only below the layout.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }
}
