//! What this browser keeps: notifications and single-letter keys.

use crate::ui::{
    browser::{
        notify::{self, Permission},
        storage,
    },
    components::keys,
    state::notifier,
};
use leptos::prelude::*;

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
    let on_notify = move |wanted: bool| {
        shown.set(wanted);
        storage::set(notifier::SETTING, (!wanted).then_some("off"));
        // asked for on a click, never on load
        if wanted && permission.get_untracked() == Some(Permission::Open) {
            notify::ask(move |answer| permission.set(Some(answer)));
        }
    };
    let on_letters = move |wanted: bool| {
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
                <Switch
                    id="notify"
                    label="Show notifications"
                    hint=Signal::derive(hint)
                    on=Signal::derive(move || shown.get() && permission.get() == Some(Permission::Granted))
                    possible=Signal::derive(possible)
                    on_change=on_notify
                />
                <Switch
                    id="keys_switch"
                    label="Single-letter keys"
                    hint="N for a new message, ? for all keys. Turn off if you use speech input."
                    on=letters
                    on_change=on_letters
                />
            </div>
        </section>
    }
}

/// A setting that is on or off at once.
#[component]
fn Switch(
    id: &'static str,
    label: &'static str,
    #[prop(into)] hint: Signal<&'static str>,
    #[prop(into)] on: Signal<bool>,
    #[prop(into, default = true.into())] possible: Signal<bool>,
    on_change: impl FnMut(bool) + 'static,
) -> impl IntoView {
    let mut on_change = on_change;
    let hint_id = format!("{id}_hint");
    view! {
        <div class="field_row">
            <div>
                <label for=id>{label}</label>
                <p class="field-hint" id=hint_id.clone()>
                    {hint}
                </p>
            </div>
            <input
                class="switch"
                type="checkbox"
                role="switch"
                id=id
                aria-describedby=hint_id
                prop:checked=on
                disabled=move || !possible.get()
                on:change=move |change| on_change(event_target_checked(&change))
            />
        </div>
    }
}
