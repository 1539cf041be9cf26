//! Initials in one of six quiet tones; the name always stands beside it, so screen readers skip it.

use crate::domain::user::User;
use leptos::prelude::*;

/// The initials of a person; an outline without a colour when they are deactivated.
#[component]
pub fn Avatar(
    /// Whose.
    #[prop(into)]
    user: Signal<User>,
) -> impl IntoView {
    let tone = move || user.with(|user| if user.active { user.tone().to_string() } else { "none".to_owned() });
    view! {
        <span class="avatar" data-tone=tone aria-hidden="true">
            {move || user.with(User::initials)}
        </span>
    }
}
