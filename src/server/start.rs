//! From the settings to something that works: the pool of the server, the operator of a command, the policy's version.
//!
//! What is wrong is said here in a sentence, before anything listens: no database, no schema, a role that may too much.

use crate::error::Code;
use crate::server::{
    db::{self, pool::Purpose},
    failure::Failure,
    operator::Operator,
    service::policy,
    settings::{self, Settings},
    state::{AppState, Rules},
};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use std::time::{Duration, Instant};

/// How long a database may take to come up beside us.
const PATIENCE: Duration = Duration::from_secs(15);

/// Everything that requests share, with the policy in force: the database's, or in a new database that of the configuration.
///
/// # Errors
/// When the database cannot be reached, or does not have the schema.
pub async fn connect(settings: Settings) -> Result<AppState, Failure> {
    let leptos = settings::leptos_options()?;
    let options = db::pool::options(&settings.database.url)?;
    check_schema(wait_for(&options).await?).await?;
    let pool = db::pool::open(options, settings.database.max_connections, Purpose::Serve);
    let operator = Operator { pool: pool.clone() };
    let (newest, differs) = policy::establish(&operator, settings.policy.clone()).await.map_err(|error| {
        let wrong = error.code == Code::Invalid;
        if wrong { Failure(format!("Leptos.toml, [policy] {error}")) } else { Failure::from(error) }
    })?;
    if differs {
        tracing::warn!(
            version = newest.version,
            "the rules of [policy] are not those in force: the database's are; `cms-messages policy import Leptos.toml` applies the file's"
        );
    }
    let rules = Rules::new(newest.policy.unwrap_or_default(), newest.version);
    Ok(AppState::new(settings, leptos, pool, rules))
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
