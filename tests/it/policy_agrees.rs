//! The decision against an evaluation that shares nothing with it: a set-based statement of SQL. 100,000 random cases of the
//! pure function, and 500 that go through search, open, send, and the HTTP API.

use crate::{
    policy::apply,
    support::{
        Office,
        person::{LEAVES, Person, change},
        server::Server,
    },
};
use cms_messages::{
    domain::{
        ids::{ClientId, ConversationId},
        policy::{Circumstances, Decision, Effect, Party, PartyPattern, Policy, PolicyAction, Rule, decide},
        time::Timestamp,
        user::Role,
    },
    error::{Code, Error},
    server::service::{conversations, people, policy},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::collections::BTreeMap;

const DEPARTMENTS: [&str; 6] = ["Planning", "Audit", "audit", "Yard", "Bord de l’eau", ""];
const DAY: i64 = 24 * 60 * 60;

/// The first rule of each case, found by the database.
const ORACLE: &str = "
    with rules as (
        select * from jsonb_to_recordset($1)
            as r (place int, name text, from_role text, from_department text, to_role text, to_department text, actions jsonb, effect text)
    ), cases as (
        select * from jsonb_to_recordset($2)
            as c (id int, from_role text, from_department text, to_role text, to_department text, to_active bool, action text, wrote_ago bigint)
    ), first as (
        select distinct on (c.id) c.id, r.name, r.effect
        from cases c join rules r on r.actions ? c.action
         and (r.from_role is null or r.from_role = c.from_role) and (r.from_department is null or r.from_department = c.from_department)
         and (r.to_role is null or r.to_role = c.to_role) and (r.to_department is null or r.to_department = c.to_department)
        order by c.id, r.place
    )
    select case when c.action <> 'find' and not c.to_active then 'no: deactivated'
                when c.wrote_ago between 0 and 2592000 then 'yes: answer'
                when f.effect = 'deny' then 'no: ' || f.name
                else 'yes' end
    from cases c left join first f using (id) order by c.id";

/// SplitMix64 (Steele, Lea, Flood 2014): the same dice for the same seed.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let seed = std::env::var("CMS_MESSAGES_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_127);
        eprintln!("CMS_MESSAGES_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound as u64).expect("below the bound")
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn party(&mut self) -> Party {
        Party { role: self.of(&[Role::Member, Role::Admin]), department: self.of(&DEPARTMENTS).into(), active: self.below(6) > 0 }
    }

    fn pattern(&mut self) -> PartyPattern {
        let department = self.of(&["Planning", "Audit", "audit", "Yard", "Bord de l’eau", "Nowhere", "*", "*", "*", "*"]);
        PartyPattern {
            role: self.of(&[None, None, Some(Role::Member), Some(Role::Admin)]),
            department: Some(department.to_owned()).filter(|name| name != "*"),
        }
    }

    fn policy(&mut self) -> Policy {
        let rules = (0..self.below(9)).map(|place| Rule {
            name: format!("r{place}"),
            from: self.pattern(),
            to: self.pattern(),
            actions: match self.below(4) {
                0 => vec![self.of(&PolicyAction::ALL)],
                1 => vec![PolicyAction::Find, PolicyAction::Open, PolicyAction::Send],
                _ => vec![PolicyAction::Open, PolicyAction::Send],
            },
            effect: self.of(&[Effect::Allow, Effect::Deny, Effect::Deny]),
            reason: String::new(),
        });
        Policy { rules: rules.collect() }
    }
}

/// One question.
struct Case {
    from: Party,
    to: Party,
    action: PolicyAction,
    /// Seconds since `to` wrote to `from`.
    wrote_ago: Option<i64>,
}

/// What the database answers.
async fn oracle(pool: &PgPool, policy: &Policy, cases: &[Case]) -> Vec<String> {
    let rules: Vec<Value> = policy
        .rules
        .iter()
        .enumerate()
        .map(|(place, rule)| {
            let effect = if rule.effect == Effect::Deny { "deny" } else { "allow" };
            json!({"place": place, "name": rule.name, "effect": effect, "actions": rule.actions,
               "from_role": rule.from.role, "from_department": rule.from.department,
               "to_role": rule.to.role, "to_department": rule.to.department})
        })
        .collect();
    let cases: Vec<Value> = cases
        .iter()
        .enumerate()
        .map(|(id, case)| {
            json!({"id": id, "from_role": case.from.role, "from_department": case.from.department, "to_role": case.to.role,
               "to_department": case.to.department, "to_active": case.to.active, "action": case.action, "wrote_ago": case.wrote_ago})
        })
        .collect();
    sqlx::query_scalar(ORACLE).bind(json!(rules)).bind(json!(cases)).fetch_all(pool).await.expect("an answer")
}

#[tokio::test]
async fn the_decision_is_what_the_database_makes_of_a_hundred_thousand_cases() {
    let (office, mut dice) = (Office::new().await, Dice::new());
    let now = Timestamp::from_unix_micros(1_795_000_000_000_000).expect("a moment");
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..200 {
        let policy = dice.policy();
        let mut cases = Vec::new();
        for _ in 0..500 {
            let ago = [None, None, Some(0), Some(DAY), Some(30 * DAY), Some(30 * DAY + 1), Some(400 * DAY)];
            let wrote_ago = dice.of(&ago);
            cases.push(Case { from: dice.party(), to: dice.party(), action: dice.of(&PolicyAction::ALL), wrote_ago });
        }
        let expected = oracle(&office.state.pool, &policy, &cases).await;
        for (case, expected) in cases.iter().zip(expected) {
            let wrote_at = case.wrote_ago.map(|ago| Timestamp::from_unix_micros(now.unix_micros() - ago * 1_000_000).expect("a moment"));
            let asked = Circumstances { recipient_wrote_at: wrote_at, now };
            let decided = match decide(&policy, &case.from, &case.to, case.action, asked) {
                Decision::Allow => "yes".to_owned(),
                Decision::Deny { rule, .. } => format!("no: {rule}"),
            };
            let ground = expected.split(": ").next().unwrap_or_default();
            assert_eq!(decided, if ground == "yes" { ground } else { &expected }, "{:?} {:?} {:?}", case.from, case.to, case.action);
            *seen.entry(expected).or_default() += 1;
        }
    }
    assert_eq!(seen.values().sum::<usize>(), 100_000);
    for kind in ["yes", "yes: answer", "no: deactivated", "no: r0", "no: r3"] {
        assert!(seen[kind] > 500, "{kind} was tried: {seen:?}");
    }
}

/// What two people have done before the policy is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Past {
    Nothing,
    Opened,
    WasWrittenTo,
    WasWrittenToLongAgo,
}

