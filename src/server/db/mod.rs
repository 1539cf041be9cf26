//! The only SQL. Functions take `&mut PgConnection`, return domain types and `sqlx::Error`, and never authorise.
//!
//! [`read`] and [`keyed`] take the connection and decide what may be tried again; `?` turns what is left into the one
//! [`Error`](crate::error::Error) that the outside may see (`error`).

pub mod api_token;
pub mod audit;
pub mod audit_search;
pub mod bundle;
pub mod bundle_reviews;
pub mod conversation;
pub mod credential;
pub mod demo;
mod error;
pub mod fan_out;
pub mod health;
pub mod hint;
pub mod import;
pub mod live;
pub mod message;
pub mod migrate;
pub mod password_link;
pub mod people_search;
pub mod policy;
pub mod policy_effect;
pub mod pool;
pub mod receipt;
pub mod retry;
pub mod review;
pub mod review_export;
pub mod review_export_cover;
pub mod review_export_read;
pub mod review_read;
pub mod seal;
pub mod send;
pub mod session;
pub mod sides;
pub mod unread;
pub mod user;
pub mod user_record;
pub mod user_session;

pub use error::{is_broken_connection, is_conflict_of_transactions, kind};
pub use pool::in_time;
pub use retry::{keyed, read};
