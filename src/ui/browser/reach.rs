//! Tells when an element comes near the visible part of the page.

use js_sys::Array;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watch {
    observer: IntersectionObserver,
    _on_change: Closure<dyn FnMut(Array)>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Calls `on_reach` whenever the element comes within 600 pixels of the screen, and at once if it is there already.
#[must_use]
pub fn watch(element: &Element, on_reach: impl Fn() + 'static) -> Option<Watch> {
    let on_change = Closure::<dyn FnMut(Array)>::new(move |entries: Array| {
        let reached =
            entries.iter().filter_map(|entry| entry.dyn_into::<IntersectionObserverEntry>().ok()).any(|entry| entry.is_intersecting());
        if reached {
            on_reach();
        }
    });
    let options = IntersectionObserverInit::new();
    options.set_root_margin("600px");
    let observer = IntersectionObserver::new_with_options(on_change.as_ref().unchecked_ref(), &options).ok()?;
    observer.observe(element);
    Some(Watch { observer, _on_change: on_change })
}
