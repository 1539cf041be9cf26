//! The scroller of the open conversation: what is in view, where it stands, and keeping it there while rows come and go.
//!
//! It is `flex-direction: column-reverse`: `scrollTop` is 0 at the end and negative above it. Rows are found by their id,
//! `seq_12`; only stored messages have one.

use crate::domain::ids::Seq;
use leptos::web_sys::{Element, HtmlElement};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{IntersectionObserver, IntersectionObserverInit, ScrollBehavior, ScrollToOptions};

/// Nearer to the end than this is at the end.
const AT_END: f64 = 4.0;
/// What stays between the top of the scroller and a row that is brought there.
const HEADROOM: f64 = 12.0;

/// What of the conversation is on the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct InView {
    /// The messages that are displayed well enough to be read.
    pub shown: Vec<Seq>,
    /// How far the end is, in pixels.
    pub from_end: f64,
}

/// Where the viewer is, so that a change of the rows can leave them there: this row's top is so far below the scroller's.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    row: String,
    below_top: f64,
}

/// Which messages are displayed: at least 60 % of the bubble, or half of the scroller filled by it.
#[must_use]
pub fn in_view(scroller: &HtmlElement) -> InView {
    let frame = scroller.get_bounding_client_rect();
    let rows = rows(scroller);
    let first = rows.partition_point(|row| row.get_bounding_client_rect().bottom() <= frame.top());
    let mut shown = Vec::new();
    for row in rows.iter().skip(first) {
        let bubble = row.first_element_child().unwrap_or_else(|| row.clone()).get_bounding_client_rect();
        if bubble.top() >= frame.bottom() {
            break;
        }
        let visible = bubble.bottom().min(frame.bottom()) - bubble.top().max(frame.top());
        let enough = (bubble.height() * 0.6).min(frame.height() * 0.5);
        if visible >= enough && visible > 0.0 {
            shown.extend(seq_of(row));
        }
    }
    InView { shown, from_end: from_end(scroller) }
}

/// Whether the viewer is at the end, where the scroller stays by itself.
#[must_use]
pub fn is_at_end(scroller: &HtmlElement) -> bool {
    from_end(scroller) <= AT_END
}

/// The first row that the viewer sees, and where it stands.
#[must_use]
pub fn place(scroller: &HtmlElement) -> Option<Place> {
    let top = top_of(scroller);
    let rows = rows(scroller);
    let first = rows.partition_point(|row| row.get_bounding_client_rect().bottom() <= top);
    rows.get(first).map(|row| Place { row: row.id(), below_top: row.get_bounding_client_rect().top() - top })
}

/// Brings the viewer back to where they were.
pub fn restore(scroller: &HtmlElement, place: &Place) {
    if let Some(row) = by_id(scroller, &place.row) {
        let moved = row.get_bounding_client_rect().top() - top_of(scroller) - place.below_top;
        if moved.abs() >= 0.5 {
            move_by(scroller, moved);
        }
    }
}

/// Whether this message has left the view at the top.
#[must_use]
pub fn is_above(scroller: &HtmlElement, seq: Seq) -> bool {
    by_id(scroller, &format!("seq_{seq}")).is_some_and(|row| row.get_bounding_client_rect().top() < top_of(scroller))
}

/// Brings the element with this id below the scroller's top; `false` when there is none.
pub fn reveal(scroller: &HtmlElement, id: &str) -> bool {
    let Some(element) = by_id(scroller, id) else { return false };
    move_by(scroller, element.get_bounding_client_rect().top() - top_of(scroller) - HEADROOM);
    true
}

/// Goes to the end; smoothly where the viewer is near enough and does not mind motion.
pub fn to_end(scroller: &HtmlElement) {
    let still = leptos::web_sys::window()
        .and_then(|window| window.match_media("(prefers-reduced-motion: reduce)").ok().flatten())
        .is_some_and(|query| query.matches());
    let near = from_end(scroller) < 3.0 * f64::from(scroller.client_height());
    let options = ScrollToOptions::new();
    options.set_top(0.0);
    options.set_behavior(if near && !still { ScrollBehavior::Smooth } else { ScrollBehavior::Instant });
    scroller.scroll_to_with_scroll_to_options(&options);
}

/// Calls back when one of the watched elements comes into view or leaves it.
#[derive(Debug)]
pub struct Watch(SendWrapper<Watching>);

#[derive(Debug)]
struct Watching {
    observer: Option<IntersectionObserver>,
    _on: Closure<dyn FnMut(js_sys::Array)>,
}

impl Watch {
    /// Watches elements inside of `root`, which is grown by `margin` (`"600px 0px"`). `on` learns whether any of the
    /// elements that the call is about is in view.
    pub fn new(root: &Element, margin: &str, on: impl Fn(bool) + 'static) -> Self {
        let on = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            let any = entries.iter().any(|entry| entry.unchecked_into::<web_sys::IntersectionObserverEntry>().is_intersecting());
            on(any);
        });
        let options = IntersectionObserverInit::new();
        options.set_root(Some(root));
        options.set_root_margin(margin);
        options.set_threshold(&js_sys::Array::of3(&0.0.into(), &0.6.into(), &1.0.into()));
        let observer = IntersectionObserver::new_with_options(on.as_ref().unchecked_ref(), &options).ok();
        Self(SendWrapper::new(Watching { observer, _on: on }))
    }

    /// Begins to watch; the first call comes at once, also for an element that was watched before.
    pub fn observe(&self, element: &Element) {
        if let Some(observer) = &self.0.observer {
            observer.unobserve(element);
            observer.observe(element);
        }
    }

    /// Watches the rows that are there now, and no others.
    pub fn observe_rows(&self, scroller: &HtmlElement) {
        if let Some(observer) = &self.0.observer {
            observer.disconnect();
            rows(scroller).iter().for_each(|row| observer.observe(row));
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
    }
}

fn top_of(scroller: &HtmlElement) -> f64 {
    scroller.get_bounding_client_rect().top()
}

fn from_end(scroller: &HtmlElement) -> f64 {
    // web-sys rounds scrollTop to whole pixels; a fraction does not matter here
    f64::from(scroller.scroll_top()).abs()
}

fn move_by(scroller: &HtmlElement, pixels: f64) {
    let options = ScrollToOptions::new();
    options.set_top(pixels);
    options.set_behavior(ScrollBehavior::Instant);
    scroller.scroll_by_with_scroll_to_options(&options);
}

fn rows(scroller: &HtmlElement) -> Vec<Element> {
    let Ok(rows) = scroller.query_selector_all(".message_bubble[id]") else { return Vec::new() };
    (0..rows.length()).filter_map(|place| rows.item(place)?.dyn_into().ok()).collect()
}

fn by_id(scroller: &HtmlElement, id: &str) -> Option<Element> {
    scroller.owner_document()?.get_element_by_id(id)
}

fn seq_of(row: &Element) -> Option<Seq> {
    row.id().strip_prefix("seq_")?.parse().ok()
}
