//! Sends beside the bound: both in turns, round after round, in the same database on the same machine. What is compared is
//! the ratio within a round, so what slows the machine down slows both; the figure is the median of the rounds.

use super::{
    Bench, Run, Target,
    bound::{self, Bound, Pgbench},
    latency::{Summary, median},
    print,
    table::{Goal, Row},
    traffic::{Pace, Plan, Readers},
};
use crate::Failure;
use std::{path::PathBuf, time::Duration};

/// Sends beside the bound, with 1, 16 and 64 senders.
#[derive(clap::Args)]
pub struct Sends {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    pgbench: Pgbench,
    /// How often everything is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Measured time of one run.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// A file that gets the rows of the table.
    #[arg(long)]
    table: PathBuf,
}

const SENDERS: [usize; 3] = [1, 16, 64];
const MOST: usize = 64;

/// What one round has shown for one number of senders.
struct Round {
    senders: usize,
    readers: Readers,
    bound_rate: f64,
    bound: Summary,
    rate: f64,
    send: Summary,
    delivery: Summary,
    /// Acknowledgements a second: delivered, read.
    acknowledged: (f64, f64),
    group: Option<f64>,
    /// Processor time of server and PostgreSQL for 1,000 messages, in seconds.
    cost: f64,
    wrong: u64,
    foreign: f64,
}

impl Sends {
    /// Measures, and adds the rows.
    pub async fn run(self) -> Result<(), Failure> {
        let mut bench = Bench::new(self.target.clone()).await?;
        print(&bench.promise.describe())?;
        super::office::make(&mut bench.database, MOST, 1).await?;
        bound::prepare(&mut bench.database).await?;
        let mut rounds = Vec::new();
        for number in 1..=self.rounds {
            for senders in SENDERS {
                let time = Duration::from_secs(self.seconds);
                let bound = self.pgbench.run(&self.target.database_url, senders, time, bench.processes)?;
                rounds.push(self.ours(&mut bench, number, senders, Readers::Silent, &bound).await?);
                if senders == MOST {
                    rounds.push(self.ours(&mut bench, number, senders, Readers::Acknowledge, &bound).await?);
                }
            }
        }
        self.report(&rounds)
    }

    async fn ours(&self, bench: &mut Bench, number: usize, senders: usize, readers: Readers, bound: &Bound) -> Result<Round, Failure> {
        let plan = Plan { warm_up: Duration::from_secs(1), measured: Duration::from_secs(self.seconds), pace: Pace::Closed };
        let round = Round::of(senders, readers, bound, bench.run((senders, 1), readers, plan).await?);
        print(&format!("round {number}: {}", round.describe()))?;
        Ok(round)
    }

    fn report(&self, rounds: &[Round]) -> Result<(), Failure> {
        let silent = |senders: usize| rounds.iter().filter(move |round| round.senders == senders && round.readers == Readers::Silent);
        for (senders, goal) in SENDERS.into_iter().zip([0.6, 0.8, 1.5]) {
            let note = format!("{} ÷ {} a second, {}", rate(silent(senders)), bound_rate(silent(senders)), groups(silent(senders)));
            let row = Row {
                figure: &format!("acknowledged sends/s ÷ bound, {senders} senders"),
                goal: Goal::AtLeast(goal),
                measured: ratio(silent(senders)),
                unit: "",
                note,
            };
            row.add(&self.table)?;
        }
        let most = || silent(MOST);
        let reading = || rounds.iter().filter(|round| round.readers == Readers::Acknowledge);
        let note = format!(
            "{} sends ÷ {} a second, beside {:.0} delivered and {:.0} read; {}",
            rate(reading()),
            bound_rate(reading()),
            middle(reading(), |round| round.acknowledged.0),
            middle(reading(), |round| round.acknowledged.1),
            groups(reading())
        );
        self.row("the same, 64 senders, readers acknowledge", Goal::AtLeast(0.7), ratio(reading()), "", note)?;

        let note = format!(
            "{:.1} ÷ {:.1} ms",
            1e3 * middle(most(), |round| seconds(round.send.p99)),
            1e3 * middle(most(), |round| seconds(round.bound.p99))
        );
        self.row(
            "send p99 ÷ bound p99, 64 senders",
            Goal::AtMost(1.5),
            middle(most(), |round| seconds(round.send.p99) / seconds(round.bound.p99)),
            "",
            note,
        )?;
        let arrival = |senders| middle(silent(senders), |round: &Round| seconds(round.delivery.p50) / seconds(round.send.p50));
        let arrivals = SENDERS.map(arrival);
        let [one, some, many] = arrivals;
        let note = format!("the largest of {one:.2}, {some:.2}, {many:.2} with 1, 16, 64 senders");
        self.row("delivery p50 ÷ send p50", Goal::AtMost(1.1), arrivals.into_iter().fold(f64::NEG_INFINITY, f64::max), "", note)?;
        let note = format!(
            "{:.1} ÷ {:.1} ms",
            1e3 * middle(most(), |round| seconds(round.delivery.p99)),
            1e3 * middle(most(), |round| seconds(round.bound.p99))
        );
        self.row(
            "delivery p99 ÷ bound p99, 64 senders",
            Goal::AtMost(2.0),
            middle(most(), |round| seconds(round.delivery.p99) / seconds(round.bound.p99)),
            "",
            note,
        )?;
        self.row(
            "CPU for 1,000 messages, 64 senders",
            Goal::AtMost(0.18),
            middle(most(), |round| round.cost),
            " s",
            "server + PostgreSQL".into(),
        )?;
        let wrong: u64 = rounds.iter().map(|round| round.wrong).sum();
        self.row("missed, doubled, altered or refused", Goal::AtMost(0.0), wrong as f64, "", "over all runs".into())?;
        let most_foreign = rounds.iter().map(|round| round.foreign).fold(0.0, f64::max);
        print(&format!(
            "CPU used by others: {:.0} % of the machine in the middle, {:.0} % at most",
            100.0 * middle(rounds.iter(), |round| round.foreign),
            100.0 * most_foreign
        ))
    }

