//! Counting by classes against counting pair by pair with the decision itself.

use super::*;
use crate::domain::{
    policy::{Circumstances, Party, decide},
    time::Timestamp,
};
use proptest::prelude::*;

const DEPARTMENTS: [&str; 4] = ["Yard", "Audit", "Planning", ""];

fn pattern() -> impl Strategy<Value = PartyPattern> {
    let role = prop_oneof![Just(None), Just(Some(Role::Member)), Just(Some(Role::Admin))];
    let department =
        prop_oneof![Just(None), Just(Some("Yard".to_owned())), Just(Some("Audit".to_owned())), Just(Some("Nowhere".to_owned()))];
    (role, department).prop_map(|(role, department)| PartyPattern { role, department })
}

fn policy() -> impl Strategy<Value = Policy> {
    let actions = proptest::sample::subsequence(PolicyAction::ALL.to_vec(), 1..=3);
    let rule = (pattern(), pattern(), actions, any::<bool>());
    proptest::collection::vec(rule, 0..6).prop_map(|rules| Policy {
        rules: rules
            .into_iter()
            .enumerate()
            .map(|(place, (from, to, actions, allows))| Rule {
                name: format!("r{place}"),
                from,
                to,
                actions,
                effect: if allows { Effect::Allow } else { Effect::Deny },
                reason: String::new(),
            })
            .collect(),
    })
}

fn people() -> impl Strategy<Value = Vec<Party>> {
    let party = (any::<bool>(), proptest::sample::select(DEPARTMENTS.to_vec())).prop_map(|(admin, department)| Party {
        role: if admin { Role::Admin } else { Role::Member },
        department: department.to_owned(),
        active: true,
    });
    proptest::collection::vec(party, 0..12)
}

const NEVER: Circumstances = Circumstances { recipient_wrote_at: None, now: Timestamp::EPOCH };

proptest! {
    #[test]
    fn counting_by_classes_comes_to_the_same_as_asking_for_every_pair(before in policy(), after in policy(), people in people()) {
        let named = departments(&[&before, &after]);
        let all = classes(&named);
        let mut census: HashMap<Class, i64> = HashMap::new();
        for one in &people {
            let department = Some(one.department.clone()).filter(|department| named.contains(department));
            *census.entry(Class { role: one.role, department }).or_default() += 1;
        }
        let found = changes(&Rules::new(&before, &all), &Rules::new(&after, &all), &census);
        for action in PolicyAction::ALL {
            for allowed in [true, false] {
                let counted: i64 = found.iter().filter(|c| c.action == action && c.allowed == allowed).map(|c| c.pairs).sum();
                let mut asked = 0;
                for (i, from) in people.iter().enumerate() {
                    for (_, to) in people.iter().enumerate().filter(|(j, _)| i != *j) {
                        let [was, is] = [&before, &after].map(|policy| decide(policy, from, to, action, NEVER).allows());
                        asked += i64::from(was != is && is == allowed);
                    }
                }
                prop_assert_eq!(counted, asked, "{:?} {}", action, allowed);
            }
        }
    }

    #[test]
    fn a_rule_never_decides_exactly_when_leaving_it_out_or_turning_it_round_changes_nothing(policy in policy()) {
        let idle: Vec<String> = covered(&policy).into_iter().map(|(name, _)| name).collect();
        let parties: Vec<Party> = [Role::Member, Role::Admin].into_iter().flat_map(|role| {
            ["Yard", "Audit", "Nowhere", "elsewhere"].map(|department| Party { role, department: department.into(), active: true })
        }).collect();
        for (place, rule) in policy.rules.iter().enumerate() {
            let turned = [Effect::Allow, Effect::Deny].map(|effect| {
                let mut other = policy.clone();
                other.rules[place].effect = effect;
                other
            });
            let matters = parties.iter().any(|from| parties.iter().any(|to| PolicyAction::ALL.into_iter().any(|action| {
                let [a, b] = [&turned[0], &turned[1]].map(|policy| decide(policy, from, to, action, NEVER).allows());
                a != b
            })));
            prop_assert_eq!(idle.contains(&rule.name), !matters, "{}", &rule.name);
        }
    }
}

#[test]
fn a_rule_behind_one_for_everybody_is_named_with_what_covers_it() {
    let rule = |name: &str, department: Option<&str>| Rule {
        name: name.into(),
        from: PartyPattern::default(),
        to: PartyPattern { role: None, department: department.map(str::to_owned) },
        actions: vec![PolicyAction::Send],
        effect: Effect::Deny,
        reason: String::new(),
    };
    let policy = Policy { rules: vec![rule("all", None), rule("audit", Some("Audit"))] };
    assert_eq!(covered(&policy), [("audit".to_owned(), vec!["all".to_owned()])]);
}
