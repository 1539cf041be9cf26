//! The lines stand in one order, each once, and the last one says how many there are: what was swapped, doubled or cut off
//! shows here, also where it would change nothing of the content.

use super::finding::{Code, Findings, Place};
use crate::server::proof::bundle::{End, Line, Record};
use uuid::Uuid;

/// Where a line belongs: no two lines have the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Leaf(i64),
    Unsealed(i64),
    Orphan(i64, i64),
    Message(Uuid, i64),
    Receipt(Uuid, Uuid, String, i64),
    Conversation(Uuid),
    Participant(Uuid, Uuid),
    Review(Uuid),
    Export(Uuid),
    Checkpoint(i64),
    Vkey(String),
    End,
}

impl Key {
    fn of(line: &Line) -> Self {
        match line {
            Line::Entry(sealed) => sealed.seal.as_ref().map_or(Self::Unsealed(sealed.entry.id), |seal| Self::Leaf(seal.leaf)),
            Line::Record(Record::Leaf(leaf)) => Self::Orphan(leaf.leaf, leaf.entry_id),
            Line::Record(Record::Message(message)) => Self::Message(message.conversation_id.0, message.seq),
            Line::Record(Record::Receipt(receipt)) => {
                Self::Receipt(receipt.conversation_id.0, receipt.user_id.0, receipt.kind.clone(), receipt.up_to_seq)
            }
            Line::Record(Record::Conversation(conversation)) => Self::Conversation(conversation.id.0),
            Line::Record(Record::Participant(side)) => Self::Participant(side.conversation_id.0, side.user_id.0),
            Line::Record(Record::Review(review)) => Self::Review(review.id.0),
            Line::Record(Record::Export(export)) => Self::Export(export.id.0),
            Line::Record(Record::Checkpoint(checkpoint)) => Self::Checkpoint(checkpoint.size),
            Line::Record(Record::Key(key)) => Self::Vkey(key.vkey.clone()),
            Line::Record(Record::End(_)) => Self::End,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Order {
    last: Option<Key>,
    entries: u64,
    records: u64,
    end: Option<End>,
}

impl Order {
    pub(super) fn look(&mut self, line: &Line, place: Place, findings: &mut Findings) {
        let key = Key::of(line);
        if let Some(last) = self.last.as_ref().filter(|last| **last >= key) {
            let sentence = if *last == key { "This line is there twice." } else { "This line belongs above the one before it." };
            findings.add(Code::LineOrder, place, format_args!("{sentence}"));
        }
        self.last = Some(key);
        match line {
            Line::Entry(_) => self.entries = self.entries.saturating_add(1),
            Line::Record(Record::End(end)) => self.end = Some(*end),
            Line::Record(_) => self.records = self.records.saturating_add(1),
        }
    }

    pub(super) fn finish(self, findings: &mut Findings) {
        let there = End { entries: self.entries, records: self.records };
        match self.end {
            None => findings.add(Code::FileEnd, Place::whole(), format_args!("The file was cut off: its last line is missing.")),
            Some(said) if said != there => findings.add(
                Code::FileEnd,
                Place::whole(),
                format_args!(
                    "The last line speaks of {} entries and {} records, but there are {} and {}.",
                    said.entries, said.records, there.entries, there.records
                ),
            ),
            Some(_) => {}
        }
    }
}
