//! The inbox: search by name, the rows, the next page, and the line about the connection.
//!
//! Everything is a link or a plain form before the page is hydrated; after it the search is live, pages come by
//! themselves, and the rows are one stop for Tab with the arrow keys inside.

use super::{
    connection_state::ConnectionState,
    conversation_row::{ConversationRow, row_id},
    empty_state::EmptyState,
    error_view::ErrorView,
    icon::Icon,
    no_script::NoScript,
};
use crate::{
    domain::ids::ConversationId,
    error::Code,
    ui::{
        browser::{page, reach},
        pages::new_message::NewMessageLink,
        state::{inbox_store::InboxStore, listing::Listing, viewer::ViewerState},
    },
};
use leptos::{ev, html, leptos_dom::helpers::debounce, prelude::*};
use std::time::Duration;

const TYPING: Duration = Duration::from_millis(200);

/// The list beside the open conversation; it stays while conversations come and go.
#[component]
pub fn ConversationList(
    /// The conversation that is open, if any.
    #[prop(into)]
    current: Signal<Option<ConversationId>>,
    /// Whether the inbox is all that the page shows: then its title is the page's heading.
    #[prop(into)]
    alone: Signal<bool>,
) -> impl IntoView {
    let viewer = ViewerState::expect().user;
    let title = move || {
        if alone.get() {
            view! { <h1 id="inbox_title">"Messages"</h1> }.into_any()
        } else {
            view! { <h2 id="inbox_title">"Messages"</h2> }.into_any()
        }
    };
    let department = Some(viewer.department).filter(|department| !department.is_empty());
    view! {
        <section class="conversation_list" aria-labelledby="inbox_title">
            <header class="conversation_list-header">
                {title}
                <NewMessageLink/>
                <SearchField/>
            </header>
            <div class="conversation_list-scroll">
                <Rows current=current/>
            </div>
            <footer class="conversation_list-footer">
                <ConnectionState/>
                <p class="conversation_list-viewer">
                    <bdi>{viewer.display_name}</bdi>
                    {department.map(|department| view! { ", " <bdi>{department}</bdi> })}
                </p>
                <NoScript html=r#"<p class="conversation_list-viewer">Times are in UTC. Load the page again for what is new.</p>"#/>
            </footer>
        </section>
    }
}

#[component]
fn SearchField() -> impl IntoView {
    let listing = Listing::expect();
    let field = NodeRef::<html::Input>::new();
    let initial = listing.query.get_untracked();
    let mut look = debounce(TYPING, move |text: String| listing.search(&text));
    let typed_before = initial.clone();
    Effect::new(move |_| {
        // what was typed before the page was hydrated, or what the browser put back into the field
        if let Some(text) = field.get().map(|field| field.value()).filter(|text| *text != typed_before) {
            listing.search(&text);
        }
    });
    // the field follows a search that was cleared elsewhere
    Effect::new(move |_| {
        let query = listing.query.get();
        if let Some(field) = field.get_untracked().filter(|field| query.is_empty() && !field.value().is_empty()) {
            field.set_value("");
        }
    });
    let on_submit = move |submit: ev::SubmitEvent| {
        submit.prevent_default();
        if let Some(field) = field.get_untracked() {
            listing.search(&field.value());
        }
    };
    view! {
        <form class="conversation_list-search" role="search" aria-label="Conversations" method="get" action="/messages" on:submit=on_submit>
            <label class="visually_hidden" for="inbox_search">
                "Search conversations by name"
            </label>
            <Icon name="search"/>
            <input
                class="field-control"
                id="inbox_search"
                node_ref=field
                type="search"
                name="q"
                value=initial
                placeholder="Search by name"
                maxlength="80"
                autocomplete="off"
                enterkeyhint="search"
                on:input=move |input| look(event_target_value(&input))
            />
        </form>
    }
}

#[component]
fn Rows(current: Signal<Option<ConversationId>>) -> impl IntoView {
    let store = InboxStore::expect();
    let listing = Listing::expect();
    let rows = listing.rows();
    let stop = Stop::new(rows, current);
    let empty = Memo::new(move |_| rows.with(Vec::is_empty));
    let status = move || listing.searched().map(|q| found_in_words(rows.with(Vec::len), listing.next_cursor().is_some(), &q));
    view! {
        <p class="conversation_list-columns" aria-hidden="true">
            <span>"User name"</span>
            <span>"Last message"</span>
            <span>"Last activity"</span>
            <span>"Unread"</span>
        </p>
        <p class="visually_hidden" role="status">
            {status}
        </p>
        <ul
            aria-label="Conversations, latest activity first"
            hidden=move || empty.get()
            on:keydown=move |key| stop.on_key(&key)
            on:focusin=move |focus| stop.on_focus(&focus)
        >
            <For
                each=move || rows.get()
                key=|id| *id
                children=move |id| {
                    store
                        .inbox
                        .with_untracked(|inbox| inbox.get(id).cloned())
                        .map(|first| view! { <ConversationRow conversation=store.follow(first) current=current stop=stop.row/> })
                }
            />
        </ul>
        {move || listing.failure.get().map(|error| view! { <Failure error=error/> })}
        {move || (empty.get() && listing.failure.with(Option::is_none) && !listing.busy.get()).then(|| view! { <Nothing/> })}
        <More/>
    }
}

/// The one row that Tab reaches, and the focus that follows a row when the list moves it.
#[derive(Clone, Copy)]
struct Stop {
    rows: Memo<Vec<ConversationId>>,
    row: RwSignal<Option<ConversationId>>,
    held: StoredValue<Option<ConversationId>>,
}

