//! Markup for readers without script.
//!
//! A browser that runs scripts reads the content of `<noscript>` as text, so hydration must not look for elements in it:
//! the markup is a fixed string, never text of a user.

use leptos::prelude::*;

/// Markup that stands in the page where scripts do not run.
#[component]
pub fn NoScript(
    /// Fixed markup.
    html: &'static str,
) -> impl IntoView {
    view! { <noscript inner_html=html></noscript> }
}
