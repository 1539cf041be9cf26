//! A database per test, cloned from a template that is migrated once per run and set of migrations.
//!
//! `DATABASE_URL` names a login that may create databases; which database it names does not matter. The template's name
//! holds the hash of the migrations, so an edited migration gets a new one.

use cms_messages::server::db::{migrate, pool};
use sqlx::{Connection, Executor, PgConnection, postgres::PgConnectOptions};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::atomic::{AtomicU32, Ordering},
};
use tokio::sync::OnceCell;

/// Dropped with the value, also when the test fails.
pub struct TestDatabase {
    name: String,
    options: PgConnectOptions,
}

impl TestDatabase {
    /// A fresh, migrated, empty database.
    pub async fn new() -> Self {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        Self::create(&format!("template {}", TEMPLATE.get_or_init(make_template).await)).await
    }

    /// One in which there is nothing yet, for a dump to be restored into.
    pub async fn empty() -> Self {
        Self::create("").await
    }

    async fn create(from: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("cms_messages_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut admin = admin().await;
        run(&mut admin, format!("drop database if exists {name} with (force)")).await;
        run(&mut admin, format!("create database {name} {from}")).await;
        let options = admin_options().database(&name);
        Self { name, options }
    }

    /// As the owner of the tables, for what the product must not be able to do.
    pub async fn owner(&self) -> PgConnection {
        PgConnection::connect_with(&self.options).await.expect("the test's database answers")
    }

    /// How to reach it; add a role or a port before use.
    pub fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Its name in the cluster of `DATABASE_URL`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Nobody gets in any more, and who was in is out.
    pub async fn close(&self) {
        let name = &self.name;
        let close = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname";
        run(&mut admin().await, format!("alter database {name} with allow_connections false; {close} = '{name}'")).await;
    }

    /// It is there again.
    pub async fn reopen(&self) {
        run(&mut admin().await, format!("alter database {} with allow_connections true", self.name)).await;
    }

    /// Connections as the server has them.
    pub fn pool(&self, max_connections: u32) -> pool::Pool {
        pool::open(self.options.clone(), max_connections, pool::Purpose::Serve)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let name = self.name.clone();
        // the test's own runtime may be on its way down
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async { run(&mut admin().await, format!("drop database if exists {name} with (force)")).await });
        });
        let _ = dropped.join();
    }
}

fn admin_options() -> PgConnectOptions {
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL names a login that may create databases (script/test sets it)");
    pool::options(&url).expect("DATABASE_URL is a connection URL")
}

async fn admin() -> PgConnection {
    PgConnection::connect_with(&admin_options().database("postgres")).await.expect("the database of DATABASE_URL answers")
}

async fn run(connection: &mut PgConnection, sql: String) {
    connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await.expect("the administration of test databases works");
}

/// The name of the template; makes it when it is not there. Test processes wait for each other.
async fn make_template() -> String {
    let mut hasher = DefaultHasher::new();
    for migration in migrate::migrator().iter() {
        migration.checksum.hash(&mut hasher);
    }
    let template = format!("cms_messages_template_{:016x}", hasher.finish());
    let mut admin = admin().await;
    run(&mut admin, "select pg_advisory_lock(7406132)".into()).await;
    let there: bool = sqlx::query_scalar("select exists (select 1 from pg_database where datname = $1)")
        .bind(&template)
        .fetch_one(&mut admin)
        .await
        .expect("pg_database can be read");
    if !there {
        let unfinished = format!("{template}_{}", std::process::id());
        run(&mut admin, format!("create database {unfinished}")).await;
        let owner = PgConnection::connect_with(&admin_options().database(&unfinished)).await.expect("the new database answers");
        migrate::run(owner).await.expect("the migrations apply to an empty database");
        run(&mut admin, format!("alter database {unfinished} rename to {template}")).await;
    }
    let _ = admin.close().await;
    template
}
