//! One message: the text with its links, its time, and for one's own how far it has come.
//!
//! The row stays the same element from the moment it is written: sending, sent, read are facts that move on it. The text
//! never changes. Times and states stand in the ledger margin of a wide conversation, in the bubble of a narrow one.

use super::{
    icon::Icon,
    message_details::MessageDetails,
    status_ticks::{StatusTicks, Tick},
    timestamp::{TimeFormat, Timestamp},
};
use crate::{
    browser::moment::sleep,
    domain::{
        rows::{Facts, RowKey, RowState},
        text::{Node, nodes},
    },
    ui::state::{outbox::Outbox, thread::ThreadState},
};
use leptos::{prelude::*, task::spawn_local};

/// How long a row says that it has just arrived, in milliseconds.
const ARRIVING: u32 = 240;

/// One row of the open conversation.
#[component]
pub fn MessageBubble(
    /// The conversation.
    state: ThreadState,
    /// Which row.
    key: RowKey,
) -> impl IntoView {
    let now = move || state.thread.with(|thread| thread.facts(key, |at| state.day_of(at)));
    let (Some(first), Some(text)) = (untrack(now), state.thread.with_untracked(|thread| thread.text(key))) else {
        return ().into_any();
    };
    // a row that is being taken away keeps its last facts
    let facts = Memo::new(move |before: Option<&Facts>| now().or_else(|| before.cloned()).unwrap_or_else(|| first.clone()));
    let tick = Signal::derive(move || {
        facts.with(|facts| match &facts.state {
            RowState::Stored(status) => Tick::Known(*status),
            RowState::Waiting => Tick::Queued,
            RowState::Sending => Tick::Sending,
            RowState::Unconfirmed => Tick::Unconfirmed,
            RowState::Failed(_) => Tick::Failed,
        })
    });
    let failure = move || facts.with(|facts| if let RowState::Failed(reason) = &facts.state { Some(reason.clone()) } else { None });
    let waits = move || facts.with(|facts| facts.state == RowState::Waiting);
    let arriving = RwSignal::new(state.arriving.get_value());
    if arriving.get_untracked() {
        spawn_local(async move {
            sleep(ARRIVING).await;
            arriving.try_set(false);
        });
    }
    let details = format!("details_{}", key.client_id);
    let outbox = Outbox::expect();
    let on_retry = move |_| outbox.retry(state.id, key.client_id);
    let on_delete = move |_| outbox.delete(state.id, key.client_id);

    view! {
        <li
            class="message_bubble"
            id=move || facts.with(|facts| facts.seq.map(|seq| format!("seq_{seq}")))
            data-from=if key.own { "own" } else { "peer" }
            data-status=move || key.own.then(|| tick.get().as_str())
            data-joined=move || facts.with(|facts| facts.joined)
            data-newest=move || facts.with(|facts| facts.newest)
            data-arriving=move || arriving.get()
        >
            <div class="message_bubble-body">
                <Sender state key/>
                <bdi class="message_bubble-text" dir="auto">
                    {linked(&text)}
                </bdi>
                <span class="message_bubble-meta">
                    <button class="message_bubble-time" type="button" popovertarget=details.clone()>
                        <Timestamp at=Signal::derive(move || facts.with(|facts| facts.at)) format=TimeFormat::Clock/>
                        <span class="visually_hidden">", details"</span>
                    </button>
                    {key.own.then(|| view! { <StatusTicks status=tick word="status_ticks-word"/> })}
                </span>
            </div>
            {move || {
                failure()
                    .map(|reason| {
                        view! {
                            <p class="message_bubble-actions" role="alert">
                                <bdi>{reason}</bdi>
                                <button class="button" type="button" on:click=on_retry>
                                    <Icon name="retry"/>
                                    "Retry"
                                </button>
                                <button class="button" data-kind="quiet" type="button" on:click=on_delete>
                                    "Delete"
                                </button>
                            </p>
                        }
                    })
            }}
            {move || {
                waits()
                    .then(|| {
                        view! {
                            <p class="message_bubble-actions" data-calm>
                                <button class="button" data-kind="quiet" type="button" on:click=on_delete>
                                    "Delete"
                                </button>
                            </p>
                        }
                    })
            }}
            // read out with the ticks; seen here, where there is room for it
            {move || {
                (tick.get() == Tick::Unconfirmed)
                    .then(|| {
                        view! {
                            <p class="message_bubble-actions" data-calm aria-hidden="true">
                                {Tick::Unconfirmed.word()}
                            </p>
                        }
                    })
            }}
            <MessageDetails state key facts id=details/>
        </li>
    }
    .into_any()
}

/// Who wrote it, for those who do not see the sides.
#[component]
fn Sender(state: ThreadState, key: RowKey) -> impl IntoView {
    let name = move || state.conversation.with(|conversation| conversation.peer.display_name.clone());
    let words = if key.own { "You".into_any() } else { view! { <bdi>{name}</bdi> }.into_any() };
    view! { <span class="visually_hidden">{words} ": "</span> }
}

/// The text as text, addresses as links that tell the other site nothing and get no hold on this page.
fn linked(text: &str) -> impl IntoView + use<> {
    nodes(text)
        .into_iter()
        .map(|node| match node {
            Node::Text(text) => text.into_any(),
            Node::Link { href, label } => view! {
                <a href=href rel="noopener noreferrer nofollow" target="_blank">
                    {label}
                </a>
            }
            .into_any(),
        })
        .collect_view()
}
