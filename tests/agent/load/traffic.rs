//! Traffic and what is seen of it: senders, recipients with a live stream, and readers who acknowledge, each as a program of
//! their own would be: its own connection, its own token.
//!
//! A send begins before its request is written and ends with its answer; a message is delivered when the event with
//! its text has been read from the recipient's stream. Every text is known, so one that is missed, doubled or altered is
//! seen.

use super::{
    latency::Latencies,
    office::{Line, Sender},
    processes::{Processes, Used},
    text,
};
use crate::{Failure, events::Events, http::Http};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    time::Duration,
};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};
use uuid::Uuid;

/// What is to be done.
#[derive(Clone, Copy)]
pub struct Plan {
    pub warm_up: Duration,
    pub measured: Duration,
    pub pace: Pace,
}

/// When a sender sends.
#[derive(Clone, Copy)]
pub enum Pace {
    /// The next one when the last one is answered.
    Closed,
    /// So many a second from all of them, by the clock, whatever the answers do. Times count from when a send was due.
    Open(u32),
}

/// What recipients do with what they get.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    Silent,
    /// `delivered`, then `read`, up to the newest message that has come: two writes, one after the other.
    Acknowledge,
}

/// What was seen.
pub struct Seen {
    pub took: Duration,
    /// Sends that ended while it was measured.
    pub send: Latencies,
    pub delivery: Latencies,
    /// 429 and 503, over the whole run; anything else that is no 201 ends it.
    pub refused: u64,
    /// Acknowledgements (`delivered`, `read`) that were answered while it was measured.
    pub acknowledged: (u64, u64),
    pub missed: usize,
    pub doubled: u64,
    pub altered: u64,
    pub used: Used,
}

/// After the last answer everything has been delivered within this time, or it is missed.
const PATIENCE: Duration = Duration::from_secs(10);
/// Streams that are opened at the same time.
const OPENING: usize = 64;

/// Everybody with their connections, before the first send. Streams stay open until it is dropped.
pub struct Stage {
    address: Rc<str>,
    senders: Vec<(Http, Vec<Rc<Talk>>)>,
    recorder: Rc<Recorder>,
    tasks: JoinSet<Result<(), Failure>>,
}

/// What a sender and a recipient share.
struct Talk {
    conversation: Uuid,
    /// Not seen by the recipient yet: number of the text, begin.
    under_way: RefCell<VecDeque<(u64, Instant)>>,
    next: Cell<u64>,
    /// The newest seq that came by the stream, for the one who acknowledges.
    newest: Cell<i64>,
    came: Notify,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    WarmUp,
    Measured,
    Over,
}

struct Recorder {
    phase: Cell<Phase>,
    send: RefCell<Latencies>,
    delivery: RefCell<Latencies>,
    refused: Cell<u64>,
    delivered: Cell<u64>,
    read: Cell<u64>,
    doubled: Cell<u64>,
    altered: Cell<u64>,
}

fn count(counter: &Cell<u64>) {
    counter.set(counter.get() + 1);
}

