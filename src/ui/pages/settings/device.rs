//! What this browser keeps: notifications and single-letter keys.

use crate::ui::{
    browser::{
        notify::{self, Permission},
        storage,
    },
    components::keys,
    state::notifier,
};
use leptos::{ev, prelude::*};

/// Settings that this browser keeps; without script there is nothing to set.
#[component]
pub(super) fn Device() -> impl IntoView {
    let permission = RwSignal::new(None::<Permission>);
    let shown = RwSignal::new(true);
    let letters = RwSignal::new(true);
    Effect::new(move |_| {
        shown.set(storage::get(notifier::SETTING).as_deref() != Some("off"));
        letters.set(storage::get(keys::SETTING).as_deref() != Some("off"));
        permission.set(Some(notify::permission()));
    });
    let on_notify = move |change: ev::Event| {
        let wanted = event_target_checked(&change);
        shown.set(wanted);
        storage::set(notifier::SETTING, (!wanted).then_some("off"));
        // asked for on a click, never on load
        if wanted && permission.get_untracked() == Some(Permission::Open) {
            notify::ask(move |answer| permission.set(Some(answer)));
        }
    };
    let on_letters = move |change: ev::Event| {
        let wanted = event_target_checked(&change);
        letters.set(wanted);
        storage::set(keys::SETTING, (!wanted).then_some("off"));
    };
    let possible = move || !matches!(permission.get(), Some(Permission::Denied | Permission::Unsupported));
    let hint = move || match permission.get() {
        Some(Permission::Denied) => "This browser has been told not to show them. Its own settings can change that.",
        Some(Permission::Unsupported) => "This browser shows none here. The badge and the title of the tab still count.",
        _ => "When a message arrives while this page is hidden: who wrote, never what. On this device.",
    };
    view! {
        <section class="section" aria-labelledby="device" hidden=move || permission.with(Option::is_none)>
            <header>
                <h2 id="device">"This device"</h2>
            </header>
            <div>
                <div class="field_row">
                    <div>
                        <label for="notify">"Show notifications"</label>
                        <p class="field-hint" id="notify_hint">
                            {hint}
                        </p>
                    </div>
                    <input
                        class="switch"
                        type="checkbox"
                        role="switch"
                        id="notify"
                        aria-describedby="notify_hint"
                        prop:checked=move || shown.get() && permission.get() == Some(Permission::Granted)
                        disabled=move || !possible()
                        on:change=on_notify
                    />
                </div>
                <div class="field_row settings-keys">
                    <div>
                        <label for="keys_switch">"Single-letter keys"</label>
                        <p class="field-hint" id="keys_hint">
                            "N for a new message, ? for all keys. Turn off if you use speech input."
                        </p>
                    </div>
                    <input
                        class="switch"
                        type="checkbox"
                        role="switch"
                        id="keys_switch"
                        aria-describedby="keys_hint"
                        prop:checked=move || letters.get()
                        on:change=on_letters
                    />
                </div>
            </div>
        </section>
    }
}
