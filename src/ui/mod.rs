//! What people see: rendered on the server, hydrated in the browser. The same HTML on both sides, no clock, no locale.
//!
//! A page loads, a component shows, `state` keeps what outlives a page, `browser` holds the few calls that leptos has not.

pub mod components;
pub mod layout;
pub mod pages;
pub mod state;

/// The browser's APIs; on the server the same names that do nothing. Called in effects and handlers only.
pub use crate::browser;
