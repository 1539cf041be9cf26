//! The viewer's day. Unknown while the page is rendered and hydrated, so that both sides write the same; known after it,
//! and when it turns, every time on the screen is written anew.

use crate::ui::browser::clock;
use leptos::prelude::*;

/// `2026-11-22` in the viewer's zone; `None` until the page is hydrated.
#[derive(Debug, Clone, Copy)]
pub struct Today(pub RwSignal<Option<String>>);

impl Today {
    /// Provides it to the whole app, and looks at the clock once the page is hydrated.
    pub fn provide() -> Self {
        let today = Self(RwSignal::new(None));
        Effect::new(move |_| today.look());
        provide_context(today);
        today
    }

    /// The day of this page.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// Looks at the clock; tells everybody when the day has turned.
    pub fn look(self) {
        let now = clock::today();
        if self.0.try_with_untracked(|known| *known != now) == Some(true) {
            self.0.set(now);
        }
    }
}
