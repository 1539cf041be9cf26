//! Pure types and rules: no I/O, no clock, no SQL, nothing of the framework.
//!
//! Both halves use them: the server decides with them, the browser keeps its screens right with them.
//! Bad input is turned into a type at the edge (`MessageBody::parse`, `Cursor::parse`, …), so what stands
//! behind a signature here has been checked.

pub mod arrival;
pub mod audit;
pub mod audit_log;
pub mod change;
pub mod client_name;
pub mod connection;
pub mod conversation;
pub mod form;
pub mod highlight;
pub mod ids;
pub mod inbox;
pub mod live;
pub mod lookalike;
pub mod message;
pub mod outbox;
pub mod page;
pub mod people_import;
pub mod policy;
pub mod profile;
pub mod reading;
pub mod receipt;
pub mod review;
pub mod review_export;
pub mod rows;
pub mod session;
pub mod text;
pub mod thread;
pub mod time;
pub mod unread;
pub mod user;
pub mod user_record;
