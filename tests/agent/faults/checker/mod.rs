//! The judge: pure functions over what was done (`History`), what the database holds (`Rows`) and what the screens showed
//! in the end. Each looks at all of one invariant and says what it has found; each is shown able to find something.

mod feeds;
mod order;
mod overload;
mod pointers;
mod screens;
mod sends;
#[cfg(test)]
mod specimen;

use super::{
    history::{Done, Outcome, Try},
    rows::Rows,
};
use std::{collections::HashSet, time::Duration};
use uuid::Uuid;

pub use overload::SOON;
pub use screens::FinalScreen;

/// All that there is to judge.
#[derive(Default)]
pub struct Evidence {
    /// What was done.
    pub done: Done,
    /// The keys of all messages when everything had come to rest, before what was unconfirmed was tried again.
    pub before_retries: HashSet<(Uuid, Uuid)>,
    /// The database at the end.
    pub rows: Rows,
    /// Each reader's last screen beside a fresh one.
    pub screens: Vec<FinalScreen>,
    /// The faults.
    pub struck: Vec<Struck>,
    /// Connections within a transaction when nothing was to be done any more.
    pub open_transactions: i64,
    /// What somebody who was slow or hostile was found to have cost: each is a violation.
    pub costs: Vec<String>,
    /// How many slow or hostile clients there were.
    pub hostile: usize,
}

/// A fault that was injected.
#[derive(Debug, Clone)]
pub struct Struck {
    /// Its name.
    pub name: String,
    /// Since the run began.
    pub from: Duration,
    /// When it was over.
    pub until: Duration,
    /// How long it took until every screen had caught up; who had not, otherwise.
    pub agreed: Result<Duration, String>,
}

/// A verdict.
#[derive(Debug)]
pub struct Check {
    /// I1 …
    pub invariant: &'static str,
    /// What is promised.
    pub promise: &'static str,
    /// How many things were looked at; none is no proof.
    pub looked_at: usize,
    /// What was found.
    pub wrong: Vec<String>,
}

impl Check {
    fn new(invariant: &'static str, promise: &'static str) -> Self {
        Self { invariant, promise, looked_at: 0, wrong: Vec::new() }
    }

    fn look(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        self.looked_at += 1;
        if !holds {
            self.wrong.push(otherwise());
        }
    }

    /// With what clients saw of it themselves.
    fn and_seen(mut self, done: &Done) -> Self {
        let seen = done.seen.iter().filter(|(invariant, _)| *invariant == self.invariant);
        self.wrong.extend(seen.map(|(_, what)| what.clone()));
        self
    }
}

/// Every check.
pub fn judge(evidence: &Evidence) -> Vec<Check> {
    vec![
        sends::accepted_are_there(evidence),
        sends::one_key_one_message(evidence),
        sends::unknown_ends_once(evidence),
        sends::refused_was_not_begun(evidence),
        sends::as_written(evidence),
        order::dense_and_in_real_time(evidence),
        feeds::dense(evidence),
        feeds::nothing_was_missed(evidence),
        screens::snapshot_and_changes(evidence),
        screens::everybody_was_shown_everything(evidence),
        pointers::only_advance(evidence),
        pointers::unread_is_the_count(evidence),
        overload::others_do_not_notice(evidence),
        overload::soon_all_agree(evidence),
        overload::later_says_when(evidence),
        sends::nothing_by_half(evidence),
    ]
}

fn accepted(evidence: &Evidence) -> impl Iterator<Item = (&Try, &cms_messages::domain::message::Message)> {
    evidence.done.tries.iter().filter_map(|one| match &one.outcome {
        Outcome::Accepted { message, .. } => Some((one, &**message)),
        _ => None,
    })
}
