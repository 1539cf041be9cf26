//! Traffic and what is seen of it: senders, recipients with a live stream, and readers who acknowledge, each as a program of
//! their own would be: its own connection, its own token.
//!
//! A send begins before its request is written and ends with its answer; a message is delivered when the event with
//! its text has been read from the recipient's stream. Every text is known, so one that is missed, doubled or altered is
//! seen.

mod pace;
mod people;
mod recorder;

pub use pace::Pace;
pub use recorder::Seen;

use super::{office::Sender, processes::Processes};
use crate::{Failure, http::Http};
use people::Talk;
use recorder::{Phase, Recorder};
use std::{rc::Rc, time::Duration};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

/// What is to be done.
#[derive(Clone, Copy)]
pub struct Plan {
    pub warm_up: Duration,
    pub measured: Duration,
    pub pace: Pace,
}

/// What recipients do with what they get.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    Silent,
    /// `delivered`, then `read`, up to the newest message that has come: two writes, one after the other.
    Acknowledge,
}

/// After the last answer everything has been delivered within this time, or it is missed.
const PATIENCE: Duration = Duration::from_secs(10);
/// Streams that are opened at the same time.
const OPENING: usize = 16;

/// Everybody before the first send: recipients with their streams, which stay open until it is dropped, and senders, who
/// connect when they begin (a connection that rests for long is closed).
pub struct Stage {
    address: Rc<str>,
    senders: Vec<(String, Vec<Rc<Talk>>)>,
    recorder: Rc<Recorder>,
    tasks: JoinSet<Result<(), Failure>>,
}

impl Stage {
    /// Opens a stream for every recipient. Must run inside a `LocalSet`.
    pub async fn open(address: &str, office: Vec<Sender>, readers: Readers) -> Result<Self, Failure> {
        let mut stage = Self { address: address.into(), senders: Vec::new(), recorder: Rc::new(Recorder::new()), tasks: JoinSet::new() };
        let opening = Rc::new(Semaphore::new(OPENING));
        let mut ready = JoinSet::new();
        for sender in office {
            let mut talks = Vec::new();
            for line in sender.lines {
                let talk = Rc::new(Talk::new(&line));
                let (address, recorder, opening) = (stage.address.clone(), stage.recorder.clone(), opening.clone());
                let heard = talk.clone();
                ready.spawn_local(async move {
                    let _turn = opening.acquire().await?;
                    let events = people::listen(&address, &line).await?;
                    let acknowledging = match readers {
                        Readers::Silent => None,
                        Readers::Acknowledge => Some(Http::connect(&address, &line.recipient_token).await?),
                    };
                    Ok::<_, Failure>((events, acknowledging, heard, recorder))
                });
                talks.push(talk);
            }
            stage.senders.push((sender.token, talks));
        }
        let lines = ready.len();
        while let Some(opened) = timeout(PATIENCE, ready.join_next())
            .await
            .map_err(|_| format!("the server takes no more streams: {} of {lines} are open", stage.tasks.len()))?
        {
            let (events, acknowledging, talk, recorder) = opened??;
            if let Some(http) = acknowledging {
                stage.tasks.spawn_local(people::acknowledge(http, talk.clone(), recorder.clone()));
            }
            stage.tasks.spawn_local(people::receive(events, talk, recorder));
        }
        Ok(stage)
    }

    /// Carries the plan out.
    pub async fn play(mut self, plan: Plan, processes: Processes) -> Result<Seen, Failure> {
        let began = Instant::now();
        let senders = self.senders.len();
        let mut sending = JoinSet::new();
        let mut talks = Vec::new();
        for (place, (token, own)) in std::mem::take(&mut self.senders).into_iter().enumerate() {
            talks.extend(own.iter().cloned());
            let clock = plan.pace.clock(began, place, senders);
            sending.spawn_local(people::send(self.address.clone(), token, own, self.recorder.clone(), clock));
        }
        self.pass(plan.warm_up, &mut sending).await?;
        let before = processes.used()?;
        let measured = Instant::now();
        self.recorder.phase.set(Phase::Measured);
        self.pass(plan.measured, &mut sending).await?;
        self.recorder.phase.set(Phase::Over);
        let took = measured.elapsed();
        let used = processes.used()?.since(before);
        while let Some(ended) = sending.join_next().await {
            ended??;
        }
        let missing = || talks.iter().map(|talk: &Rc<Talk>| talk.missing()).sum::<usize>();
        let arrived = async {
            while missing() > 0 {
                sleep(Duration::from_millis(10)).await;
            }
        };
        // what is missing then is counted below
        let _ = timeout(PATIENCE, arrived).await;
        let missed = missing();
        Ok(self.recorder.seen(took, missed, used))
    }

    /// Lets time go by, unless somebody fails.
    async fn pass(&mut self, time: Duration, sending: &mut JoinSet<Result<(), Failure>>) -> Result<(), Failure> {
        tokio::select! {
            () = sleep(time) => Ok(()),
            Some(ended) = sending.join_next() => ended?,
            Some(ended) = self.tasks.join_next() => ended?,
        }
    }
}
