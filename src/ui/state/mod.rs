//! What outlives a page: who is signed in, the inbox, the connection, whether anybody looks.

pub mod attention;
pub mod connection;
pub mod delivery;
pub mod drafts;
pub mod inbox_store;
pub mod listing;
pub mod notifier;
pub mod outbox;
pub mod parted;
pub mod patience;
pub mod read_pointers;
pub mod reader;
pub mod thread;
pub mod today;
pub mod viewer;
