//! Load: how fast messages are acknowledged and delivered, and what that costs.
//!
//! `agent load` is one run against a server that is there already; the other subcommands are the parts of `script/bench`.

mod bound;
mod latency;
mod office;
mod pages;
mod processes;
mod sends;
mod streams;
mod table;
mod text;
mod traffic;

pub use pages::Pages;
pub use sends::Sends;
pub use streams::Streams;

use crate::{Failure, http::Http};
use office::Promise;
use processes::Processes;
use sqlx::{Connection, PgConnection};
use std::{io::Write, time::Duration};
use traffic::{Pace, Plan, Readers, Seen, Stage};

/// What is measured.
#[derive(clap::Args, Clone)]
pub struct Target {
    /// Where the server listens. Its limits must be switched off: CMS_MESSAGES__LIMITS__SENDS_PER_MINUTE=0 and
    /// …REQUESTS_PER_SECOND=0, …STREAMS_PER_USER=0.
    #[arg(long, default_value = "127.0.0.1:3000")]
    address: String,
    /// Where it listens for /metrics.
    #[arg(long, default_value = "127.0.0.1:3002")]
    metrics: String,
    /// Its process id.
    #[arg(long)]
    server_pid: u32,
    /// Its database, as the owner of the tables: people, conversations and tokens are written there. The PostgreSQL whose
    /// processor time is counted is the one that answers.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
}

/// One run of closed-loop senders.
#[derive(clap::Args)]
pub struct Load {
    #[command(flatten)]
    target: Target,
    /// Senders, each with a recipient of their own.
    #[arg(long, default_value_t = 64)]
    senders: usize,
    /// Measured time.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Time before that.
    #[arg(long, default_value_t = 1.0)]
    warm_up: f64,
    /// Recipients acknowledge delivery and read, each a write of its own.
    #[arg(long)]
    acknowledge: bool,
    /// Sends a second by the clock, instead of one after the other.
    #[arg(long)]
    rate: Option<u32>,
}

/// Everything that a part asks questions of.
struct Bench {
    target: Target,
    database: PgConnection,
    promise: Promise,
    processes: Processes,
}

impl Bench {
    async fn new(target: Target) -> Result<Self, Failure> {
        let mut database = PgConnection::connect(&target.database_url).await?;
        let promise = office::durable(&mut database).await?;
        let processes = Processes::new(target.server_pid, promise.backend)?;
        Ok(Self { target, database, promise, processes })
    }

    /// What the server has counted under this name.
    async fn metric(&self, name: &str) -> Result<Option<f64>, Failure> {
        let page = Http::connect(&self.target.metrics, "").await?.request("GET", "/metrics", None).await?;
        let page = String::from_utf8(page.body)?;
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.map(str::parse).transpose()?)
    }

    /// One run: people, streams, traffic.
    async fn run(&mut self, shape: (usize, usize), readers: Readers, plan: Plan) -> Result<Run, Failure> {
        let office = office::make(&mut self.database, shape.0, shape.1).await?;
        let stage = Stage::open(&self.target.address, office, readers).await?;
        let before = self.counted().await?;
        let seen = stage.play(plan, self.processes).await?;
        let after = self.counted().await?;
        let group = before.zip(after).map(|(before, after)| (after.0 - before.0) / (after.1 - before.1).max(1.0));
        Ok(Run { seen, group, memory: self.processes.server_memory()? })
    }

    /// Messages and the groups that they were written in.
    async fn counted(&self) -> Result<Option<(f64, f64)>, Failure> {
        Ok(self.metric(MESSAGES).await?.zip(self.metric(GROUPS).await?))
    }
}

const MESSAGES: &str = "cms_messages_sent_total";
const GROUPS: &str = "cms_messages_send_groups_total";

/// What a run has shown.
struct Run {
    seen: Seen,
    /// Messages in a group on average, where the server counts groups.
    group: Option<f64>,
    /// Resident, KiB.
    memory: u64,
}

impl Load {
    /// Runs it and says what was seen.
    pub async fn run(self) -> Result<(), Failure> {
        let mut bench = Bench::new(self.target).await?;
        let plan = Plan {
            warm_up: Duration::from_secs_f64(self.warm_up),
            measured: Duration::from_secs_f64(self.seconds),
            pace: self.rate.map_or(Pace::Closed, Pace::Open),
        };
        let readers = if self.acknowledge { Readers::Acknowledge } else { Readers::Silent };
        let run = bench.run((self.senders, 1), readers, plan).await?;
        print(&format!("{}\n{}", bench.promise.describe(), run.describe(self.senders, readers)))
    }
}

impl Run {
    fn describe(self, senders: usize, readers: Readers) -> String {
        let Self { seen, group, memory } = self;
        let seconds = seen.took.as_secs_f64();
        let sends = seen.send.count();
        let per_thousand = |time: Duration| time.as_secs_f64() / (sends as f64 / 1e3).max(0.001);
        let used = seen.used;
        let (delivered, read) = seen.acknowledged;
        let who = match readers {
            Readers::Silent => "live recipients that do not acknowledge",
            Readers::Acknowledge => "live recipients that acknowledge delivery and read",
        };
        [
            format!("senders            {senders}, {who}"),
            format!("acknowledged       {sends} sends in {seconds:.1} s: {:.0}/s; refused {}", sends as f64 / seconds, seen.refused),
            format!("acknowledgements   delivered {:.0}/s, read {:.0}/s", delivered as f64 / seconds, read as f64 / seconds),
            format!("delivered          missed {}, doubled {}, altered {}", seen.missed, seen.doubled, seen.altered),
            format!("send               {}", seen.send.summary()),
            format!("delivery           {}", seen.delivery.summary()),
            format!("mean group         {}", group.map_or_else(|| format!("not counted ({GROUPS})"), |group| format!("{group:.1}"))),
            format!(
                "CPU for 1,000      server {:.3} s + PostgreSQL {:.3} s = {:.3} s; the agent itself {:.3} s",
                per_thousand(used.server),
                per_thousand(used.postgres),
                per_thousand(used.server + used.postgres),
                per_thousand(used.agent)
            ),
            format!(
                "CPU of the machine {:.0} % busy, {:.0} % by others",
                100.0 * used.busy.as_secs_f64() / used.capacity.as_secs_f64().max(0.001),
                100.0 * used.foreign()
            ),
            format!("server's memory    {:.1} MiB", memory as f64 / 1024.0),
        ]
        .join("\n")
    }
}

impl Promise {
    fn describe(&self) -> String {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        format!("on                 {cores} cores, PostgreSQL {}, fsync on, synchronous_commit on", self.version)
    }
}

/// The results; everything else goes to the standard error.
fn print(text: &str) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
