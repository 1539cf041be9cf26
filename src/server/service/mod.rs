//! The use-cases. Authorisation and transactions live here alone; no HTTP, no JSON, no framework.
//!
//! A function asks the context who calls before anything else, or takes an `Operator`, which no request can make.

pub mod audit;
pub mod import;
pub mod passwords;
pub mod session;
pub mod tokens;
pub mod users;
