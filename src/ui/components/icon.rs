//! One of the drawings of `public/icons.svg`. Decoration only: the word stands beside it, or in `.visually_hidden`.

use leptos::prelude::*;

// the version keeps a cached sprite of an older release from missing a drawing
const SPRITE: &str = concat!("/icons.svg?v=", env!("CARGO_PKG_VERSION"), "#icon_");

/// One drawing.
#[component]
pub fn Icon(
    /// Its name, without the prefix.
    #[prop(into)]
    name: Oco<'static, str>,
    /// An arrow that means forward or back follows the direction of the script.
    #[prop(optional)]
    turns: bool,
) -> impl IntoView {
    view! {
        <svg class="icon" data-turns=turns aria-hidden="true">
            <use_ href=format!("{SPRITE}{name}")></use_>
        </svg>
    }
}

/// The mark of the CMS, drawn in its own stroke.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-linecap="round" aria-hidden="true">
            <use_ href=format!("{SPRITE}mark")></use_>
        </svg>
    }
}
