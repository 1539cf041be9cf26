//! Somebody who looks: a snapshot, then the live stream (or, without one, `/changes` again and again), taken in as a client
//! does, acknowledged as a client does. Every step is judged by `Screen`.

use super::{
    caller::{Caller, World},
    history::{Acknowledged, StoodStill},
    office::Person,
    random::Random,
    screen::{Gap, LiveChange, Screen, Wrong},
};
use crate::events::Events;
use cms_messages::domain::{
    change::Changes,
    ids::{ConversationId, Seq},
    page::{ConversationPage, MessagePage},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

/// A stream that is silent for so long is asked about: its client looks at `/changes`, as the browser's interval does.
const QUIET: Duration = Duration::from_secs(3);
/// A hint that was lost costs one look of the watch (2 s): a stream that is behind longer is dead.
const BEHIND: Duration = Duration::from_millis(2_500);

/// Who only looks does not wait long for an answer: another door may be better.
const HASTE: Duration = Duration::from_millis(2_500);

/// How somebody looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By the live stream.
    Stream,
    /// By asking for changes.
    Interval,
}

/// What others may know of a reader.
pub struct Seat {
    /// Whose.
    pub person: Person,
    /// How.
    pub way: Way,
    /// Where their screen stands.
    pub cursor: AtomicI64,
    /// Told to begin the stream anew, now.
    pub storm: Notify,
    /// How far what they hold is to be acknowledged.
    wanted: Mutex<HashMap<ConversationId, (Seq, bool)>>,
    acknowledge: Notify,
}

impl Seat {
    /// Of this person.
    pub fn new(person: Person, way: Way) -> Arc<Self> {
        let (storm, acknowledge) = (Notify::new(), Notify::new());
        Arc::new(Self { person, way, cursor: AtomicI64::new(-1), storm, wanted: Mutex::default(), acknowledge })
    }

    fn wants(&self, conversation: ConversationId, up_to: Seq, read: bool) {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = wanted.entry(conversation).or_insert((Seq(0), false));
        *entry = (entry.0.max(up_to), entry.1 || read);
        drop(wanted);
        self.acknowledge.notify_one();
    }
}

/// Somebody who looks.
pub struct Reader {
    world: World,
    seat: Arc<Seat>,
    dice: Random,
    caller: Caller,
}

/// Why a stream is silent.
enum Silence {
    Calm,
    Behind,
    Nobody,
}

/// The run ends.
struct Over;

enum Step {
    Wrong(Wrong),
    Over,
}

impl From<Over> for Step {
    fn from(_: Over) -> Self {
        Self::Over
    }
}

impl From<Wrong> for Step {
    fn from(wrong: Wrong) -> Self {
        Self::Wrong(wrong)
    }
}

impl Reader {
    /// At a door.
    pub fn new(world: &World, seat: Arc<Seat>, mut dice: Random) -> Self {
        let door = dice.below(world.doors.len());
        Self { world: world.clone(), caller: Caller::new(world, &seat.person.token, door).in_haste(HASTE), seat, dice }
    }

    /// Until the end; gives back the last screen. A screen that was wrong is said once, and made anew.
    pub async fn read(mut self) -> Option<Screen> {
        loop {
            let Ok(mut screen) = self.snapshot().await else { return None };
            let ended = match self.seat.way {
                Way::Stream => self.streams(&mut screen).await,
                Way::Interval => self.asks(&mut screen).await,
            };
            match ended {
                Err(Step::Over) | Ok(()) => return Some(screen),
                Err(Step::Wrong((invariant, what))) => {
                    let way = self.seat.way;
                    self.world.history.saw(invariant, format!("{} ({way:?}): {what}", self.seat.person.name));
                    self.world.history.count("screens made anew after something wrong");
                }
            }
        }
    }

