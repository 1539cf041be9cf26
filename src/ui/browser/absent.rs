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
        Day,
        DayYear,
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
    pub fn is_online() -> bool {
        true
    }
}
