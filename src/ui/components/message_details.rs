//! From whom, to whom, and when one message was sent, delivered and read, to the second: a native popover behind its time.
//!
//! In a page from the server it is complete and works without script. Rows that are made in the browser fill theirs when it
//! is opened, and what is not known yet is asked for then.

use super::{
    status_ticks::Tick,
    timestamp::{TimeFormat, Timestamp},
};
use crate::{
    domain::{
        message::Status,
        rows::{Facts, RowKey, RowState},
        time::Timestamp as Moment,
    },
    ui::state::{thread::ThreadState, viewer::ViewerState},
};
use leptos::{prelude::*, web_sys::ToggleEvent};

/// The details of one row.
#[component]
pub fn MessageDetails(
    /// The conversation.
    state: ThreadState,
    /// Which row.
    key: RowKey,
    /// What the row says of itself.
    facts: Memo<Facts>,
    /// What the button names that opens them.
    id: String,
) -> impl IntoView {
    let filled = RwSignal::new(!untrack(|| state.is_live()));
    let on_toggle = move |event: ToggleEvent| {
        if event.new_state() != "open" {
            return;
        }
        filled.set(true);
        let ask = facts.with_untracked(|facts| facts.seq.filter(|_| facts.delivered_at.is_none() || facts.read_at.is_none()));
        if let Some(seq) = ask {
            state.refresh(seq);
        }
    };
    view! {
        <dl class="message_details" id=id popover="auto" aria-live="off" on:beforetoggle=on_toggle>
            {move || filled.get().then(|| view! { <Rows state key facts/> })}
        </dl>
    }
}

#[component]
fn Rows(state: ThreadState, key: RowKey, facts: Memo<Facts>) -> impl IntoView {
    let own = ViewerState::expect().user.display_name;
    let peer = state.conversation.with_untracked(|conversation| conversation.peer.display_name.clone());
    let (from, to) = if key.own { (own, peer) } else { (peer, own) };
    let sent = move || facts.with(|facts| matches!(facts.state, RowState::Stored(_)).then_some(facts.at));
    let delivered = move || facts.with(|facts| facts.delivered_at);
    let read = move || facts.with(|facts| facts.read_at);
    // a pointer says that it was, the page that is on its way says when
    let reached = move |status| facts.with(|facts| matches!(&facts.state, RowState::Stored(known) if *known >= status));
    view! {
        <Person word="From" name=from/>
        <Person word="To" name=to/>
        <Reached status=Status::Sent at=Signal::derive(sent) reached=Signal::derive(move || reached(Status::Sent))/>
        <Reached status=Status::Delivered at=Signal::derive(delivered) reached=Signal::derive(move || reached(Status::Delivered))/>
        <Reached status=Status::Read at=Signal::derive(read) reached=Signal::derive(move || reached(Status::Read))/>
    }
}

#[component]
fn Person(word: &'static str, name: String) -> impl IntoView {
    view! {
        <div>
            <dt>
                <span></span>
                <span>{word}</span>
            </dt>
            <dd>
                <bdi>{name}</bdi>
            </dd>
        </div>
    }
}

#[component]
fn Reached(status: Status, at: Signal<Option<Moment>>, reached: Signal<bool>) -> impl IntoView {
    let moment = move || match at.get() {
        Some(at) => view! { <Timestamp at=Signal::stored(at) format=TimeFormat::Seconds class="message_details-time"/> }.into_any(),
        None if reached.get() => "…".into_any(),
        None => "Not yet".into_any(),
    };
    view! {
        <div>
            <dt>
                <svg class="message_details-tick" data-status=status.as_str() viewBox="0 0 20 14" aria-hidden="true" inner_html=Tick::Known(status).drawing()></svg>
                <span>{status.word()}</span>
            </dt>
            <dd>{moment}</dd>
        </div>
    }
}
