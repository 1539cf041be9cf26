//! What this machine sets as a bound: pgbench with the same writes on the same tables, each message a transaction of its own
//! (benches/bound.sql says which).

use super::{
    latency::{Latencies, Summary},
    processes::{Processes, Used},
};
use crate::Failure;
use sqlx::{Executor, PgConnection};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// How the bound is measured.
#[derive(clap::Args, Clone)]
pub struct Pgbench {
    /// The program.
    #[arg(long, default_value = "pgbench")]
    pgbench: PathBuf,
    /// A folder for its logs.
    #[arg(long)]
    work: PathBuf,
}

/// One run of it.
pub struct Bound {
    pub rate: f64,
    pub latency: Summary,
    pub used: Used,
}

const SCRIPT: &str = include_str!("../../../benches/bound.pgbench");

/// The functions that the script calls, as the owner of the tables.
pub async fn prepare(database: &mut PgConnection) -> Result<(), Failure> {
    database.execute(sqlx::raw_sql(include_str!("../../../benches/bound.sql"))).await?;
    Ok(())
}

impl Pgbench {
    /// Blocks until it is over: nobody else has something to do meanwhile.
    pub fn run(&self, url: &str, clients: usize, time: Duration, processes: Processes) -> Result<Bound, Failure> {
        let logs = self.work.join(format!("pgbench-{clients}"));
        fs::create_dir_all(&logs)?;
        let script = self.work.join("bound.pgbench");
        fs::write(&script, SCRIPT)?;
        let mut command = Command::new(&self.pgbench);
        // as the server's connections are
        command.env("PGOPTIONS", "-c role=cms_messages_app -c jit=off").args(["--no-vacuum", "--protocol=prepared", "--log"]);
        command
            .arg(format!("--client={clients}"))
            .arg(format!("--jobs={}", clients.min(2)))
            .arg(format!("--time={}", time.as_secs().max(1)));
        command.arg(format!("--log-prefix={}", logs.join("log").display())).arg("--file").arg(&script).arg(url);
        let before = processes.used()?;
        let output = command.output().map_err(|error| format!("{}: {error}", self.pgbench.display()))?;
        let used = processes.used()?.since(before);
        let said = String::from_utf8_lossy(&output.stdout);
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        let (true, Some(rate)) = (output.status.success(), rate) else {
            return Err(format!("pgbench failed: {}", String::from_utf8_lossy(&output.stderr)).into());
        };
        let latency = latencies(&logs)?.summary();
        fs::remove_dir_all(&logs)?;
        Ok(Bound { rate, latency, used })
    }
}

/// Of the logs' lines the third field is the time in microseconds.
fn latencies(logs: &Path) -> Result<Latencies, Failure> {
    let mut all = Latencies::default();
    for log in fs::read_dir(logs)? {
        for line in fs::read_to_string(log?.path())?.lines() {
            let took = line.split(' ').nth(2).and_then(|took| took.parse().ok()).ok_or("a line of pgbench's log")?;
            all.add(Duration::from_micros(took));
        }
    }
    Ok(all)
}