    async fn snapshot(&mut self) -> Result<Screen, Over> {
        let path = "/api/v1/conversations?limit=100";
        let first: ConversationPage = self.caller.get(path).await.ok_or(Over)?;
        let (mut rest, mut cursor) = (Vec::<ConversationPage>::new(), first.next_cursor.clone());
        while let Some(next) = cursor {
            let page: ConversationPage = self.caller.get(&format!("{path}&cursor={next}")).await.ok_or(Over)?;
            cursor = page.next_cursor.clone();
            rest.push(page);
        }
        let (mut screen, gaps) = Screen::new(cms_messages::domain::ids::UserId(self.seat.person.id), first, rest);
        for gap in gaps {
            if let Err(Step::Over) = self.fetch(&mut screen, gap).await {
                return Err(Over);
            }
        }
        self.stands(&screen);
        Ok(screen)
    }

    fn stands(&self, screen: &Screen) {
        self.seat.cursor.store(screen.cursor(), Relaxed);
    }

    async fn fetch(&mut self, screen: &mut Screen, gap: Gap) -> Result<(), Step> {
        let mut next = Some(gap);
        while let Some(gap) = next {
            let path = format!("/api/v1/conversations/{}/messages?limit=200&after={}", gap.conversation, gap.after);
            let page: MessagePage = self.caller.get(&path).await.ok_or(Over)?;
            next = screen.fill(&gap, &page.items)?;
        }
        Ok(())
    }

    async fn asks(&mut self, screen: &mut Screen) -> Result<(), Step> {
        while !self.world.stop.is_cancelled() {
            self.look(screen).await?;
            sleep(Duration::from_millis(300) + self.dice.millis(300)).await;
        }
        Ok(())
    }

    /// One look at the changes, to the end of them.
    async fn look(&mut self, screen: &mut Screen) -> Result<(), Step> {
        loop {
            let path = format!("/api/v1/changes?limit=20&since={}", screen.cursor());
            let changes: Changes = self.caller.get(&path).await.ok_or(Over)?;
            for gap in screen.take_changes(&changes)? {
                self.fetch(screen, gap).await?;
            }
            for row in &changes.items {
                screen.settle(row.id)?;
                self.acknowledges(row.id, row.last_seq);
            }
            self.stands(screen);
            if !changes.more {
                return Ok(());
            }
        }
    }

    /// Stream after stream.
    async fn streams(&mut self, screen: &mut Screen) -> Result<(), Step> {
        while !self.world.stop.is_cancelled() {
            let opened = timeout(super::caller::PATIENCE, Events::open(self.caller.door(), &self.seat.person.token, Some(screen.cursor())));
            match opened.await {
                Ok(Ok(Ok(events))) => {
                    self.world.history.count("streams");
                    self.follow(events, screen).await?;
                }
                Ok(Ok(Err(refused))) => {
                    self.world.history.later(refused.status, refused.retry_after);
                    if refused.status < 429 {
                        self.world.history.saw("I15", format!("a stream was answered with {}", refused.status));
                    }
                }
                Ok(Err(_)) | Err(_) => {}
            }
            self.caller.elsewhere();
            sleep(Duration::from_millis(30) + self.dice.millis(150)).await;
        }
        Ok(())
    }

