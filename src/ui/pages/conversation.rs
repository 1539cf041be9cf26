//! The chat window: who it is with, the messages, the composer.
//!
//! `/messages/{id}` opens around the first unread message, else at the end; `?before=`, `?after=` and `?around=` lead into
//! the history without script. A foreign conversation and an unknown one look the same.

use crate::{
    answer::set_status,
    domain::{
        conversation::Conversation,
        form::FormFlash,
        ids::{ClientId, ConversationId, Seq},
        page::{MessagePage, PageAt},
        user::User,
    },
    error::{Code, Error},
    server_fns::{conversations::get_conversation, messages::get_messages},
    ui::{
        browser::{
            moment::when_rendered,
            page::{focus, focus_is_lost},
            visibility::has_keys,
        },
        components::{
            avatar::Avatar,
            composer::Composer,
            empty_state::EmptyState,
            error_view::ErrorView,
            icon::Icon,
            message_list::{MessageList, OpenAt},
            review_notices::ReviewNotices,
            unread_badge::UnreadBadge,
        },
        state::{
            drafts::Drafts, inbox_store::InboxStore, notifier::OpenConversation, outbox::Outbox, thread::ThreadState, viewer::ViewerState,
        },
    },
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::{Deserialize, Serialize};

/// What the address asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    id: Option<ConversationId>,
    at: Option<PageAt>,
}

/// What a page begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Opened {
    conversation: Conversation,
    page: MessagePage,
    at: Option<PageAt>,
    /// The key of the plain form: fresh with every page, so that a page that is shown again sends nothing twice.
    form_key: ClientId,
    flash: FormFlash,
}

