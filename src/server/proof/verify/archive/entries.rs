//! The entries of the scope and the hashes around them: one after the other they are the whole tree. Each entry speaks of a
//! message of the scope, or of how far one of the two had got with it.

use super::super::{
    finding::{Code, Findings, Place},
    messages::detail,
};
use crate::{
    domain::{audit::Action, ids::UserId, receipt::ReceiptKind, time::Timestamp},
    server::proof::{
        archive::{
            lines::Proof,
            manifest::{Conversation, Manifest},
        },
        canonical::Entry,
        tree::{self, Frontier},
    },
};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// What an entry says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) by_low: bool,
    pub(super) at: Timestamp,
    pub(super) digest: String,
    entry: i64,
}

/// Until where somebody had got, and when; in the order of the tree.
type Steps = Vec<(i64, Timestamp)>;

#[derive(Debug, Default)]
pub(super) struct Entries {
    scope: HashMap<Uuid, (usize, Conversation)>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    pub(super) tree: Frontier,
    /// A place was missing or twice: what comes after it has no place any more.
    pub(super) lost: bool,
    said: HashMap<(usize, i64), Said>,
    got: BTreeMap<(usize, bool, bool), Steps>,
    pub(super) messages: u64,
    pub(super) receipts: u64,
}

impl Entries {
    pub(super) fn begin(&mut self, manifest: &Manifest, findings: &mut Findings) {
        (self.from, self.until) = (Some(manifest.from), Some(manifest.until));
        for (place, conversation) in manifest.conversations.iter().enumerate() {
            if self.scope.insert(conversation.id.0, (place, conversation.clone())).is_some() {
                let id = conversation.id;
                findings.add(Code::ArchiveManifest, Place::whole(), format_args!("The manifest names conversation {id} twice."));
            }
        }
    }

    pub(super) fn proof(&mut self, proof: Proof, line: u64, findings: &mut Findings) {
        let from = match &proof {
            Proof::Outside(subtree) => subtree.from,
            Proof::Entry(_, leaf) => *leaf,
        };
        let next = self.tree.size();
        if !self.lost && from != next {
            let sentence = format_args!(
                "proof.jsonl goes on with place {from} of the tree where {next} has to come: something is missing or was put in."
            );
            findings.add(Code::LeafOrder, Place::line(line), sentence);
            self.lost = true;
        }
        match proof {
            Proof::Outside(subtree) => {
                if !self.lost && !self.tree.append_subtree(subtree.leaves, subtree.hash) {
                    let leaves = subtree.leaves;
                    findings.add(
                        Code::LeafOrder,
                        Place::line(line),
                        format_args!("{leaves} entries are no full part of the tree at place {from}."),
                    );
                    self.lost = true;
                }
            }
            Proof::Entry(entry, _) => {
                if !self.lost {
                    self.tree.append(tree::leaf_hash(&entry.to_bytes()));
                }
                let place = Place::entry(line, entry.id);
                if self.of_scope(&entry, place, findings).is_none() {
                    findings.add(Code::ScopeForeign, place, format_args!("This entry says nothing of a message of the scope."));
                }
            }
        }
    }

    /// `None` when it does not belong here.
    fn of_scope(&mut self, entry: &Entry, place: Place, findings: &mut Findings) -> Option<()> {
        let (at, conversation) = self.scope.get(&entry.conversation_id?.0)?.clone();
        let number: i64 = entry.object.as_deref()?.parse().ok()?;
        let by_low = side(&conversation, entry.actor_id?)?;
        let is = |action: Action| entry.action == action.as_str();
        if is(Action::MessageSent) {
            let other = if by_low { conversation.user_high } else { conversation.user_low };
            let within = (conversation.first_seq..=conversation.last_seq).contains(&number);
            let in_time = self.from.is_some_and(|from| from <= entry.at) && self.until.is_some_and(|until| entry.at < until);
            let to_other = detail(entry, "recipient_id") == Some(other.to_string().as_str());
            if !(within && in_time && to_other) {
                return None;
            }
            self.messages = self.messages.saturating_add(1);
            let said = Said { by_low, at: entry.at, digest: detail(entry, "digest")?.to_owned(), entry: entry.id };
            if self.said.insert((at, number), said).is_some() {
                findings.add(Code::EntryTwice, place, format_args!("Message {number} of this conversation is recorded twice."));
            }
        } else if is(Action::MessageDelivered) || is(Action::MessageRead) {
            self.receipts = self.receipts.saturating_add(1);
            let steps = self.got.entry((at, by_low, is(Action::MessageRead))).or_default();
            let before = steps.last().map_or(0, |(number, _)| *number);
            // none that says nothing of the scope, and none after the one that says the last of it
            if number < conversation.first_seq || number <= before || before >= conversation.last_seq {
                return None;
            }
            steps.push((number, entry.at));
        } else {
            return None;
        }
        Some(())
    }

    /// What an entry says of this message; a second time nothing.
    pub(super) fn said(&mut self, conversation: usize, seq: i64) -> Option<Said> {
        self.said.remove(&(conversation, seq))
    }

    /// When the other one had got as far as this message.
    pub(super) fn got(&self, conversation: usize, by_low: bool, kind: ReceiptKind, seq: i64) -> Option<Timestamp> {
        let steps = self.got.get(&(conversation, by_low, kind == ReceiptKind::Read))?;
        steps.get(steps.partition_point(|(number, _)| *number < seq)).map(|(_, at)| *at)
    }

    /// Entries whose messages have not come.
    pub(super) fn left(&self) -> impl Iterator<Item = (i64, i64)> {
        self.said.iter().map(|((_, seq), said)| (*seq, said.entry))
    }
}

/// Whether they are the one with the lower id; `None` for a stranger.
pub(super) fn side(conversation: &Conversation, who: UserId) -> Option<bool> {
    match who {
        low if low == conversation.user_low => Some(true),
        high if high == conversation.user_high => Some(false),
        _ => None,
    }
}
