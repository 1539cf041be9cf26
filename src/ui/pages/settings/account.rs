//! Who is signed in, and the way out: nothing of them stays in this browser.

use crate::{
    domain::user::Role,
    ui::{
        components::avatar::Avatar,
        state::{connection::Connection, drafts::Drafts, outbox::Outbox, viewer::ViewerState},
    },
};
use leptos::{ev, prelude::*, task::spawn_local, wasm_bindgen::JsCast, web_sys::HtmlFormElement};

/// The viewer, and signing out.
#[component]
pub(super) fn Account() -> impl IntoView {
    let user = ViewerState::expect().user;
    let (connection, drafts, outbox) = (Connection::expect(), Drafts::expect(), Outbox::expect());
    let on_sign_out = move |submit: ev::SubmitEvent| {
        drafts.forget_all();
        let Some(form) = submit.target().and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else { return };
        // a page that is left takes with it what its database has not finished
        submit.prevent_default();
        spawn_local(async move {
            outbox.forget_all().await;
            connection.part();
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
