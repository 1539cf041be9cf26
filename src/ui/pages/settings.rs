//! The viewer's own settings: who they are, notifications and keys of this device, the password, the way out.

use crate::{
    domain::{form::FormFlash, user::Role},
    error::Error,
    server_fns::session::change_password,
    ui::{
        browser::{
            notify::{self, Permission},
            storage,
        },
        components::{avatar::Avatar, icon::Icon, keys},
        state::{drafts::Drafts, notifier, outbox::Outbox, viewer::ViewerState},
    },
};
use leptos::{ev, html, prelude::*, task::spawn_local, wasm_bindgen::JsCast, web_sys::HtmlFormElement};
use leptos_router::hooks::use_query_map;

/// `/settings`
#[component]
pub fn Settings() -> impl IntoView {
    view! {
        <main id="main" class="page" tabindex="-1">
            <div class="page-body" data-measure="narrow">
                <header class="page-header">
                    <div>
                        <h1>"Settings"</h1>
                    </div>
                </header>
                <Account/>
                <Device/>
                <OwnPassword/>
            </div>
        </main>
    }
}

#[component]
fn Account() -> impl IntoView {
    let user = ViewerState::expect().user;
    let (drafts, outbox) = (Drafts::expect(), Outbox::expect());
    let on_sign_out = move |submit: ev::SubmitEvent| {
        drafts.forget_all();
        let Some(form) = submit.target().and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else { return };
        // a page that is left takes with it what its database has not finished
        submit.prevent_default();
        spawn_local(async move {
            outbox.forget_all().await;
            let _ = form.submit();
        });
    };
    let role = match user.role {
        Role::Admin => "Administrator",
        Role::Member => "Member",
    };
    let department = Some(user.department.clone()).filter(|department| !department.is_empty());
    view! {
        <section class="section" aria-labelledby="account">
            <header>
                <h2 id="account">"Signed in"</h2>
            </header>
            <div class="field_row">
                <div class="settings-viewer">
                    <Avatar user=user.clone()/>
                    <div>
                        <p class="field_row-name">
                            <bdi>{user.display_name}</bdi>
                        </p>
                        <p class="field-hint">
                            <bdi>{user.username}</bdi>
                            {department.map(|department| view! { " · " <bdi>{department}</bdi> })}
                            " · "
                            {role}
                        </p>
                    </div>
                </div>
                <form action="/sign_out" method="post" on:submit=on_sign_out>
                    <button class="button">"Sign out"</button>
                </form>
            </div>
        </section>
    }
}

/// Settings that this browser keeps; without script there is nothing to set.
#[component]
fn Device() -> impl IntoView {
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
                <div class="field_row">
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

/// The own password: a plain form, answered in place once the page is hydrated.
#[component]
fn OwnPassword() -> impl IntoView {
    let username = ViewerState::expect().user.username;
    let flash = SharedValue::new(|| use_context::<FormFlash>().unwrap_or_default()).into_inner();
    let refused = RwSignal::new(flash.reason);
    let saved = RwSignal::new(use_query_map().with_untracked(|query| query.get("saved").is_some()));
    let busy = RwSignal::new(false);
    let (current, new) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let on_submit = move |submit: ev::SubmitEvent| {
        submit.prevent_default();
        let (Some(current), Some(new)) = (current.get_untracked(), new.get_untracked()) else { return };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        saved.set(false);
        spawn_local(async move {
            let answer = change_password(current.value(), new.value()).await;
            busy.set(false);
            refused.set(answer.as_ref().err().map(reason));
            if answer.is_ok() {
                current.set_value("");
                new.set_value("");
                saved.set(true);
            }
        });
    };
    let is_refused = move || refused.with(Option::is_some);
    view! {
        <section class="section" aria-labelledby="password_title">
            <header>
                <h2 id="password_title">"Password"</h2>
                <p>"A new one signs you out everywhere else."</p>
            </header>
            <form class="stack" action="/settings" method="post" on:submit=on_submit>
                <input class="visually_hidden" name="username" value=username autocomplete="username" tabindex="-1" aria-hidden="true" readonly/>
                <div class="field">
                    <label for="current_password">"Current password"</label>
                    <input
                        class="field-control"
                        id="current_password"
                        node_ref=current
                        name="current_password"
                        type="password"
                        autocomplete="current-password"
                        aria-invalid=move || is_refused().then_some("true")
                        aria-describedby="password_status"
                        required
                    />
                </div>
                <div class="field">
                    <label for="new_password">"New password"</label>
                    <input
                        class="field-control"
                        id="new_password"
                        node_ref=new
                        name="new_password"
                        type="password"
                        autocomplete="new-password"
                        aria-describedby="password_status"
                        required
                    />
                </div>
                <div id="password_status" role="status">
                    {move || {
                        refused
                            .get()
                            .map(|reason| {
                                view! {
                                    <p class="field-error">
                                        <Icon name="alert"/>
                                        {reason}
                                    </p>
                                }
                            })
                    }}
                    {move || saved.get().then(|| view! { <p class="field-hint">"Your password is changed. Other sessions have ended."</p> })}
                </div>
                <div class="cluster">
                    <button class="button" data-kind="primary">
                        "Change the password"
                    </button>
                </div>
            </form>
        </section>
    }
}

fn reason(error: &Error) -> String {
    error.fields.values().next().cloned().unwrap_or_else(|| error.detail.clone())
}