impl Stage {
    /// Opens a stream for every recipient and a connection for every sender. Must run inside a `LocalSet`.
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
                    let events = listen(&address, &line).await?;
                    let acknowledging = match readers {
                        Readers::Silent => None,
                        Readers::Acknowledge => Some(Http::connect(&address, &line.recipient_token).await?),
                    };
                    Ok::<_, Failure>((events, acknowledging, heard, recorder))
                });
                talks.push(talk);
            }
            stage.senders.push((Http::connect(address, &sender.token).await?, talks));
        }
        while let Some(opened) = ready.join_next().await {
            let (events, acknowledging, talk, recorder) = opened??;
            if let Some(http) = acknowledging {
                stage.tasks.spawn_local(acknowledge(http, talk.clone(), recorder.clone()));
            }
            stage.tasks.spawn_local(receive(events, talk, recorder));
        }
        Ok(stage)
    }

    /// Carries the plan out.
    pub async fn play(mut self, plan: Plan, processes: Processes) -> Result<Seen, Failure> {
        let began = Instant::now();
        let senders = self.senders.len();
        let mut sending = JoinSet::new();
        let mut talks = Vec::new();
        for (place, (http, own)) in std::mem::take(&mut self.senders).into_iter().enumerate() {
            talks.extend(own.iter().cloned());
            let clock = plan.pace.clock(began, place, senders);
            sending.spawn_local(send(http, own, self.recorder.clone(), clock));
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
        let missing = || talks.iter().map(|talk| talk.under_way.borrow().len()).sum::<usize>();
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

/// A stream that has said that it is ready.
async fn listen(address: &str, line: &Line) -> Result<Events, Failure> {
    let mut events = match Events::open(address, &line.recipient_token, None).await? {
        Ok(events) => events,
        Err(refusal) => return Err(format!("a live stream was refused with {}", refusal.status).into()),
    };
    match events.next().await? {
        Some(event) if event.name == "ready" => Ok(events),
        _ => Err("a live stream did not begin with ready".into()),
    }
}

async fn send(mut http: Http, talks: Vec<Rc<Talk>>, recorder: Rc<Recorder>, mut clock: Clock) -> Result<(), Failure> {
    for talk in talks.iter().cycle() {
        let begin = clock.begin().await;
        if recorder.phase.get() == Phase::Over {
            return Ok(());
        }
        let number = talk.begin(begin);
        let path = format!("/api/v1/conversations/{}/messages/{}", talk.conversation, Uuid::now_v7());
        let answer = http.request("PUT", &path, Some(format!("{{\"body\":\"{}\"}}", text::of(number)).as_bytes())).await?;
        match answer.status {
            201 if recorder.phase.get() == Phase::Measured => recorder.send.borrow_mut().add(begin.elapsed()),
            201 => {}
            429 | 503 => {
                count(&recorder.refused);
                talk.taken(number);
                sleep(Duration::from_secs(answer.retry_after.unwrap_or(1))).await;
            }
            status => return Err(format!("a send was answered with {status}: {}", String::from_utf8_lossy(&answer.body)).into()),
        }
    }
    Ok(())
}

async fn receive(mut events: Events, talk: Rc<Talk>, recorder: Rc<Recorder>) -> Result<(), Failure> {
    loop {
        let event = events.next().await?.ok_or("the server ended a live stream")?;
        if event.name != "change" {
            continue;
        }
        let now = Instant::now();
        let mut messages = 0;
        for number in text::numbers(event.data) {
            messages += 1;
            match number.map(|number| talk.taken(number)) {
                Some(Some(begin)) if recorder.phase.get() == Phase::Measured => recorder.delivery.borrow_mut().add(now - begin),
                Some(Some(_)) => {}
                Some(None) => count(&recorder.doubled),
                None => count(&recorder.altered),
            }
        }
        // one's own acknowledgement is a change as well, without messages
        if messages > 0 {
            talk.newest.set(text::field(event.data, b"\"last_seq\":").ok_or("a change without last_seq")?);
            talk.came.notify_one();
        }
    }
}

async fn acknowledge(mut http: Http, talk: Rc<Talk>, recorder: Rc<Recorder>) -> Result<(), Failure> {
    let mut read = 0;
    loop {
        while talk.newest.get() == read {
            talk.came.notified().await;
        }
        for (operation, counter) in [("delivered", &recorder.delivered), ("read", &recorder.read)] {
            read = talk.newest.get();
            let path = format!("/api/v1/conversations/{}/{operation}", talk.conversation);
            let answer = http.request("POST", &path, Some(format!("{{\"up_to_seq\":{read}}}").as_bytes())).await?;
            match answer.status {
                204 if recorder.phase.get() == Phase::Measured => count(counter),
                204 => {}
                status => return Err(format!("{operation} was answered with {status}").into()),
            }
        }
    }
}

impl Talk {
    fn new(line: &Line) -> Self {
        Self {
            conversation: line.conversation,
            under_way: RefCell::default(),
            next: Cell::new(0),
            newest: Cell::new(0),
            came: Notify::new(),
        }
    }

    fn begin(&self, at: Instant) -> u64 {
        let number = self.next.get();
        self.next.set(number + 1);
        self.under_way.borrow_mut().push_back((number, at));
        number
    }

    /// When this text was begun, once.
    fn taken(&self, number: u64) -> Option<Instant> {
        let mut under_way = self.under_way.borrow_mut();
        let at = under_way.iter().position(|(known, _)| *known == number)?;
        under_way.remove(at).map(|(_, begin)| begin)
    }
}

impl Recorder {
    fn new() -> Self {
        Self {
            phase: Cell::new(Phase::WarmUp),
            send: RefCell::default(),
            delivery: RefCell::default(),
            refused: Cell::new(0),
            delivered: Cell::new(0),
            read: Cell::new(0),
            doubled: Cell::new(0),
            altered: Cell::new(0),
        }
    }

    fn seen(&self, took: Duration, missed: usize, used: Used) -> Seen {
        Seen {
            took,
            send: self.send.take(),
            delivery: self.delivery.take(),
            refused: self.refused.get(),
            acknowledged: (self.delivered.get(), self.read.get()),
            missed,
            doubled: self.doubled.get(),
            altered: self.altered.get(),
            used,
        }
    }
}

/// When a sender's sends begin.
enum Clock {
    Free,
    Due { next: Instant, every: Duration },
}

impl Pace {
    /// The senders take turns, evenly.
    fn clock(self, began: Instant, place: usize, senders: usize) -> Clock {
        match self {
            Self::Closed => Clock::Free,
            Self::Open(rate) => {
                let turn = Duration::from_secs(1) / rate.max(1);
                let of = |count: usize| turn * u32::try_from(count).unwrap_or(u32::MAX);
                Clock::Due { next: began + of(place), every: of(senders) }
            }
        }
    }
}

impl Clock {
    async fn begin(&mut self) -> Instant {
        match self {
            Self::Free => Instant::now(),
            Self::Due { next, every } => {
                let due = *next;
                sleep_until(due).await;
                *next += *every;
                due
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_delivered_once() {
        let talk = Talk::new(&Line { conversation: Uuid::nil(), recipient_token: String::new() });
        let (one, two) = (talk.begin(Instant::now()), talk.begin(Instant::now()));
        assert!(talk.taken(two).is_some() && talk.taken(one).is_some());
        assert!(talk.taken(one).is_none());
    }
}