/// Two people who have to do with nobody else.
struct Two {
    from: Person,
    to: Person,
    parties: (Party, Party),
    past: Past,
    conversation: Option<ConversationId>,
}

async fn two(office: &Office, dice: &mut Dice, n: usize) -> Two {
    let parties = (Party { active: true, ..dice.party() }, dice.party());
    let past = dice.of(&[Past::Nothing, Past::Nothing, Past::Opened, Past::WasWrittenTo, Past::WasWrittenToLongAgo]);
    let person = async |username: String, party: &Party| {
        let person = office.person_in(&username, &party.department).await;
        if party.role == Role::Admin { person.becomes_admin().await } else { person }
    };
    let (from, to) = (person(format!("from{n:04}"), &parties.0).await, person(format!("to{n:04}"), &parties.1).await);
    let conversation = match past {
        Past::Nothing => None,
        _ => Some(from.open(&to).await),
    };
    if let (Past::WasWrittenTo | Past::WasWrittenToLongAgo, Some(id)) = (past, conversation) {
        to.open(&from).await;
        to.write(id, "hello").await;
    }
    if past == Past::WasWrittenToLongAgo {
        sqlx::query("update participants set last_sent_at = last_sent_at - interval '31 days' where user_id = $1")
            .bind(to.id().0)
            .execute(&*office.state.pool)
            .await
            .expect("long ago");
    }
    if !parties.1.active {
        change(&office.state, &to, LEAVES).await;
    }
    Two { from, to, parties, past, conversation }
}

fn verdict<T>(answer: &Result<T, Error>) -> String {
    match answer {
        Ok(_) => "yes".into(),
        Err(Error { code: Code::PolicyDenied, rule: Some(rule), .. }) => format!("no: {rule}"),
        Err(error) => format!("{:?}", error.code),
    }
}

