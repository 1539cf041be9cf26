//! A draft of rules as a form carries it from step to step: every field of every rule, as it was typed.
//!
//! Nothing of it is kept on the server. A rule that cannot be applied is kept all the same: why not is said beside its field.

use crate::{
    admin::form::Form,
    domain::policy::{Effect, PartyPattern, PolicyAction, Rule},
};

/// Rules as they are being written.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// In their order.
    pub rules: Vec<Rule>,
    /// Why.
    pub note: String,
    /// The version that they replace.
    pub expected_version: i64,
    /// Whose rules they are again.
    pub restored_from: Option<i64>,
    /// What was shown of them last: only that is applied.
    pub tried: String,
}

/// What a button asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Show what they would do.
    Try,
    /// Put them in force.
    Apply,
    /// One more, at the end.
    Add,
    /// This one before its predecessor.
    Up(usize),
    /// This one behind its successor.
    Down(usize),
    /// Without this one.
    Remove(usize),
}

impl Step {
    /// What was pressed; the Enter key tries.
    pub fn read(form: &Form) -> Self {
        let step = form.field("step");
        let (word, place) = step.split_once(':').unwrap_or((&step, ""));
        match (word, place.parse()) {
            ("apply", _) => Self::Apply,
            ("add", _) => Self::Add,
            ("up", Ok(place)) => Self::Up(place),
            ("down", Ok(place)) => Self::Down(place),
            ("remove", Ok(place)) => Self::Remove(place),
            _ => Self::Try,
        }
    }
}

impl Draft {
    /// A draft that begins with these rules.
    pub fn of(rules: Vec<Rule>, expected_version: i64) -> Self {
        Self { rules, expected_version, ..Self::default() }
    }

    /// As it was typed.
    pub fn read(form: &Form) -> Self {
        let rules = (0..=crate::domain::policy::MAX_RULES).map_while(|place| rule(form, place));
        Self {
            rules: rules.collect(),
            note: form.field("note"),
            expected_version: form.field("expected_version").parse().unwrap_or_default(),
            restored_from: form.field("restored_from").parse().ok(),
            tried: form.field("tried"),
        }
    }

    /// The rules alone.
    pub fn rules(&self) -> Vec<Rule> {
        self.rules.clone()
    }

    /// The same after a step.
    #[must_use]
    pub fn after(mut self, step: Step) -> Self {
        let last = self.rules.len().saturating_sub(1);
        match step {
            Step::Add => self.rules.push(blank()),
            Step::Up(place) if (1..=last).contains(&place) => self.rules.swap(place, place.saturating_sub(1)),
            Step::Down(place) if place < last => self.rules.swap(place, place.saturating_add(1)),
            Step::Remove(place) if place <= last && !self.rules.is_empty() => drop(self.rules.remove(place)),
            _ => {}
        }
        self
    }
}

fn blank() -> Rule {
    Rule {
        name: String::new(),
        from: PartyPattern::default(),
        to: PartyPattern::default(),
        actions: vec![PolicyAction::Open, PolicyAction::Send],
        effect: Effect::Deny,
        reason: String::new(),
    }
}

/// The rule of this place; none behind the last.
fn rule(form: &Form, place: usize) -> Option<Rule> {
    let field = |name: &str| form.field(&format!("r{place}_{name}"));
    // every rule has one, and a button that is pressed in the last one comes with it
    if field("effect").is_empty() {
        return None;
    }
    let pattern = |side: &str| PartyPattern {
        role: field(&format!("{side}_role")).parse().ok(),
        department: Some(field(&format!("{side}_department"))).filter(|department| !department.trim().is_empty()),
    };
    Some(Rule {
        name: field("name"),
        from: pattern("from"),
        to: pattern("to"),
        actions: PolicyAction::ALL.into_iter().filter(|action| !field(action.as_str()).is_empty()).collect(),
        effect: if field("effect") == "allow" { Effect::Allow } else { Effect::Deny },
        reason: field("reason"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(draft: &Draft) -> Vec<&str> {
        draft.rules.iter().map(|rule| rule.name.as_str()).collect()
    }

    #[test]
    fn steps_move_and_remove_rules_and_never_go_beyond_the_ends() {
        let named = |name: &str| Rule { name: name.into(), ..blank() };
        let draft = || Draft::of(vec![named("a"), named("b"), named("c")], 1);
        assert_eq!(names(&draft().after(Step::Up(2))), ["a", "c", "b"]);
        assert_eq!(names(&draft().after(Step::Down(0))), ["b", "a", "c"]);
        assert_eq!(names(&draft().after(Step::Remove(1))), ["a", "c"]);
        assert_eq!(names(&draft().after(Step::Add)), ["a", "b", "c", ""]);
        for step in [Step::Up(0), Step::Up(3), Step::Down(2), Step::Down(9), Step::Remove(3), Step::Try, Step::Apply] {
            assert_eq!(names(&draft().after(step)), ["a", "b", "c"], "{step:?}");
        }
    }

    #[test]
    fn a_rule_comes_back_as_it_was_typed_also_when_it_is_wrong() {
        let form = Form::of([
            ("r0_name", " Not a name".to_owned()),
            ("r0_effect", "deny".to_owned()),
            ("r0_from_role", "admin".to_owned()),
            ("r0_to_department", "Bord de l’eau".to_owned()),
            ("r0_send", "on".to_owned()),
            ("r2_effect", "deny".to_owned()),
            ("step", "up:7".to_owned()),
        ]);
        let draft = Draft::read(&form);
        assert_eq!(names(&draft), [" Not a name"], "behind a gap is nothing");
        let rule = draft.rules.first().expect("a rule");
        assert_eq!((rule.from.role.is_some(), rule.to.department.as_deref()), (true, Some("Bord de l’eau")));
        assert_eq!(rule.actions, [PolicyAction::Send]);
        assert_eq!((Step::read(&form), Step::read(&Form::default())), (Step::Up(7), Step::Try));
    }
}
