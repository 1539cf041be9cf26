//! One conversation, one link: who, what was said last and by whom (or what the viewer has begun to write), when, and how much
//! of it is unread.

use super::{
    avatar::Avatar,
    status_ticks::{StatusTicks, Tick},
    timestamp::Timestamp,
    unread_badge::UnreadBadge,
};
use crate::{
    domain::{conversation::Conversation, ids::ConversationId},
    ui::state::drafts::Drafts,
};
use leptos::prelude::*;

/// The id of the link of a row, to give it the focus.
#[must_use]
pub fn row_id(id: ConversationId) -> String {
    format!("row_{id}")
}

/// A row of the inbox.
#[component]
pub fn ConversationRow(
    /// What it shows.
    #[prop(into)]
    conversation: Signal<Conversation>,
    /// The conversation that is open.
    #[prop(into)]
    current: Signal<Option<ConversationId>>,
    /// The one row that Tab reaches; all of them until the page is hydrated.
    #[prop(into)]
    stop: Signal<Option<ConversationId>>,
) -> impl IntoView {
    let id = conversation.with_untracked(|row| row.id);
    let drafts = Drafts::expect();
    // while it is open, it is seen where it is written
    let draft = Memo::new(move |_| if current.get() == Some(id) { None } else { drafts.shown(id) });
    let peer = Memo::new(move |_| conversation.with(|row| row.peer.clone()));
    let department = move || peer.with(|peer| if peer.active { peer.department.clone() } else { "Deactivated".to_owned() });
    let unread = Memo::new(move |_| conversation.with(|row| row.unread_count));
    let is_unread = move || unread.get() > 0;
    let last = Memo::new(move |_| conversation.with(|row| row.last_message.clone()));
    let own = Memo::new(move |_| {
        last.with(|last| last.as_ref().filter(|last| last.sender_id != peer.with(|peer| peer.id)).map(|last| last.status))
    });
    let text = move || last.with(|last| last.as_ref().map_or_else(|| "Nothing written yet".to_owned(), |last| last.text.clone()));
    let at = Memo::new(move |_| conversation.with(|row| row.last_activity_at));
    view! {
        <li class="conversation_row" data-unread=is_unread>
            <a
                class="conversation_row-link"
                id=row_id(id)
                href=format!("/messages/{id}")
                aria-current=move || (current.get() == Some(id)).then_some("page")
                tabindex=move || stop.get().map(|stop| if stop == id { "0" } else { "-1" })
            >
                <Avatar user=peer/>
                <span class="conversation_row-user">
                    <bdi class="conversation_row-name">{move || peer.with(|peer| peer.display_name.clone())}</bdi>
                    " "
                    <bdi class="conversation_row-department">{department}</bdi>
                </span>
                <span class="conversation_row-message">
                    {move || match (draft.with(Option::is_some), own.get()) {
                        (true, _) => view! { <span class="conversation_row-draft">"Draft: "</span> }.into_any(),
                        (false, Some(status)) => view! {
                            <StatusTicks status=Tick::from(status) word="visually_hidden"/>
                            <span class="visually_hidden">"You: "</span>
                        }
                        .into_any(),
                        (false, None) => ().into_any(),
                    }}
                    <bdi class="conversation_row-text" dir="auto">{move || draft.get().unwrap_or_else(text)}</bdi>
                </span>
                <Timestamp at=at/>
                <span class="conversation_row-unread">
                    <UnreadBadge count=unread/>
                </span>
            </a>
        </li>
    }
}
