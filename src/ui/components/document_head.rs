//! What every document says of itself in its `<head>`, the app's (`app.rs`) and those of admins (`admin/screen.rs`) alike.

use leptos::{config::LeptosOptions, prelude::*};
use leptos_meta::HashedStylesheet;

/// Encoding, viewport, colour schemes, icon and stylesheet.
#[component]
pub fn DocumentHead(
    /// Where the built stylesheet is.
    options: LeptosOptions,
) -> impl IntoView {
    view! {
        <meta charset="utf-8"/>
        <meta
            name="viewport"
            content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
        />
        <meta name="color-scheme" content="light dark"/>
        <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
        <HashedStylesheet id="style" options=options/>
    }
}
