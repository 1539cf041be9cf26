//! cms-messages: the messaging module of a CMS.
//!
//! ```text
//! ui/pages -> ui/state -> server_fns -> server/service -> server/db -> Postgres
//!    ^           ^ rest, forms, admin ---^        | same transaction: message, audit entry, change number
//!    |           |                                v after the commit: the change to our own streams, a hint to others
//!    +- signals -+- domain::Inbox::apply <- changes <- ui/browser/live, interval <- rest/events <- server/live
//! ```
//!
//! A page asks its state, the state a server function, that a service; the service alone decides, and writes in one transaction.
//! What others have done comes back on the stream as a change, and one reducer (`domain::inbox`) puts it into the state.
//!
//! One crate, layers first, the same nouns in each layer: a thing lives at `<layer>/<noun>.rs`.
//! `domain` and `error` are pure and know nobody. `server` and `admin` are compiled for the server alone (`ssr`), `ui/browser` only
//! acts in the browser (`hydrate`). This file is the only one that chooses modules by feature.

#![recursion_limit = "512"]

#[cfg(feature = "ssr")]
pub mod admin;
pub mod answer;
pub mod app;
#[cfg(feature = "hydrate")]
#[path = "ui/browser/mod.rs"]
pub mod browser;
#[cfg(not(feature = "hydrate"))]
#[path = "ui/browser/absent.rs"]
pub mod browser;
pub mod domain;
pub mod error;
#[cfg(feature = "ssr")]
pub mod server;
pub mod server_fns;
pub mod ui;

/// Takes over the page that the server rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