fn http_verdict(answer: &crate::support::server::Answer) -> String {
    match answer.status {
        200 | 201 => "yes".into(),
        403 => format!("no: {}", answer.json()["rule"].as_str().unwrap_or_default()),
        404 => "NotFound".into(),
        status => format!("{status}"),
    }
}

#[tokio::test]
async fn search_open_send_and_the_interface_agree_with_the_database_in_five_hundred_cases() {
    let (server, mut dice) = (Server::start().await, Dice::new());
    let meera = server.office.person_in("meera", "Board").await.becomes_admin().await;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for round in 0..10 {
        apply(&meera, vec![]).await;
        let mut pairs = Vec::new();
        for n in 0..50 {
            pairs.push(two(&server.office, &mut dice, 50 * round + n).await);
        }
        let policy = dice.policy();
        apply(&meera, policy.rules.clone()).await;
        let cases = pairs.iter().flat_map(|two| {
            PolicyAction::ALL.map(|action| Case {
                from: two.parties.0.clone(),
                to: two.parties.1.clone(),
                action,
                wrote_ago: match two.past {
                    Past::WasWrittenTo => Some(60),
                    Past::WasWrittenToLongAgo => Some(31 * DAY),
                    Past::Nothing | Past::Opened => None,
                },
            })
        });
        let answers = oracle(&server.office.state.pool, &policy, &cases.collect::<Vec<_>>()).await;
        for (two, answers) in pairs.iter().zip(answers.chunks(3)) {
            let short = |text: &String| if text.starts_with("yes") { "yes".to_owned() } else { text.clone() };
            let [find, open, send] = [short(&answers[0]), short(&answers[1]), short(&answers[2])];
            agrees(&server, &meera, two, [&find, &open, &send]).await;
            *seen.entry(answers[2].clone()).or_default() += 1;
        }
    }
    assert_eq!(seen.values().sum::<usize>(), 500);
    for (kind, least) in [("yes", 50), ("yes: answer", 20), ("no: deactivated", 20), ("no: r0", 10)] {
        assert!(seen.get(kind).is_some_and(|seen| *seen >= least), "{kind} was tried: {seen:?}");
    }
}

async fn agrees(server: &Server, meera: &Person, two: &Two, [find, open, send]: [&String; 3]) {
    let Two { from, to, parties, past, conversation } = two;
    let what = format!("{} to {}: {parties:?}, {past:?}", from.user.username, to.user.username);
    let program = server.program(from).await;

    let is_known = conversation.is_some();
    let is_found = find == "yes" && (parties.1.active || is_known);
    let can_write = send == "yes" && (is_known || open == "yes");
    let found = people::search(&from.ctx, &to.user.username, None).await.expect("a search");
    let found = found.into_iter().find(|found| found.user.id == to.id()).map(|found| found.can_write);
    assert_eq!(found, is_found.then_some(can_write), "search, {what}");
    let items = program.get(&format!("/api/v1/users?q={}", to.user.username)).await.json();
    let items = items["items"].as_array().expect("items").clone();
    let told = items.iter().find(|item| item["id"] == json!(to.id())).map(|item| item["can_write"] == true);
    assert_eq!(told, found, "search over HTTP, {what}");

    let expected = match (is_known, parties.1.active && find == "yes") {
        (true, _) => "yes",
        (false, false) => "NotFound",
        (false, true) => open,
    };
    let opened = program.post("/api/v1/conversations", json!({"recipient_id": to.id()})).await;
    assert_eq!(http_verdict(&opened), expected, "open over HTTP, {what}");
    let again = conversations::open(&from.ctx, to.id()).await;
    assert_eq!(verdict(&again), expected, "open, {what}");
    let explained = policy::explain(&meera.ctx, from.id(), to.id(), PolicyAction::Send).await.expect("explained");
    assert_eq!(explained.allowed, send == "yes", "explain, {what}");

    let Ok(opened) = again else { return };
    let id = opened.conversation.id;
    assert_eq!(opened.conversation.can_write, send == "yes", "the inbox, {what}");
    let put = program.put(&format!("/api/v1/conversations/{id}/messages/{}", uuid::Uuid::now_v7()), json!({"body": "hello"})).await;
    assert_eq!(&http_verdict(&put), send, "send over HTTP, {what}");
    assert_eq!(&verdict(&from.send(id, ClientId::generate(), "hello").await), send, "send, {what}");
}
