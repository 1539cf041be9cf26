//! Nothing here, said kindly, with the one next step.

use super::icon::Icon;
use leptos::prelude::*;

/// A drawing, a heading, and what the children say.
#[component]
pub fn EmptyState(
    /// The drawing's name.
    icon: &'static str,
    /// The heading.
    #[prop(into)]
    title: String,
    /// Whether the heading is the page's own.
    #[prop(optional)]
    main: bool,
    /// A sentence, and the next step.
    children: Children,
) -> impl IntoView {
    let heading = if main { view! { <h1>{title}</h1> }.into_any() } else { view! { <h2>{title}</h2> }.into_any() };
    view! {
        <div class="empty_state">
            <Icon name=icon/>
            {heading}
            {children()}
        </div>
    }
}
