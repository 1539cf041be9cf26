//! One line about the connection: quiet while all is well, a banner with the next step when the viewer should know.

use super::{
    icon::Icon,
    timestamp::{TimeFormat, Timestamp},
};
use crate::{
    domain::{connection::Phase, time::Timestamp as Moment},
    ui::state::{connection::Connection, outbox::Outbox},
};
use leptos::prelude::*;

/// The same in words where the inbox is out of sight: above a conversation on a telephone, and only when it matters.
#[component]
pub fn ConnectionBanner() -> impl IntoView {
    let phase = Connection::expect().phase;
    move || {
        let phase = phase.get();
        let words = words(phase)?;
        Some(view! {
            <p class="connection_banner" data-state=name(phase)>
                {icon(phase)}
                <span>{words}</span>
            </p>
        })
    }
}

/// The line. It stays in the page, so that screen readers hear it change.
#[component]
pub fn ConnectionState() -> impl IntoView {
    let connection = Connection::expect();
    let phase = connection.phase;
    let line = move || {
        let phase = phase.get();
        let Some(words) = words(phase) else {
            return view! { {icon(phase)} "Up to date" }.into_any();
        };
        let again = matches!(phase, Phase::Offline(_)).then(|| {
            view! {
                <button class="button" type="button" on:click=move |_| connection.try_now()>
                    "Try now"
                </button>
            }
        });
        view! {
            {icon(phase)}
            <span>{words}</span>
            {again}
        }
        .into_any()
    };
    view! {
        <p class="connection_state" data-scripted data-state=move || name(phase.get()) role="status">
            {line}
        </p>
    }
}

fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Live => "live",
        Phase::CatchingUp(_) => "catching_up",
        Phase::Offline(_) => "offline",
    }
}

fn icon(phase: Phase) -> AnyView {
    match phase {
        Phase::Live => view! { <Icon name="check"/> }.into_any(),
        Phase::CatchingUp(_) => view! { <Icon name="retry"/> }.into_any(),
        // drawn here: while nothing can be fetched, a drawing of the sprite that was not used before does not come
        Phase::Offline(_) => view! {
            <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
                <path d="M2.5 7.5C4.3 5.9 6.3 5 8.5 4.7M17.5 7.5a11.5 11.5 0 0 0-4.5-2.4M5.5 11a7 7 0 0 1 3-1.7M14.5 11l-1-.7M10 15v.1M3.5 3.5l13 13"></path>
            </svg>
        }
        .into_any(),
    }
}

/// What the viewer should know; `None` while there is nothing.
fn words(phase: Phase) -> Option<AnyView> {
    match phase {
        Phase::Live => None,
        Phase::CatchingUp(since) => {
            Some(view! { "Catching up" {since.map(|since| since_when(" with what happened since ", since))} "." }.into_any())
        }
        Phase::Offline(since) => {
            let outbox = Outbox::expect();
            let waiting = move || match outbox.unconfirmed() {
                0 => String::new(),
                1 => " 1 message waits.".to_owned(),
                many => format!(" {many} messages wait."),
            };
            Some(view! { "Offline" {since.map(|since| since_when(" since ", since))} "." {waiting} }.into_any())
        }
    }
}

fn since_when(words: &'static str, since: Moment) -> impl IntoView {
    view! {
        {words}
        <Timestamp at=since format=TimeFormat::Clock class=""/>
    }
}
