//! Writing to somebody: a dialog over whatever is open, or a plain page with a form per person.

use crate::{
    answer::set_status,
    domain::{
        form::FormFlash,
        user::{FoundUser, PeopleQuery},
    },
    error::Error,
    server_fns::{conversations::create_conversation, users::search_users},
    ui::{
        browser::{moment::when_rendered, page},
        components::{
            dialog::Dialog,
            icon::Icon,
            user_search::{Person, UserSearch, in_words, is_closed},
        },
        state::{
            inbox_store::InboxStore,
            patience::{PATIENCE, in_time},
        },
    },
};
use leptos::{ev, prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

/// Whether the dialog is open.
#[derive(Debug, Clone, Copy)]
pub struct NewMessageOpen(pub RwSignal<bool>);

impl NewMessageOpen {
    /// Provides it to the pages below.
    pub fn provide() -> Self {
        let open = Self(RwSignal::new(false));
        provide_context(open);
        open
    }
}

/// The link that opens the dialog; the plain page before hydration, in another tab, and without script.
#[component]
pub fn NewMessageLink() -> impl IntoView {
    let open = expect_context::<NewMessageOpen>().0;
    let on_click = move |click: ev::MouseEvent| {
        if page::is_plain(&click) {
            click.prevent_default();
            open.set(true);
        }
    };
    view! {
        <a class="button" data-kind="primary" href="/messages/new" on:click=on_click>
            <Icon name="plus"/>
            "New message"
            <kbd aria-hidden="true" data-scripted>"N"</kbd>
        </a>
    }
}

/// The dialog; once, in the layout.
#[component]
pub fn NewMessageDialog() -> impl IntoView {
    let open = expect_context::<NewMessageOpen>().0;
    let store = InboxStore::expect();
    let navigate = StoredValue::new(use_navigate());
    let trouble = RwSignal::new(None::<Error>);
    let busy = StoredValue::new(false);
    let on_choose = Callback::new(move |person: FoundUser| {
        if busy.get_value() {
            return;
        }
        busy.set_value(true);
        trouble.set(None);
        spawn_local(async move {
            let opened = in_time(PATIENCE, create_conversation(person.user.id)).await;
            busy.set_value(false);
            match opened {
                Ok(conversation) => {
                    let href = format!("/messages/{}", conversation.id);
                    store.put(conversation);
                    open.set(false);
                    navigate.with_value(|navigate| navigate(&href, NavigateOptions::default()));
                }
                Err(error) => trouble.set(Some(error)),
            }
        });
    });
    Effect::new(move |_| {
        open.track();
        trouble.set(None);
    });
    view! {
        <Dialog open=open id="new_message" title="New message">
            <UserSearch on_choose=on_choose trouble=trouble/>
        </Dialog>
    }
}

/// `/messages/new?q=`: the search as a plain form, and a button per person.
#[component]
pub fn NewMessage() -> impl IntoView {
    let flash = SharedValue::new(|| use_context::<FormFlash>().unwrap_or_default()).into_inner();
    let query = use_query_map();
    let q = Memo::new(move |_| query.read().get("q").map(|q| q.trim().to_owned()).unwrap_or_default());
    let found = Resource::new(move || q.get(), |q| async move { if q.is_empty() { Ok(Vec::new()) } else { search_users(q).await } });
    view! {
        <section class="conversation" aria-labelledby="new_message_heading">
            <header class="conversation-header">
                <a class="button conversation-back" data-kind="quiet" data-icon href="/messages">
                    <Icon name="back" turns=true/>
                    <span class="visually_hidden">"Back to the inbox"</span>
                </a>
                <div class="conversation-peer">
                    <h1 id="new_message_heading">"New message"</h1>
                </div>
            </header>
            <div class="user_search" data-page>
                <form class="user_search-field" method="get" action="/messages/new" role="search" aria-label="People">
                    <Icon name="search"/>
                    <label class="visually_hidden" for="people">
                        "Find a person by name, user name or department"
                    </label>
                    <input
                        class="field-control"
                        id="people"
                        name="q"
                        type="search"
                        value=q.get_untracked()
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        maxlength=PeopleQuery::MAX.to_string()
                        placeholder="Name, user name or department"
                        enterkeyhint="search"
                    />
                    <button class="button">"Search"</button>
                </form>
                {flash
                    .reason
                    .map(|reason| {
                        view! {
                            <p class="field-error" role="alert">
                                <Icon name="alert"/>
                                <bdi>{reason}</bdi>
                            </p>
                        }
                    })}
                <Suspense strict=true>
                    {move || Suspend::new(async move {
                        when_rendered().await;
                        let q = q.get_untracked();
                        match found.await {
                            Ok(_) if q.is_empty() => ().into_any(),
                            Ok(people) => {
                                view! {
                                    <p class="user_search-count" role="status">
                                        {in_words(people.len(), &q)}
                                    </p>
                                    <ul class="user_search-list" aria-label="People">
                                        {people.into_iter().map(|person| view! { <Choice person=person q=q.clone()/> }).collect_view()}
                                    </ul>
                                }
                                    .into_any()
                            }
                            Err(error) => {
                                set_status(error.status());
                                view! { <p class="user_search-count" role="status">{error.detail}</p> }.into_any()
                            }
                        }
                    })}
                </Suspense>
            </div>
        </section>
    }
}

#[component]
fn Choice(person: FoundUser, q: String) -> impl IntoView {
    let id = person.user.id.to_string();
    if is_closed(&person) {
        return view! {
            <li class="user_search-option" data-closed>
                <Person person=person q=q/>
            </li>
        }
        .into_any();
    }
    view! {
        <li>
            <form method="post" action="/messages/new">
                <input type="hidden" name="recipient_id" value=id/>
                <button class="user_search-option">
                    <Person person=person q=q/>
                </button>
            </form>
        </li>
    }
    .into_any()
}
