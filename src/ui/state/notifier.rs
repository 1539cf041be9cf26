//! Says that something arrived: in words, toast, desktop notification. Badge and title follow the totals by themselves.
//!
//! Silent about own messages, about what is open in front of the viewer, and about what was there when the page began.

use super::attention::Attention;
use crate::{
    domain::{arrival::has_arrived, conversation::Conversation, ids::ConversationId},
    ui::{
        browser::{notify, storage},
        components::toast::{Toast, Toasts},
    },
};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

/// The conversation that stands on the screen; set and cleared by its page.
#[derive(Debug, Clone, Copy)]
pub struct OpenConversation(pub RwSignal<Option<ConversationId>>);

impl OpenConversation {
    /// Provides it to the pages below.
    pub fn provide() -> Self {
        let open = Self(RwSignal::new(None));
        provide_context(open);
        open
    }

    /// The one of this page; only below the layout.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }
}

/// The name of the device's setting that switches desktop notifications off although the browser would show them.
pub const SETTING: &str = "notifications";

/// Tells the viewer what arrived.
#[derive(Debug, Clone, Copy)]
pub struct Notifier {
    attention: Attention,
    open: RwSignal<Option<ConversationId>>,
    toasts: Toasts,
    path: Memo<String>,
    go: Callback<String>,
}

impl Notifier {
    /// Needs `OpenConversation` and `Toasts` in place.
    #[must_use]
    pub fn new(attention: Attention) -> Self {
        let navigate = StoredValue::new(use_navigate());
        Self {
            attention,
            open: OpenConversation::expect().0,
            toasts: Toasts::expect(),
            path: use_location().pathname,
            go: Callback::new(move |href: String| navigate.with_value(|navigate| navigate(&href, NavigateOptions::default()))),
        }
    }

    /// Tells what is new in these changes.
    pub fn tell(self, moved: &[(Option<Conversation>, Conversation)]) {
        let visible = self.attention.visible.get_untracked();
        let focused = self.attention.focused.get_untracked();
        let open = self.open.get_untracked();
        let arrived: Vec<_> = moved
            .iter()
            .filter(|(before, now)| has_arrived(before.as_ref(), now))
            .map(|(_, now)| now)
            .filter(|now| !(visible && focused && open == Some(now.id)))
            .collect();
        let Some(last) = arrived.last() else { return };
        // the inbox by itself shows what arrived; beside an open conversation, or elsewhere, a word is needed
        if visible && open != Some(last.id) && self.path.with_untracked(|path| path != "/messages") {
            self.toasts.show(Toast {
                text: "New message from".to_owned(),
                name: last.peer.display_name.clone(),
                link: Some((href(last.id), "Open")),
            });
        }
        // last: it says more than the toast does
        self.toasts.say(in_words(&arrived));
        if !visible && storage::get(SETTING).as_deref() != Some("off") {
            for now in arrived {
                let (go, id) = (self.go, now.id);
                let body =
                    if now.unread_count == 1 { "1 unread message".to_owned() } else { format!("{} unread messages", now.unread_count) };
                // who, not what: the text stays off shared screens
                notify::show(&now.peer.display_name, &body, &id.to_string(), move || go.run(href(id)));
            }
        }
    }
}

fn href(id: ConversationId) -> String {
    format!("/messages/{id}")
}

fn in_words(arrived: &[&Conversation]) -> String {
    match arrived {
        [one] if one.unread_count > 1 => format!("New message from {}, {} unread", one.peer.display_name, one.unread_count),
        [one] => format!("New message from {}", one.peer.display_name),
        several => format!("New messages in {} conversations", several.len()),
    }
}
