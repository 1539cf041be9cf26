//! What a change of the rules would do: to pairs of people, counted by classes, and to the conversations that exist.
//!
//! Called by `policy::dry_run`, which has authorised. Reads only.

use crate::{
    domain::policy::{
        Policy, PolicyAction,
        difference::{self, Class, ClassChange, Rules, classes, departments},
        report::{ActionCounts, ConversationEffects, DryRun, Problem, ProblemKind},
    },
    error::{Code, Error},
    server::db::{
        self,
        policy_effect::{Group, Side},
        pool::Pool,
    },
};
use std::collections::{BTreeSet, HashMap};

/// Classes of pairs that are shown.
const CLASSES: usize = 50;
/// Conversations that are shown.
const SIDES: i64 = 20;

/// The difference between two policies among these people and their conversations.
pub(super) async fn of(pool: &Pool, version: i64, before: &Policy, after: &Policy) -> Result<DryRun, Error> {
    let named = &departments(&[before, after]);
    let people = db::read(pool, |mut db| async move { db::policy_effect::people(&mut db, named).await }).await?;
    let groups = db::read(pool, |mut db| async move { db::policy_effect::conversations(&mut db, named).await }).await?;

    // hundreds of departments make hundreds of thousands of pairs: not on a thread that answers others, too
    let (all, before, after) = (classes(named), before.clone(), after.clone());
    let compared = tokio::task::spawn_blocking(move || {
        let (was, is) = (Rules::new(&before, &all), Rules::new(&after, &all));
        (difference::changes(&was, &is, &people), effects(&was, &is, &groups), problems(&after, &people))
    });
    let (mut changed, mut conversations, problems) = compared.await.map_err(|_| Error::new(Code::Internal))?;
    let pairs = counts(&changed);
    if conversations != ConversationEffects::default() {
        // of people who are alone in their class there is no pair within it, and no conversation either
        let sends = changed.iter().filter(|change| change.action == PolicyAction::Send);
        let sends: Vec<_> = sends.map(|change| (change.from.clone(), change.to.clone(), change.allowed)).collect();
        let sends = &sends;
        conversations.items = db::read(pool, |mut db| async move { db::policy_effect::sides(&mut db, named, sends, SIDES).await }).await?;
    }
    let classes_left_off = i64::try_from(changed.len().saturating_sub(CLASSES)).unwrap_or(i64::MAX);
    changed.truncate(CLASSES);
    Ok(DryRun { policy_version: version, pairs, classes: changed, classes_left_off, conversations, problems })
}

fn counts(changed: &[ClassChange]) -> ActionCounts {
    let mut counts = ActionCounts::default();
    for change in changed {
        let of_action = match change.action {
            PolicyAction::Find => &mut counts.find,
            PolicyAction::Open => &mut counts.open,
            PolicyAction::Send => &mut counts.send,
        };
        let number = if change.allowed { &mut of_action.allowed } else { &mut of_action.denied };
        *number = number.saturating_add(change.pairs);
    }
    counts
}

fn effects(was: &Rules<'_>, is: &Rules<'_>, groups: &[Group]) -> ConversationEffects {
    let mut effects = ConversationEffects::default();
    for Group { low, high, conversations } in groups {
        let turns = [turn(was, is, low, high), turn(was, is, high, low)];
        if turns.contains(&Some(false)) {
            effects.become_read_only = effects.become_read_only.saturating_add(*conversations);
        }
        if turns.contains(&Some(true)) {
            effects.become_writable = effects.become_writable.saturating_add(*conversations);
        }
    }
    effects
}

/// Whether this side could write, when that is not as it was.
fn turn(was: &Rules<'_>, is: &Rules<'_>, from: &Side, to: &Side) -> Option<bool> {
    if !(from.active && to.active && from.sees) || from.answers {
        return None;
    }
    let [before, after] = [was, is].map(|rules| rules.allows(&from.class, &to.class, PolicyAction::Send));
    (before != after).then_some(after)
}

fn problems(policy: &Policy, people: &HashMap<Class, i64>) -> Vec<Problem> {
    let covered = difference::covered(policy).into_iter().map(|(rule, by)| Problem {
        detail: format!("It never decides: {} match everything that it matches.", by.join(", ")),
        rule,
        problem: ProblemKind::NeverDecides,
    });
    let inhabited: BTreeSet<&String> = people.keys().filter_map(|class| class.department.as_ref()).collect();
    let empty = policy.rules.iter().flat_map(|rule| {
        let named: BTreeSet<&String> = [&rule.from.department, &rule.to.department].into_iter().flatten().collect();
        named.into_iter().filter(|department| !inhabited.contains(department)).map(|department| Problem {
            rule: rule.name.clone(),
            problem: ProblemKind::EmptyDepartment,
            detail: format!("Nobody active is in {department}."),
        })
    });
    covered.chain(empty.collect::<Vec<_>>()).collect()
}