impl Stop {
    fn new(rows: Memo<Vec<ConversationId>>, current: Signal<Option<ConversationId>>) -> Self {
        let stop = Self { rows, row: RwSignal::new(None), held: StoredValue::new(None) };
        Effect::new(move |_| {
            let current = current.get();
            rows.with(|rows| {
                let kept = stop.row.get_untracked().filter(|id| rows.contains(id));
                let open = current.filter(|id| rows.contains(id));
                stop.row.set(open.or(kept).or_else(|| rows.first().copied()));
            });
            // moving a row takes it out of the document for a moment, and the focus with it
            if let Some(id) = stop.held.get_value().filter(|_| page::focus_is_lost()) {
                page::focus(&row_id(id));
            }
        });
        Effect::new(move |_| {
            let listener = window_event_listener(ev::pointerdown, move |_| {
                let _ = stop.held.try_set_value(None);
            });
            on_cleanup(move || listener.remove());
        });
        stop
    }

    fn on_focus(self, focus: &ev::FocusEvent) {
        let id = event_target::<leptos::web_sys::Element>(focus).id();
        let row = self.rows.with_untracked(|rows| rows.iter().copied().find(|row| row_id(*row) == id));
        self.held.set_value(row);
        if row.is_some() {
            self.row.set(row);
        }
    }

    fn on_key(self, key: &ev::KeyboardEvent) {
        if key.ctrl_key() || key.meta_key() || key.alt_key() || key.shift_key() {
            return;
        }
        let next = self.rows.with_untracked(|rows| {
            let here = rows.iter().position(|row| Some(*row) == self.row.get_untracked())?;
            let next = match key.key().as_str() {
                "ArrowDown" => here.saturating_add(1),
                "ArrowUp" => here.checked_sub(1)?,
                "Home" => 0,
                "End" => rows.len().checked_sub(1)?,
                _ => return None,
            };
            rows.get(next).copied()
        });
        if let Some(next) = next {
            key.prevent_default();
            page::focus(&row_id(next));
        }
    }
}

#[component]
fn Failure(error: crate::error::Error) -> impl IntoView {
    let listing = Listing::expect();
    if error.code == Code::Invalid {
        // a search that cannot be: the sentence says why
        return view! { <p class="conversation_list-note">{error.detail}</p> }.into_any();
    }
    let on_retry = Callback::new(move |()| {
        listing.failure.set(None);
        if listing.query.with_untracked(String::is_empty) && listing.is_loaded() {
            listing.load_more();
        } else {
            listing.search(&listing.query.get_untracked());
        }
    });
    view! { <ErrorView error=error title="The conversations could not be loaded" on_retry=on_retry/> }.into_any()
}

#[component]
fn Nothing() -> impl IntoView {
    let listing = Listing::expect();
    let on_clear = move |click: ev::MouseEvent| {
        if page::is_plain(&click) {
            click.prevent_default();
            listing.search("");
            page::focus("inbox_search");
        }
    };
    match untrack(|| listing.searched()) {
        Some(q) => view! {
            <EmptyState icon="search" title=format!("No conversation matches “{q}”")>
                <p>"Every word must begin a name, a user name or a department. Accents and capitals do not matter."</p>
                <a class="button" data-kind="primary" href=format!("/messages/new?q={}", page::escape(&q))>
                    "Look among all colleagues"
                </a>
                <a class="button" href="/messages" on:click=on_clear>
                    "Clear the search"
                </a>
            </EmptyState>
        }
        .into_any(),
        None => view! {
            <EmptyState icon="messages" title="No conversations yet">
                <p>"Write to a colleague; the thread between the two of you will stand here from then on."</p>
                <NewMessageLink/>
            </EmptyState>
        }
        .into_any(),
    }
}

/// The next page: a plain link, which loads by itself when it comes near.
#[component]
fn More() -> impl IntoView {
    let listing = Listing::expect();
    let link = NodeRef::<html::A>::new();
    let cursor = Memo::new(move |_| listing.next_cursor());
    Effect::new(move |_| {
        // anew for each page: an observer speaks of changes only, and a short page may leave the link in view
        let _ = cursor.get()?;
        // anew, too, when something else was on its way while the link came near
        let wanted = listing.failure.with(Option::is_none) && !listing.busy.get();
        link.get().filter(|_| wanted).and_then(|link| reach::watch(&link, move || listing.load_more()))
    });
    let on_click = move |click: ev::MouseEvent| {
        if page::is_plain(&click) {
            click.prevent_default();
            listing.failure.set(None);
            listing.load_more();
        }
    };
    let href = move |cursor: &str| match listing.searched() {
        Some(q) => format!("/messages?q={}&cursor={cursor}", page::escape(&q)),
        None => format!("/messages?cursor={cursor}"),
    };
    move || {
        cursor.get().map(|cursor| {
            view! {
                <p class="conversation_list-more">
                    <a class="button" data-kind="quiet" node_ref=link href=href(&cursor) on:click=on_click>
                        "More conversations"
                    </a>
                </p>
            }
        })
    }
}

fn found_in_words(count: usize, more: bool, q: &str) -> String {
    match count {
        0 => String::new(),
        1 => format!("1 conversation for “{q}”"),
        _ if more => format!("More than {count} conversations for “{q}”"),
        _ => format!("{count} conversations for “{q}”"),
    }
}
