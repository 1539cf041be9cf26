//! What is done to the product, and undone: each fault begins, is held for a while, and is over when everything runs again.

use super::{
    caller::World,
    hostile,
    instance::Instance,
    office::Person,
    postgres::Postgres,
    proxy::{Proxy, Weather},
    random::Random,
    reader::{Seat, Way},
    signal,
};
use crate::Failure;
use std::{collections::HashSet, path::PathBuf, sync::Arc, time::Duration};
use tokio::time::sleep;

/// Everything that can be broken.
pub struct Stage {
    /// The database.
    pub postgres: Postgres,
    /// a and b
    pub instances: [Instance; 2],
    /// Before each instance and before the balancer.
    pub doors: Vec<Proxy>,
    /// Between each instance and the database.
    pub wires: [Proxy; 2],
    /// Somebody whose rights the hostile use; takes part in nothing else.
    pub stranger: Person,
    /// Everybody else.
    pub people: Vec<Person>,
    /// The readers.
    pub seats: Vec<Arc<Seat>>,
    /// Where the previous program is, if it was given.
    pub previous: Option<PathBuf>,
    /// What everybody shares.
    pub world: World,
    /// For whom, and how much.
    pub dice: Random,
    /// What hostile clients have cost.
    pub costs: Vec<String>,
    /// How many of them there were.
    pub hostile: usize,
}

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// kill -9 of an instance, restarted after a while.
    KillInstance(usize),
    /// SIGTERM of an instance, restarted: it drains.
    EndInstance(usize),
    /// SIGSTOP of an instance.
    FreezeInstance(usize),
    /// `pg_terminate_backend` of all backends of the server, again and again.
    TerminateBackends,
    /// kill -9 of one backend: PostgreSQL throws everybody out and recovers.
    KillBackend,
    /// kill -9 of the postmaster.
    KillPostmaster,
    /// SIGSTOP of the postmaster and of all backends of the server.
    FreezePostgres,
    /// The wire between clients and doors.
    Clients(Weather),
    /// The wire between instances and the database.
    Database(Weather),
    /// All streams are begun anew at once, again and again.
    ReconnectStorm,
    /// Streams that nobody reads.
    SlowReaders,
    /// Heads and bodies that never end, and a flood.
    Hostile,
    /// The previous program on the schema of this one.
    PreviousProgram,
}

impl Fault {
    /// All of them, in the order of the list.
    pub fn all(dice: &mut Random, has_previous: bool) -> Vec<Self> {
        let mut all = vec![
            Self::KillInstance(0),
            Self::KillInstance(1),
            Self::EndInstance(dice.below(2)),
            Self::FreezeInstance(dice.below(2)),
            Self::TerminateBackends,
            Self::KillBackend,
            Self::KillPostmaster,
            Self::FreezePostgres,
            Self::ReconnectStorm,
            Self::SlowReaders,
            Self::Hostile,
        ];
        let mut cut = || Weather::CutAfter(dice.below(3_000));
        let (client, database) = (cut(), cut());
        let bad = [
            Weather::AnswersLost,
            Weather::Slow(Duration::from_millis(80)),
            Weather::Stalled,
            Weather::HalfOpen,
            Weather::Forgotten,
            Weather::Refused,
        ];
        all.extend(bad.into_iter().chain([client, Weather::Narrow(20_000)]).map(Self::Clients));
        all.extend(bad.into_iter().chain([database, Weather::Narrow(40_000)]).map(Self::Database));
        if has_previous {
            all.push(Self::PreviousProgram);
        }
        all
    }

