//! Unknown, malformed or not yours: they look the same, on purpose.

use crate::{answer::set_status, ui::components::empty_state::EmptyState};
use http::StatusCode;
use leptos::prelude::*;

/// The page for addresses that lead nowhere.
#[component]
pub fn NotFound() -> impl IntoView {
    set_status(StatusCode::NOT_FOUND);
    view! {
        <main id="main" class="page" tabindex="-1">
            <EmptyState icon="lock" title="There is nothing here" main=true>
                <p>"Or it is not yours. The link may be old."</p>
                <a class="button" href="/messages" rel="external">
                    "To the inbox"
                </a>
            </EmptyState>
        </main>
    }
}
