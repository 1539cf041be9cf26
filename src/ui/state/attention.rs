//! Whether anybody looks: the page is visible, the window has the focus. Both false until the page is hydrated.

use leptos::prelude::*;

/// What the browser says about the viewer's attention.
#[derive(Debug, Clone, Copy)]
pub struct Attention {
    /// The page is not hidden behind another tab or minimised.
    pub visible: Signal<bool>,
    /// The window has the focus.
    pub focused: Signal<bool>,
}

impl Attention {
    /// The attention to this page; only below the layout.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }
}
