//! `pg_dump` and `pg_restore`, called as docs/operations.md says, on the cluster of `DATABASE_URL`.

use super::database::TestDatabase;
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A database as it was at one moment.
pub struct Dump(Vec<u8>);

impl Dump {
    /// Takes one; whoever writes meanwhile goes on writing.
    pub async fn of(database: &TestDatabase) -> Self {
        let mut dump = command(database, "pg_dump").await;
        dump.arg("--format=custom").arg(address(database));
        let taken = tokio::task::spawn_blocking(move || dump.output()).await.expect("no panic").expect("pg_dump is installed");
        assert!(taken.status.success(), "pg_dump: {}", String::from_utf8_lossy(&taken.stderr));
        Self(taken.stdout)
    }

    /// A new database with what is in it.
    pub async fn restore(self) -> TestDatabase {
        let database = TestDatabase::empty().await;
        let mut restore = command(&database, "pg_restore").await;
        restore.args(["--no-owner", "--exit-on-error", "--dbname"]).arg(address(&database));
        restore.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let restored = tokio::task::spawn_blocking(move || {
            let mut running = restore.spawn().expect("pg_restore is installed");
            // when it stops in the middle, what it says counts
            let _ = running.stdin.take().expect("piped").write_all(&self.0);
            running.wait_with_output().expect("an end")
        });
        let restored = restored.await.expect("no panic");
        assert!(restored.status.success(), "pg_restore: {}", String::from_utf8_lossy(&restored.stderr));
        database
    }
}

/// The program of the server's own version, which stands beside it; from elsewhere the one on `PATH`.
async fn command(database: &TestDatabase, program: &str) -> Command {
    let asked = sqlx::query_scalar::<_, String>("select setting from pg_config where name = 'BINDIR'");
    let beside = asked.fetch_one(&mut database.owner().await).await.map(|directory| Path::new(&directory).join(program));
    Command::new(beside.ok().filter(|file| file.exists()).unwrap_or_else(|| PathBuf::from(program)))
}

/// `DATABASE_URL` with the name of this database.
fn address(database: &TestDatabase) -> String {
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL (script/test sets it)");
    let mut url = reqwest::Url::parse(&url).expect("DATABASE_URL is a URL");
    url.set_path(database.name());
    url.into()
}
