//! The count of unread messages: capped at 99+, gone at zero; its hidden words say what is counted.

use crate::domain::unread::Unread;
use leptos::prelude::*;

/// The badge.
#[component]
pub fn UnreadBadge(
    /// How many.
    #[prop(into)]
    count: Signal<i64>,
    /// The hidden words behind the number.
    #[prop(default = " unread")]
    counted: &'static str,
) -> impl IntoView {
    move || {
        Unread::badge(count.get()).map(|number| {
            view! {
                <span class="unread_badge">
                    {number} <span class="visually_hidden">{counted}</span>
                </span>
            }
        })
    }
}
