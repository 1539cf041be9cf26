//! What a change of the rules would do, counted by classes of people: whom no rule can tell apart is one class, so ten
//! thousand people are a few dozen classes and not a hundred million pairs.
//!
//! Only rules are looked at here. That whoever was written to may answer depends on the pair, and matters to conversations
//! that exist: there the caller asks [`Rules::allows`] for those who may not answer.

use super::{Effect, PartyPattern, Policy, PolicyAction, Rule};
use crate::domain::user::Role;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// People whom no rule can tell apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Class {
    /// Their role.
    pub role: Role,
    /// Their department; `null` for everybody whose department no rule names.
    pub department: Option<String>,
}

impl PartyPattern {
    fn covers(&self, class: &Class) -> bool {
        self.role.is_none_or(|role| role == class.role)
            && self.department.as_ref().is_none_or(|department| class.department.as_ref() == Some(department))
    }
}

/// The departments that these policies name, in order.
#[must_use]
pub fn departments(policies: &[&Policy]) -> Vec<String> {
    let named = policies.iter().flat_map(|policy| &policy.rules).flat_map(|rule| [&rule.from.department, &rule.to.department]);
    named.flatten().cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

/// The classes that these departments and everybody else make.
#[must_use]
pub fn classes(departments: &[String]) -> Vec<Class> {
    let departments = departments.iter().cloned().map(Some).chain([None]);
    departments.flat_map(|department| [Role::Admin, Role::Member].map(|role| Class { role, department: department.clone() })).collect()
}

/// Which rule decides between two classes: the first that matches.
#[derive(Debug)]
pub struct Rules<'a> {
    places: HashMap<&'a Class, usize>,
    /// For each action, of each pair the deciding rule.
    deciding: HashMap<PolicyAction, Vec<Option<&'a Rule>>>,
}

impl<'a> Rules<'a> {
    /// Of a policy, over these classes.
    #[must_use]
    pub fn new(policy: &'a Policy, classes: &'a [Class]) -> Self {
        let places: HashMap<&Class, usize> = classes.iter().enumerate().map(|(place, class)| (class, place)).collect();
        let covered = |pattern: &PartyPattern| -> Vec<usize> {
            classes.iter().enumerate().filter(|(_, class)| pattern.covers(class)).map(|(place, _)| place).collect()
        };
        let mut deciding: HashMap<PolicyAction, Vec<Option<&Rule>>> =
            PolicyAction::ALL.into_iter().map(|action| (action, vec![None; classes.len().saturating_mul(classes.len())])).collect();
        for rule in &policy.rules {
            let (from, to) = (covered(&rule.from), covered(&rule.to));
            for action in &rule.actions {
                let Some(cells) = deciding.get_mut(action) else { continue };
                for cell in from.iter().flat_map(|from| to.iter().map(move |to| from.saturating_mul(classes.len()).saturating_add(*to))) {
                    if let Some(cell @ None) = cells.get_mut(cell) {
                        *cell = Some(rule);
                    }
                }
            }
        }
        Self { places, deciding }
    }

    /// The rule that decides, if one does.
    #[must_use]
    pub fn rule(&self, from: &Class, to: &Class, action: PolicyAction) -> Option<&'a Rule> {
        let (from, to) = (self.places.get(from)?, self.places.get(to)?);
        let cell = from.saturating_mul(self.places.len()).saturating_add(*to);
        self.deciding.get(&action)?.get(cell).copied().flatten()
    }

    /// Whether people of one class may do this to people of the other.
    #[must_use]
    pub fn allows(&self, from: &Class, to: &Class, action: PolicyAction) -> bool {
        self.rule(from, to, action).is_none_or(|rule| rule.effect == Effect::Allow)
    }

    fn decides(&self, rule: &Rule) -> bool {
        self.deciding.values().flatten().flatten().any(|deciding| std::ptr::eq(*deciding, rule))
    }
}

/// Two classes between which an action is decided otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ClassChange {
    /// Who acts.
    pub from: Class,
    /// Towards whom.
    pub to: Class,
    /// What.
    pub action: PolicyAction,
    /// Whether it would be allowed.
    pub allowed: bool,
    /// The rule that decides now; `null` when none does.
    pub rule_before: Option<String>,
    /// The rule that would decide.
    pub rule_after: Option<String>,
    /// Ordered pairs of different active people.
    pub pairs: i64,
}

/// How often each action becomes possible and impossible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PairCount {
    /// Ordered pairs that it becomes possible for.
    pub allowed: i64,
    /// Ordered pairs that it becomes impossible for.
    pub denied: i64,
}

/// Everything that the change of the rules decides otherwise, the most pairs first; `people` says how many are active.
#[must_use]
pub fn changes(before: &Rules<'_>, after: &Rules<'_>, people: &HashMap<Class, i64>) -> Vec<ClassChange> {
    let mut found = Vec::new();
    for (from, here) in people.iter().filter(|(_, number)| **number > 0) {
        for (to, there) in people.iter().filter(|(_, number)| **number > 0) {
            let others = if from == to { there.saturating_sub(1) } else { *there };
            let pairs = here.saturating_mul(others);
            for action in PolicyAction::ALL.into_iter().filter(|_| pairs > 0) {
                let allowed = after.allows(from, to, action);
                if before.allows(from, to, action) == allowed {
                    continue;
                }
                let name = |rules: &Rules<'_>| rules.rule(from, to, action).map(|rule| rule.name.clone());
                let (rule_before, rule_after) = (name(before), name(after));
                found.push(ClassChange { from: from.clone(), to: to.clone(), action, allowed, rule_before, rule_after, pairs });
            }
        }
    }
    let order = |change: &ClassChange| (std::cmp::Reverse(change.pairs), change.action, change.from.clone(), change.to.clone());
    found.sort_by_cached_key(order);
    found
}

/// Rules that never decide, whoever is here: earlier ones match everything that they match. With the names of those.
#[must_use]
pub fn covered(policy: &Policy) -> Vec<(String, Vec<String>)> {
    let classes = classes(&departments(&[policy]));
    let rules = Rules::new(policy, &classes);
    let idle = policy.rules.iter().filter(|rule| !rules.decides(rule));
    idle.map(|rule| {
        let here = classes.iter().filter(|class| rule.from.covers(class));
        let pairs = here.flat_map(|from| classes.iter().filter(|class| rule.to.covers(class)).map(move |to| (from, to)));
        let by: BTreeSet<String> = pairs
            .flat_map(|(from, to)| rule.actions.iter().map(move |action| (from, to, *action)))
            .filter_map(|(from, to, action)| rules.rule(from, to, action).map(|rule| rule.name.clone()))
            .collect();
        (rule.name.clone(), by.into_iter().collect())
    })
    .collect()
}

#[cfg(test)]
#[path = "difference_tests.rs"]
mod tests;
