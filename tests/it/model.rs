//! Random histories of a few people, played to the services on a real database as the server's role and to a model in
//! memory (`world`) that shares no code with the product. After every step everybody's screens are compared.
//!
//! A failure prints its seed: `CMS_MESSAGES_SEED=… cargo test --test it model` repeats it. `CMS_MESSAGES_LONG=1` plays
//! many more histories.

mod compare;
mod world;

use crate::support::{Office, audit_is_closed, people_file, person::Person};
use cms_messages::{
    domain::{
        ids::{ClientId, ConversationId, Seq},
        inbox::Inbox,
        receipt::{Acknowledgement, Evidence, ReceiptKind},
    },
    error::Code,
    server::{
        operator::Operator,
        service::{conversations, import, receipts, users},
    },
};
use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed, TestRunner},
};
use std::{collections::HashMap, rc::Rc};
use uuid::Uuid;
use world::{Acknowledging, Opening, Sending, World};

const PEOPLE: usize = 4;

/// What somebody does; numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Deed {
    Open { whom: usize },
    Send { thread: usize, text: usize, key: Key },
    Acknowledge { read: bool, items: Vec<(usize, usize)> },
    Rename,
    Move,
    LeaveOrReturn,
}

#[derive(Debug, Clone, Copy)]
enum Key {
    Fresh,
    /// An earlier key again, for the same.
    Again(usize),
    /// An earlier key for another text.
    OtherText(usize),
    /// An earlier key in another conversation.
    OtherThread(usize),
}

#[derive(Debug, Clone)]
struct Step {
    who: usize,
    deed: Deed,
    /// How the screens are looked at afterwards.
    look: Look,
}

#[derive(Debug, Clone, Copy)]
struct Look {
    /// Rows per page of the inbox.
    page: i64,
    /// Where somebody asks for changes from, modulo.
    since: usize,
    /// Rows per page of changes.
    limit: i64,
}

fn step() -> impl Strategy<Value = Step> {
    let number = 0..1_000_usize;
    let key = prop_oneof![
        9 => Just(Key::Fresh),
        1 => number.clone().prop_map(Key::Again),
        1 => number.clone().prop_map(Key::OtherText),
        1 => number.clone().prop_map(Key::OtherThread),
    ];
    let items = prop::collection::vec((number.clone(), number.clone()), 1..3);
    let deed = prop_oneof![
        4 => number.clone().prop_map(|whom| Deed::Open { whom }),
        16 => (number.clone(), number.clone(), key).prop_map(|(thread, text, key)| Deed::Send { thread, text, key }),
        12 => (any::<bool>(), items).prop_map(|(read, items)| Deed::Acknowledge { read, items }),
        1 => Just(Deed::Rename),
        1 => Just(Deed::Move),
        1 => Just(Deed::LeaveOrReturn),
    ];
    (0..PEOPLE, deed, look()).prop_map(|(who, deed, look)| Step { who, deed, look })
}

/// A history begins with a few of these, so that there is something to do.
fn opening() -> impl Strategy<Value = Step> {
    (0..PEOPLE, 0..1_000_usize, look()).prop_map(|(who, whom, look)| Step { who, deed: Deed::Open { whom }, look })
}

fn look() -> impl Strategy<Value = Look> {
    (1..4_i64, 0..1_000_usize, 1..4_i64).prop_map(|(page, since, limit)| Look { page, since, limit })
}

/// As typed, as stored: plain, to be normalised, just short enough for a preview, just too long for one.
fn wording(n: usize) -> (String, String) {
    let same = |text: String| (text.clone(), text);
    match n % 5 {
        0 => same("hello".into()),
        1 => ("  two\r\nlines\rand more\n".into(), "two\nlines\nand more".into()),
        2 => ("cafe\u{301} नमस्ते".into(), "caf\u{e9} नमस्ते".into()),
        3 => same("line\n".repeat(27) + "short"),
        _ => same("🧵".repeat(141)),
    }
}

/// The product under test beside the model.
pub struct Play {
    office: Rc<Office>,
    world: World,
    people: Vec<Person>,
    /// What the model's threads are called in the database.
    threads: Vec<ConversationId>,
    keys: HashMap<u32, ClientId>,
    /// What each person's browser keeps: a first snapshot, and changes since.
    screens: Vec<Inbox>,
    /// Times that were seen once, by thread and seq; they never change.
    times: HashMap<(usize, i64), compare::Times>,
    renamed: usize,
}

