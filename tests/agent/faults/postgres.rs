//! A PostgreSQL of the run's own, with every safety on, that may be killed: its postmaster is our child. It listens on
//! loopback with a password, so that a proxy can stand before it. As root it runs as the user `postgres`.

use crate::Failure;
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use std::{
    fs::{self, File},
    net::SocketAddr,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// How long it may take to come up, recovery included.
const PATIENCE: Duration = Duration::from_secs(60);

/// The cluster.
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    owner: Option<(u32, u32)>,
    password: String,
    /// Where it listens.
    pub address: SocketAddr,
    postmaster: Option<Child>,
}

impl Postgres {
    /// Makes a cluster in this folder and starts it. `programs` holds `initdb` and `postgres`.
    pub async fn start(programs: &Path, folder: &Path) -> Result<Self, Failure> {
        let folder = folder.join("postgres");
        fs::create_dir_all(folder.join("run"))?;
        let owner = owner()?;
        let password = uuid::Uuid::new_v4().simple().to_string();
        fs::write(folder.join("password"), &password)?;
        for path in [folder.clone(), folder.join("run"), folder.join("password")] {
            chown(path, owner.map(|owner| owner.0), owner.map(|owner| owner.1))?;
        }
        let mut postgres = Self { programs: programs.into(), folder, owner, password, address: super::free_address()?, postmaster: None };
        let made = (postgres.program("initdb")?)
            .args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--pwfile"])
            .arg(postgres.folder.join("password"))
            .status()?;
        if !made.success() {
            return Err(format!("initdb failed; its log is {}", postgres.log().display()).into());
        }
        postgres.boot().await?;
        sqlx::query("create database cms_messages").execute(&mut postgres.connect_to("postgres").await?).await?;
        Ok(postgres)
    }

    /// Starts the postmaster, and waits until it has recovered and answers.
    pub async fn boot(&mut self) -> Result<(), Failure> {
        let began = Instant::now();
        loop {
            let mut postmaster = self.spawn()?;
            while began.elapsed() < PATIENCE && postmaster.try_wait()?.is_none() {
                if let Ok(connection) = self.connect_to("postgres").await {
                    connection.close().await?;
                    self.postmaster = Some(postmaster);
                    return Ok(());
                }
                sleep(Duration::from_millis(50)).await;
            }
            // the backends of a killed postmaster hold its shared memory until they have noticed
            if began.elapsed() > PATIENCE {
                return Err(format!("PostgreSQL did not start; its log is {}", self.log().display()).into());
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    fn spawn(&self) -> Result<Child, Failure> {
        let socket = format!("unix_socket_directories={}", self.folder.join("run").display());
        let port = format!("port={}", self.address.port());
        let safe = ["fsync=on", "synchronous_commit=on", "full_page_writes=on", "listen_addresses=127.0.0.1"];
        let sizes = ["max_connections=120", "shared_buffers=64MB", "max_wal_size=512MB", "log_min_messages=warning"];
        let mut command = self.program("postgres")?;
        for setting in safe.into_iter().chain(sizes).chain([socket.as_str(), port.as_str()]) {
            command.args(["-c", setting]);
        }
        Ok(command.spawn()?)
    }

    /// One of its programs, on its data, as its owner, from a folder that everybody can enter.
    fn program(&self, name: &str) -> Result<Command, Failure> {
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut command = Command::new(self.programs.join(name));
        command.arg("-D").arg(self.folder.join("data")).current_dir("/").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        Ok(command)
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// The superuser's way in, by no proxy.
    pub async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        self.connect_to("cms_messages").await
    }

    async fn connect_to(&self, database: &str) -> Result<PgConnection, sqlx::Error> {
        let (host, port) = (self.address.ip().to_string(), self.address.port());
        let options = PgConnectOptions::new_without_pgpass().host(&host).port(port).username("postgres").password(&self.password);
        PgConnection::connect_with(&options.database(database).disable_statement_logging()).await
    }

    /// The database's URL, through what stands at this address.
    pub fn url(&self, at: SocketAddr) -> String {
        format!("postgres://postgres:{}@{at}/cms_messages", self.password)
    }

    /// SIGKILL, and nothing more until `boot`.
    pub fn kill(&mut self) -> Result<(), Failure> {
        if let Some(mut postmaster) = self.postmaster.take() {
            postmaster.kill()?;
            postmaster.wait()?;
        }
        Ok(())
    }

    /// The process of the postmaster.
    pub fn postmaster(&self) -> Option<u32> {
        self.postmaster.as_ref().map(Child::id)
    }

    /// Of the server's backends.
    pub async fn backends(&self) -> Result<Vec<u32>, Failure> {
        let sql = "select pid from pg_stat_activity where application_name = 'cms-messages' order by pid";
        let pids: Vec<i32> = sqlx::query_scalar(sql).fetch_all(&mut self.connect().await?).await?;
        Ok(pids.into_iter().filter_map(|pid| u32::try_from(pid).ok()).collect())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut postmaster) = self.postmaster.take() {
            // a stopped one would not hear the second
            let _ = super::signal("CONT", &[postmaster.id()]);
            let _ = super::signal("QUIT", &[postmaster.id()]);
            let _ = postmaster.wait();
        }
    }
}

/// As root PostgreSQL refuses to run: then as `postgres`.
fn owner() -> Result<Option<(u32, u32)>, Failure> {
    use std::os::unix::fs::MetadataExt;
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let people = fs::read_to_string("/etc/passwd")?;
    let fields = people.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields.first() == Some(&"postgres"));
    let number = |at: usize| fields.as_ref().and_then(|fields| fields.get(at)?.parse().ok());
    match (number(2), number(3)) {
        (Some(user), Some(group)) => Ok(Some((user, group))),
        _ => Err("root cannot run PostgreSQL, and there is no user 'postgres' to run it as".into()),
    }
}
