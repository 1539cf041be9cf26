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
    /// Whether the title is the page's own heading.
    #[prop(optional)]
    main: bool,
    /// Tries again without leaving the page.
    #[prop(optional, into)]
    on_retry: Option<Callback<()>>,
) -> impl IntoView {
    set_status(error.status());
    let request_id = PageFacts::current().request_id;
    let location = use_location();
    let query = location.query;
    // a form without script keeps the query of its page as hidden fields
    let fields = move || {
        let query = query.get();
        let field = |(name, value): (std::borrow::Cow<'static, str>, String)| view! { <input type="hidden" name=name value=value/> };
        query.into_iter().map(field).collect_view()
    };
    let on_submit = move |submit: leptos::ev::SubmitEvent| {
        submit.prevent_default();
        match on_retry {
            Some(on_retry) => on_retry.run(()),
            None => page::reload(),
        }
    };
    let heading = if main { view! { <h1>{title}</h1> }.into_any() } else { view! { <h2>{title}</h2> }.into_any() };
    view! {
        <div class="error_view" role="alert">
            {heading}
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
            <form method="get" action=move || location.pathname.get() on:submit=on_submit>
                {fields}
                <button class="button" data-kind="primary">
                    <Icon name="retry"/>
                    "Try again"
                </button>
            </form>
        </div>
    }
}
