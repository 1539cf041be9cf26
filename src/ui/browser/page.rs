//! The page as a whole: where the focus is, leaving it, keys that mean something outside of fields.
//!
//! Works with what leptos brings along, so the server compiles this file too.

use leptos::{ev, prelude::*, wasm_bindgen::JsCast, web_sys::HtmlElement};

/// Gives the focus to the element with this id; says whether there is one.
pub fn focus(id: &str) -> bool {
    let element = document().get_element_by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}

/// Whether nothing has the focus that anybody would miss: it was never given, what had it went away, or it rests on the
/// page as a whole.
#[must_use]
pub fn focus_is_lost() -> bool {
    document().active_element().is_none_or(|element| matches!(element.tag_name().to_ascii_lowercase().as_str(), "body" | "main"))
}

/// Marks the document as hydrated, for tests and for styles that need to know.
pub fn say_alive() {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-hydrated", "");
    }
}

/// Loads another address as a new page, out of reach of the router.
pub fn leave_for(href: &str) {
    let _ = window().location().set_href(href);
}

/// Loads this page again.
pub fn reload() {
    let _ = window().location().reload();
}

/// The path and query of this page, for coming back to it.
#[must_use]
pub fn here() -> String {
    let location = window().location();
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}

/// Percent-encodes what is no unreserved character (RFC 3986), the same on both sides.
#[must_use]
pub fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
        escaped
    })
}

/// Whether a key press belongs to something that takes text, or to a dialog, or carries a modifier.
#[must_use]
pub fn is_taken(key: &ev::KeyboardEvent) -> bool {
    key.default_prevented()
        || key.ctrl_key()
        || key.meta_key()
        || key.alt_key()
        || key.is_composing()
        || key
            .target()
            .and_then(|target| target.dyn_into::<leptos::web_sys::Element>().ok())
            .and_then(|target| target.closest("input, textarea, select, [contenteditable], dialog, [popover]").ok().flatten())
            .is_some()
}

/// Whether a click means "here": the main button, without a modifier that asks for another tab or window.
#[must_use]
pub fn is_plain(click: &ev::MouseEvent) -> bool {
    click.button() == 0 && !(click.ctrl_key() || click.meta_key() || click.shift_key() || click.alt_key() || click.default_prevented())
}
