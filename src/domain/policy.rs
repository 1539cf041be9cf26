//! Who may write to whom: one pure, directed decision, used by search, open, send and the API alike.
//!
//! Rules are tried in order and the first that matches wins; without a match the answer is yes.
//! Whoever was written to may answer for [`ANSWER_DAYS`] days, whatever the rules say.
//!
//! `checked` says which rules may be applied, `difference` what a change of them would do, `words` how they read, `report`
//! what an admin is told.

mod checked;
pub mod difference;
pub mod report;
pub mod words;

pub use checked::{MAX_NAME, MAX_REASON, MAX_RULES};

use super::{
    time::Timestamp,
    user::{Role, User},
};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// For so many days after the other's last message an answer is always allowed.
pub const ANSWER_DAYS: i64 = 30;

/// The same in seconds.
pub const ANSWER_SECONDS: i64 = ANSWER_DAYS * 24 * 60 * 60;

/// The name that stands in answers in place of a rule's when the recipient has left.
pub const DEACTIVATED: &str = "deactivated";

/// What somebody wants to do to a colleague.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum PolicyAction {
    /// Find them in the search.
    Find,
    /// Open a conversation with them.
    Open,
    /// Send them a message.
    Send,
}

impl PolicyAction {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Find, Self::Open, Self::Send];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Find => "find",
            Self::Open => "open",
            Self::Send => "send",
        }
    }
}

impl FromStr for PolicyAction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|action| action.as_str() == text).ok_or_else(|| "an action is find, open or send".into())
    }
}

/// One side of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Their role.
    pub role: Role,
    /// Their department.
    pub department: String,
    /// Whether they are still here.
    pub active: bool,
}

impl From<&User> for Party {
    fn from(user: &User) -> Self {
        Self { role: user.role, department: user.department.clone(), active: user.active }
    }
}

/// Which parties a side of a rule matches; what is left out matches everyone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PartyPattern {
    /// Only this role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Only this department, by its exact name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
}

impl PartyPattern {
    fn matches(&self, party: &Party) -> bool {
        self.role.is_none_or(|role| role == party.role) && self.department.as_ref().is_none_or(|department| *department == party.department)
    }
}

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Effect {
    /// Yes.
    Allow,
    /// No.
    Deny,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Rule {
    /// Its name in answers (`rule`) and logs.
    pub name: String,
    /// Whom it binds.
    #[serde(default)]
    pub from: PartyPattern,
    /// Towards whom.
    #[serde(default)]
    pub to: PartyPattern,
    /// Which actions; without a list: opening and sending. Deny `find` to hide people altogether.
    #[serde(default = "Rule::default_actions")]
    pub actions: Vec<PolicyAction>,
    /// Yes or no.
    pub effect: Effect,
    /// The sentence a user reads when it says no.
    #[serde(default)]
    pub reason: String,
}

impl Rule {
    fn default_actions() -> Vec<PolicyAction> {
        vec![PolicyAction::Open, PolicyAction::Send]
    }
}

/// The organisation's rules, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// First match wins.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Go ahead.
    Allow,
    /// No, because of this rule.
    Deny {
        /// The rule's name; `deactivated` for a person who has left.
        rule: String,
        /// The sentence for the user.
        reason: String,
    },
}

impl Decision {
    /// Whether it is a yes.
    #[must_use]
    pub fn allows(&self) -> bool {
        *self == Self::Allow
    }
}

/// The circumstances of a decision that are not the two parties.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    /// When the recipient last wrote to the sender, if ever.
    pub recipient_wrote_at: Option<Timestamp>,
    /// The present moment.
    pub now: Timestamp,
}

/// What has decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground<'a> {
    /// The recipient has left.
    Deactivated,
    /// The sender answers.
    Answer,
    /// The first rule that matches.
    Rule(&'a Rule),
    /// No rule matches.
    NoRule,
}

impl Ground<'_> {
    /// What it comes to.
    #[must_use]
    pub fn decision(self) -> Decision {
        match self {
            Self::Deactivated => Decision::Deny {
                rule: DEACTIVATED.into(),
                reason: "This person has been deactivated. You can read the conversation, but no longer write.".into(),
            },
            Self::Rule(Rule { name, effect: Effect::Deny, reason, .. }) => Decision::Deny {
                rule: name.clone(),
                reason: if reason.is_empty() { "Your organisation does not allow messages to this person.".into() } else { reason.clone() },
            },
            Self::Answer | Self::Rule(_) | Self::NoRule => Decision::Allow,
        }
    }
}

