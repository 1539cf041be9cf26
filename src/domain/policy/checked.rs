//! Which rules may be applied: named, each name once, bounded, and with nothing in them that could not be shown.
//!
//! What comes out is canonical: the same rules have the same bytes, and so the same digest.

use super::{DEACTIVATED, PartyPattern, Policy, Rule};
use crate::domain::{lookalike, profile};

/// The most rules of a policy.
pub const MAX_RULES: usize = 100;
/// The most characters of a rule's name.
pub const MAX_NAME: usize = 64;
/// The most characters of a reason.
pub const MAX_REASON: usize = 300;
/// The most characters of a department.
const MAX_DEPARTMENT: usize = 120;

/// A field (`rules[2].name`) and why it was refused, in a sentence for whoever wrote it.
pub type Refusal = (String, String);

impl Policy {
    /// The same rules, trimmed, each action once and in order.
    ///
    /// # Errors
    /// Everything that is wrong, each with its field.
    pub fn checked(self) -> Result<Self, Vec<Refusal>> {
        let mut refused: Vec<Refusal> = Vec::new();
        if self.rules.len() > MAX_RULES {
            return Err(vec![("rules".into(), format!("A policy has at most {MAX_RULES} rules."))]);
        }
        let rules: Vec<Rule> = self.rules.into_iter().map(trimmed).collect();
        for (place, rule) in rules.iter().enumerate() {
            let field = |name: &str| format!("rules[{place}].{name}");
            let refusals = [
                ("name", name(&rule.name).or_else(|| taken(&rules, place, rule))),
                ("from.department", department(&rule.from)),
                ("to.department", department(&rule.to)),
                ("actions", rule.actions.is_empty().then(|| "Choose at least one of find, open and send.".to_owned())),
                ("reason", text(&rule.reason, MAX_REASON)),
            ];
            refused.extend(refusals.into_iter().filter_map(|(name, why)| Some((field(name), why?))));
        }
        if refused.is_empty() { Ok(Self { rules }) } else { Err(refused) }
    }
}

fn trimmed(rule: Rule) -> Rule {
    let mut actions = rule.actions;
    actions.sort_unstable();
    actions.dedup();
    // matched by its exact name: in the form in which people have it, or it would match nobody
    let party = |pattern: PartyPattern| PartyPattern {
        department: pattern.department.map(|department| profile::in_one_form(&department)),
        ..pattern
    };
    Rule {
        name: rule.name.trim().to_owned(),
        from: party(rule.from),
        to: party(rule.to),
        actions,
        reason: rule.reason.trim().to_owned(),
        ..rule
    }
}

fn name(name: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(allowed) {
        return Some(format!("A rule's name has 1 to {MAX_NAME} of a to z, 0 to 9, '_' and '-'."));
    }
    (name == DEACTIVATED).then(|| "This name stands for people who have left.".to_owned())
}

fn taken(rules: &[Rule], place: usize, rule: &Rule) -> Option<String> {
    let before = rules.iter().take(place).any(|other| other.name == rule.name);
    before.then(|| "An earlier rule has this name.".to_owned())
}

fn department(pattern: &PartyPattern) -> Option<String> {
    let department = pattern.department.as_ref()?;
    if department.is_empty() {
        return Some("Leave the department out to match every department.".into());
    }
    text(department, MAX_DEPARTMENT).or_else(|| {
        lookalike::hides_something(department).then(|| "It holds characters that nobody sees: nobody's department has them.".to_owned())
    })
}

fn text(text: &str, most: usize) -> Option<String> {
    if text.chars().count() > most {
        return Some(format!("At most {most} characters."));
    }
    text.chars().any(char::is_control).then(|| "In one line, without control characters.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::{Effect, PolicyAction};

    fn rule(name: &str) -> Rule {
        Rule {
            name: name.into(),
            from: PartyPattern::default(),
            to: PartyPattern::default(),
            actions: vec![PolicyAction::Send],
            effect: Effect::Deny,
            reason: String::new(),
        }
    }

    #[test]
    fn everything_that_is_wrong_is_named_with_its_place() {
        let empty = PartyPattern { department: Some(" ".into()), role: None };
        let policy = Policy {
            rules: vec![
                rule("closed"),
                Rule { actions: vec![], reason: "a\nb".into(), ..rule("closed") },
                Rule { to: empty, reason: "x".repeat(301), ..rule("deactivated") },
                rule("Not a name"),
            ],
        };
        let fields: Vec<String> = policy.checked().expect_err("wrong").into_iter().map(|(field, _)| field).collect();
        let expected = [
            "rules[1].name",
            "rules[1].actions",
            "rules[1].reason",
            "rules[2].name",
            "rules[2].to.department",
            "rules[2].reason",
            "rules[3].name",
        ];
        assert_eq!(fields, expected);
        let many = Policy { rules: (0..=MAX_RULES).map(|n| rule(&format!("r{n}"))).collect() };
        assert_eq!(many.checked().expect_err("too many")[0].0, "rules");
    }

    #[test]
    fn a_department_has_the_form_in_which_people_have_it() {
        let typed = "E\u{301}tudes\u{a0} et  plans";
        let people_have = crate::domain::profile::department(typed).expect("a department");
        let of = |department: &str| PartyPattern { department: Some(department.into()), role: None };
        let checked = Policy { rules: vec![Rule { from: of(typed), to: of(typed), ..rule("closed") }] }.checked().expect("right");
        let Rule { from, to, .. } = &checked.rules[0];
        assert_eq!([&from.department, &to.department], [&Some(people_have.clone()), &Some(people_have)]);
        // nobody is in a department that only looks like theirs
        for hidden in ["Tre\u{200b}asury", "\u{202e}yrusaerT", "Treasury\u{3164}"] {
            let refused = Policy { rules: vec![Rule { to: of(hidden), ..rule("closed") }] }.checked().expect_err(hidden);
            assert_eq!(refused[0].0, "rules[0].to.department", "{hidden:?}");
        }
    }

    #[test]
    fn the_same_rules_have_one_form() {
        let typed = Rule { actions: vec![PolicyAction::Send, PolicyAction::Find, PolicyAction::Send], ..rule(" closed ") };
        let checked = Policy { rules: vec![typed] }.checked().expect("right");
        assert_eq!(checked.rules[0].actions, [PolicyAction::Find, PolicyAction::Send]);
        assert_eq!(checked.rules[0].name, "closed");
        assert_eq!(checked.clone().checked(), Ok(checked));
    }
}
