//! The page behind a one-time link: whose it is, and a form to set a password. An old link says so and nothing else.

use super::sign_in::Panel;
use crate::{
    answer::set_status,
    domain::form::FormFlash,
    error::{Code, Error},
    server_fns::session::{get_frame, get_password_link},
    ui::{
        browser::moment::when_rendered,
        components::icon::{Icon, Mark},
    },
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

/// `/password/{token}`
#[component]
pub fn Password() -> impl IntoView {
    let token = use_params_map().with_untracked(|params| params.get("token")).unwrap_or_default();
    let action = format!("/password/{token}");
    let loaded = Resource::new(
        || (),
        move |()| {
            let token = token.clone();
            async move { (get_frame().await.unwrap_or_default(), get_password_link(token).await) }
        },
    );
    view! {
        <Title text="Set a password"/>
        <Suspense strict=true>
            {Suspend::new(async move {
                when_rendered().await;
                let (cms, owner) = loaded.await;
                let form = match owner {
                    Ok(owner) => view! { <NewPassword action=action name=owner.display_name username=owner.username/> }.into_any(),
                    Err(error) => view! { <Refused error=error help=cms.help/> }.into_any(),
                };
                view! {
                    <main id="main" class="sign_in" tabindex="-1">
                        <div class="sign_in-form">
                            <p class="sign_in-brand">
                                <Mark/>
                                {cms.name}
                            </p>
                            {form}
                        </div>
                        <Panel/>
                    </main>
                }
            })}
        </Suspense>
    }
}

#[component]
fn NewPassword(action: String, name: String, username: String) -> impl IntoView {
    let flash = SharedValue::new(|| use_context::<FormFlash>().unwrap_or_default()).into_inner();
    let refused = flash.reason.is_some();
    view! {
        <h1>"Set a password"</h1>
        <p>"For " <bdi>{name}</bdi> ", user name " <bdi>{username.clone()}</bdi> "."</p>
        <form class="stack" action=action method="post">
            // password managers want to know whose it is
            <input class="visually_hidden" name="username" value=username autocomplete="username" tabindex="-1" aria-hidden="true" readonly/>
            <div class="field">
                <label for="new_password">"New password"</label>
                <input
                    class="field-control"
                    id="new_password"
                    name="new_password"
                    type="password"
                    autocomplete="new-password"
                    aria-invalid=refused.then_some("true")
                    aria-describedby="new_password_hint"
                    autofocus
                    required
                />
                <p class=if refused { "field-error" } else { "field-hint" } id="new_password_hint">
                    {refused.then(|| view! { <Icon name="alert"/> })}
                    {flash.reason.unwrap_or_else(|| "The longer the better; a sentence is good.".to_owned())}
                </p>
            </div>
            <button class="button" data-kind="primary">
                "Set the password"
            </button>
        </form>
    }
}

#[component]
fn Refused(error: Error, help: String) -> impl IntoView {
    set_status(error.status());
    let (title, detail) = if error.code == Code::NotFound {
        ("This link does not work", "It has been used, or it is older than a day.".to_owned())
    } else {
        ("This page could not be loaded", error.detail)
    };
    view! {
        <h1>{title}</h1>
        <p>{detail}</p>
        <p class="field-hint">{help}</p>
        <a class="button" href="/sign_in" rel="external">
            "To the sign-in page"
        </a>
    }
}