    /// In words.
    pub fn name(self) -> String {
        let wire = |weather| match weather {
            Weather::Clear => "clear".to_owned(),
            Weather::CutAfter(bytes) => format!("cut after {bytes} bytes"),
            Weather::AnswersLost => "answers dropped".into(),
            Weather::Slow(later) => format!("delayed by {} ms", later.as_millis()),
            Weather::Narrow(bytes) => format!("throttled to {bytes} bytes/s"),
            Weather::Stalled => "stalled".into(),
            Weather::HalfOpen => "half-open".into(),
            Weather::Forgotten => "half-open for good".into(),
            Weather::Refused => "refused".into(),
        };
        match self {
            Self::KillInstance(n) => format!("kill -9 of instance {}", letter(n)),
            Self::EndInstance(n) => format!("SIGTERM of instance {}", letter(n)),
            Self::FreezeInstance(n) => format!("SIGSTOP of instance {}", letter(n)),
            Self::TerminateBackends => "pg_terminate_backend of all backends".into(),
            Self::KillBackend => "kill -9 of a backend".into(),
            Self::KillPostmaster => "kill -9 of the postmaster".into(),
            Self::FreezePostgres => "SIGSTOP of the postmaster and the backends".into(),
            Self::Clients(weather) => format!("clients' wire {}", wire(weather)),
            Self::Database(weather) => format!("database's wire {}", wire(weather)),
            Self::ReconnectStorm => "reconnect storm".into(),
            Self::SlowReaders => "slow readers".into(),
            Self::Hostile => "flood, and requests that never end".into(),
            Self::PreviousProgram => "the previous program beside this one".into(),
        }
    }

    /// Begins, holds for so long, ends. An error is a violation of its own: something did not come back.
    pub async fn strike(self, stage: &mut Stage, time: Duration) -> Result<(), Failure> {
        match self {
            Self::KillInstance(n) => {
                stage.instance(n)?.kill().await?;
                sleep(time).await;
                stage.instance(n)?.start().await
            }
            Self::EndInstance(n) => {
                stage.instance(n)?.end().await?;
                stage.instance(n)?.start().await
            }
            Self::FreezeInstance(n) => {
                let process: Vec<u32> = stage.instance(n)?.process().into_iter().collect();
                signal("STOP", &process)?;
                sleep(time).await;
                signal("CONT", &process)
            }
            Self::TerminateBackends => {
                let mut database = stage.postgres.connect().await?;
                for _ in 0..(time.as_millis() / 200).max(1) {
                    let sql = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'cms-messages'";
                    let _: i64 = sqlx::query_scalar(sql).fetch_one(&mut database).await?;
                    sleep(Duration::from_millis(200)).await;
                }
                Ok(())
            }
            Self::KillBackend => {
                let backends = stage.postgres.backends().await?;
                let one: Vec<u32> = stage.dice.pick(&backends).copied().into_iter().collect();
                signal("KILL", &one)?;
                sleep(time).await;
                stage.until_database_answers().await
            }
            Self::KillPostmaster => {
                stage.postgres.kill()?;
                sleep(time / 2).await;
                stage.postgres.boot().await
            }
            Self::FreezePostgres => {
                let mut frozen = stage.postgres.backends().await?;
                frozen.extend(stage.postgres.postmaster());
                signal("STOP", &frozen)?;
                sleep(time).await;
                signal("CONT", &frozen)
            }
            Self::Clients(weather) => {
                let one = stage.dice.below(stage.doors.len());
                // some bad weather leaves a door open, some does not
                let doors: Vec<&Proxy> =
                    if stage.dice.percent(50) { stage.doors.iter().collect() } else { stage.doors.get(one).into_iter().collect() };
                held(&doors, weather, time).await;
                Ok(())
            }
            Self::Database(weather) => {
                // nothing tells the server but its own patience (9 s for an answer): until then this fault lasts
                let time = if weather == Weather::Forgotten { time.max(Duration::from_secs(9)) } else { time };
                held(&stage.wires.iter().collect::<Vec<_>>(), weather, time).await;
                Ok(())
            }
            Self::ReconnectStorm => {
                for _ in 0..(time.as_millis() / 100).max(1) {
                    stage.seats.iter().filter(|seat| seat.way == Way::Stream).for_each(|seat| seat.storm.notify_one());
                    sleep(Duration::from_millis(100)).await;
                }
                Ok(())
            }
            Self::SlowReaders => stage.slow_readers(time).await,
            Self::Hostile => stage.hostile(time).await,
            Self::PreviousProgram => {
                let Some(previous) = stage.previous.clone() else { return Ok(()) };
                let instance = stage.instance(1)?;
                let present = std::mem::replace(&mut instance.binary, previous);
                instance.end().await?;
                let began = instance.start().await;
                sleep(time * 3).await;
                let instance = stage.instance(1)?;
                instance.binary = present;
                instance.kill().await?;
                instance.start().await?;
                began
            }
        }
    }
}

fn letter(n: usize) -> &'static str {
    if n == 0 { "a" } else { "b" }
}