/// The page of one conversation.
#[component]
pub fn ConversationPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let asked = Memo::new(move |_| {
        let seq = |name| query.with(|query| query.get(name)?.parse::<Seq>().ok());
        let at =
            seq("before").map(PageAt::Before).or_else(|| seq("after").map(PageAt::After)).or_else(|| seq("around").map(PageAt::Around));
        Asked { id: params.with(|params| params.get("id")?.parse().ok()), at }
    });
    let opened = Resource::new(move || asked.get(), open);
    let is_open = OpenConversation::expect().0;
    Effect::new(move |_| is_open.set(asked.get().id));
    on_cleanup(move || {
        is_open.try_set(None);
    });

    view! {
        <Suspense fallback=move || view! { <Opening/> }>
            {move || Suspend::new(async move {
                when_rendered().await;
                match opened.await {
                    Ok(opened) => view! {
                        // keyed, so that another conversation gets other elements: no text, no position, no focus is carried over
                        <For each=move || [opened.clone()] key=|opened| opened.form_key let:opened>
                            <ConversationView opened/>
                        </For>
                    }
                    .into_any(),
                    Err(error) => view! { <Failed error on_retry=move || opened.refetch()/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

async fn open(asked: Asked) -> Result<Opened, Error> {
    let flash = use_context::<FormFlash>().unwrap_or_default();
    let id = asked.id.ok_or_else(Error::not_found)?;
    let known = InboxStore::expect().inbox.with_untracked(|inbox| inbox.get(id).cloned());
    let conversation = match known {
        Some(known) => known,
        None => get_conversation(id).await?,
    };
    let first_unread = PageAt::Around(conversation.read_seq.next());
    let at = asked.at.unwrap_or(if conversation.unread_count > 0 { first_unread } else { PageAt::Newest });
    let page = get_messages(id, at).await?;
    Ok(Opened { conversation, page, at: asked.at, form_key: ClientId::generate(), flash })
}

#[component]
fn ConversationView(opened: Opened) -> impl IntoView {
    let (inbox, outbox) = (InboxStore::expect(), Outbox::expect());
    let Opened { conversation, page, at, form_key, flash } = opened;
    let open_at = match at {
        None => OpenAt::New,
        Some(PageAt::After(seq)) => OpenAt::Message(seq.next()),
        Some(PageAt::Around(seq)) => OpenAt::Message(seq),
        Some(_) => OpenAt::End,
    };
    let state = ThreadState::open(ViewerState::expect().user.id, conversation.clone(), page);
    let kept = StoredValue::new(conversation);
    Effect::new(move |_| inbox.put(kept.get_value()));

    // what the inbox hears of: new messages, and how far the peer has come
    Effect::new(move |_| {
        let now = state.conversation.get();
        spawn_local(async move {
            state
                .change(move |thread| {
                    thread.peer_pointers(now.peer_delivered_seq, now.peer_read_seq);
                    thread.heard(now.last_seq);
                })
                .await;
            state.follow();
        });
    });
    // what is on its way out
    Effect::new(move |_| {
        let pending = outbox.pending(state.id);
        spawn_local(async move {
            state.change(move |thread| thread.set_pending(pending)).await;
            state.follow();
        });
    });
    // after a click on a row the focus is where one writes; a page that was loaded leaves it alone, and a finger decides itself
    let loaded = Owner::current_shared_context().is_some_and(|context| context.during_hydration());
    Effect::new(move |_| {
        if !loaded && has_keys() && focus_is_lost() {
            focus("composer_body");
        }
    });

    let can_write = Memo::new(move |_| state.conversation.with(|conversation| conversation.can_write));
    let flash = StoredValue::new(flash);
    view! {
        <section class="conversation" aria-labelledby="peer">
            <Header state/>
            <MessageList state open_at/>
            {move || {
                if can_write.get() {
                    view! { <Composer state form_key flash/> }.into_any()
                } else {
                    view! { <Closed state flash/> }.into_any()
                }
            }}
        </section>
    }
}

#[component]
fn Header(state: ThreadState) -> impl IntoView {
    let unread = InboxStore::expect().unread;
    let peer = Signal::derive(move || state.conversation.with(|conversation| conversation.peer.clone()));
    view! {
        <header class="conversation-header">
            <a class="button conversation-back" data-kind="quiet" data-icon href="/messages">
                <Icon name="back" turns=true/>
                <span class="visually_hidden">"Back to the inbox, "</span>
                <UnreadBadge count=Signal::derive(move || unread.get().messages) counted=" unread messages"/>
            </a>
            <Avatar user=peer/>
            <div class="conversation-peer">
                <h1 id="peer">
                    <bdi>{move || peer.get().display_name}</bdi>
                </h1>
                <p>
                    <bdi>{move || peer.get().department}</bdi>
                    {move || peer.with(separator)}
                    <bdi>{move || peer.get().username}</bdi>
                </p>
            </div>
            <ReviewNotices conversation=state.id/>
        </header>
    }
}

fn separator(peer: &User) -> &'static str {
    if peer.department.is_empty() { "" } else { " · " }
}

/// Why nothing can be written here, where the composer would be. A text that was refused, or was being written, is not
/// lost with it, and stands in the composer when there is one again.
#[component]
fn Closed(state: ThreadState, flash: StoredValue<FormFlash>) -> impl IntoView {
    let reason = move || {
        state
            .conversation
            .with(|conversation| conversation.cannot_write_reason.clone().unwrap_or_else(|| "You cannot write to this person.".to_owned()))
    };
    let read = state.conversation.with_untracked(|conversation| conversation.read_seq);
    let displayed = state.thread.with_untracked(|thread| thread.displayed_up_to(read)).to_string();
    let drafts = Drafts::expect();
    let text = RwSignal::new(flash.with_value(|flash| flash.field("body")));
    Effect::new(move |_| {
        let refused = flash.try_update_value(std::mem::take).unwrap_or_default().field("body");
        if !refused.is_empty() {
            drafts.set(state.id, &refused);
        }
        text.set(drafts.get(state.id));
    });
    let lost = move || {
        Some(text.get()).filter(|text| !text.is_empty()).map(|text| {
            view! {
                <label class="field">
                    "Your message was not sent:"
                    <textarea class="field-control" readonly dir="auto">
                        {text}
                    </textarea>
                </label>
            }
        })
    };
    view! {
        <div class="message_list-closed">
            <Icon name="lock"/>
            <div>
                <strong>
                    <bdi>{reason}</bdi>
                </strong>
                "You can read this conversation, but no longer write."
                {lost}
                <noscript>
                    <form action=format!("/messages/{}", state.id) method="post">
                        <input type="hidden" name="displayed_seq" value=displayed/>
                        <button class="button" name="action" value="mark_as_read">
                            "Mark as read up to here"
                        </button>
                    </form>
                </noscript>
            </div>
        </div>
    }
}

/// The shape of a conversation before it is there.
#[component]
fn Opening() -> impl IntoView {
    view! {
        <section class="conversation" aria-busy="true" aria-label="Conversation">
            <header class="conversation-header"></header>
            <div class="message_list" role="status">
                <span class="visually_hidden">"Opening the conversation"</span>
            </div>
        </section>
    }
}

/// Why a conversation does not open.
#[component]
fn Failed(error: Error, #[prop(into)] on_retry: Callback<()>) -> impl IntoView {
    if error.code == Code::NotFound {
        set_status(error.status());
        return view! {
            <section class="conversation">
                <EmptyState icon="lock" title="There is no such conversation" main=true>
                    <p>"Or it is not one of yours. The link may be old."</p>
                    <a class="button" href="/messages">
                        "To the inbox"
                    </a>
                </EmptyState>
            </section>
        }
        .into_any();
    }
    view! {
        <section class="conversation">
            <ErrorView error title="This conversation could not be loaded" main=true on_retry/>
        </section>
    }
    .into_any()
}
