//! What outlives a page: who is signed in, the inbox, the connection, whether anybody looks.

pub mod attention;
pub mod inbox_store;
pub mod notifier;
pub mod viewer;