/// May `sender` do `action` to `recipient`?
#[must_use]
pub fn decide(policy: &Policy, sender: &Party, recipient: &Party, action: PolicyAction, circumstances: Circumstances) -> Decision {
    ground(policy, sender, recipient, action, circumstances).decision()
}

/// What decides whether `sender` may do `action` to `recipient`.
#[must_use]
pub fn ground<'a>(policy: &'a Policy, sender: &Party, recipient: &Party, action: PolicyAction, circumstances: Circumstances) -> Ground<'a> {
    if action != PolicyAction::Find && !recipient.active {
        return Ground::Deactivated;
    }
    if circumstances.recipient_wrote_at.is_some_and(|at| circumstances.now.seconds_since(at) <= ANSWER_SECONDS) {
        return Ground::Answer;
    }
    let rule = policy.rules.iter().find(|rule| rule.actions.contains(&action) && rule.from.matches(sender) && rule.to.matches(recipient));
    rule.map_or(Ground::NoRule, Ground::Rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(role: Role, department: &str) -> Party {
        Party { role, department: department.into(), active: true }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_micros(seconds * 1_000_000).expect("in range")
    }

    fn audit_is_closed() -> Policy {
        Policy {
            rules: vec![
                Rule {
                    name: "admins_reach_audit".into(),
                    from: PartyPattern { role: Some(Role::Admin), department: None },
                    to: PartyPattern { role: None, department: Some("Audit".into()) },
                    actions: Rule::default_actions(),
                    effect: Effect::Allow,
                    reason: String::new(),
                },
                Rule {
                    name: "audit_is_closed".into(),
                    from: PartyPattern::default(),
                    to: PartyPattern { role: None, department: Some("Audit".into()) },
                    actions: Rule::default_actions(),
                    effect: Effect::Deny,
                    reason: "Internal Audit takes no messages.".into(),
                },
            ],
        }
    }

    const NEVER: Circumstances = Circumstances { recipient_wrote_at: None, now: Timestamp::EPOCH };

    #[test]
    fn the_first_matching_rule_wins_and_rules_are_directed() {
        let policy = audit_is_closed();
        let (member, admin, auditor) = (party(Role::Member, "Yard"), party(Role::Admin, "Yard"), party(Role::Member, "Audit"));
        assert!(!decide(&policy, &member, &auditor, PolicyAction::Send, NEVER).allows());
        assert!(decide(&policy, &admin, &auditor, PolicyAction::Send, NEVER).allows());
        assert!(decide(&policy, &auditor, &member, PolicyAction::Send, NEVER).allows());
        assert!(decide(&policy, &member, &auditor, PolicyAction::Find, NEVER).allows());
        assert!(decide(&Policy::default(), &member, &auditor, PolicyAction::Open, NEVER).allows());
    }

    #[test]
    fn whoever_was_written_to_may_answer_for_thirty_days() {
        let policy = audit_is_closed();
        let (member, auditor) = (party(Role::Member, "Yard"), party(Role::Member, "Audit"));
        let month = ANSWER_DAYS * 24 * 60 * 60;
        let asked = |now| Circumstances { recipient_wrote_at: Some(at(1_000)), now: at(now) };
        assert!(decide(&policy, &member, &auditor, PolicyAction::Send, asked(1_000 + month)).allows());
        assert!(!decide(&policy, &member, &auditor, PolicyAction::Send, asked(1_001 + month)).allows());
    }

    #[test]
    fn nobody_writes_to_a_deactivated_person() {
        let gone = Party { active: false, ..party(Role::Member, "Yard") };
        let asked = Circumstances { recipient_wrote_at: Some(at(0)), now: at(1) };
        let decision = decide(&Policy::default(), &party(Role::Admin, "Yard"), &gone, PolicyAction::Send, asked);
        assert!(matches!(decision, Decision::Deny { rule, .. } if rule == "deactivated"));
    }
}
