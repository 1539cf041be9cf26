//! The schema: applying it as its owner, and asking whether a database has what this program needs.

use sqlx::{Connection, Executor, PgConnection, migrate::Migrator};

/// The migrations that this program brings. It tolerates others: the old program must run on the new schema while the
/// instances are replaced one after the other.
#[must_use]
pub fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!();
    migrator.set_ignore_missing(true);
    migrator
}

/// Applies what is missing, as the connection's login (no `SET ROLE`: it owns the tables).
///
/// # Errors
/// When a migration fails.
pub async fn run(mut connection: PgConnection) -> Result<(), String> {
    migrator().run(&mut connection).await.map_err(|error| format!("The migration failed: {error}"))?;
    // so that the server may ask which migrations are there
    connection.execute("grant select on _sqlx_migrations to cms_messages_app").await.map_err(|error| unreachable(&error))?;
    let _ = connection.close().await;
    Ok(())
}

/// How many of this program's migrations the database lacks; `None` when it never had any, not even the role.
pub async fn lacking(connection: &mut PgConnection) -> Result<Option<usize>, sqlx::Error> {
    // not checked macros: the table belongs to the migrator, and is absent while checking against a bare schema
    let begun: bool = sqlx::query_scalar(
        "select to_regclass('_sqlx_migrations') is not null and exists (select 1 from pg_roles where rolname = 'cms_messages_app')",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !begun {
        return Ok(None);
    }
    connection.execute("set role cms_messages_app").await?;
    missing(connection).await.map(Some)
}

/// How many of this program's migrations the database lacks, asked as the server's role.
pub async fn missing(connection: &mut PgConnection) -> Result<usize, sqlx::Error> {
    let applied: Vec<i64> = sqlx::query_scalar("select version from _sqlx_migrations where success").fetch_all(connection).await?;
    Ok(migrator().iter().filter(|migration| !applied.contains(&migration.version)).count())
}

/// The sentence for a database that cannot be reached; never with the URL.
#[must_use]
pub fn unreachable(error: &sqlx::Error) -> String {
    let cause = match error {
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Database(database) => database.message().to_owned(),
        sqlx::Error::Tls(_) => "TLS could not be agreed on".to_owned(),
        _ => "it does not answer".to_owned(),
    };
    format!("The database cannot be reached: {cause}")
}
