//! Isomorphic server functions: called in the browser, run on the server. Bodies are context -> service.

#![expect(missing_docs, reason = "the structs that the macro makes of the arguments cannot carry any")]

pub mod changes;
pub mod client;
pub mod conversations;
pub mod messages;
pub mod own_sessions;
pub mod receipts;
pub mod reviews;
pub mod session;
pub mod unread;
pub mod users;
