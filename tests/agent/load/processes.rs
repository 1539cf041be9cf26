//! What processes have used, as Linux counts it: processor time of the server, of PostgreSQL with all its processes (the
//! ended ones too), of this agent, of the whole machine; the server's resident memory.

use crate::Failure;
use std::{fs, time::Duration};

/// Linux counts processor time in hundredths of a second, on every machine that it tells user programs about.
const TICKS_PER_SECOND: u64 = 100;

fn ticks(count: u64) -> Duration {
    Duration::from_millis(count * (1_000 / TICKS_PER_SECOND))
}

/// Which processes are measured.
#[derive(Clone, Copy)]
pub struct Processes {
    pub server: u32,
    pub postmaster: u32,
}

/// Processor time so far, or between two looks.
#[derive(Clone, Copy, Default)]
pub struct Used {
    pub server: Duration,
    pub postgres: Duration,
    /// The agent, with the programs that it ran.
    pub agent: Duration,
    /// The whole machine, whoever.
    pub busy: Duration,
    /// What the machine had to give.
    pub capacity: Duration,
}

impl Processes {
    /// The server, and the PostgreSQL that has this backend.
    pub fn new(server: u32, backend: u32) -> Result<Self, Failure> {
        let postmaster = Stat::of(backend)?.parent;
        Ok(Self { server, postmaster })
    }

    /// A look at all of them.
    pub fn used(self) -> Result<Used, Failure> {
        let postmaster = Stat::of(self.postmaster)?;
        let mut postgres = postmaster.own + postmaster.ended;
        for entry in fs::read_dir("/proc")? {
            let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // who ends between the two reads is among the ended ones next time
            match Stat::of(pid) {
                Ok(child) if child.parent == self.postmaster => postgres += child.own,
                _ => {}
            }
        }
        let agent = Stat::of(std::process::id())?;
        let (busy, capacity) = machine()?;
        Ok(Used { server: Stat::of(self.server)?.own, postgres, agent: agent.own + agent.ended, busy, capacity })
    }

    /// Resident memory of the server, in KiB.
    pub fn server_memory(self) -> Result<u64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Used {
    /// Between an earlier look and this one.
    pub fn since(self, before: Self) -> Self {
        Self {
            server: self.server.saturating_sub(before.server),
            postgres: self.postgres.saturating_sub(before.postgres),
            agent: self.agent.saturating_sub(before.agent),
            busy: self.busy.saturating_sub(before.busy),
            capacity: self.capacity.saturating_sub(before.capacity),
        }
    }

    /// How much of the machine somebody else used, 0 to 1.
    pub fn foreign(self) -> f64 {
        let ours = self.server + self.postgres + self.agent;
        self.busy.saturating_sub(ours).as_secs_f64() / self.capacity.as_secs_f64().max(0.001)
    }
}

struct Stat {
    parent: u32,
    own: Duration,
    ended: Duration,
}

impl Stat {
    fn of(pid: u32) -> Result<Self, Failure> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).map_err(|error| format!("process {pid}: {error}"))?;
        Self::parse(&text).ok_or_else(|| format!("process {pid}: /proc says something unknown").into())
    }

    /// proc(5): after the name, which may hold anything, come state, parent, …, utime (14), stime, cutime, cstime.
    fn parse(text: &str) -> Option<Self> {
        let (_, after) = text.rsplit_once(')')?;
        let fields: Vec<&str> = after.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let time = |user: usize| Some(ticks(field(user)? + field(user + 1)?));
        Some(Self { parent: u32::try_from(field(4)?).ok()?, own: time(14)?, ended: time(16)? })
    }
}

/// Processor time that was used, and that there was.
fn machine() -> Result<(Duration, Duration), Failure> {
    let text = fs::read_to_string("/proc/stat")?;
    let line = text.lines().next().and_then(|line| line.strip_prefix("cpu ")).ok_or("no processors in /proc/stat")?;
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are counted in user
    let counts: Vec<u64> = line.split_ascii_whitespace().take(8).map(str::parse).collect::<Result<_, _>>()?;
    let all: u64 = counts.iter().sum();
    let idle: u64 = counts.iter().skip(3).take(2).sum();
    Ok((ticks(all - idle), ticks(all)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_name() {
        let stat = Stat::parse("7 (a) b (c) S 3 7 7 0 -1 4194304 1 0 0 0 11 22 33 44 20 0").unwrap();
        assert_eq!((stat.parent, stat.own, stat.ended), (3, ticks(33), ticks(77)));
    }

    #[test]
    fn what_is_not_ours_is_foreign() {
        let of = |server, postgres, agent, busy, capacity| {
            let [server, postgres, agent, busy, capacity] = [server, postgres, agent, busy, capacity].map(Duration::from_secs);
            Used { server, postgres, agent, busy, capacity }
        };
        let used = of(5, 5, 5, 30, 80).since(of(1, 1, 1, 10, 40));
        assert!((used.foreign() - 0.2).abs() < 0.001);
    }
}
