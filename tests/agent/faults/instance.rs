//! One instance of the real program, as a process: started, killed, frozen, asked to end, seen from outside.

use super::signal;
use crate::{Failure, http::Http};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// How long it may take to be ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// An instance; its addresses stay the same over its lives.
pub struct Instance {
    /// a, b
    pub name: &'static str,
    /// The program.
    pub binary: PathBuf,
    /// Where it serves.
    pub address: SocketAddr,
    metrics: SocketAddr,
    database: String,
    log: PathBuf,
    child: Option<Child>,
    /// What the lives before this one have counted.
    ended: BTreeMap<String, f64>,
}

impl Instance {
    /// Not started yet; `database` is its `DATABASE_URL`.
    pub fn new(name: &'static str, binary: &Path, database: String, folder: &Path) -> Result<Self, Failure> {
        let log = folder.join(format!("instance-{name}.log"));
        Ok(Self {
            name,
            binary: binary.into(),
            address: super::free_address()?,
            metrics: super::free_address()?,
            database,
            log,
            child: None,
            ended: BTreeMap::new(),
        })
    }

    /// Applies the migrations. `database` is the straight way there: this blocks, and the proxies are ours.
    pub fn migrate(&self, database: &str) -> Result<(), Failure> {
        let done = self.command("migrate")?.env("DATABASE_URL", database).status()?;
        if done.success() { Ok(()) } else { Err(format!("the migrations failed; the log is {}", self.log.display()).into()) }
    }

    fn command(&self, what: &str) -> Result<Command, Failure> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(&self.binary);
        command.arg(what).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        for (name, value) in std::env::vars_os() {
            // settings of whoever started us say nothing about the run
            if name.to_string_lossy().starts_with("CMS_MESSAGES_") || name == "DATABASE_URL" {
                command.env_remove(&name);
            }
            let _ = value;
        }
        command
            .env("DATABASE_URL", &self.database)
            .env("LEPTOS_SITE_ADDR", self.address.to_string())
            .env("CMS_MESSAGES__SERVER__METRICS_ADDR", self.metrics.to_string())
            // limits that people in a hurry do not reach, and who floods does
            .env("CMS_MESSAGES__LIMITS__SENDS_PER_MINUTE", "0")
            .env("CMS_MESSAGES__LIMITS__REQUESTS_PER_SECOND", REQUESTS_PER_SECOND.to_string());
        Ok(command)
    }

    /// Starts it, without waiting.
    pub fn spawn(&mut self) -> Result<(), Failure> {
        self.child = Some(self.command("serve")?.spawn()?);
        Ok(())
    }

    /// Starts it, and waits until it is ready.
    pub async fn start(&mut self) -> Result<(), Failure> {
        self.spawn()?;
        self.until_ready().await
    }

    /// Until `/readyz` says so; a process that has ended meanwhile (its port was taken, the database was away) is started again.
    pub async fn until_ready(&mut self) -> Result<(), Failure> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if self.is_ready().await {
                return Ok(());
            }
            if let Some(child) = &mut self.child
                && child.try_wait()?.is_some()
            {
                self.spawn()?;
            }
            sleep(Duration::from_millis(50)).await;
        }
        Err(format!("instance {} is not ready after {} s; its log is {}", self.name, PATIENCE.as_secs(), self.log.display()).into())
    }

    async fn is_ready(&self) -> bool {
        matches!(get(self.address, "/readyz").await, Some((200, _)))
    }

    /// SIGKILL. What it has counted is kept.
    pub async fn kill(&mut self) -> Result<(), Failure> {
        self.keep_counters().await;
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// SIGTERM: it drains and ends well, in time.
    pub async fn end(&mut self) -> Result<(), Failure> {
        self.keep_counters().await;
        let Some(mut child) = self.child.take() else { return Ok(()) };
        signal("TERM", &[child.id()])?;
        let began = Instant::now();
        loop {
            match child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("instance {} was asked to end and ended with {status}", self.name).into()),
                None if began.elapsed() > Duration::from_secs(15) => {
                    child.kill()?;
                    child.wait()?;
                    return Err(format!("instance {} was asked to end and still runs 15 s later", self.name).into());
                }
                None => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Its process.
    pub fn process(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Whether it has ended without being asked.
    pub fn has_fallen(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| !matches!(child.try_wait(), Ok(None)))
    }

    /// Kilobytes in memory.
    pub fn memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process()?)).ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok())
    }

    /// What this life has counted: the series without labels.
    pub async fn counters(&self) -> BTreeMap<String, f64> {
        let Some((200, page)) = get(self.metrics, "/metrics").await else { return BTreeMap::new() };
        let series = page.lines().filter(|line| !line.starts_with('#') && !line.contains('{'));
        series.filter_map(|line| line.split_once(' ')).filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect()
    }

    async fn keep_counters(&mut self) {
        for (name, value) in self.counters().await {
            *self.ended.entry(name).or_default() += value;
        }
    }

    /// What all lives have counted.
    pub async fn all_counters(&self) -> BTreeMap<String, f64> {
        let mut all = self.ended.clone();
        for (name, value) in self.counters().await {
            *all.entry(name).or_default() += value;
        }
        all
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Requests of one user in a second, at one instance.
pub const REQUESTS_PER_SECOND: u32 = 400;

/// One GET on a connection of its own, within two seconds.
pub async fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let ask = async {
        let answer = Http::connect(&address.to_string(), "").await?.request("GET", path, None).await?;
        std::io::Result::Ok((answer.status, String::from_utf8_lossy(&answer.body).into_owned()))
    };
    timeout(Duration::from_secs(2), ask).await.ok()?.ok()
}
