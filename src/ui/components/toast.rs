//! One short message at the block end of the page: gone after 8 seconds or when dismissed, kept under the pointer.
//!
//! It never takes the focus and never holds the only copy of a fact. The polite live region beside it speaks for it, and for
//! what has no toast.

use super::icon::Icon;
use crate::ui::browser::interval;
use leptos::prelude::*;

const SECONDS: u32 = 8;

/// What stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// Words of ours before the name.
    pub text: String,
    /// Somebody's name; may be empty.
    pub name: String,
    /// Where it leads, and the word for it.
    pub link: Option<(String, &'static str)>,
}

/// The toast that is shown now, and what was said last; later ones take their places.
#[derive(Debug, Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Option<Toast>>,
    said: RwSignal<Option<Said>>,
}

#[derive(Debug, Clone)]
struct Said {
    turn: u32,
    text: String,
}

impl Toasts {
    /// Provides it to the pages below.
    pub fn provide() -> Self {
        let toasts = Self { shown: RwSignal::new(None), said: RwSignal::new(None) };
        provide_context(toasts);
        toasts
    }

    /// The one of this page; only below the layout.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// Shows it instead of what is there, and says it.
    pub fn show(self, toast: Toast) {
        self.say(format!("{} {}", toast.text, toast.name));
        self.shown.set(Some(toast));
    }

    /// Says something to a screen reader, also when it is what was said before.
    pub fn say(self, text: String) {
        self.said.update(|said| {
            let turn = said.as_ref().map_or(0, |said| said.turn.wrapping_add(1));
            *said = Some(Said { turn, text });
        });
    }

    /// Takes away what is there.
    pub fn dismiss(self) {
        self.shown.set(None);
    }
}

/// Where toasts stand; once, in the layout.
#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = Toasts::expect();
    let held = RwSignal::new(false);
    Effect::new(move |_| {
        if toasts.shown.with(Option::is_none) {
            return None;
        }
        held.set(false);
        let mut left = SECONDS;
        Some(interval::every(1_000, move || {
            left = if held.try_get_untracked() == Some(true) { SECONDS } else { left.saturating_sub(1) };
            if left == 0 {
                toasts.dismiss();
            }
        }))
    });
    view! {
        <section class="toast_region" aria-label="Notices">
            {move || {
                toasts
                    .shown
                    .get()
                    .map(|toast| {
                        view! {
                            <div
                                class="toast"
                                on:pointerenter=move |_| held.set(true)
                                on:pointerleave=move |_| held.set(false)
                                on:focusin=move |_| held.set(true)
                                on:focusout=move |_| held.set(false)
                            >
                                <span>{toast.text} <bdi>{toast.name}</bdi></span>
                                {toast
                                    .link
                                    .map(|(href, word)| {
                                        view! {
                                            <a class="button" href=href on:click=move |_| toasts.dismiss()>
                                                {word}
                                            </a>
                                        }
                                    })}
                                <button class="button" data-icon type="button" on:click=move |_| toasts.dismiss()>
                                    <Icon name="close"/>
                                    <span class="visually_hidden">"Dismiss"</span>
                                </button>
                            </div>
                        }
                    })
            }}
        </section>
        <p class="visually_hidden" aria-live="polite">
            // keyed: the same words again are another element, or nobody would hear them
            <For each=move || toasts.said.get() key=|said| said.turn let:said>
                <span>{said.text}</span>
            </For>
        </p>
    }
}
