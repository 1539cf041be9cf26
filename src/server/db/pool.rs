//! The connections of one process. Each gives up its login's rights as soon as it stands: it works as
//! `cms_messages_app`, which cannot change or remove a message, a receipt or an audit entry.
//!
//! Time limits in the database, because a limit in this process would abandon a statement that still runs.

use sqlx::{
    ConnectOptions, Connection, Executor, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{str::FromStr, time::Duration};

/// What the connections are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Requests: nothing may take long.
    Serve,
    /// A command at the command line: an import of ten thousand people may.
    Command,
}

impl Purpose {
    fn session(self) -> &'static str {
        match self {
            Self::Serve => {
                "set role cms_messages_app; set statement_timeout = '15s'; set lock_timeout = '5s'; \
                 set idle_in_transaction_session_timeout = '10s'; set jit = off"
            }
            Self::Command => {
                "set role cms_messages_app; set statement_timeout = '30min'; set lock_timeout = '60s'; \
                 set idle_in_transaction_session_timeout = '10min'; set jit = off"
            }
        }
    }
}

/// Reads a connection URL.
///
/// # Errors
/// A sentence that names the setting and not the URL, which holds a password.
pub fn options(url: &str) -> Result<PgConnectOptions, &'static str> {
    if url.is_empty() {
        return Err("No database is configured: set DATABASE_URL, or `url` in [database] of Leptos.toml.");
    }
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| "DATABASE_URL is not a PostgreSQL connection URL (postgres://user:password@host:port/database).")?;
    // the statements' texts are in this repository; their times are better asked of the database
    Ok(options.application_name("cms-messages").disable_statement_logging())
}

/// A pool that connects when it is first asked. At least one connection; gives up waiting for a free one after 5 s.
#[must_use]
pub fn open(options: PgConnectOptions, max_connections: u32, purpose: Purpose) -> PgPool {
    PgPoolOptions::new()
        .max_connections(max_connections.max(1))
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_secs(300))
        .max_lifetime(Duration::from_secs(1800))
        .test_before_acquire(false)
        // a connection in use is not asked whether it lives: a send stays one round trip
        .before_acquire(|connection, standing| {
            Box::pin(async move { Ok(standing.idle_for < Duration::from_secs(1) || connection.ping().await.is_ok()) })
        })
        .after_connect(move |connection, _| {
            Box::pin(async move {
                connection.execute(sqlx::raw_sql(purpose.session())).await?;
                Ok(())
            })
        })
        .connect_lazy_with(options)
}
