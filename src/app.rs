//! The document's shell, the root component, and the route table.
//!
//! Every route renders with `SsrMode::Async`: a plain GET holds the data, the right status and its redirects without any
//! script. The default, out-of-order streaming, would show its fallbacks for ever where scripts do not run.

use crate::{
    answer::PageFacts,
    ui::{
        browser::page,
        components::document_head::DocumentHead,
        layout::{Framed, Layout},
        pages::{
            conversation::ConversationPage,
            inbox::{Inbox, NothingOpen},
            new_message::NewMessage,
            not_found::NotFound,
            password::Password,
            settings::Settings,
            sign_in::SignIn,
        },
        state::today::Today,
    },
};
use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

/// The document around the app; rendered by the server only. The nonce of the scripts is the one of the policy that the
/// server sends along (`use_nonce`).
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <DocumentHead options=options.clone()/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The root component.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    PageFacts::provide();
    Today::provide();
    // says that the page is alive: before it, a page is links and forms
    Effect::new(|_| page::say_alive());
    view! {
        <Router>
            <Routes fallback=|| view! { <Framed content=not_found bare=not_found/> }>
                <Route path=path!("/sign_in") view=SignIn ssr=SsrMode::Async/>
                <Route path=path!("/password/:token") view=Password ssr=SsrMode::Async/>
                <ParentRoute path=path!("") view=Layout ssr=SsrMode::Async>
                    <ParentRoute path=path!("/messages") view=Inbox ssr=SsrMode::Async>
                        <Route path=path!("") view=NothingOpen ssr=SsrMode::Async/>
                        <Route path=path!("new") view=NewMessage ssr=SsrMode::Async/>
                        <Route path=path!(":id") view=ConversationPage ssr=SsrMode::Async/>
                    </ParentRoute>
                    <Route path=path!("/settings") view=Settings ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

fn not_found() -> AnyView {
    view! { <NotFound/> }.into_any()
}
