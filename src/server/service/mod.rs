//! The use-cases. Authorisation and transactions live here alone; no HTTP, no JSON, no framework.
//!
//! A function asks the context who calls before anything else, or takes an `Operator`, which no request can make; or it
//! asks either of them ([`Administers`](administrators::Administers)).

pub mod administrators;
pub mod audit;
pub mod audit_log;
pub mod changes;
pub mod conversations;
pub mod groups;
pub mod import;
pub mod live;
mod meant;
pub mod messages;
pub mod own_sessions;
pub mod passwords;
pub mod people;
pub mod policy;
mod policy_effect;
pub mod receipts;
pub mod review_archive;
pub mod review_exports;
pub mod review_reading;
pub mod reviews;
pub mod session;
pub mod tokens;
pub mod unread;
pub mod user_records;
pub mod users;

use crate::{
    domain::ids::ConversationId,
    error::{Code, Error},
    server::{context::Context, proof::salted},
};

/// 404 for the id goes before what is wrong with the rest: asks for the conversation only when something is.
///
/// # Errors
/// `not_found` when the conversation is not the viewer's, else what was wrong.
pub async fn of_known<T>(ctx: &Context, id: ConversationId, judged: Result<T, Error>) -> Result<T, Error> {
    match judged {
        Ok(value) => Ok(value),
        Err(error) => conversations::require(ctx, id).await.and(Err(error)),
    }
}

/// Chance for words that an entry speaks of by their digest.
fn salt() -> Result<[u8; salted::SALT], Error> {
    let mut salt = [0; salted::SALT];
    getrandom::fill(&mut salt).map_err(|_| Error::new(Code::Internal))?;
    Ok(salt)
}

/// How many items a caller asked for; out of range is refused, never clamped silently.
fn limit(asked: Option<i64>, usual: i64, most: i64) -> Result<i64, Error> {
    match asked.unwrap_or(usual) {
        limit if (1..=most).contains(&limit) => Ok(limit),
        _ => Err(Error::invalid("limit", format!("Ask for 1 to {most} at once."))),
    }
}
