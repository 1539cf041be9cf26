//! A run from its beginning to its verdict.

use super::{
    Faults,
    balancer::Balancer,
    caller::{Caller, World},
    checker::{Evidence, FinalScreen, Struck, judge},
    fault::{Fault, Stage},
    history::{History, Letter, Outcome},
    instance::Instance,
    office::{self, Person},
    postgres::Postgres,
    proxy::Proxy,
    random::Random,
    reader::{Reader, Seat, Way, acknowledge},
    report,
    rows::{self, Rows},
    screen::Screen,
    writer::{Writer, try_once},
};
use crate::Failure;
use cms_messages::domain::{inbox::Inbox, page::ConversationPage};
use sqlx::Executor;
use std::{
    collections::HashMap,
    fs,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Between two faults.
const CALM: Duration = Duration::from_millis(400);
/// Before the first one: what calm looks like.
const BEGINNING: Duration = Duration::from_secs(4);

/// Everything, in order.
pub async fn run(faults: Faults) -> Result<(), Failure> {
    let seed = faults.seed.unwrap_or_else(|| Uuid::new_v4().as_u64_pair().1);
    let folder = std::env::temp_dir().join(format!("cms-messages-faults-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    eprintln!("faults: seed {seed}, logs in {}", folder.display());
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let ended = tokio::select! {
        ended = all(&faults, seed, &folder) => ended,
        _ = terminate.recv() => Err("stopped".into()),
        _ = interrupt.recv() => Err("stopped".into()),
    };
    // the logs stay when something was found, the data does not
    let _ = fs::remove_dir_all(if ended.is_ok() { folder.clone() } else { folder.join("postgres/data") });
    ended.map_err(|error| format!("{error} (--seed {seed} repeats the dice; logs in {})", folder.display()).into())
}

async fn all(faults: &Faults, seed: u64, folder: &std::path::Path) -> Result<(), Failure> {
    let (mut stage, _balancer) = build(faults, seed, folder).await?;
    let mut crowd = Crowd::gather(&mut stage, seed);
    sleep(BEGINNING).await;
    let mut evidence = Evidence { struck: break_everything(faults, &mut stage, &mut crowd).await?, ..Evidence::default() };
    crowd.ends(&mut stage, &mut evidence).await?;

    let mut counters: HashMap<String, f64> = HashMap::new();
    for instance in &mut stage.instances {
        for (name, value) in instance.all_counters().await {
            *counters.entry(name).or_default() += value;
        }
        if instance.has_fallen() {
            evidence.costs.push(format!("instance {} ended by itself", instance.name));
        }
    }
    evidence.rows = Rows::read(&mut stage.postgres.connect().await?).await?;
    evidence.done = std::mem::take(&mut *stage.world.history.done());
    evidence.hostile = stage.hostile;
    evidence.costs.append(&mut stage.costs);
    evidence.costs.extend(report::noticed(&evidence));
    report::report(&evidence, judge(&evidence), &counters, seed, faults)
}

async fn build(faults: &Faults, seed: u64, folder: &std::path::Path) -> Result<(Stage, Balancer), Failure> {
    let postgres = Postgres::start(&faults.postgres, folder).await?;
    let wires = [Proxy::before(postgres.address).await?, Proxy::before(postgres.address).await?];
    let [wire_a, wire_b] = &wires;
    let mut a = Instance::new("a", &faults.server, postgres.url(wire_a.address), folder)?;
    let mut b = Instance::new("b", &faults.server, postgres.url(wire_b.address), folder)?;
    a.migrate(&postgres.url(postgres.address))?;
    if let Some(file) = &faults.sabotage {
        postgres.connect().await?.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(fs::read_to_string(file)?))).await?;
    }
    let mut people = office::hire(&postgres, faults.people + 1).await?;
    let stranger = people.pop().ok_or("nobody")?;
    a.spawn()?;
    b.spawn()?;
    a.until_ready().await?;
    b.until_ready().await?;
    let balancer = Balancer::start(&faults.nginx, &faults.nginx_config, folder, [a.address, b.address]).await?;
    let mut doors = Vec::new();
    for address in [a.address, b.address, balancer.address] {
        doors.push(Proxy::before(address).await?);
    }
    let world = World {
        doors: doors.iter().map(|door| door.address.to_string()).collect(),
        history: Arc::new(History::new()),
        rest: CancellationToken::new(),
        stop: CancellationToken::new(),
    };
    office::introduce(&world, &mut people).await?;
    let dice = Random::of(seed, 1);
    let (seats, costs) = (Vec::new(), Vec::new());
    let previous = faults.previous.clone();
    let instances = [a, b];
    Ok((Stage { postgres, instances, doors, wires, stranger, people, seats, previous, world, dice, costs, hostile: 0 }, balancer))
}

/// The faults, round after round. Prints each as it is over.
async fn break_everything(faults: &Faults, stage: &mut Stage, crowd: &mut Crowd) -> Result<Vec<Struck>, Failure> {
    let (began, mut struck) = (Instant::now(), Vec::new());
    let mut round = 0;
    while round == 0 || began.elapsed() < Duration::from_secs(faults.seconds) {
        let mut list = Fault::all(&mut stage.dice, stage.previous.is_some());
        list.retain(|fault| fault.name().contains(&faults.only));
        if list.is_empty() {
            return Err(format!("no fault is called {:?}", faults.only).into());
        }
        stage.dice.shuffle(&mut list);
        for fault in list {
            // the first round is the short run: all of them, each for as long as it may last
            let hold = if round == 0 { faults.hold } else { 200 + stage.dice.next() % (faults.hold * 4) };
            let from = stage.world.history.now();
            let over = fault.strike(stage, Duration::from_millis(hold)).await;
            let until = stage.world.history.now();
            let agreed = match over {
                Ok(()) => agree(stage).await?,
                Err(error) => Err(error.to_string()),
            };
            let one = Struck { name: fault.name(), from, until, agreed };
            report::fault(&one)?;
            struck.push(one);
            crowd.is_there()?;
            sleep(CALM).await;
            if round > 0 && began.elapsed() > Duration::from_secs(faults.seconds) {
                break;
            }
        }
        round += 1;
    }
    Ok(struck)
}

/// Until every screen has shown what the database held when the fault was over.
async fn agree(stage: &Stage) -> Result<Result<Duration, String>, Failure> {
    let began = Instant::now();
    let feeds = feeds(stage).await?;
    loop {
        let behind = stage.behind(&feeds);
        if behind.is_empty() {
            return Ok(Ok(began.elapsed()));
        }
        if began.elapsed() > super::checker::SOON {
            return Ok(Err(format!("{} of {} screens are behind after 10 s: {}", behind.len(), stage.seats.len(), some(&behind))));
        }
        sleep(Duration::from_millis(20)).await;
    }
}

fn some(behind: &[String]) -> String {
    behind.iter().take(3).map(String::as_str).collect::<Vec<_>>().join("; ")
}

async fn feeds(stage: &Stage) -> Result<HashMap<Uuid, i64>, Failure> {
    let rows: Vec<(Uuid, i64)> =
        sqlx::query_as("select user_id, change_no from user_feeds").fetch_all(&mut stage.postgres.connect().await?).await?;
    Ok(rows.into_iter().collect())
}

/// Everybody who acts.
struct Crowd {
    writers: Vec<JoinHandle<Vec<Arc<Letter>>>>,
    readers: Vec<(Arc<Seat>, JoinHandle<Option<Screen>>)>,
}

impl Crowd {
    /// A writer and a stream each; some look at a second screen, some without a stream.
    fn gather(stage: &mut Stage, seed: u64) -> Self {
        let mut crowd = Self { writers: Vec::new(), readers: Vec::new() };
        let mut actor = 10;
        let mut dice = || {
            actor += 1;
            Random::of(seed, actor)
        };
        for (n, person) in stage.people.iter().enumerate() {
            let mut ways = vec![Way::Stream];
            ways.extend((n % 3 == 0).then_some(Way::Stream));
            ways.extend((n % 4 == 1).then_some(Way::Interval));
            for way in ways {
                let seat = Seat::new(person.clone(), way);
                let reader = Reader::new(&stage.world, seat.clone(), dice());
                tokio::spawn(acknowledge(stage.world.clone(), seat.clone(), n));
                crowd.readers.push((seat, tokio::spawn(reader.read())));
            }
            crowd.writers.push(tokio::spawn(Writer::new(&stage.world, person.clone(), dice()).write()));
        }
        stage.seats = crowd.readers.iter().map(|(seat, _)| seat.clone()).collect();
        crowd
    }

    /// Nobody has fallen over: that would be ours.
    fn is_there(&self) -> Result<(), Failure> {
        let gone = self.writers.iter().any(JoinHandle::is_finished) || self.readers.iter().any(|(_, reader)| reader.is_finished());
        if gone { Err("the agent itself has lost somebody".into()) } else { Ok(()) }
    }

    /// Everything comes to rest, what was unconfirmed is tried again, and the screens are held beside fresh ones.
    async fn ends(self, stage: &mut Stage, evidence: &mut Evidence) -> Result<(), Failure> {
        let world = stage.world.clone();
        world.rest.cancel();
        let mut unconfirmed = Vec::new();
        for writer in self.writers {
            unconfirmed.extend(writer.await?);
        }
        until_idle(stage).await?;
        world.history.done().rested = world.history.now();
        let keys: Vec<(Uuid, Uuid)> =
            sqlx::query_as("select sender_id, client_id from messages").fetch_all(&mut stage.postgres.connect().await?).await?;
        evidence.before_retries = keys.into_iter().collect();
        for letter in &unconfirmed {
            confirm(&world, &stage.people, letter).await;
        }
        until_quiet(stage, evidence).await?;
        evidence.open_transactions = rows::open_transactions(&mut stage.postgres.connect().await?).await?;
        world.stop.cancel();
        // the readers have ended, their people look once more
        let afterwards = World { stop: CancellationToken::new(), ..world.clone() };
        for (seat, reader) in self.readers {
            let Some(screen) = reader.await? else { continue };
            let looked = tokio::time::timeout(Duration::from_secs(20), fresh(&afterwards, &seat.person)).await.ok().flatten();
            let Some((fresh, unread)) = looked else {
                world.history.saw("I14", format!("{} cannot load their inbox at the end", seat.person.name));
                continue;
            };
            let name = format!("{} ({:?})", seat.person.name, seat.way);
            let shown = screen.shown().map(|(conversation, shown)| (conversation.0, shown)).collect();
            let kept = screen.inbox.conversations().to_vec();
            evidence.screens.push(FinalScreen { name, kept, fresh: fresh.conversations().to_vec(), unread, shown });
        }
        Ok(())
    }
}

/// What clients hung up on may still be under way: until the server has done nothing for a second.
async fn until_idle(stage: &Stage) -> Result<(), Failure> {
    let mut idle = 0;
    let mut database = stage.postgres.connect().await?;
    let sql = "select count(*) from pg_stat_activity where application_name = 'cms-messages' and state <> 'idle' and query like '%send_messages%'";
    for _ in 0..300 {
        let busy: i64 = sqlx::query_scalar(sql).fetch_one(&mut database).await?;
        idle = if busy == 0 { idle + 1 } else { 0 };
        if idle == 20 {
            return Ok(());
        }
        sleep(Duration::from_millis(50)).await;
    }
    Err("sends are still under way 15 s after the last client has gone".into())
}

/// Tries a message again until it is answered.
async fn confirm(world: &World, people: &[Person], letter: &Arc<Letter>) {
    let Some(person) = people.iter().find(|person| person.id == letter.sender) else { return };
    let mut caller = Caller::new(world, &person.token, 0);
    for _ in 0..20 {
        if matches!(try_once(world, &mut caller, letter).await, Outcome::Accepted { .. }) {
            return;
        }
        caller.elsewhere();
        sleep(Duration::from_millis(200)).await;
    }
    world.history.saw("I3", format!("the key {} is not accepted at the end", letter.key));
}

/// Until nothing changes any more (the last acknowledgements, too) and every screen shows it.
async fn until_quiet(stage: &Stage, evidence: &mut Evidence) -> Result<(), Failure> {
    let began = Instant::now();
    let mut known = (HashMap::new(), Instant::now());
    loop {
        let feeds = feeds(stage).await?;
        if feeds != known.0 {
            known = (feeds.clone(), Instant::now());
        }
        let behind = stage.behind(&feeds);
        if behind.is_empty() && known.1.elapsed() > Duration::from_millis(1_500) {
            return Ok(());
        }
        if began.elapsed() > Duration::from_secs(20) {
            let now = stage.world.history.now();
            let agreed = Err(format!("{} screens are behind when all is quiet: {}", behind.len(), some(&behind)));
            evidence.struck.push(Struck { name: "the end".into(), from: now, until: now, agreed });
            return Ok(());
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// The inbox as it is loaded now, and the totals.
async fn fresh(world: &World, person: &Person) -> Option<(Inbox, cms_messages::domain::unread::Unread)> {
    let mut caller = Caller::new(world, &person.token, 0);
    let path = "/api/v1/conversations?limit=100";
    let mut inbox = Inbox::new(caller.get::<ConversationPage>(path).await?);
    while let Some(cursor) = inbox.next_cursor.clone() {
        inbox.append(caller.get(&format!("{path}&cursor={cursor}")).await?);
    }
    Some((inbox, caller.get("/api/v1/unread").await?))
}
