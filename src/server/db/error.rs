//! What the driver reports becomes what the outside may know: a constraint's name becomes a sentence, the codes of our
//! own functions become theirs, an unreachable database is `unavailable`; anything else is logged here, once.
//!
//! A text from a statement's parameters never reaches the log: messages of class 22 (data exceptions) quote them.

use crate::error::{Code, Error};
use sqlx::{Error as Sqlx, error::DatabaseError};

impl From<Sqlx> for Error {
    fn from(error: Sqlx) -> Self {
        match &error {
            Sqlx::PoolTimedOut | Sqlx::PoolClosed => Self::unavailable(),
            Sqlx::RowNotFound => Self::not_found(),
            Sqlx::Database(database) => from_database(database.as_ref()),
            _ if is_broken_connection(&error) => {
                // what it was doing may or may not have been committed
                tracing::warn!(kind = kind(&error), "the connection to the database broke in mid-call");
                Self::new(Code::Unconfirmed)
            }
            _ => {
                tracing::error!(kind = kind(&error), cause = %error, "the database's answer could not be used");
                Self::new(Code::Internal)
            }
        }
    }
}

fn from_database(error: &dyn DatabaseError) -> Error {
    let state = error.code().unwrap_or_default();
    match state.as_ref() {
        // statement, lock and idle timeouts, deadlock, serialization: rolled back, so nothing was done
        "57014" | "55P03" | "25P03" | "40P01" | "40001" => {
            tracing::warn!(%state, "the database gave up on a statement");
            return Error::unavailable();
        }
        // a NUL, or a moment beyond the calendar: what was given cannot be stored, wherever it slipped through
        "22021" | "22P05" | "22008" => return Error::new(Code::Invalid),
        // too many connections, starting up, shutting down before the statement began
        "53300" | "57P03" => return Error::unavailable(),
        _ => {}
    }
    if is_lost(&state) {
        tracing::warn!(%state, "the database ended the connection in mid-call");
        return Error::new(Code::Unconfirmed);
    }
    if let Some(error) = error.constraint().and_then(of_constraint) {
        return error;
    }
    let message = if state.starts_with("22") { "" } else { error.message() };
    tracing::error!(%state, constraint = error.constraint(), table = error.table(), message, "the database refused a statement");
    Error::new(Code::Internal)
}

/// The sentence behind a violated constraint.
fn of_constraint(name: &str) -> Option<Error> {
    Some(match name {
        "users_username_key" => Error::invalid("username", "This user name is taken."),
        "users_external_id_key" => Error::invalid("external_id", "This external id belongs to somebody else."),
        "users_username_check" => Error::invalid("username", "This is not a user name."),
        "users_display_name_check" => Error::invalid("display_name", "A name has 1 to 120 characters."),
        "users_department_check" => Error::invalid("department", "A department has at most 120 characters."),
        "users_email_check" => Error::invalid("email", "An e-mail address has at most 254 characters."),
        "users_external_id_check" => Error::invalid("external_id", "An external id has 1 to 200 characters."),
        "conversations_pair_check" | "participants_self_check" => Error::invalid("recipient_id", "You cannot write to yourself."),
        "conversations_user_low_fkey" | "conversations_user_high_fkey" => Error::not_found(),
        "messages_client_id_key" => Error::new(Code::IdempotencyConflict),
        "policy_versions_restored_from_fkey" | "policy_versions_restored_from_check" => {
            Error::invalid("restored_from", "There is no such version.")
        }
        "messages_body_check" => Error::invalid("body", "A message has 1 to 4,000 characters."),
        _ => return None,
    })
}

/// Whether the connection is gone, so that nobody knows whether its last statement was committed.
#[must_use]
pub fn is_broken_connection(error: &Sqlx) -> bool {
    match error {
        Sqlx::Io(_) | Sqlx::Tls(_) | Sqlx::Protocol(_) | Sqlx::WorkerCrashed => true,
        Sqlx::Database(database) => is_lost(&database.code().unwrap_or_default()),
        _ => false,
    }
}

/// Whether the transaction lost against another one (deadlock, serialization, a twin with the same key) and was rolled back:
/// try it again.
#[must_use]
pub fn is_conflict_of_transactions(error: &Sqlx) -> bool {
    let Sqlx::Database(database) = error else { return false };
    matches!(database.code().as_deref(), Some("40P01" | "40001")) || database.constraint() == Some("messages_client_id_key")
}

/// Administrator's command, crash of another backend, database dropped, connection failures.
fn is_lost(state: &str) -> bool {
    matches!(state, "57P01" | "57P02" | "57P04") || state.starts_with("08")
}

/// What kind of trouble this is, in a word without anything of the statement.
#[must_use]
pub fn kind(error: &Sqlx) -> &'static str {
    match error {
        Sqlx::Database(_) => "database",
        Sqlx::Io(_) => "io",
        Sqlx::Tls(_) => "tls",
        Sqlx::Protocol(_) => "protocol",
        Sqlx::WorkerCrashed => "worker",
        Sqlx::ColumnDecode { .. } | Sqlx::Decode(_) | Sqlx::Encode(_) => "codec",
        Sqlx::ColumnNotFound(_) | Sqlx::ColumnIndexOutOfBounds { .. } | Sqlx::TypeNotFound { .. } => "shape",
        _ => "other",
    }
}
