//! How a rule reads, and how two policies differ, in plain words.

use super::{Effect, PartyPattern, Policy, PolicyAction, Rule};
use crate::domain::user::Role;
use serde::{Deserialize, Serialize};

impl Rule {
    /// "Members in Planning may not open a conversation with or write to anyone in Internal Audit."
    #[must_use]
    pub fn sentence(&self) -> String {
        let may = match self.effect {
            Effect::Allow => "may",
            Effect::Deny => "may not",
        };
        let actions: Vec<&str> = self.actions.iter().map(|action| verb(*action)).collect();
        let or = if self.effect == Effect::Deny { " or " } else { " and " };
        let actions = match actions.split_last() {
            None => "do anything to".to_owned(),
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{}{or}{last}", others.join(", ")),
        };
        format!(
            "{} {may} {actions} {}.",
            who(&self.from, "Everyone", ["Members", "Admins", "People"]),
            who(&self.to, "everyone", ["members", "admins", "people"])
        )
    }
}

fn verb(action: PolicyAction) -> &'static str {
    match action {
        PolicyAction::Find => "find",
        PolicyAction::Open => "open a conversation with",
        PolicyAction::Send => "write to",
    }
}

fn who(pattern: &PartyPattern, everyone: &str, [members, admins, people]: [&str; 3]) -> String {
    let role = match pattern.role {
        Some(Role::Member) => members,
        Some(Role::Admin) => admins,
        None => people,
    };
    match (&pattern.department, pattern.role) {
        (Some(department), _) => format!("{role} in {department}"),
        (None, Some(_)) => role.to_owned(),
        (None, None) => everyone.to_owned(),
    }
}

/// One way in which a policy differs from another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what", content = "rule")]
pub enum Difference {
    /// A rule that was not there.
    Added(String),
    /// A rule that is not there any more.
    Removed(String),
    /// A rule that says something else.
    Changed(String),
    /// The rules that stayed come in another order.
    Reordered,
}

impl Difference {
    /// The same in words.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Added(rule) => format!("{rule} added"),
            Self::Removed(rule) => format!("{rule} removed"),
            Self::Changed(rule) => format!("{rule} changed"),
            Self::Reordered => "order changed".to_owned(),
        }
    }
}

/// How `after` differs from `before`, rule by rule; a rule is known by its name.
#[must_use]
pub fn differences(before: &Policy, after: &Policy) -> Vec<Difference> {
    fn of<'a>(policy: &'a Policy, name: &str) -> Option<&'a Rule> {
        policy.rules.iter().find(|rule| rule.name == name)
    }
    let mut found = Vec::new();
    for rule in &after.rules {
        match of(before, &rule.name) {
            None => found.push(Difference::Added(rule.name.clone())),
            Some(known) if known != rule => found.push(Difference::Changed(rule.name.clone())),
            Some(_) => {}
        }
    }
    let removed = before.rules.iter().filter(|rule| of(after, &rule.name).is_none());
    found.extend(removed.map(|rule| Difference::Removed(rule.name.clone())));
    let order = |policy: &Policy, other: &Policy| -> Vec<String> {
        policy.rules.iter().map(|rule| rule.name.clone()).filter(|name| of(other, name).is_some()).collect()
    };
    if order(before, after) != order(after, before) {
        found.push(Difference::Reordered);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str, from: (Option<Role>, Option<&str>), to: (Option<Role>, Option<&str>), effect: Effect) -> Rule {
        let pattern = |(role, department): (Option<Role>, Option<&str>)| PartyPattern { role, department: department.map(str::to_owned) };
        Rule { name: name.into(), from: pattern(from), to: pattern(to), actions: Rule::default_actions(), effect, reason: String::new() }
    }

    #[test]
    fn a_rule_reads_as_a_sentence() {
        let closed = rule("a", (Some(Role::Member), Some("Planning")), (None, Some("Audit")), Effect::Deny);
        assert_eq!(closed.sentence(), "Members in Planning may not open a conversation with or write to people in Audit.");
        let open = Rule { actions: vec![PolicyAction::Find], ..rule("b", (None, None), (Some(Role::Admin), None), Effect::Allow) };
        assert_eq!(open.sentence(), "Everyone may find admins.");
        let all = Rule { actions: PolicyAction::ALL.to_vec(), ..rule("c", (Some(Role::Admin), None), (None, None), Effect::Allow) };
        assert_eq!(all.sentence(), "Admins may find, open a conversation with and write to everyone.");
    }

    #[test]
    fn policies_differ_by_rules_and_by_their_order() {
        let all = (None, None);
        let [a, b, c] = ["a", "b", "c"].map(|name| rule(name, all, all, Effect::Deny));
        let policy = |rules: &[&Rule]| Policy { rules: rules.iter().map(|rule| (*rule).clone()).collect() };
        assert_eq!(differences(&policy(&[&a, &b]), &policy(&[&a, &b])), []);
        assert_eq!(differences(&policy(&[&a, &b]), &policy(&[&b, &a])), [Difference::Reordered]);
        let other = Rule { effect: Effect::Allow, ..a.clone() };
        let found = differences(&policy(&[&a, &b]), &policy(&[&c, &other]));
        assert_eq!(found, [Difference::Added("c".into()), Difference::Changed("a".into()), Difference::Removed("b".into())]);
    }
}
