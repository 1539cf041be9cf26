//! Holds the lines of an export against each other, against its checkpoints and against those that somebody else kept.
//! Needs nothing else: no database, no key, no clock, no network. What does not go together becomes a finding that says
//! which entry, why, in a sentence for people and in a word for programs.
//!
//! A line is looked at once and then forgotten. What is kept for the end is some 90 bytes an entry: its hash, its number,
//! and of a message where it stands.

mod anchor;
mod archive;
mod checkpoints;
mod consistency;
mod finding;
mod keys;
mod leaves;
mod messages;
mod order;
mod receipts;
mod reviews;
mod threads;

pub use anchor::{Anchor, NoAnchor};
pub use archive::{ArchiveReport, ArchiveVerifier};
pub use consistency::{Consistency, NoConsistency};
pub use finding::{Code, Counts, Finding, Findings, Report};

use super::{
    bundle::{Line, NotALine, Record, Row, Sealed},
    note::PublicKey,
};
use checkpoints::Checkpoints;
use finding::Place;
use keys::Keys;
use leaves::Leaves;
use order::Order;
use reviews::Reviews;
use threads::Threads;

/// What whoever verifies brings along.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Checkpoints that were kept where nobody could change them.
    pub anchors: Vec<Anchor>,
    /// Public keys that they know to be the right ones; none: those of the export have to do.
    pub keys: Vec<PublicKey>,
    /// Proofs that one tree begins with another, for a file that is proven against another checkpoint than was kept.
    pub consistency: Vec<Consistency>,
}

/// Takes an export line by line.
#[derive(Debug, Default)]
pub struct Verifier {
    lines: u64,
    understood: u64,
    counts: Counts,
    findings: Findings,
    order: Order,
    leaves: Leaves,
    threads: Threads,
    reviews: Reviews,
    checkpoints: Checkpoints,
    keys: Keys,
}

impl Verifier {
    /// Nothing was looked at yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next line, without its newline.
    pub fn line(&mut self, bytes: &[u8]) {
        self.lines = self.lines.saturating_add(1);
        let line = match Line::from_bytes(bytes) {
            Ok(line) => line,
            Err(wrong) => {
                let code = if matches!(wrong, NotALine::Version(_)) { Code::LineVersion } else { Code::LineForm };
                self.findings.add(code, Place::line(self.lines), format_args!("This line is none of an export: {wrong}."));
                return;
            }
        };
        self.understood = self.understood.saturating_add(1);
        let place = match &line {
            Line::Entry(sealed) => Place::entry(self.lines, sealed.entry.id),
            Line::Record(_) => Place::line(self.lines),
        };
        self.order.look(&line, place, &mut self.findings);
        match line {
            Line::Entry(sealed) => self.entry(&sealed, place),
            Line::Record(record) => self.record(record, place),
        }
    }

    fn entry(&mut self, sealed: &Sealed, place: Place) {
        self.counts.entry(sealed);
        self.leaves.entry(sealed, place, &mut self.findings);
        self.reviews.entry(&sealed.entry, place, &mut self.counts, &mut self.findings);
        match &sealed.row {
            Row::Nothing => self.threads.opening(&sealed.entry),
            Row::Conversation(row) => self.threads.creation(&sealed.entry, row.as_ref(), place, &mut self.findings),
            Row::Message(None) => self.findings.add(
                Code::MessageMissing,
                place,
                format_args!("The message that this entry speaks of is gone: message {}.", shown(sealed)),
            ),
            Row::Message(Some(message)) => {
                messages::look(&sealed.entry, message, place, &mut self.findings);
                self.counts.message(message);
                self.threads.message(&sealed.entry, message);
            }
            Row::Receipt(None) => self.findings.add(
                Code::ReceiptMissing,
                place,
                format_args!("The receipt that this entry speaks of is gone: up to message {}.", shown(sealed)),
            ),
            Row::Receipt(Some(receipt)) => {
                receipts::look(&sealed.entry, receipt, place, &mut self.findings);
                self.counts.receipts = self.counts.receipts.saturating_add(1);
                self.threads.receipt(receipt, place);
            }
        }
    }

    fn record(&mut self, record: Record, place: Place) {
        match record {
            Record::Leaf(leaf) => self.leaves.orphan(&leaf, place, &mut self.findings),
            Record::Message(message) => {
                let (seq, thread) = (message.seq, message.conversation_id);
                let sentence = format_args!("Nobody is recorded to have sent message {seq} of conversation {thread}.");
                self.findings.add(Code::MessageStray, place, sentence);
            }
            Record::Receipt(receipt) => {
                let (seq, thread, user) = (receipt.up_to_seq, receipt.conversation_id, receipt.user_id);
                let sentence = format_args!("No entry says that {user} got as far as message {seq} of conversation {thread}.");
                self.findings.add(Code::ReceiptStray, place, sentence);
            }
            Record::Conversation(conversation) => {
                let sentence = format_args!("Nobody is recorded to have begun conversation {}.", conversation.id);
                self.findings.add(Code::ConversationStray, place, sentence);
            }
            Record::Participant(participant) => self.threads.participant(participant, place, &mut self.findings),
            Record::Review(review) => {
                self.counts.reviews = self.counts.reviews.saturating_add(1);
                self.reviews.review(&review, place, &mut self.findings);
            }
            Record::Export(export) => {
                self.counts.exports = self.counts.exports.saturating_add(1);
                self.reviews.export(&export, place, &mut self.findings);
            }
            Record::Checkpoint(checkpoint) => self.checkpoints.add(checkpoint, place),
            Record::Key(key) => self.keys.add(&key, place, &mut self.findings),
            Record::End(_) => {}
        }
    }

    /// `None` when no line of it could be understood: that is no export.
    #[must_use]
    pub fn finish(mut self, trust: &Trust) -> Option<Report> {
        if self.understood == 0 {
            return None;
        }
        self.order.finish(&mut self.findings);
        self.leaves.finish(&mut self.findings);
        self.threads.finish(&mut self.counts, &mut self.findings);
        self.reviews.finish(&mut self.findings);
        let seal = self.checkpoints.finish(&self.leaves, &mut self.keys, trust, &mut self.findings);
        Some(Report::new(self.counts, seal, trust, self.findings))
    }
}

fn shown(sealed: &Sealed) -> String {
    let thread = sealed.entry.conversation_id.map_or_else(|| "no conversation".to_owned(), |id| format!("conversation {id}"));
    format!("{} of {thread}", sealed.entry.object.as_deref().unwrap_or("without a number"))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
