//! The frame of every page of a viewer: the CMS's menu with the unread badge, the page, the notices.
//!
//! What outlives a page is provided here: the viewer, the inbox, the connection. A Suspense outside of `<Routes>` breaks
//! hydration (leptos#3707), so all of it is a parent route.

use super::{
    browser::{moment::when_rendered, page},
    components::{
        error_view::ErrorView,
        icon::{Icon, Mark},
        toast::{ToastRegion, Toasts},
        unread_badge::UnreadBadge,
    },
    pages::new_message::{NewMessageDialog, NewMessageOpen},
    state::{
        attention::Attention,
        connection::Connection,
        delivery,
        drafts::Drafts,
        inbox_store::InboxStore,
        listing::Listing,
        notifier::{Notifier, OpenConversation},
        outbox::Outbox,
        read_pointers::ReadPointers,
        viewer::ViewerState,
    },
};
use crate::{
    domain::{
        session::{CmsLink, Session},
        user::Role,
    },
    error::Code,
    server_fns::{client, session::get_session},
    ui::components::keys::{KeysDialog, listen_for_keys},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{components::Outlet, hooks::use_location};

/// The parent of all pages that need a viewer.
#[component]
pub fn Layout() -> impl IntoView {
    view! { <Framed content=|| view! { <Outlet/> }.into_any()/> }
}

/// The frame around any content.
#[component]
pub fn Framed(
    /// The page itself, with its `<main>`.
    content: fn() -> AnyView,
    /// What stands there when nobody is signed in.
    #[prop(optional)]
    bare: Option<fn() -> AnyView>,
) -> impl IntoView {
    let session = Resource::new(|| (), |()| get_session());
    view! {
        // strict: the frame is built once, so what it loads is loaded once
        <Suspense strict=true>
            {Suspend::new(async move {
                when_rendered().await;
                match (session.await, bare) {
                    (Ok(session), _) => view! { <Frame session=session content=content/> }.into_any(),
                    (Err(error), Some(bare)) if error.code == Code::Unauthenticated => bare(),
                    (Err(error), _) => {
                        view! {
                            <main id="main" class="page" tabindex="-1">
                                <div class="page-body" data-measure="narrow">
                                    <ErrorView error=error main=true/>
                                </div>
                            </main>
                        }
                            .into_any()
                    }
                }
            })}
        </Suspense>
    }
}

#[component]
fn Frame(session: Session, content: fn() -> AnyView) -> impl IntoView {
    let Session { me, cms } = session;
    let viewer = me.user.id;
    Effect::new(move |_| client::speak_for(viewer));
    let store = InboxStore::provide(&me);
    let listing = Listing::provide(store);
    let attention = Attention::provide();
    let open = OpenConversation::provide();
    Toasts::provide();
    let notifier = Notifier::new(attention);
    Drafts::provide(viewer);
    let connection = Connection::provide(viewer, store, listing, notifier, attention, open.0);
    delivery::start(store);
    ReadPointers::provide(store);
    Outbox::provide(viewer, store, attention, connection);
    let new_message = NewMessageOpen::provide();
    let keys = RwSignal::new(false);
    listen_for_keys(new_message, keys);
    provide_context(ViewerState { user: me.user, cms: cms.clone() });

    let path = use_location().pathname;
    focus_follows(path);
    // `<title>` takes text as it is on the server: no user's text in it, and no tag in the name of the CMS
    let name = cms.name.replace('<', "‹");
    let title = move || format!("{} · {name}", store.unread.get().title(heading(&path.read())));
    view! {
        <Title text=title/>
        <div class="app">
            <a class="skip_link" href="#main" rel="external">
                "Skip to content"
            </a>
            <Menu name=cms.name.clone() links=cms.links/>
            {content()}
            <ToastRegion/>
            <NewMessageDialog/>
            <KeysDialog open=keys/>
        </div>
    }
}

/// The navigation of the CMS; only "Messages" and "Settings" are ours, the rest comes from `[cms] links`.
#[component]
fn Menu(name: String, links: Vec<CmsLink>) -> impl IntoView {
    let unread = InboxStore::expect().unread;
    let admin = ViewerState::expect().user.role == Role::Admin;
    let path = use_location().pathname;
    let current = move |prefix: &'static str| (path.read().starts_with(prefix)).then_some("page");
    let links = links.into_iter().enumerate().map(|(index, link)| {
        // a telephone has room for two beside our own
        view! {
            <li>
                <a class="menu-item" href=link.href rel="external" data-wide=index.gt(&1)>
                    <Icon name=link.icon/>
                    <span>{link.label}</span>
                </a>
            </li>
        }
    });
    view! {
        <nav class="menu" aria-label="CMS">
            <a class="menu-brand" href="/messages">
                <Mark/>
                <span class="visually_hidden">{name} ", messages"</span>
            </a>
            <ul class="menu-items">
                {links.collect_view()}
                <li>
                    <a class="menu-item" href="/messages" aria-current=move || current("/messages")>
                        <Icon name="messages"/>
                        <span>"Messages"</span>
                        <UnreadBadge count=Signal::derive(move || unread.get().messages) counted=" unread messages"/>
                    </a>
                </li>
                {admin
                    .then(|| {
                        view! {
                            <li data-end>
                                // whole pages from the server, of which this half knows nothing
                                <a class="menu-item" href="/admin" rel="external">
                                    <Icon name="audit"/>
                                    <span>"Admin"</span>
                                </a>
                            </li>
                        }
                    })}
                <li data-end=!admin>
                    <a class="menu-item" href="/settings" aria-current=move || current("/settings")>
                        <Icon name="settings"/>
                        <span>"Settings"</span>
                    </a>
                </li>
            </ul>
        </nav>
    }
}

fn heading(path: &str) -> &'static str {
    match path {
        "/settings" => "Settings",
        "/messages/new" => "New message",
        _ => "Messages",
    }
}

/// After navigation the focus goes to the new page, unless the page took it already (the composer does) or the list
/// beside it still shows the row that was followed.
fn focus_follows(path: Memo<String>) {
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now) {
            let _ = request_animation_frame(|| {
                if page::focus_is_lost() {
                    page::focus("main");
                }
            });
        }
        now
    });
}
