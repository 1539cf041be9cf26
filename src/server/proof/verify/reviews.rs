//! Reviews and their exports against their entries. What was asked for, decided and ended is held against them value by value;
//! the case, the reason and the notes, which are in no entry, against the salted digests there. Entries from before there
//! were digests are counted: of their words nothing can be shown.

mod step;

use super::finding::{Code, Counts, Findings, Place};
use crate::server::proof::{
    bundle::{Hex, Review, ReviewExport},
    canonical::Entry,
};
use std::collections::BTreeMap;
use step::{Decided, Of, Step, Words};
use uuid::Uuid;

/// The entries of one review or export, and whether its row has come.
#[derive(Debug, Default)]
struct Steps {
    asked: Vec<Step>,
    decided: Vec<Step>,
    ended: Vec<Step>,
    made: Vec<Step>,
    row: bool,
}

#[derive(Debug, Default)]
pub(super) struct Reviews {
    all: BTreeMap<(Of, Uuid), Steps>,
}

impl Reviews {
    pub(super) fn entry(&mut self, entry: &Entry, place: Place, counts: &mut Counts, findings: &mut Findings) {
        let Some((of, kind)) = step::kind(&entry.action) else { return };
        let Some(id) = of.id(entry) else {
            findings.add(of.differs(), place, format_args!("This entry does not say which {of} it is about."));
            return;
        };
        let steps = self.all.entry((of, id)).or_default();
        let (kind, digests): (_, &[&str]) = match kind {
            step::Kind::Asked if of == Of::Review => (&mut steps.asked, &["case_digest", "reason_digest"]),
            step::Kind::Asked => (&mut steps.asked, &[]),
            step::Kind::Decided => (&mut steps.decided, &["note_digest"]),
            step::Kind::Ended => (&mut steps.ended, &[]),
            step::Kind::Made => (&mut steps.made, &[]),
        };
        let step = Step { entry: entry.clone(), place };
        counts.words(digests.iter().any(|key| step.words(key) == Words::NotCovered));
        if !kind.is_empty() {
            findings.add(of.differs(), place, format_args!("The {of} {id} was asked for, decided, ended or made twice."));
        }
        kind.push(step);
    }

    pub(super) fn review(&mut self, row: &Review, place: Place, findings: &mut Findings) {
        let id = row.id;
        let steps = self.all.entry((Of::Review, id.0)).or_default();
        steps.row = true;
        let Some(asked) = steps.asked.first() else {
            findings.add(Code::ReviewStray, place, format_args!("Nobody is recorded to have asked for review {id}."));
            return;
        };
        let mut look = Look { of: Of::Review, id: id.0, place, findings };
        look.words("case", asked, "case_digest", row.case_id.as_deref(), row.case_salt.as_ref());
        look.words("reason", asked, "reason_digest", row.reason.as_deref(), row.reason_salt.as_ref());
        look.same(
            asked,
            &[
                ("requester", asked.entry.actor_id == Some(row.requested_by)),
                ("conversation in its scope", asked.entry.conversation_id == row.conversation_id),
                ("person in its scope", asked.user("user_id") == Some(row.user_id)),
                ("category", asked.text("category") == Some(&row.category)),
                ("mode", asked.text("mode") == Some(&row.mode)),
                ("beginning of its period", asked.time("from") == Some(Some(row.from_at))),
                ("end of its period", asked.time("until") == Some(Some(row.until_at))),
            ],
        );
        let step = steps.decided.first();
        look.decided(step, &Decided::of(row.decision.as_deref(), row.decided_by, row.decision_note.as_deref(), row.note_salt.as_ref()));
        let expires_at = step.map_or(Some(None), |step| step.time("expires_at"));
        look.same(step.unwrap_or(asked), &[("end of its grant", expires_at == Some(row.expires_at))]);
        let ended = steps.ended.first();
        look.same(ended.unwrap_or(asked), &[("person who ended it", row.ended_by == ended.and_then(|step| step.entry.actor_id))]);
    }

    pub(super) fn export(&mut self, row: &ReviewExport, place: Place, findings: &mut Findings) {
        let id = row.id;
        let steps = self.all.entry((Of::Export, id.0)).or_default();
        steps.row = true;
        let Some(asked) = steps.asked.first() else {
            findings.add(Code::ExportStray, place, format_args!("Nobody is recorded to have asked for export {id}."));
            return;
        };
        let mut look = Look { of: Of::Export, id: id.0, place, findings };
        let review = row.review_id.to_string();
        look.same(
            asked,
            &[("requester", asked.entry.actor_id == Some(row.requested_by)), ("review", asked.entry.object.as_ref() == Some(&review))],
        );
        let step = steps.decided.first();
        look.decided(step, &Decided::of(row.decision.as_deref(), row.decided_by, row.decision_note.as_deref(), row.note_salt.as_ref()));
        let tree_size = step.map_or(Some(None), |step| step.number("tree_size"));
        look.same(step.unwrap_or(asked), &[("size of the tree that it covers", tree_size == Some(row.tree_size))]);
        let made = steps.made.first();
        let digest = row.manifest_sha256.as_ref().map(ToString::to_string);
        let said = made.and_then(|step| step.text("manifest_sha256").cloned());
        look.same(made.unwrap_or(asked), &[("manifest", digest == said)]);
    }

    pub(super) fn finish(self, findings: &mut Findings) {
        for ((of, id), steps) in self.all.into_iter().filter(|(_, steps)| !steps.row) {
            let first = [steps.asked, steps.decided, steps.ended, steps.made].into_iter().flatten().next();
            let place = first.map_or(Place::whole(), |step| step.place);
            findings.add(of.missing(), place, format_args!("The {of} {id}, which this entry speaks of, is gone."));
        }
    }
}

/// What is held against the row with this id.
struct Look<'a> {
    of: Of,
    id: Uuid,
    place: Place,
    findings: &'a mut Findings,
}

impl Look<'_> {
    fn words(&mut self, what: &str, step: &Step, key: &str, words: Option<&str>, salt: Option<&Hex>) {
        if step.words(key).are(words, salt) {
            return;
        }
        let (of, id, entry) = (self.of, self.id, step.entry.id);
        let place = Place { entry: Some(entry), ..self.place };
        let sentence =
            format_args!("The {what} of {of} {id} is not the one that entry {entry} was sealed with: it was changed, put in or removed.");
        self.findings.add(of.words(), place, sentence);
    }

    fn same(&mut self, step: &Step, columns: &[(&str, bool)]) {
        for (what, _) in columns.iter().filter(|(_, same)| !same) {
            let (of, id) = (self.of, self.id);
            let place = Place { entry: Some(step.entry.id), ..self.place };
            self.findings.add(of.differs(), place, format_args!("The {of} {id} has another {what} than its entries say."));
        }
    }

    fn decided(&mut self, step: Option<&Step>, row: &Decided<'_>) {
        let Some(step) = step else {
            if !row.is_nothing() {
                let (of, id) = (self.of, self.id);
                self.findings.add(of.differs(), self.place, format_args!("Nobody is recorded to have decided about {of} {id}."));
            }
            return;
        };
        let decision = step.entry.action.split_once('.').map(|(_, word)| word);
        self.same(step, &[("decision", row.decision == decision), ("deciding person", row.by == step.entry.actor_id)]);
        self.words("note", step, "note_digest", row.note, row.salt);
    }
}
