//! The parent of the messages pages: the list on one side, what is open on the other. It survives navigation between
//! conversations, and with it the list and its scroll.

use crate::{
    domain::ids::ConversationId,
    server_fns::conversations::get_conversations,
    ui::{
        browser::{moment::when_rendered, page},
        components::{
            connection_state::ConnectionBanner, conversation_list::ConversationList, conversation_row::row_id, empty_state::EmptyState,
            keys::KeyList,
        },
        state::listing::Listing,
    },
};
use leptos::{ev, prelude::*};
use leptos_router::{
    components::Outlet,
    hooks::{use_location, use_query_map},
};

/// `/messages` and everything below it; `?q=` searches by name, `?cursor=` is a further page for readers without script.
#[component]
pub fn Inbox() -> impl IntoView {
    let listing = Listing::expect();
    let path = use_location().pathname;
    // below `/messages` the query belongs to what is open
    let own = path.with_untracked(|path| path == "/messages");
    let asked = use_query_map().with_untracked(|query| {
        let text = |name| query.get(name).map(|text| text.trim().to_owned()).filter(|text| own && !text.is_empty());
        (text("q"), text("cursor"))
    });
    let rest = Memo::new(move |_| path.read().strip_prefix("/messages/").unwrap_or_default().to_owned());
    let is_open = Memo::new(move |_| !rest.read().is_empty());
    let current = Memo::new(move |_| rest.read().parse::<ConversationId>().ok());
    // what the layout has loaded before (the settings were open meanwhile) is up to date already
    let first = Resource::new(|| (), {
        let asked = asked.clone();
        move |()| {
            let (q, cursor) = asked.clone();
            let is_loaded = listing.is_loaded();
            async move { if is_loaded { Ok(None) } else { get_conversations(q, cursor).await.map(Some) } }
        }
    });
    let (q, cursor) = asked;
    // a further page has no first one above it: with script there is no need to stay with that
    Effect::new(move |_| {
        if cursor.is_some() {
            listing.search("");
            listing.reload();
        }
    });
    let on_key = move |key: ev::KeyboardEvent| {
        let leaves = key.key() == "Escape" && !key.default_prevented() && !key.is_composing();
        if let (true, Some(id)) = (leaves, current.get_untracked()) {
            page::focus(&row_id(id));
        }
    };
    view! {
        <main id="main" class="messages" data-open=move || is_open.get() tabindex="-1" on:keydown=on_key>
            <Suspense strict=true>
                {Suspend::new(async move {
                    when_rendered().await;
                    match first.await {
                        Ok(Some(page)) => listing.begin(q.as_deref().unwrap_or_default(), page),
                        Ok(None) => {}
                        Err(error) => {
                            listing.query.set(q.unwrap_or_default());
                            listing.failure.set(Some(error));
                        }
                    }
                    view! {
                        <ConversationList current=current alone=Signal::derive(move || !is_open.get())/>
                        {move || is_open.get().then(|| view! { <ConnectionBanner/> })}
                        <Outlet/>
                    }
                })}
            </Suspense>
        </main>
    }
}

/// What stands beside the list while nothing is open; nothing where there is nothing to choose from.
#[component]
pub fn NothingOpen() -> impl IntoView {
    let rows = Listing::expect().rows();
    let words = move || {
        rows.with(|rows| !rows.is_empty()).then(|| {
            view! {
                <EmptyState icon="messages" title="Choose a conversation">
                    <p>"It opens here, at the first message that you have not read."</p>
                    <KeyList/>
                </EmptyState>
            }
        })
    };
    view! {
        <section class="conversation" aria-label="No conversation is open">
            {words}
        </section>
    }
}