    fn row(&self, figure: &str, goal: Goal, measured: f64, unit: &str, note: String) -> Result<(), Failure> {
        Row { figure, goal, measured, unit, note }.add(&self.table)
    }
}

impl Round {
    fn of(senders: usize, readers: Readers, bound: &Bound, run: Run) -> Self {
        let seen = run.seen;
        let took = seen.took.as_secs_f64();
        let sends = seen.send.count() as f64;
        Self {
            senders,
            readers,
            bound_rate: bound.rate,
            bound: bound.latency,
            rate: sends / took,
            acknowledged: (seen.acknowledged.0 as f64 / took, seen.acknowledged.1 as f64 / took),
            group: run.group,
            cost: (seen.used.server + seen.used.postgres).as_secs_f64() * 1e3 / sends,
            wrong: seen.missed as u64 + seen.doubled + seen.altered + seen.refused,
            foreign: seen.used.foreign().max(bound.used.foreign()),
            send: seen.send.summary(),
            delivery: seen.delivery.summary(),
        }
    }

    fn describe(&self) -> String {
        let Self { senders, bound_rate, bound, rate, send, delivery, .. } = self;
        let readers = match self.readers {
            Readers::Silent => String::new(),
            Readers::Acknowledge => format!(", delivered {:.0}/s read {:.0}/s", self.acknowledged.0, self.acknowledged.1),
        };
        format!(
            "{senders:2} senders: bound {bound_rate:.0}/s {bound}; sends {rate:.0}/s {send}; delivery {delivery}{readers}; groups of {}; CPU for 1,000 {:.3} s; others {:.0} %",
            self.group.map_or_else(|| "?".into(), |group| format!("{group:.1}")),
            self.cost,
            100.0 * self.foreign
        )
    }
}

fn middle<'a>(rounds: impl Iterator<Item = &'a Round>, figure: impl Fn(&Round) -> f64) -> f64 {
    median(rounds.map(figure).collect())
}

fn ratio<'a>(rounds: impl Iterator<Item = &'a Round>) -> f64 {
    middle(rounds, |round| round.rate / round.bound_rate)
}

fn rate<'a>(rounds: impl Iterator<Item = &'a Round>) -> String {
    format!("{:.0}", middle(rounds, |round| round.rate))
}

fn bound_rate<'a>(rounds: impl Iterator<Item = &'a Round>) -> String {
    format!("{:.0}", middle(rounds, |round| round.bound_rate))
}

fn groups<'a>(rounds: impl Iterator<Item = &'a Round>) -> String {
    match middle(rounds, |round| round.group.unwrap_or(f64::NAN)) {
        unknown if unknown.is_nan() => "groups are not counted".into(),
        mean => format!("groups of {mean:.1}"),
    }
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}
