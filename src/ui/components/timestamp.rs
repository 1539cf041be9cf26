//! A moment on the screen: `<time datetime>` in UTC from the server, the viewer's own clock and words after hydration.

use crate::{
    answer::PageFacts,
    domain::time::Timestamp as Moment,
    ui::{
        browser::clock::{self, Style},
        state::today::Today,
    },
};
use leptos::prelude::*;

/// How much of a moment is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeFormat {
    /// The time within today, the weekday within a week, else the date.
    Recent,
    /// The time of day.
    Clock,
    /// The time of day to the second, with the date when it is not today.
    Seconds,
}

/// One moment.
#[component]
pub fn Timestamp(
    /// Which.
    #[prop(into)]
    at: Signal<Moment>,
    /// How.
    #[prop(default = TimeFormat::Recent)]
    format: TimeFormat,
    /// The class of the element.
    #[prop(default = "timestamp")]
    class: &'static str,
) -> impl IntoView {
    let rendered_at = PageFacts::current().rendered_at;
    let today = Today::expect();
    let local = Memo::new(move |_| today.0.with(Option::is_some).then(|| in_words(at.get(), format)));
    let text = move || local.get().unwrap_or_else(|| in_utc(at.get(), format, rendered_at));
    let title = move || local.with(Option::is_some).then(|| clock::write(at.get(), Style::Full));
    view! {
        <time class=class datetime=move || at.get().to_string() title=title>
            {text}
        </time>
    }
}

/// The same moment as the server writes it, for readers without script.
fn in_utc(at: Moment, format: TimeFormat, rendered_at: Option<Moment>) -> String {
    match format {
        TimeFormat::Recent if rendered_at.is_none_or(|now| now.date() != at.date()) => at.date(),
        TimeFormat::Recent | TimeFormat::Clock => at.clock() + " UTC",
        TimeFormat::Seconds => at.to_string().replace('T', " ").split('.').next().unwrap_or_default().to_owned() + " UTC",
    }
}

fn in_words(at: Moment, format: TimeFormat) -> String {
    let days_ago = clock::days_ago(at).unwrap_or_default();
    let this_year = clock::is_this_year(at);
    match format {
        TimeFormat::Clock => clock::write(at, Style::Clock),
        TimeFormat::Recent => clock::write(
            at,
            match days_ago {
                ..=0 => Style::Clock,
                1..=6 => Style::Weekday,
                _ if this_year => Style::DayMonth,
                _ => Style::Date,
            },
        ),
        TimeFormat::Seconds if days_ago <= 0 => clock::write(at, Style::Seconds),
        TimeFormat::Seconds => clock::write(at, Style::Full),
    }
}
