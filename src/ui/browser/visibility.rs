//! Whether anybody can see the page, whether its window has the focus, whether there is a network, and keys.

use leptos::prelude::{document, window};
use web_sys::VisibilityState;

/// Not behind another tab, not minimised.
#[must_use]
pub fn is_visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

/// The window gets the keys.
#[must_use]
pub fn is_focused() -> bool {
    document().has_focus().unwrap_or(false)
}

/// There is a pointer beside the keys. On a telephone a focused field calls a keyboard that covers half of the page.
#[must_use]
pub fn has_keys() -> bool {
    window().match_media("(hover: hover) and (pointer: fine)").ok().flatten().is_some_and(|query| query.matches())
}

/// False only when the browser is sure that there is no network.
#[must_use]
pub fn is_online() -> bool {
    window().navigator().on_line()
}
