//! The keys that work everywhere outside of fields, and the dialog that lists them. They can be turned off in the
//! settings of the device (WCAG 2.1.4).

use super::dialog::Dialog;
use crate::ui::{
    browser::{page, storage},
    pages::new_message::NewMessageOpen,
};
use leptos::{ev, prelude::*};

/// The name of the device's setting; `off` turns the single-letter keys off.
pub const SETTING: &str = "keys";

/// N opens the search for a person, ? the list of keys.
pub fn listen_for_keys(new_message: NewMessageOpen, keys: RwSignal<bool>) {
    Effect::new(move |_| {
        let listener = window_event_listener(ev::keydown, move |key| {
            if page::is_taken(&key) || storage::get(SETTING).as_deref() == Some("off") {
                return;
            }
            match key.key().as_str() {
                "n" | "N" if !key.shift_key() => {
                    key.prevent_default();
                    // on the page of its own the field is there already
                    if !page::focus("people") {
                        new_message.0.set(true);
                    }
                }
                "?" => {
                    key.prevent_default();
                    keys.set(true);
                }
                _ => {}
            }
        });
        on_cleanup(move || listener.remove());
    });
}

/// All keys and what they do.
#[component]
pub fn KeysDialog(
    /// Whether it is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <Dialog open=open id="keys" title="Keys">
            <KeyList/>
        </Dialog>
    }
}

/// The list itself.
#[component]
pub fn KeyList() -> impl IntoView {
    let rows: [(&[&str], &str); 7] = [
        (&["N"], "new message"),
        (&["↑", "↓"], "through the inbox"),
        (&["Enter"], "open, send"),
        (&["Shift", "Enter"], "new line in a message"),
        (&["Page Up", "Page Down"], "through the messages"),
        (&["Esc"], "close, back to the inbox"),
        (&["?"], "this list"),
    ];
    let rows = rows.into_iter().map(|(keys, does)| {
        let keys = keys.iter().map(|key| view! { <kbd>{*key}</kbd> " " }).collect_view();
        view! {
            <dt>{keys}</dt>
            <dd>{does}</dd>
        }
    });
    view! { <dl class="key_list" data-scripted>{rows.collect_view()}</dl> }
}
