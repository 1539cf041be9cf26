//! The messages: those that the manifest names, each with the text, the sender and the time that its entry says, and with
//! the times of delivery and reading that the receipts say. The table for people is made again from them.

use super::{
    super::finding::{Code, Findings, Place},
    entries::{Entries, side},
};
use crate::{
    domain::receipt::ReceiptKind,
    server::proof::{
        archive::{
            Measure,
            lines::Message,
            manifest::{Conversation, Manifest},
            table::Table,
        },
        salted::{self, Words},
    },
};

#[derive(Debug, Default)]
pub(super) struct Messages {
    conversations: Vec<Conversation>,
    table: Option<(Table, Measure)>,
    row: Vec<u8>,
    /// What has to come next: a place in `conversations`, a number there.
    next: (usize, i64),
    there: u64,
    /// Of these, the ones without a text.
    pub(super) erased: u64,
}

impl Messages {
    pub(super) fn begin(&mut self, manifest: &Manifest) {
        self.conversations.clone_from(&manifest.conversations);
        let mut measure = Measure::default();
        measure.add(&Table::beginning());
        self.table = Some((Table::of(&manifest.people), measure));
        self.next = (0, manifest.conversations.first().map_or(0, |first| first.first_seq));
    }

    pub(super) fn message(&mut self, message: &Message, line: u64, entries: &mut Entries, findings: &mut Findings) {
        self.there = self.there.saturating_add(1);
        if let Some((table, measure)) = &mut self.table {
            self.row.clear();
            table.write(message, &mut self.row);
            measure.add(&self.row);
        }
        let (place, seq, id) = (Place::line(line), message.seq, message.conversation_id);
        let expected = self.conversations.get(self.next.0).filter(|known| known.id == id).map(|_| self.next.0);
        let found = expected.or_else(|| self.conversations.iter().position(|known| known.id == id));
        let Some((at, conversation)) = found.and_then(|at| Some((at, self.conversations.get(at)?.clone()))) else {
            findings.add(Code::ScopeForeign, place, format_args!("Conversation {id} does not belong to the scope."));
            return;
        };
        if (at, seq) != self.next {
            let next = self.next.1;
            let sentence =
                format_args!("Message {seq} of conversation {id} stands where {next} has to: one is missing, there twice or moved.");
            findings.add(Code::MessageSeq, place, sentence);
        }
        self.next = if seq < conversation.last_seq {
            (at, seq.saturating_add(1))
        } else {
            let following = at.saturating_add(1);
            (following, self.conversations.get(following).map_or(0, |next| next.first_seq))
        };
        match salted::look(message.body.as_deref(), message.body_salt.as_ref(), &message.body_digest) {
            Words::Same => {}
            Words::Erased => self.erased = self.erased.saturating_add(1),
            Words::Other => {
                let sentence = format_args!("The text of message {seq} of conversation {id} is not the one that was sent.");
                findings.add(Code::MessageText, place, sentence);
            }
        }
        let Some(said) = entries.said(at, seq) else {
            let sentence = format_args!("No sealed entry says that message {seq} of conversation {id} was sent.");
            findings.add(Code::MessageStray, place, sentence);
            return;
        };
        let by_low = side(&conversation, message.sender_id);
        let recipient = if said.by_low { conversation.user_high } else { conversation.user_low };
        let same = [
            ("sender", by_low == Some(said.by_low)),
            ("recipient", message.recipient_id == recipient),
            ("time", message.sent_at == said.at),
            ("digest of the text", message.body_digest.to_string() == said.digest),
        ];
        for (what, _) in same.iter().filter(|(_, same)| !same) {
            let sentence = format_args!("Message {seq} of conversation {id} has another {what} than its entry says.");
            findings.add(Code::MessageDiffers, place, sentence);
        }
        for (word, kind, shown) in
            [("delivery", ReceiptKind::Delivered, message.delivered_at), ("reading", ReceiptKind::Read, message.read_at)]
        {
            if entries.got(at, !said.by_low, kind, seq) != shown {
                let sentence = format_args!("Message {seq} of conversation {id} has another time of {word} than the entries say.");
                findings.add(Code::ReceiptDiffers, place, sentence);
            }
        }
    }

    pub(super) fn finish(self, manifest: &Manifest, table: Option<&(u64, [u8; 32])>, entries: &mut Entries, findings: &mut Findings) {
        if self.next.0 < self.conversations.len() {
            findings.add(
                Code::MessageSeq,
                Place::whole(),
                format_args!("messages.jsonl ends before the last message that the manifest names."),
            );
        }
        let mut left: Vec<_> = entries.left().collect();
        left.sort_unstable_by_key(|(_, entry)| *entry);
        for (seq, entry) in left {
            findings.add(
                Code::MessageMissing,
                Place::of_entry(entry),
                format_args!("The message that this entry speaks of is missing: message {seq}."),
            );
        }
        if (manifest.counts.messages, manifest.counts.receipts) != (entries.messages, entries.receipts) || self.there != entries.messages {
            findings.add(
                Code::ArchiveManifest,
                Place::whole(),
                format_args!("The manifest speaks of another number of messages or receipts."),
            );
        }
        if let Some((_, measure)) = self.table
            && table != Some(&measure.end())
        {
            findings.add(Code::ArchiveTable, Place::whole(), format_args!("messages.csv does not show what messages.jsonl says."));
        }
    }
}
