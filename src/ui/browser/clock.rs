//! The viewer's clock and calendar: moments in local time, in the words of their locale (`Intl`).

use crate::domain::time::Timestamp;
use js_sys::{Array, Date, Intl::DateTimeFormat, Object, Reflect};
use std::{cell::RefCell, collections::HashMap};
use wasm_bindgen::JsValue;

/// How a moment is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// `14:32`, `2:32 PM`
    Clock,
    /// `14:32:07`
    Seconds,
    /// `Wed`
    Weekday,
    /// `3 Nov`
    DayMonth,
    /// `3 Nov 2025`
    Date,
    /// `19 November 2025 at 14:32:07`
    Full,
}

impl Style {
    fn options(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Clock => &[("timeStyle", "short")],
            Self::Seconds => &[("timeStyle", "medium")],
            Self::Weekday => &[("weekday", "short")],
            Self::DayMonth => &[("day", "numeric"), ("month", "short")],
            Self::Date => &[("day", "numeric"), ("month", "short"), ("year", "numeric")],
            Self::Full => &[("dateStyle", "long"), ("timeStyle", "medium")],
        }
    }
}

thread_local! {
    // making a formatter costs far more than using it, and a long thread has hundreds of times
    static FORMATS: RefCell<HashMap<Style, DateTimeFormat>> = RefCell::new(HashMap::new());
}

/// The moment in the viewer's zone and locale.
#[must_use]
pub fn write(at: Timestamp, style: Style) -> String {
    FORMATS.with_borrow_mut(|formats| {
        let format = formats.entry(style).or_insert_with(|| {
            let options = Object::new();
            for (name, value) in style.options() {
                let _ = Reflect::set(&options, &JsValue::from_str(name), &JsValue::from_str(value));
            }
            DateTimeFormat::new(&Array::new(), &options)
        });
        format.format().call1(&JsValue::UNDEFINED, &date(at)).ok().and_then(|text| text.as_string()).unwrap_or_default()
    })
}

/// The viewer's day that the moment falls on, `2026-11-22`.
#[must_use]
pub fn local_date(at: Timestamp) -> Option<String> {
    Some(written(&date(at)))
}

/// The viewer's day today.
#[must_use]
pub fn today() -> Option<String> {
    Some(written(&Date::new_0()))
}

/// Now, as far as this device knows. Never decides an order.
#[must_use]
pub fn now() -> Option<Timestamp> {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are far below 2^53")]
    Timestamp::from_unix_micros((Date::now() as i64).saturating_mul(1_000))
}

/// Whole days from the moment's local day to today.
#[must_use]
pub fn days_ago(at: Timestamp) -> Option<i64> {
    let midnight = |date: &Date| {
        let copy = Date::new(date);
        // noon: a change of the clocks moves it by an hour, never to another day
        copy.set_hours(12);
        copy.get_time()
    };
    let days = (midnight(&Date::new_0()) - midnight(&date(at))) / 86_400_000.0;
    #[expect(clippy::cast_possible_truncation, reason = "a number of days")]
    Some(days.round() as i64)
}

/// The moment's local year is the present one.
#[must_use]
pub fn is_this_year(at: Timestamp) -> bool {
    date(at).get_full_year() == Date::new_0().get_full_year()
}

fn date(at: Timestamp) -> Date {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
    Date::new(&JsValue::from_f64((at.unix_micros() / 1_000) as f64))
}

fn written(date: &Date) -> String {
    format!("{:04}-{:02}-{:02}", date.get_full_year(), date.get_month().saturating_add(1), date.get_date())
}
