//! The log of a conversation: days, the line of new messages, what loads more on either side, and the way to the end.
//!
//! The scroller has one child in a reversed column: it opens at the end without a script and stays there as messages
//! arrive. Older pages load when their edge comes near; without script the same edges are links.

use super::{icon::Icon, message_bubble::MessageBubble, no_script::NoScript};
use crate::{
    browser::scroll::{self, Watch},
    domain::{
        connection::Phase,
        ids::Seq,
        rows::{Day, RowKey, day_name},
        thread::{Side, Thread},
    },
    ui::{
        browser::page::is_plain,
        components::toast::{Toast, Toasts},
        state::{attention::Attention, connection::Connection, thread::ThreadState},
    },
};
use leptos::{
    ev, html,
    prelude::*,
    task::{spawn_local, tick},
};

/// Pages are asked for when their edge is nearer than this.
const NEAR: &str = "900px 0px";
/// Farther from the end than this, there is a way back to it.
const AWAY: f64 = 160.0;

/// Where a conversation opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenAt {
    /// At the line of new messages, else at the end.
    New,
    /// At this message.
    Message(Seq),
    /// At the end of what is shown.
    End,
}

/// The messages of the open conversation.
#[component]
pub fn MessageList(
    /// The conversation.
    state: ThreadState,
    /// Where it opens.
    open_at: OpenAt,
) -> impl IntoView {
    let days = Memo::new(move |_| state.thread.with(|thread| thread.days(|at| state.day_of(at))));
    let label = move || state.conversation.with(|conversation| format!("Messages with {}", conversation.peer.display_name));
    let (top, bottom) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    keep_watch(state, open_at, top, bottom);
    view! {
        <div
            class="message_list"
            role="log"
            aria-label=label
            aria-live=move || if state.quiet.get() { "off" } else { "polite" }
            tabindex="0"
            node_ref=state.scroller
            on:scroll=move |_| state.look()
        >
            <div class="message_list-column">
                <div class="message_list-edge" node_ref=top>
                    <Earlier state/>
                </div>
                <For each=move || dates(&days.read()) key=|date| date.clone() let:date>
                    <DaySection state days date/>
                </For>
                <div class="message_list-edge" node_ref=bottom>
                    <Later state/>
                </div>
                <Jump state/>
                <span id="end"></span>
            </div>
        </div>
    }
}

fn dates(days: &[Day]) -> Vec<String> {
    days.iter().map(|day| day.date.clone()).collect()
}

/// One day: its heading, and on the day that has it the line between what was read and what is new.
#[component]
fn DaySection(state: ThreadState, days: Memo<Vec<Day>>, date: String) -> impl IntoView {
    let id = format!("day_{date}");
    let heading = {
        let date = date.clone();
        move || state.today.0.with(|today| day_name(&date, today.as_deref()))
    };
    let day = Memo::new({
        let date = date.clone();
        move |_| days.with(|days| days.iter().find(|day| day.date == date).cloned())
    });
    let of = move |rows: fn(&Day) -> Vec<RowKey>| move || day.with(|day| day.as_ref().map(rows).unwrap_or_default());
    let new = Memo::new(move |_| day.with(|day| day.as_ref().and_then(|day| day.new)));
    view! {
        <section class="message_list-day" aria-labelledby=id.clone()>
            <h2 class="message_list-date" id=id.clone()>
                <time datetime=date>{heading}</time>
            </h2>
            {move || {
                new.get()
                    .map(|count| {
                        view! {
                            <RowList state rows=Signal::derive(of(|day| day.read.clone()))/>
                            <p class="message_list-new" id="new_messages">
                                {if count == 1 { "1 new message".to_owned() } else { format!("{count} new messages") }}
                            </p>
                        }
                    })
            }}
            <RowList state rows=Signal::derive(of(|day| day.rows.clone()))/>
        </section>
    }
}

#[component]
fn RowList(state: ThreadState, rows: Signal<Vec<RowKey>>) -> impl IntoView {
    view! {
        <ol>
            <For each=move || rows.get() key=|key| *key let:key>
                <MessageBubble state key/>
            </For>
        </ol>
    }
}

/// What stands above the oldest row: more, or the beginning.
#[component]
fn Earlier(state: ThreadState) -> impl IntoView {
    let oldest = move || state.thread.with(|thread| thread.has_before().then(|| thread.oldest()));
    move || match oldest() {
        Some(oldest) => view! {
            <More state side=Side::Older href=format!("/messages/{}?before={oldest}", state.id) word="Earlier messages"/>
        }
        .into_any(),
        None => view! {
            <p class="message_list-start">
                "This is the beginning of the conversation. It belongs to the organisation’s record."
            </p>
        }
        .into_any(),
    }
}

