//! The policy in the database: seeded once, changed by admins, with history, reasons and a look ahead.

use crate::support::{
    Office, audit_is_closed,
    person::{LEAVES, Person, change},
    server::Server,
};
use cms_messages::{
    domain::{
        ids::ConversationId,
        policy::{
            Effect, PartyPattern, Policy, PolicyAction, Rule,
            report::{Because, PolicyVersion, ProblemKind},
        },
    },
    error::{Code, Error},
    server::{
        db,
        operator::Operator,
        service::{
            conversations,
            policy::{self, NewPolicy},
        },
    },
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Nobody in `from` may do this to anybody in `to`; `*` is everywhere.
pub fn deny(name: &str, from: &str, to: &str, actions: &[PolicyAction]) -> Rule {
    let pattern = |department: &str| PartyPattern { role: None, department: Some(department.to_owned()).filter(|name| name != "*") };
    Rule {
        name: name.into(),
        from: pattern(from),
        to: pattern(to),
        actions: actions.to_vec(),
        effect: Effect::Deny,
        reason: format!("Because of {name}."),
    }
}

/// An admin puts these rules in force, over whatever is.
pub async fn apply(admin: &Person, rules: Vec<Rule>) -> PolicyVersion {
    let expected_version = policy::current(&admin.ctx).await.expect("current").version;
    let new = NewPolicy { rules, note: String::new(), expected_version, restored_from: None };
    policy::apply(&admin.ctx, new).await.expect("applied")
}

fn operator(office: &Office) -> Operator {
    Operator { pool: office.state.pool.clone() }
}

const SEND: &[PolicyAction] = &[PolicyAction::Send];
const WRITE: &[PolicyAction] = &[PolicyAction::Open, PolicyAction::Send];

#[tokio::test]
async fn an_empty_database_takes_the_rules_of_the_configuration_and_later_ones_only_differ() {
    let office = Office::new().await;
    let operator = operator(&office);
    let (first, differs) = policy::establish(&operator, audit_is_closed()).await.expect("established");
    assert_eq!((first.version, first.policy, differs), (1, Some(audit_is_closed()), false));
    let (again, differs) = policy::establish(&operator, audit_is_closed()).await.expect("established");
    assert_eq!((again.version, differs), (1, false));
    let other = Policy { rules: vec![deny("other", "*", "Audit", SEND)] };
    let (kept, differs) = policy::establish(&operator, other).await.expect("established");
    assert_eq!((kept.version, kept.policy, differs), (1, Some(audit_is_closed()), true), "the database wins");
    let (_, differs) = policy::establish(&operator, Policy::default()).await.expect("established");
    assert!(!differs, "a file without rules says nothing");
    assert_eq!(office.count("select count(*) from audit_entries where action = 'policy.changed'").await, 1);
}

#[tokio::test]
async fn two_servers_that_start_at_once_establish_one_version() {
    let office = Office::new().await;
    let (one, other) = (operator(&office), Operator { pool: office.database.pool(2) });
    let (one, other) = tokio::join!(policy::establish(&one, audit_is_closed()), policy::establish(&other, audit_is_closed()));
    assert_eq!((one.expect("established").0.version, other.expect("established").0.version), (1, 1));
}

#[tokio::test]
async fn rules_that_cannot_be_applied_do_not_seed_a_database() {
    let office = Office::new().await;
    let wrong = Policy { rules: vec![deny("Not a name", "*", "Audit", SEND)] };
    let error = policy::establish(&operator(&office), wrong).await.expect_err("refused");
    assert_eq!((error.code, error.fields.contains_key("rules[0].name")), (Code::Invalid, true));
    assert_eq!(office.count("select count(*) from policy_versions").await, 0);
}

/// I17: the previous program registers the digest of its file and nothing else.
#[tokio::test]
async fn a_version_of_the_previous_program_leaves_the_known_rules_in_force() {
    let office = Office::new().await;
    let old = "insert into policy_versions (digest) values ($1) returning version";
    let register = async || sqlx::query_scalar::<_, i64>(old).bind([7_u8; 32].as_slice()).fetch_one(&*office.state.pool).await;
    assert_eq!(register().await.expect("as before"), 1);
    let (taken_over, _) = policy::establish(&operator(&office), audit_is_closed()).await.expect("established");
    assert_eq!(taken_over.version, 2, "its rules were never written down");
    assert_eq!(register().await.expect("during the upgrade"), 3);
    let (kept, _) = policy::establish(&operator(&office), Policy::default()).await.expect("established");
    assert_eq!((kept.version, kept.policy), (3, Some(audit_is_closed())));
    let meera = office.person("meera").await.becomes_admin().await;
    let history = policy::history(&meera.ctx, None, None).await.expect("the history").items;
    let known: Vec<_> = history.iter().map(|version| (version.version, version.rules.is_some())).collect();
    assert_eq!(known, [(3, false), (2, true), (1, false)]);
    assert_eq!(apply(&meera, vec![]).await.version, 4);
}

#[tokio::test]
async fn a_change_is_kept_with_who_when_why_and_its_digest() {
    let office = Office::new().await;
    let meera = office.person("meera").await.becomes_admin().await;
    let rules = vec![deny("closed", "*", "Audit", WRITE)];
    let new = NewPolicy { rules: rules.clone(), note: " The audit begins. ".into(), expected_version: 0, restored_from: None };
    let applied = policy::apply(&meera.ctx, new).await.expect("applied");
    assert_eq!((applied.version, &applied.rules, applied.note.as_str()), (1, &Some(rules.clone()), "The audit begins."));
    assert_eq!(applied.changed_by.as_ref().map(|user| user.id), Some(meera.id()));
    assert_eq!(policy::current(&meera.ctx).await, Ok(applied.clone()));

    apply(&meera, vec![]).await;
    let back = NewPolicy { rules: rules.clone(), note: String::new(), expected_version: 2, restored_from: Some(1) };
    assert_eq!(policy::apply(&meera.ctx, back).await.expect("restored").restored_from, Some(1));
    let first = policy::history(&meera.ctx, None, Some(2)).await.expect("the history");
    let versions = |items: &[PolicyVersion]| items.iter().map(|item| item.version).collect::<Vec<_>>();
    assert_eq!((versions(&first.items), first.next_before), (vec![3, 2], Some(2)));
    let rest = policy::history(&meera.ctx, first.next_before, Some(2)).await.expect("the rest");
    assert_eq!((rest.items, rest.next_before), (vec![applied], None));

    let entries: Vec<(String, Option<uuid::Uuid>, String, Option<String>)> = sqlx::query_as(
        "select object, actor_id, details ->> 'digest', details ->> 'restored_from' from audit_entries
         where action = 'policy.changed' order by id",
    )
    .fetch_all(&*office.state.pool)
    .await
    .expect("the log");
    let digest: String = db::policy::digest(&Policy { rules }).iter().map(|byte| format!("{byte:02x}")).collect();
    let actor = Some(meera.id().0);
    assert_eq!(entries[0], ("1".into(), actor, digest.clone(), None));
    assert_eq!(entries[2], ("3".into(), actor, digest, Some("1".into())));
    assert_eq!(entries.len(), 3);
    let told = "select count(*) from audit_entries where details::text like '%begins%' or details::text like '%Because%'";
    assert_eq!(office.count(told).await, 0, "notes and reasons stay out of the log");
}

#[tokio::test]
async fn who_has_not_seen_the_newest_rules_changes_nothing_and_a_lost_answer_does_no_harm() {
    let office = Office::new().await;
    let (meera, omar) = (office.person("meera").await.becomes_admin().await, office.person("omar").await.becomes_admin().await);
    let new = |name: &str| NewPolicy {
        rules: vec![deny(name, "*", "Audit", SEND)],
        note: String::new(),
        expected_version: 0,
        restored_from: None,
    };
    let (one, other) = tokio::join!(policy::apply(&meera.ctx, new("mine")), policy::apply(&omar.ctx, new("theirs")));
    let refused: Vec<Error> = [&one, &other].into_iter().filter_map(|answer| answer.clone().err()).collect();
    assert_eq!(refused.iter().map(|error| error.code).collect::<Vec<_>>(), [Code::PolicyChanged]);
    let (admin, name) = if one.is_ok() { (&meera, "mine") } else { (&omar, "theirs") };
    assert_eq!(policy::apply(&admin.ctx, new(name)).await.expect("the same again").version, 1);
    assert_eq!(office.count("select count(*) from policy_versions").await, 1);
    assert_eq!(office.count("select count(*) from audit_entries where action = 'policy.changed'").await, 1);
}

#[tokio::test]
async fn what_decides_is_named() {
    let office = Office::new().await;
    let meera = office.person("meera").await.becomes_admin().await;
    let (asha, bikram) = (office.person("asha").await, office.person_in("bikram", "Audit").await);
    let ask =
        async |from: &Person, to: &Person| policy::explain(&meera.ctx, from.id(), to.id(), PolicyAction::Send).await.expect("explained");
    let told = ask(&asha, &bikram).await;
    assert_eq!((told.allowed, told.because, told.rule, told.place), (true, Because::NoRule, None, None));

    let conversation = asha.open(&bikram).await;
    bikram.open(&asha).await;
    apply(&meera, vec![deny("yard", "Yard", "*", SEND), deny("closed", "Planning", "Audit", SEND)]).await;
    let told = ask(&asha, &bikram).await;
    assert_eq!((told.allowed, told.because, told.rule.as_deref(), told.place), (false, Because::Rule, Some("closed"), Some(2)));
    assert_eq!((told.reason.as_deref(), told.policy_version), (Some("Because of closed."), 1));
    assert!(ask(&bikram, &asha).await.allowed, "rules are directed");

    let asked = bikram.write(conversation, "could you look at this?").await;
    let told = ask(&asha, &bikram).await;
    let until = told.answer_until.expect("for a while");
    assert_eq!((told.allowed, told.because, until.seconds_since(asked.sent_at)), (true, Because::Answer, 30 * 24 * 60 * 60));

    change(&office.state, &bikram, LEAVES).await;
    let told = ask(&asha, &bikram).await;
    assert_eq!((told.allowed, told.because, told.rule), (false, Because::Deactivated, None));
    let same = policy::explain(&meera.ctx, asha.id(), asha.id(), PolicyAction::Send).await;
    assert_eq!(same.map_err(|error| error.code), Err(Code::Invalid));
    assert_eq!(
        policy::explain(&asha.ctx, asha.id(), bikram.id(), PolicyAction::Send).await.map_err(|error| error.code),
        Err(Code::Forbidden)
    );
}

/// Whether each person can write in each of their conversations, as their own inbox says.
async fn writable(people: &[Person]) -> BTreeMap<(ConversationId, uuid::Uuid), bool> {
    let mut all = BTreeMap::new();
    for person in people {
        let page = conversations::list(&person.ctx, None, Some(100), None).await.expect("the inbox");
        all.extend(page.items.into_iter().map(|row| ((row.id, person.id().0), row.can_write)));
    }
    all
}

#[tokio::test]
async fn a_dry_run_says_what_then_happens_to_conversations() {
    let office = Office::new().await;
    let meera = office.person_in("meera", "Board").await.becomes_admin().await;
    let mut people = Vec::new();
    for (n, department) in ["Planning", "Planning", "Audit", "Audit", "Yard", "Yard"].into_iter().enumerate() {
        people.push(office.person_in(&format!("p{n}"), department).await);
    }
    for (n, from) in people.iter().enumerate() {
        for (m, to) in people.iter().enumerate().filter(|(m, _)| n < *m) {
            let id = from.open(to).await;
            match (n + m) % 3 {
                // opened by one alone; answered; asked
                0 => {}
                1 => drop(from.write(id, "hello").await),
                _ => {
                    to.open(from).await;
                    to.write(id, "hello").await;
                }
            }
        }
    }
    change(&office.state, &people[5], LEAVES).await;
    let drafts = [
        vec![deny("closed", "*", "Audit", SEND)],
        vec![deny("closed", "Planning", "Audit", SEND), deny("yard", "Yard", "*", WRITE)],
        vec![],
    ];
    for rules in drafts {
        let told = policy::dry_run(&meera.ctx, rules.clone()).await.expect("tried").conversations;
        let before = writable(&people).await;
        apply(&meera, rules).await;
        let after = writable(&people).await;
        // who has left sees nothing any more; their ctx is of before
        let left = people[5].id().0;
        let turned: Vec<_> = after.iter().filter(|(key, now)| before[*key] != **now && key.1 != left).collect();
        let of = |now: bool| {
            turned.iter().filter(|(_, is)| **is == now).map(|((id, _), _)| *id).collect::<std::collections::BTreeSet<_>>().len()
        };
        assert_eq!((told.become_writable, told.become_read_only), (of(true) as i64, of(false) as i64));
        assert!(of(true) + of(false) > 0, "something happens");
        let listed: BTreeMap<_, _> = told.items.iter().map(|item| ((item.conversation_id, item.from.id.0), item.can_write)).collect();
        assert_eq!(listed, turned.iter().map(|(key, now)| (**key, **now)).collect());
    }
}

#[tokio::test]
async fn a_dry_run_counts_pairs_by_class_names_what_is_odd_and_changes_nothing() {
    let office = Office::new().await;
    let meera = office.person_in("meera", "Board").await.becomes_admin().await;
    for (department, number) in [("Audit", 3), ("Yard", 4)] {
        for n in 0..number {
            office.person_in(&format!("{}{n}", department.to_lowercase()), department).await;
        }
    }
    let rules = vec![
        deny("closed", "*", "Audit", &[PolicyAction::Find, PolicyAction::Send]),
        deny("covered", "Yard", "Audit", SEND),
        deny("nobody", "*", "Moon", SEND),
    ];
    let told = policy::dry_run(&meera.ctx, rules).await.expect("tried");
    // three of Audit, to each of whom seven others write
    assert_eq!((told.pairs.find.denied, told.pairs.send.denied, told.pairs.open.denied), (21, 21, 0));
    assert_eq!((told.pairs.send.allowed, told.policy_version), (0, 0));
    let largest = &told.classes[0];
    assert_eq!((largest.pairs, largest.from.department.as_deref(), largest.allowed), (12, Some("Yard"), false));
    assert_eq!((largest.rule_before.as_deref(), largest.rule_after.as_deref()), (None, Some("closed")));
    let problems: Vec<_> = told.problems.iter().map(|problem| (problem.rule.as_str(), problem.problem)).collect();
    assert_eq!(problems, [("covered", ProblemKind::NeverDecides), ("nobody", ProblemKind::EmptyDepartment)]);
    assert_eq!(office.count("select count(*) from policy_versions").await, 0);
    let twice = policy::dry_run(&meera.ctx, vec![deny("a", "*", "Audit", SEND), deny("a", "*", "Yard", SEND)]).await;
    assert_eq!(twice.map_err(|error| error.fields.into_keys().collect::<Vec<_>>()), Err(vec!["rules[1].name".to_owned()]));
}

#[tokio::test]
async fn programs_change_the_policy_over_http() {
    let server = Server::start().await;
    let meera = server.office.person("meera").await.becomes_admin().await;
    let (asha, bikram) = (server.office.person("asha").await, server.office.person_in("bikram", "Audit").await);
    let program = server.program(&meera).await;
    let rules =
        json!([{"name": "closed", "to": {"department": "Audit"}, "actions": ["send"], "effect": "deny", "reason": "Ask the front desk."}]);
    let put = async |body: Value| program.put("/api/v1/admin/policy", body).await;
    assert_eq!(put(json!({"rules": rules, "expected_version": 7})).await.outcome(), "409 policy_changed");
    let applied = put(json!({"rules": rules, "expected_version": 0, "note": "as agreed"})).await;
    assert_eq!((applied.status, &applied.json()["version"], &applied.json()["changed_by"]["username"]), (200, &json!(1), &json!("meera")));
    assert_eq!(program.get("/api/v1/admin/policy").await.json(), applied.json());
    let case = format!("/api/v1/admin/policy/explain?from={}&to={}&action=send", asha.id(), bikram.id());
    let told = program.get(&case).await.json();
    assert_eq!((&told["allowed"], &told["rule"], &told["reason"]), (&json!(false), &json!("closed"), &json!("Ask the front desk.")));
    let nobody = format!("/api/v1/admin/policy/explain?from={}&to=x&action=send", asha.id());
    assert_eq!(program.get(&nobody).await.outcome(), "404 not_found");
    let tried = program.post("/api/v1/admin/policy/dry_run", json!({"rules": []})).await.json();
    assert_eq!(tried["pairs"]["send"], json!({"allowed": 2, "denied": 0}));
    let wrong = put(json!({"rules": [{"name": "closed", "effect": "deny", "too": {}}], "expected_version": 1})).await;
    assert_eq!(wrong.outcome(), "422 invalid");
    assert_eq!(put(json!({"rules": [], "expected_version": 1, "restored_from": 9})).await.outcome(), "422 invalid");
    let member = server.program(&asha).await;
    assert_eq!(member.put("/api/v1/admin/policy", json!({"rules": "no"})).await.outcome(), "403 forbidden", "whatever it asks for");
}
