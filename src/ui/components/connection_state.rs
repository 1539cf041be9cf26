//! One line about the connection: quiet while all is well, a banner with the next step when the viewer should know.

use super::{
    icon::Icon,
    timestamp::{TimeFormat, Timestamp},
};
use crate::{
    domain::time::Timestamp as Moment,
    ui::state::connection::{Connection, Phase},
};
use leptos::prelude::*;

/// The same in words where the inbox is out of sight: above a conversation on a telephone, and only when it matters.
#[component]
pub fn ConnectionBanner() -> impl IntoView {
    let connection = Connection::expect();
    move || {
        let (state, words) = match connection.phase.get() {
            Phase::Live => return None,
            Phase::CatchingUp(since) => ("catching_up", view! { "Fetching what happened" {since.map(since_when)} "." }.into_any()),
            Phase::Offline(since) => ("offline", view! { "Offline" {since.map(since_when)} "." }.into_any()),
        };
        Some(view! {
            <p class="connection_banner" data-state=state>
                <Icon name="offline"/>
                <span>{words}</span>
            </p>
        })
    }
}

/// The line. It stays in the page, so that screen readers hear it change.
#[component]
pub fn ConnectionState() -> impl IntoView {
    let connection = Connection::expect();
    let state = move || match connection.phase.get() {
        Phase::Live => "live",
        Phase::CatchingUp(_) => "catching_up",
        Phase::Offline(_) => "offline",
    };
    let words = move || match connection.phase.get() {
        Phase::Live => view! { <Icon name="check"/> "Up to date" }.into_any(),
        Phase::CatchingUp(since) => view! {
            <Icon name="retry"/>
            <span>"Fetching what happened" {since.map(since_when)} "."</span>
        }
        .into_any(),
        Phase::Offline(since) => view! {
            <Icon name="offline"/>
            <span>"Offline" {since.map(since_when)} "."</span>
            <button class="button" type="button" on:click=move |_| connection.try_now()>
                "Try now"
            </button>
        }
        .into_any(),
    };
    view! {
        <p class="connection_state" data-state=state role="status">
            {words}
        </p>
    }
}

fn since_when(since: Moment) -> impl IntoView {
    view! {
        " since "
        <Timestamp at=since format=TimeFormat::Clock class=""/>
    }
}
