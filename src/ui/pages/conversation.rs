//! The chat window.

use leptos::prelude::*;

/// `/messages/{id}`
#[component]
pub fn ConversationPage() -> impl IntoView {}
