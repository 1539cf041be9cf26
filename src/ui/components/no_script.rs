//! Markup for readers without script.
//!
//! A browser that runs scripts reads the content of `<noscript>` as text, so hydration must not look for elements in it:
//! the markup is a string of ours, with ids and numbers at most, never with text of a user.

use leptos::prelude::*;

/// Markup that stands in the page where scripts do not run.
#[component]
pub fn NoScript(
    /// Markup of ours.
    #[prop(into)]
    html: String,
) -> impl IntoView {
    view! { <noscript inner_html=html></noscript> }
}