/// What stands below the newest row when the conversation goes on.
#[component]
fn Later(state: ThreadState) -> impl IntoView {
    let newest =
        move || state.thread.with(|thread| (thread.has_after() && !thread.follows()).then(|| (thread.newest(), thread.last_seq())));
    move || {
        newest().map(|(newest, last)| {
            view! {
                <More state side=Side::Newer href=format!("/messages/{}?after={newest}", state.id) word="Later messages"/>
                <NoScript html=format!(
                    r#"<p class="message_list-start"><a href="/messages/{}?around={last}">Newest messages</a></p>"#,
                    state.id,
                )/>
            }
        })
    }
}

/// A link to the page on this side; with script it loads the page in place.
#[component]
fn More(state: ThreadState, side: Side, href: String, word: &'static str) -> impl IntoView {
    let on_click = move |click: ev::MouseEvent| {
        if is_plain(&click) {
            click.prevent_default();
            state.load(side);
        }
    };
    let trouble =
        move || state.trouble.with(|trouble| trouble.as_ref().filter(|(known, _)| *known == side).map(|(_, error)| error.detail.clone()));
    view! {
        <p class="message_list-start">
            {move || trouble().map(|detail| view! { <span role="alert">{detail} " "</span> })}
            <a href=href on:click=on_click>
                {word}
            </a>
        </p>
    }
}

/// The way to the end, while one is away from it. It marks as read what it skips, and says so.
#[component]
fn Jump(state: ThreadState) -> impl IntoView {
    let toasts = Toasts::expect();
    let away = Memo::new(move |_| {
        let (_, from_end) = state.in_view.get();
        state.is_live() && (from_end > AWAY || state.thread.with(|thread| !thread.follows()))
    });
    let below = Memo::new(move |_| {
        let (last, _) = state.in_view.get();
        let (read, unread) = state.conversation.with(|conversation| (conversation.read_seq, conversation.unread_count));
        state.thread.with(|thread| thread.unread_below(last, read, unread))
    });
    let on_click = move |click: ev::MouseEvent| {
        if !is_plain(&click) {
            return;
        }
        click.prevent_default();
        let unread = state.conversation.with_untracked(|conversation| conversation.unread_count);
        spawn_local(async move {
            let say = |text| toasts.show(Toast { text, name: String::new(), link: None });
            if let Err(error) = state.to_newest().await {
                return say(error.detail);
            }
            // what has arrived meanwhile is not here yet; the conversation itself may have been left
            if let Some(newest) = state.thread.try_with_untracked(Thread::newest).filter(|_| unread > 0) {
                state.reader.mark(newest);
                say("All messages of this conversation are marked as read.".to_owned());
            }
        });
    };
    view! {
        <a class="button message_list-jump" href="#end" hidden=move || !away.get() on:click=on_click>
            <Icon name="down"/>
            {move || match below.get() {
                0 => "Jump to newest".into_any(),
                below => view! { {below} " more below" <span class="visually_hidden">", jump to the newest and mark all as read"</span> }.into_any(),
            }}
        </a>
    }
}

/// Once the page is alive: brings the viewer to where the conversation opens, then watches the rows and both edges.
fn keep_watch(state: ThreadState, open_at: OpenAt, top: NodeRef<html::Div>, bottom: NodeRef<html::Div>) {
    let attention = Attention::expect();
    let edges = StoredValue::new(None::<[Watch; 2]>);

    Effect::new(move |_| state.reader.attention(attention.visible.get() && attention.focused.get()));

    Effect::new(move |_| {
        let (Some(scroller), Some(top), Some(bottom)) = (state.scroller.get(), top.get(), bottom.get()) else { return };
        spawn_local(async move {
            // the times become the viewer's own first, which may move rows to another day
            tick().await;
            let untouched = scroll::is_at_end(&scroller);
            match open_at {
                OpenAt::New if untouched => {
                    scroll::reveal(&scroller, "new_messages");
                }
                OpenAt::Message(seq) if untouched => {
                    scroll::reveal(&scroller, &format!("seq_{seq}"));
                }
                _ => {}
            }
            let watch = |side: Side| {
                Watch::new(&scroller, NEAR, move |near| {
                    if near {
                        state.load_near(side);
                    }
                })
            };
            let (older, newer) = (watch(Side::Older), watch(Side::Newer));
            older.observe(&top);
            newer.observe(&bottom);
            edges.try_set_value(Some([older, newer]));
            state.watch(Watch::new(&scroller, "0px", move |_| state.look()));
            state.change(|_| ()).await;
            state.live.try_set(true);
        });
    });

    let phase = Connection::expect().phase;
    Effect::new(move |_| {
        if phase.get() == Phase::Live {
            state.recover();
        }
    });

    // an edge that is still near after its page has come does not call again by itself
    Effect::new(move |_| {
        if state.loading.get().is_none() {
            edges.with_value(|edges| {
                if let (Some([older, newer]), Some(top), Some(bottom)) = (edges, top.get_untracked(), bottom.get_untracked()) {
                    older.observe(&top);
                    newer.observe(&bottom);
                }
            });
        }
    });
}
