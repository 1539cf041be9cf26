//! What an admin is told about the policy: its versions, why a decision falls as it does, and what a change would do.

use super::{
    PolicyAction, Rule,
    difference::{ClassChange, PairCount},
};
use crate::domain::{ids::ConversationId, time::Timestamp, user::User};
use serde::{Deserialize, Serialize};

/// The rules as they were applied at a moment. The newest version is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PolicyVersion {
    /// Grows with every change.
    pub version: i64,
    /// First match wins, default allow; `null` when they stood in the configuration of an older program.
    pub rules: Option<Vec<Rule>>,
    /// Who applied them; `null` for the command line, and for what stood in the configuration.
    pub changed_by: Option<User>,
    /// Why, in their words; may be empty.
    pub note: String,
    /// The version whose rules these are again.
    pub restored_from: Option<i64>,
    /// Since when.
    pub applied_at: Timestamp,
}

/// A part of the history, the newest version first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PolicyVersions {
    /// Newest first.
    pub items: Vec<PolicyVersion>,
    /// `before` of the next part; `null` at the end.
    pub next_before: Option<i64>,
}

/// What has decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Because {
    /// The recipient has left.
    Deactivated,
    /// The recipient has written to the sender within the last 30 days.
    Answer,
    /// The first rule that matches.
    Rule,
    /// No rule matches: allowed.
    NoRule,
}

/// Whether somebody may do something to a colleague, and what decides that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Explanation {
    /// Who acts.
    pub from: User,
    /// Towards whom.
    pub to: User,
    /// What.
    pub action: PolicyAction,
    /// Yes or no.
    pub allowed: bool,
    /// What has decided.
    pub because: Because,
    /// The name of the rule, when a rule has decided.
    pub rule: Option<String>,
    /// Which one it is, counted from 1.
    pub place: Option<u32>,
    /// What the user reads when it is a no.
    pub reason: Option<String>,
    /// When the answering ends, when that has decided.
    pub answer_until: Option<Timestamp>,
    /// Of the rules that were asked.
    pub policy_version: i64,
}

/// Something in the rules that is probably not meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Problem {
    /// The rule.
    pub rule: String,
    /// `never_decides`: earlier rules match everything that it matches. `empty_department`: nobody active is there.
    pub problem: ProblemKind,
    /// One sentence.
    pub detail: String,
}

/// What is wrong with a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum ProblemKind {
    /// Earlier rules match everything that it matches.
    NeverDecides,
    /// It names a department in which nobody active is.
    EmptyDepartment,
}

/// What other rules would do, before they apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DryRun {
    /// Of the rules that these were compared with: what applying them expects.
    pub policy_version: i64,
    /// How many ordered pairs of active people it is decided otherwise for, by the rules alone.
    pub pairs: ActionCounts,
    /// Between which classes of people, the most pairs first; 50 at most.
    pub classes: Vec<ClassChange>,
    /// How many more there are.
    pub classes_left_off: i64,
    /// The conversations that exist.
    pub conversations: ConversationEffects,
    /// What is probably not meant.
    pub problems: Vec<Problem>,
}

/// Pairs by action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ActionCounts {
    /// Finding.
    pub find: PairCount,
    /// Opening a conversation.
    pub open: PairCount,
    /// Sending.
    pub send: PairCount,
}

/// What becomes of the conversations that exist. Whoever was written to within 30 days may answer and is not counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ConversationEffects {
    /// In so many somebody can no longer write.
    pub become_read_only: i64,
    /// In so many somebody can write who could not.
    pub become_writable: i64,
    /// The first of them, by id; 20 at most.
    pub items: Vec<AffectedSide>,
}

/// One side of a conversation that a change would open or close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AffectedSide {
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// For whom it changes.
    pub from: User,
    /// To whom they could write, or not.
    pub to: User,
    /// Whether they could.
    pub can_write: bool,
}
