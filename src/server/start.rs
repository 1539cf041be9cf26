//! From the settings to something that works: the pool of the server, the operator of a command, the policy's version.
//!
//! What is wrong is said here in a sentence, before anything listens: no database, no schema, a role that may too much.

use crate::server::{
    db::{self, pool::Purpose},
    failure::Failure,
    operator::Operator,
    settings::{self, Settings},
    state::AppState,
};
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use std::time::{Duration, Instant};

/// How long a database may take to come up beside us.
const PATIENCE: Duration = Duration::from_secs(15);

/// Everything that requests share. Registers the policy.
///
/// # Errors
/// When the database cannot be reached, or does not have the schema.
pub async fn connect(settings: Settings) -> Result<AppState, Failure> {
    let leptos = settings::leptos_options()?;
    let options = db::pool::options(&settings.database.url)?;
    check_schema(wait_for(&options).await?).await?;
    let pool = db::pool::open(options, settings.database.max_connections, Purpose::Serve);
    let rules = serde_json::to_vec(&settings.policy).map_err(|error| Failure(error.to_string()))?;
    let version = db::policy::register(&mut *pool.acquire().await?, Sha256::digest(&rules).as_slice()).await?;
    Ok(AppState::new(settings, leptos, pool, version))
}

/// Who runs a command.
///
/// # Errors
/// As [`connect`].
pub async fn operator(settings: &Settings) -> Result<Operator, Failure> {
    let options = db::pool::options(&settings.database.url)?;
    check_schema(PgConnection::connect_with(&options).await.map_err(|error| db::migrate::unreachable(&error))?).await?;
    Ok(Operator { pool: db::pool::open(options, 4, Purpose::Command) })
}

/// Applies the migrations, as the owner of the tables.
///
/// # Errors
/// When the database cannot be reached, or a migration fails.
pub async fn migrate(settings: &Settings) -> Result<(), Failure> {
    let url = settings.database.migrate_url.as_deref().unwrap_or(&settings.database.url);
    let options = db::pool::options(url)?;
    Ok(db::migrate::run(wait_for(&options).await?).await?)
}

/// One connection of its own: the pool would only say that it waited in vain.
async fn wait_for(options: &PgConnectOptions) -> Result<PgConnection, Failure> {
    let began = Instant::now();
    let mut said = false;
    loop {
        match PgConnection::connect_with(options).await {
            Ok(connection) => return Ok(connection),
            // a wrong password or database does not get right by waiting
            Err(error) if began.elapsed() > PATIENCE || !is_coming_up(&error) => return Err(db::migrate::unreachable(&error).into()),
            Err(_) if !said => {
                tracing::warn!("waiting for the database");
                said = true;
            }
            Err(_) => {}
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

fn is_coming_up(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(database) => database.code().as_deref() == Some("57P03"),
        _ => false,
    }
}

async fn check_schema(mut connection: PgConnection) -> Result<(), Failure> {
    let lacking = db::migrate::lacking(&mut connection).await;
    let _ = connection.close().await;
    match lacking {
        Ok(Some(0)) => Ok(()),
        Ok(Some(lacking)) => Err(Failure(format!("The database lacks {lacking} migrations: run `cms-messages migrate` first."))),
        Ok(None) => Err(Failure::new("The database has not been migrated: run `cms-messages migrate` first.")),
        Err(error) => Err(db::migrate::unreachable(&error).into()),
    }
}
