//! The front door: a plain form, with or without script. A refusal comes back with the user name, never the password.

use crate::{
    domain::{form::FormFlash, session::CmsFrame},
    server_fns::session::get_frame,
    ui::{
        browser::moment::when_rendered,
        components::icon::{Icon, Mark},
        state::parted,
    },
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// `/sign_in?next=`: where to go afterwards.
#[component]
pub fn SignIn() -> impl IntoView {
    let frame = Resource::new(|| (), |()| get_frame());
    parted::forget_them();
    view! {
        <Suspense strict=true>
            {Suspend::new(async move {
                when_rendered().await;
                // without its name and help the door still opens
                view! { <Door cms=frame.await.unwrap_or_default()/> }
            })}
        </Suspense>
    }
}

#[component]
fn Door(cms: CmsFrame) -> impl IntoView {
    let flash = SharedValue::new(|| use_context::<FormFlash>().unwrap_or_default()).into_inner();
    let query = use_query_map();
    let asked = |name| query.with_untracked(|query| query.get(name)).unwrap_or_default();
    let next = Some(flash.field("next")).filter(|next| !next.is_empty()).unwrap_or_else(|| asked("next"));
    let was_set = asked("password") == "set";
    let refused = flash.reason.is_some();
    let title = format!("Sign in · {}", cms.name.replace('<', "‹"));
    view! {
        <Title text=title/>
        <a class="skip_link" href="#main" rel="external">
            "Skip to content"
        </a>
        <main id="main" class="sign_in" tabindex="-1">
            <div class="sign_in-form">
                <p class="sign_in-brand">
                    <Mark/>
                    {cms.name}
                </p>
                <h1>"Sign in"</h1>
                {was_set.then(|| view! { <p role="status">"Your password is set. Sign in with it."</p> })}
                <form class="stack" action="/sign_in" method="post">
                    <input type="hidden" name="next" value=next/>
                    <div class="field">
                        <label for="username">"User name"</label>
                        <input
                            class="field-control"
                            id="username"
                            name="username"
                            value=flash.field("username")
                            autocomplete="username"
                            autocapitalize="none"
                            spellcheck="false"
                            autofocus=!refused
                            required
                        />
                    </div>
                    <div class="field">
                        <label for="password">"Password"</label>
                        <input
                            class="field-control"
                            id="password"
                            name="password"
                            type="password"
                            autocomplete="current-password"
                            aria-invalid=refused.then_some("true")
                            aria-describedby=refused.then_some("password_error")
                            autofocus=refused
                            required
                        />
                        {flash
                            .reason
                            .map(|reason| {
                                view! {
                                    <p class="field-error" id="password_error" role="alert">
                                        <Icon name="alert"/>
                                        {reason}
                                    </p>
                                }
                            })}
                    </div>
                    <button class="button" data-kind="primary">
                        "Sign in"
                    </button>
                </form>
                <p class="field-hint">{cms.help}</p>
            </div>
            <Panel/>
        </main>
    }
}

/// Rows of running stitch, and one pair of threads that cross; where there is room for it.
#[component]
pub fn Panel() -> impl IntoView {
    view! {
        <div class="sign_in-panel">
            <svg class="sign_in-stitches" aria-hidden="true">
                <defs>
                    <pattern id="stitches" width="192" height="56" patternUnits="userSpaceOnUse">
                        <path pathLength="192" stroke-dasharray="13 11" d="M0 14q48-20 96 0t96 0"></path>
                        <path pathLength="192" stroke-dasharray="13 11" stroke-dashoffset="12" d="M0 42q48-20 96 0t96 0"></path>
                    </pattern>
                    <pattern id="pair" width="384" height="120" y="264" patternUnits="userSpaceOnUse">
                        <path pathLength="352" stroke-dasharray="21 11" stroke-dashoffset="10" d="M0 60q96-84 192 0t192 0"></path>
                        <path
                            pathLength="352"
                            stroke-dasharray="21 11"
                            stroke-dashoffset="26"
                            stroke-opacity=".6"
                            d="M0 60q96 84 192 0t192 0"
                        ></path>
                    </pattern>
                </defs>
                <rect class="sign_in-ground" width="100%" height="100%" stroke="none" fill="url(#stitches)"></rect>
                <rect class="sign_in-pair" y="264" width="100%" height="120" stroke="none" fill="url(#pair)"></rect>
            </svg>
            <p>"One thread for every two people."</p>
            <p>"What you write here stays with the organisation, in order. Nothing gets lost on the way, and you see when it has been read."</p>
        </div>
    }
}
