//! What stands in for `ui/browser` on the server: the same names, and nothing happens.

#[path = "page.rs"]
pub mod page;

/// The viewer's clock and calendar.
pub mod clock {
    #![expect(missing_docs, reason = "see ui/browser/clock.rs")]
    use crate::domain::time::Timestamp;

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Style {
        Clock,
        Seconds,
        Weekday,
        DayMonth,
        Date,
        Full,
    }

    #[must_use]
    pub fn write(_at: Timestamp, _style: Style) -> String {
        String::new()
    }

    #[must_use]
    pub fn local_date(_at: Timestamp) -> Option<String> {
        None
    }

    #[must_use]
    pub fn today() -> Option<String> {
        None
    }

    #[must_use]
    pub fn now() -> Option<Timestamp> {
        None
    }

    #[must_use]
    pub fn days_ago(_at: Timestamp) -> Option<i64> {
        None
    }

    #[must_use]
    pub fn is_this_year(_at: Timestamp) -> bool {
        false
    }
}

/// Ticks.
pub mod interval {
    #![expect(missing_docs, reason = "see ui/browser/interval.rs")]

    #[derive(Debug)]
    pub struct Ticking;

    #[must_use]
    pub fn every(_milliseconds: u32, _on_tick: impl FnMut() + 'static) -> Ticking {
        Ticking
    }

    #[must_use]
    pub fn chance() -> f64 {
        0.0
    }
}

/// The live stream.
pub mod live {
    #![expect(missing_docs, reason = "see ui/browser/live.rs")]

    pub fn listen(_viewer: &str, _on_news: impl Fn(crate::domain::live::News) + 'static) {}
    pub fn part() {}
    pub fn stay() {}
}

/// Desktop notifications.
pub mod notify {
    #![expect(missing_docs, reason = "see ui/browser/notify.rs")]

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Permission {
        Unsupported,
        Open,
        Granted,
        Denied,
    }

    #[must_use]
    pub fn permission() -> Permission {
        Permission::Unsupported
    }

    pub fn ask(then: impl FnOnce(Permission) + 'static) {
        then(Permission::Unsupported);
    }

    pub fn show(_title: &str, _body: &str, _tag: &str, _on_click: impl Fn() + 'static) {}
}

/// Who has signed out in this browser.
pub mod parted {
    #![expect(missing_docs, reason = "see ui/browser/parted.rs")]

    #[must_use]
    pub fn who() -> Option<String> {
        None
    }

    pub fn is_done() {}
}

/// Elements that come near the visible part of the page.
pub mod reach {
    #![expect(missing_docs, reason = "see ui/browser/reach.rs")]
    use leptos::web_sys::Element;

    #[derive(Debug)]
    pub struct Watch;

    #[must_use]
    pub fn watch(_element: &Element, _on_reach: impl Fn() + 'static) -> Option<Watch> {
        None
    }
}

/// Small settings of this device.
pub mod storage {
    #![expect(missing_docs, reason = "see ui/browser/storage.rs")]

    #[must_use]
    pub fn get(_name: &str) -> Option<String> {
        None
    }

    pub fn set(_name: &str, _value: Option<&str>) {}
}

/// Whether anybody can see the page.
pub mod visibility {
    #![expect(missing_docs, reason = "see ui/browser/visibility.rs")]

    #[must_use]
    pub fn is_visible() -> bool {
        false
    }

    #[must_use]
    pub fn is_focused() -> bool {
        false
    }

    #[must_use]
    pub fn has_keys() -> bool {
        false
    }

    #[must_use]
    pub fn is_online() -> bool {
        true
    }
}

/// Nothing is kept.
pub mod drafts {
    /// Nothing was kept.
    #[must_use]
    pub fn read(_key: &str) -> Option<String> {
        None
    }

    /// Keeps nothing.
    pub fn write(_key: &str, _text: &str) {}

    /// Nothing was kept.
    #[must_use]
    pub fn all(_prefix: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    /// There is nothing to forget.
    pub fn forget(_prefix: &str) {}
}

/// Nothing is on its way.
pub mod outbox_store {
    /// Nothing was kept.
    pub async fn all(_owner: &str) -> Vec<String> {
        Vec::new()
    }

    /// Nobody knows.
    pub async fn holds(_owner: &str, _key: &str) -> Option<bool> {
        None
    }

    /// Keeps nothing.
    pub fn keep(_owner: &str, _key: &str, _text: Option<&str>) {}

    /// There is nothing to forget.
    pub async fn forget(_owner: &str) -> bool {
        true
    }
}

/// No clock while rendering.
pub mod moment {
    use crate::domain::reading::Millis;

    /// No time passes.
    #[must_use]
    pub fn elapsed() -> Millis {
        0.0
    }

    /// Waits until it is asked again. The framework looks into a `Suspend` before it renders it; one that is ready by
    /// then is walked through and thrown away, and all that its view has made is made a second time: other ids for its
    /// resources, and the first ones never end. A view that comes a step later is made once.
    pub async fn when_rendered() {
        let mut asked = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut asked, true) {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
    }

    /// Does not wait.
    pub async fn sleep(_millis: u32) {}

    /// Waits however long it takes.
    pub async fn within<T>(_millis: u32, what: impl Future<Output = T>) -> Option<T> {
        Some(what.await)
    }

    /// Nothing random.
    #[must_use]
    pub fn jittered(millis: u32) -> u32 {
        millis
    }

    /// Never rings.
    #[derive(Debug)]
    pub struct Alarm;

    impl Alarm {
        /// Never calls.
        pub fn after(_millis: u32, _then: impl FnOnce() + 'static) -> Self {
            Self
        }
    }
}

/// Nothing scrolls.
pub mod scroll {
    use crate::domain::ids::Seq;
    use leptos::web_sys::{Element, HtmlElement};

    /// Nothing is on a screen.
    #[derive(Debug, Clone, PartialEq)]
    pub struct InView {
        /// Nothing.
        pub shown: Vec<Seq>,
        /// At the end.
        pub from_end: f64,
    }

    /// Nobody is anywhere.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Place;

    /// Nothing.
    #[must_use]
    pub fn in_view(_scroller: &HtmlElement) -> InView {
        InView { shown: Vec::new(), from_end: 0.0 }
    }

    /// At the end.
    #[must_use]
    pub fn is_at_end(_scroller: &HtmlElement) -> bool {
        true
    }

    /// Nowhere.
    #[must_use]
    pub fn place(_scroller: &HtmlElement) -> Option<Place> {
        None
    }

    /// Moves nothing.
    pub fn restore(_scroller: &HtmlElement, _place: &Place) {}

    /// Nothing is.
    #[must_use]
    pub fn is_above(_scroller: &HtmlElement, _seq: Seq) -> bool {
        false
    }

    /// Finds nothing.
    pub fn reveal(_scroller: &HtmlElement, _id: &str) -> bool {
        false
    }

    /// Moves nothing.
    pub fn to_end(_scroller: &HtmlElement) {}

    /// Watches nothing.
    #[derive(Debug)]
    pub struct Watch;

    impl Watch {
        /// Never calls.
        pub fn new(_root: &Element, _margin: &str, _on: impl Fn(bool) + 'static) -> Self {
            Self
        }

        /// Watches nothing.
        pub fn observe(&self, _element: &Element) {}

        /// Watches nothing.
        pub fn observe_rows(&self, _scroller: &HtmlElement) {}
    }
}
