//! The browser's APIs that leptos has no word for. Only this folder names web-sys.
//!
//! `absent.rs` has the same names for the server, where nothing happens: call them in effects and handlers only.
