//! The document's shell, the root component, and the route table.

use leptos::prelude::*;

/// The root component.
#[component]
pub fn App() -> impl IntoView {
    view! { <main></main> }
}