async fn held(proxies: &[&Proxy], weather: Weather, time: Duration) {
    proxies.iter().for_each(|proxy| proxy.weather(weather));
    sleep(time).await;
    // who was forgotten stays so: clearing the sky does not bring it back
    proxies.iter().filter(|_| weather != Weather::Forgotten).for_each(|proxy| proxy.weather(Weather::Clear));
}

impl Stage {
    fn instance(&mut self, n: usize) -> Result<&mut Instance, Failure> {
        self.instances.get_mut(n).ok_or_else(|| "there are two instances".into())
    }

    async fn until_database_answers(&self) -> Result<(), Failure> {
        for _ in 0..300 {
            if self.postgres.connect().await.is_ok() {
                return Ok(());
            }
            sleep(Duration::from_millis(100)).await;
        }
        Err("the database does not come back".into())
    }

    /// How many messages everybody's feed is away from being shown; empty when all have caught up with `feeds`.
    pub fn behind(&self, feeds: &std::collections::HashMap<uuid::Uuid, i64>) -> Vec<String> {
        let stands = |seat: &Seat| seat.cursor.load(std::sync::atomic::Ordering::Relaxed);
        let late = self.seats.iter().filter(|seat| stands(seat) < feeds.get(&seat.person.id).copied().unwrap_or(0));
        late.map(|seat| format!("{} ({:?}) stands at {} of {:?}", seat.person.name, seat.way, stands(seat), feeds.get(&seat.person.id)))
            .collect()
    }

    async fn memory(&self) -> Vec<u64> {
        self.instances.iter().map(|instance| instance.memory().unwrap_or(0)).collect()
    }

    async fn slow_readers(&mut self, time: Duration) -> Result<(), Failure> {
        const EACH: usize = 60;
        let before = self.memory().await;
        let door: Vec<String> = self.instances.iter().map(|instance| instance.address.to_string()).collect();
        let mut held = Vec::new();
        for door in &door {
            held.extend(hostile::slow_readers(door, &self.people, EACH).await);
        }
        self.hostile += held.len();
        sleep(time * 2).await;
        self.must_not_grow(&before, EACH).await;
        drop(held);
        self.until_they_are_gone().await
    }

    async fn hostile(&mut self, time: Duration) -> Result<(), Failure> {
        const EACH: usize = 60;
        let before = self.memory().await;
        let doors: Vec<String> = self.instances.iter().map(|instance| instance.address.to_string()).collect();
        let mut held = Vec::new();
        for door in &doors {
            held.extend(hostile::unfinished(door, &self.stranger, EACH).await);
        }
        self.hostile += held.len();
        let floods =
            doors.iter().map(|door| tokio::spawn(hostile::flood(self.world.clone(), door.clone(), self.stranger.token.clone(), time)));
        for flood in floods.collect::<Vec<_>>() {
            flood.await?;
        }
        self.must_not_grow(&before, EACH).await;
        drop(held);
        self.until_they_are_gone().await
    }

    /// A connection may cost what its buffers are: 256 KiB is more than enough, and little beside what it asks for.
    async fn must_not_grow(&mut self, before: &[u64], connections: usize) {
        let most = 256 * u64::try_from(connections).unwrap_or(0) + 16 * 1024;
        let after = self.memory().await;
        for ((instance, before), after) in self.instances.iter().zip(before).zip(after) {
            if after > before + most {
                self.costs.push(format!("instance {} grew from {before} to {after} KiB with {connections} connections", instance.name));
            }
        }
    }

    /// The server notices that clients have gone.
    async fn until_they_are_gone(&mut self) -> Result<(), Failure> {
        const OPEN: &str = "cms_messages_http_connections";
        let most = f64::from(u32::try_from(self.seats.len() * 4 + self.people.len() * 4 + 80).unwrap_or(0));
        let mut late: HashSet<&str> = HashSet::new();
        for _ in 0..100 {
            late.clear();
            for instance in &self.instances {
                if instance.counters().await.get(OPEN).is_some_and(|open| *open > most) {
                    late.insert(instance.name);
                }
            }
            if late.is_empty() {
                return Ok(());
            }
            sleep(Duration::from_millis(100)).await;
        }
        self.costs.push(format!("connections of clients that have gone stay open at {late:?}"));
        Ok(())
    }
}
