//! The own password.

use super::{Refused, reason};
use crate::{domain::form::FormFlash, server_fns::session::change_password, ui::state::viewer::ViewerState};
use leptos::{ev, html, prelude::*, task::spawn_local};
use leptos_router::hooks::use_query_map;

/// The own password: a plain form, answered in place once the page is hydrated.
#[component]
pub(super) fn OwnPassword() -> impl IntoView {
    let username = ViewerState::expect().user.username;
    let flash = SharedValue::new(|| use_context::<FormFlash>().unwrap_or_default()).into_inner();
    let refused = RwSignal::new(flash.reason_of("password"));
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
                    {move || refused.get().map(|reason| view! { <Refused reason/> })}
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
