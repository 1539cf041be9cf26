//! What outlives a page: who is signed in, the inbox, the connection, whether anybody looks.

pub mod attention;
pub mod connection;
pub mod delivery;
pub mod inbox_store;
pub mod listing;
pub mod notifier;
pub mod today;
pub mod viewer;