    /// One stream to its end, whoever ends it.
    async fn follow(&mut self, mut events: Events, screen: &mut Screen) -> Result<(), Step> {
        screen.stream_begins();
        let seat = self.seat.clone();
        let stop = self.world.stop.clone();
        let mut greeted = false;
        let mut is_behind = false;
        let mut heard_at = self.world.history.now();
        loop {
            let next = tokio::select! {
                () = stop.cancelled() => return Err(Step::Over),
                () = seat.storm.notified() => return Ok(()),
                next = timeout(if is_behind { BEHIND } else { QUIET }, events.next()) => next,
            };
            match next {
                Err(_) if is_behind => {
                    let until = self.world.history.now();
                    let what = format!("{} heard nothing from {heard_at:.1?} to {until:.1?} of what had happened", seat.person.name);
                    self.world.history.done().stood_still.push(StoodStill { from: heard_at, until, what });
                    return Ok(());
                }
                Err(_) => match self.asks_after(screen).await {
                    Silence::Calm => {}
                    Silence::Behind => is_behind = true,
                    // perhaps the stream comes from where nobody is any more, too
                    Silence::Nobody => return Ok(()),
                },
                Ok(Ok(Some(event))) => {
                    is_behind = false;
                    heard_at = self.world.history.now();
                    let data = event.data;
                    let malformed = || ("I6", format!("an event {} that is none", event.name));
                    match event.name {
                        "ready" if !greeted => {
                            let ready: Value = serde_json::from_slice(data).map_err(|_| malformed())?;
                            if ready.get("change_no") != Some(&json!(screen.cursor())) || ready.get("reset") != Some(&json!(false)) {
                                return Err(("I6", format!("a stream from {} begins with {ready}", screen.cursor())).into());
                            }
                            greeted = true;
                        }
                        "change" if greeted => {
                            let change: LiveChange = serde_json::from_slice(data).map_err(|_| malformed())?;
                            let (id, conversation) = (event.id, change.conversation.id);
                            if let Some(gap) = screen.take(id, change)? {
                                self.world.history.count("messages fetched after a cut");
                                self.fetch(screen, gap).await?;
                            }
                            screen.settle(conversation)?;
                            self.stands(screen);
                            self.acknowledges(conversation, Seq(screen.known(conversation)));
                            self.world.history.count("changes by streams");
                        }
                        "bye" => return Ok(()),
                        "policy" | "beat" => {}
                        _ => return Err(malformed().into()),
                    }
                }
                Ok(Ok(None)) | Ok(Err(_)) => return Ok(()),
            }
        }
    }

    /// After silence: whether something has happened that the stream does not bring.
    async fn asks_after(&mut self, screen: &Screen) -> Silence {
        let path = format!("/api/v1/changes?limit=1&since={}", screen.cursor());
        let answer = self.caller.ask("GET", &path, None).await.filter(|answer| answer.status == 200);
        match answer.and_then(|answer| serde_json::from_slice::<Changes>(&answer.body).ok()) {
            Some(changes) if changes.change_no.0 > screen.cursor() => Silence::Behind,
            Some(_) => Silence::Calm,
            None => Silence::Nobody,
        }
    }

    fn acknowledges(&mut self, conversation: ConversationId, up_to: Seq) {
        let read = self.dice.percent(40);
        if up_to > Seq(0) && (read || self.dice.percent(80)) {
            self.seat.wants(conversation, up_to, read);
        }
    }
}

/// Acknowledges what a reader holds, beside the reading.
pub async fn acknowledge(world: World, seat: Arc<Seat>, door: usize) {
    let mut caller = Caller::new(&world, &seat.person.token, door);
    loop {
        tokio::select! {
            () = world.stop.cancelled() => return,
            () = seat.acknowledge.notified() => {}
        }
        let wanted = std::mem::take(&mut *seat.wanted.lock().unwrap_or_else(PoisonError::into_inner));
        for (conversation, (up_to, read)) in wanted {
            let kind = if read { "read" } else { "delivered" };
            let path = format!("/api/v1/conversations/{conversation}/{kind}");
            let body = json!({"up_to_seq": up_to}).to_string();
            match caller.ask("POST", &path, Some(body.as_bytes())).await {
                Some(answer) if answer.status == 204 => {
                    let done = Acknowledged { user: seat.person.id, conversation: conversation.0, up_to: up_to.0, read };
                    world.history.done().acknowledged.push(done);
                }
                Some(answer) if answer.status < 429 => {
                    world.history.saw("I8", format!("{kind} up to {up_to} of what was shown was answered with {}", answer.status));
                }
                _ => {
                    // pointers only grow: later, with whatever has come meanwhile
                    seat.wants(conversation, up_to, read);
                    caller.elsewhere();
                    sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }
}
