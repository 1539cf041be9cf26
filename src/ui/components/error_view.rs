//! What happened, what is safe, what to do, and the request id to quote. Never a cause.

use super::icon::Icon;
use crate::{
    answer::{PageFacts, set_status},
    error::Error,
    ui::browser::page,
};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Shows an error that kept something from loading, and gives the page its status when it is rendered by the server.
/// Trying again loads the page anew, or does what `on_retry` says.
#[component]
pub fn ErrorView(
    /// What went wrong, in the words for users.
    error: Error,
    /// What could not be shown.
    #[prop(default = "This page could not be loaded")]
    title: &'static str,
    /// Tries again without leaving the page.
    #[prop(optional, into)]
    on_retry: Option<Callback<()>>,
) -> impl IntoView {
    set_status(error.status());
    let request_id = PageFacts::current().request_id;
    let location = use_location();
    let here = move || location.pathname.get() + &location.search.with(|query| if query.is_empty() { String::new() } else { format!("?{query}") });
    let on_click = move |click: leptos::ev::MouseEvent| {
        if !page::is_plain(&click) {
            return;
        }
        click.prevent_default();
        match on_retry {
            Some(on_retry) => on_retry.run(()),
            None => page::reload(),
        }
    };
    view! {
        <div class="error_view" role="alert">
            <h2>{title}</h2>
            <p>{error.detail}</p>
            {request_id
                .map(|id| {
                    view! {
                        <dl>
                            <dt>"Request"</dt>
                            <dd>
                                <code>{id}</code>
                            </dd>
                        </dl>
                    }
                })}
            <a class="button" data-kind="primary" href=here rel="external" on:click=on_click>
                <Icon name="retry"/>
                "Try again"
            </a>
        </div>
    }
}
