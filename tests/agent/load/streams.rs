//! Ten thousand live streams on one server: what each of them takes, and how fast messages arrive among them.

use super::{
    Bench, Target, office, print,
    table::{Goal, Row},
    traffic::{Pace, Plan, Readers, Stage},
};
use crate::{Failure, http::Http};
use std::{path::PathBuf, time::Duration};
use tokio::time::sleep;

/// Live streams of a server that has just been started.
#[derive(clap::Args)]
pub struct Streams {
    #[command(flatten)]
    target: Target,
    /// Live streams, each of a person of their own; a multiple of the number of senders.
    #[arg(long, default_value_t = 10_000)]
    streams: usize,
    /// People who write to all of these in turn.
    #[arg(long, default_value_t = 50)]
    senders: usize,
    /// Sends a second, by the clock.
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// Measured time.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// A file that gets the rows of the table.
    #[arg(long)]
    table: PathBuf,
}

/// What was allocated on the way is given back, or will not be.
const REST: Duration = Duration::from_secs(3);
/// Two beats of each stream.
const BEATS: Duration = Duration::from_secs(10);

impl Streams {
    /// Measures, and adds the rows.
    pub async fn run(self) -> Result<(), Failure> {
        let mut bench = Bench::new(self.target).await?;
        print(&bench.promise.describe())?;
        // a server that has never answered has not allocated what every server has
        Http::connect(&bench.target.address, "").await?.request("GET", "/readyz", None).await?;
        let idle = bench.processes.server_memory()?;
        let office = office::make(&mut bench.database, self.senders, self.streams / self.senders).await?;
        let stage = Stage::open(&bench.target.address, office, Readers::Silent).await?;
        sleep(REST).await;
        let full = bench.processes.server_memory()?;
        let before = bench.processes.used()?;
        sleep(BEATS).await;
        let resting = bench.processes.used()?.since(before).server;
        let plan = Plan { warm_up: REST, measured: Duration::from_secs(self.seconds), pace: Pace::Open(self.rate) };
        let seen = stage.play(plan, bench.processes).await?;

        let streams = self.streams as f64;
        let row = |figure: &str, goal, measured, unit: &str, note: String| {
            Row { figure, goal: Goal::AtMost(goal), measured, unit, note }.add(&self.table)
        };
        let note = format!(
            "{} streams, each of a person of their own by a bearer token, HTTP/1.1 without TLS and without a proxy, at rest: {:.1} MiB",
            self.streams,
            full as f64 / 1024.0
        );
        row("RSS per live stream", 16.0, full.saturating_sub(idle) as f64 / streams, " KiB", note)?;
        let share = 100.0 * resting.as_secs_f64() / BEATS.as_secs_f64();
        let note = "a beat every 5 s each, and every 2 s a look at the feeds and sessions of all".to_owned();
        row("CPU of the server with these at rest", 25.0, share, " % of a core", note)?;
        row("RSS of the idle server", 25.0, idle as f64 / 1024.0, " MiB", String::new())?;
        let sends = seen.send.count() as f64 / seen.took.as_secs_f64();
        let foreign = 100.0 * seen.used.foreign();
        let wrong = seen.missed as f64 + seen.doubled as f64 + seen.altered as f64 + seen.refused as f64;
        let (send, delivery) = (seen.send.summary(), seen.delivery.summary());
        let figure = format!("{} live streams, {} sends/s: delivery p99", self.streams, self.rate);
        let note =
            format!("{sends:.0} sends/s, {send}; delivery p50 {:.1} ms; others used {foreign:.0} % CPU", delivery.p50.as_secs_f64() * 1e3);
        row(&figure, 100.0, delivery.p99.as_secs_f64() * 1e3, " ms", note)?;
        row("the same: missed, doubled, altered or refused", 0.0, wrong, "", String::new())
    }
}