#[test]
fn random_histories_look_the_same_to_everybody_as_to_the_model() {
    let long = std::env::var_os("CMS_MESSAGES_LONG").is_some();
    let seed = match std::env::var("CMS_MESSAGES_SEED") {
        Ok(seed) => seed.parse().expect("CMS_MESSAGES_SEED is a number"),
        Err(_) => Uuid::new_v4().as_u64_pair().0,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let office = Rc::new(runtime.block_on(Office::with_policy(audit_is_closed())));
    let config = Config {
        cases: if long { 150 } else { 10 },
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let steps = if long { 20..120 } else { 30..60 };
    let history = (prop::collection::vec(opening(), 3..6), prop::collection::vec(step(), steps));
    let result = TestRunner::new(config).run(&history, |(openings, steps)| {
        runtime.block_on(play(office.clone(), openings.iter().chain(&steps)));
        Ok(())
    });
    // in the runtime, because the last value drops connections
    runtime.block_on(async { drop(office) });
    if let Err(error) = result {
        panic!("CMS_MESSAGES_SEED={seed} repeats this:\n{error}");
    }
}

async fn play(office: Rc<Office>, steps: impl Iterator<Item = &Step>) {
    let mut play = Play::begin(office).await;
    for step in steps {
        play.does(step).await;
        play.compare(step.look).await;
    }
    play.ends().await;
}

impl Play {
    async fn begin(office: Rc<Office>) -> Self {
        let mut world = World::default();
        let mut people = Vec::new();
        let mut screens = Vec::new();
        let run = Uuid::new_v4().simple().to_string();
        for n in 0..PEOPLE {
            people.push(office.person(&format!("p{n}.{run}")).await);
        }
        people.sort_by_key(Person::id);
        for person in &people {
            world.arrives(person.user.display_name.clone());
            screens.push(person.inbox(10).await);
        }
        Self { office, world, people, threads: vec![], keys: HashMap::new(), screens, times: HashMap::new(), renamed: 0 }
    }

    async fn does(&mut self, step: &Step) {
        let who = step.who;
        match &step.deed {
            // whoever has left does not act: their sessions are gone
            Deed::Open { .. } | Deed::Send { .. } | Deed::Acknowledge { .. } if !self.world.people[who].active => {}
            Deed::Open { whom } => self.opens(who, whom % PEOPLE).await,
            Deed::Send { thread, text, key } => self.sends(who, *thread, wording(*text), *key).await,
            Deed::Acknowledge { read, items } => self.acknowledges(who, *read, items).await,
            Deed::Rename => {
                self.renamed += 1;
                let name = format!("Name {}", self.renamed);
                self.becomes(who, name, self.world.people[who].department).await;
            }
            Deed::Move => {
                let department = if self.world.people[who].department == "Audit" { "Planning" } else { "Audit" };
                self.becomes(who, self.world.people[who].name.clone(), department).await;
            }
            // at most one is away at a time
            Deed::LeaveOrReturn => self.leaves_or_returns(self.world.people.iter().position(|p| !p.active).unwrap_or(who)).await,
        }
    }

    async fn opens(&mut self, who: usize, whom: usize) {
        let answer = conversations::open(&self.people[who].ctx, self.people[whom].id()).await;
        if who == whom {
            assert_eq!(answer.expect_err("refused").code, Code::Invalid);
            return;
        }
        let expected = self.world.opens(who, whom);
        match (answer, expected) {
            (Ok(opened), Opening::Made(thread)) => {
                assert!(opened.created);
                assert_eq!(thread, self.threads.len());
                self.threads.push(opened.conversation.id);
            }
            (Ok(opened), Opening::Known(thread)) => {
                assert_eq!((opened.created, opened.conversation.id), (false, self.threads[thread]));
            }
            (Err(error), Opening::Nobody) => assert_eq!(error.code, Code::NotFound),
            (Err(error), Opening::Denied(rule)) => assert_eq!((error.code, error.rule.as_deref()), (Code::PolicyDenied, Some(rule))),
            (answer, expected) => panic!("{answer:?} where the model says {expected:?}"),
        }
    }

    async fn sends(&mut self, who: usize, thread: usize, (mut typed, mut stored): (String, String), key: Key) {
        let mut thread = self.any_thread(who, thread);
        let used = self.world.used_keys(who);
        let pick = |n: usize| used.get(n % used.len().max(1)).cloned();
        let key = match key {
            Key::Fresh => None,
            Key::Again(n) => pick(n).map(|(key, there, text)| {
                (thread, typed, stored) = (there, text.clone(), text);
                key
            }),
            Key::OtherText(n) => pick(n).map(|(key, there, _)| {
                thread = there;
                key
            }),
            Key::OtherThread(n) => pick(n).map(|(key, _, text)| {
                (typed, stored) = (text.clone(), text);
                key
            }),
        };
        let key = key.unwrap_or(u32::try_from(self.keys.len()).expect("few"));
        let client_id = *self.keys.entry(key).or_insert_with(ClientId::generate);
        let answer = self.people[who].send(self.id(thread), client_id, &typed).await;
        let expected = self.world.sends(who, thread, key, &stored);
        match (answer, expected) {
            (Ok(sent), Sending::Written(seq)) => {
                assert_eq!((sent.replayed, sent.message.seq.0, sent.message.body.as_str()), (false, seq as i64, stored.as_str()));
            }
            (Ok(sent), Sending::Known(seq)) => {
                assert_eq!((sent.replayed, sent.message.seq.0, sent.message.body.as_str()), (true, seq as i64, stored.as_str()));
                assert_eq!(sent.message.status.as_str(), self.world.status(thread, seq - 1));
            }
            (Err(error), Sending::Conflict) => assert_eq!(error.code, Code::IdempotencyConflict),
            (Err(error), Sending::NotTheirs) => assert_eq!(error.code, Code::NotFound),
            (Err(error), Sending::Denied(rule)) => assert_eq!((error.code, error.rule.as_deref()), (Code::PolicyDenied, Some(rule))),
            (answer, expected) => panic!("{answer:?} where the model says {expected:?}"),
        }
    }

    async fn acknowledges(&mut self, who: usize, read: bool, items: &[(usize, usize)]) {
        let items: Vec<(usize, usize)> = (items.iter())
            .map(|(thread, up_to)| {
                let thread = self.any_thread(who, *thread);
                let length = self.world.threads.get(thread).map_or(0, |there| there.texts.len());
                // sometimes one beyond the last
                (thread, if up_to.is_multiple_of(13) { length + 1 } else { up_to % (length + 1) })
            })
            .collect();
        let asked = items
            .iter()
            .map(|(thread, up_to)| Acknowledgement { conversation_id: self.id(*thread), up_to_seq: Seq(*up_to as i64) })
            .collect();
        let kind = if read { ReceiptKind::Read } else { ReceiptKind::Delivered };
        let answer = receipts::acknowledge(&self.people[who].ctx, kind, Evidence::Client, asked).await;
        let code = answer.err().map(|error| error.code);
        let expected = match self.world.acknowledges(who, &items, read) {
            Acknowledging::Done => None,
            Acknowledging::NotTheirs => Some(Code::NotFound),
            Acknowledging::Beyond => Some(Code::Invalid),
        };
        assert_eq!(code, expected);
    }

    async fn becomes(&mut self, who: usize, name: String, department: &'static str) {
        let username = self.people[who].user.username.clone();
        let file = people_file(&[[username.as_str(), &name, department, "member", "", "", ""]]);
        let imported = import::import(&self.operator(), &file, None, |_, _| {}).await.expect("imported");
        assert_eq!(imported.changed, 1);
        self.world.count("user.changed");
        self.world.changes(who, |somebody| (somebody.name, somebody.department) = (name, department));
        self.meets_again(who);
    }

    async fn leaves_or_returns(&mut self, who: usize) {
        let username = &self.people[who].user.username;
        let active = self.world.people[who].active;
        if active {
            users::deactivate(&self.operator(), username.as_str()).await.expect("deactivated");
        } else {
            users::activate(&self.operator(), username.as_str()).await.expect("activated");
        }
        self.world.count(if active { "user.deactivated" } else { "user.activated" });
        self.world.changes(who, |somebody| somebody.active = !active);
        self.meets_again(who);
    }

    /// Each request finds its viewer anew.
    fn meets_again(&mut self, who: usize) {
        let (person, somebody) = (&mut self.people[who], &self.world.people[who]);
        person.user.display_name = somebody.name.clone();
        person.user.department = somebody.department.into();
        person.user.active = somebody.active;
        *person = person.at(&self.office.state);
    }

    fn operator(&self) -> Operator {
        Operator { pool: self.office.state.pool.clone() }
    }

    /// Mostly one that stands in their inbox; else any, or (one past the last) one that nobody knows.
    fn any_thread(&self, who: usize, number: usize) -> usize {
        let theirs = self.world.inbox(who);
        match theirs.get(number % theirs.len().max(1)) {
            Some(line) if !number.is_multiple_of(9) => line.thread,
            _ => number % (self.threads.len() + 1),
        }
    }

    fn id(&self, thread: usize) -> ConversationId {
        self.threads.get(thread).copied().unwrap_or(ConversationId(Uuid::from_u128(7)))
    }
}
