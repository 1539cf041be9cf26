//! Whether anybody looks: the page is visible, the window has the focus. Both false until the page is hydrated.

use crate::ui::browser::visibility;
use leptos::prelude::*;

/// What the browser says about the viewer's attention.
#[derive(Debug, Clone, Copy)]
pub struct Attention {
    /// The page is not hidden behind another tab or minimised.
    pub visible: Signal<bool>,
    /// The window has the focus.
    pub focused: Signal<bool>,
    /// There may be a network. True until the browser is sure that there is none.
    pub online: Signal<bool>,
}

impl Attention {
    /// Provides it to the pages below and keeps it up to date.
    pub fn provide() -> Self {
        let (visible, focused, online) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(true));
        let look = move || {
            note(visible, visibility::is_visible());
            note(focused, visibility::is_focused());
            note(online, visibility::is_online());
        };
        Effect::new(move |_| {
            look();
            for event in ["visibilitychange", "pageshow", "focus", "blur", "online", "offline"] {
                let listener = window_event_listener_untyped(event, move |_| look());
                on_cleanup(move || listener.remove());
            }
        });
        let attention = Self { visible: visible.into(), focused: focused.into(), online: online.into() };
        provide_context(attention);
        attention
    }

    /// The attention to this page; only below the layout.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }
}

/// Tells the others only when it is news.
fn note(signal: RwSignal<bool>, now: bool) {
    if signal.try_get_untracked() == Some(!now) {
        signal.set(now);
    }
}
