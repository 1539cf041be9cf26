//! The browser's APIs that leptos has no word for. Only this folder names web-sys and js-sys.
//!
//! `absent.rs` has the same names for the server, where nothing happens: call them in effects and handlers only.

pub mod clock;
pub mod drafts;
pub mod interval;
pub mod live;
pub mod moment;
pub mod notify;
pub mod outbox_store;
pub mod page;
pub mod parted;
pub mod reach;
pub mod scroll;
pub mod storage;
pub mod visibility;
