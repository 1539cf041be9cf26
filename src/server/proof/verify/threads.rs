//! Conversations: what is shown of each to its two people has to follow from the entries. Messages are 1, 2, 3 …, of the
//! two and of nobody else; pointers stand where the receipts have moved them; totals are what can be counted.

mod side;
mod thread;

use super::finding::{Code, Counts, Findings, Place};
use crate::{
    domain::{audit::Action, ids::ConversationId},
    server::proof::{
        bundle::{Conversation, Message, Participant, Receipt},
        canonical::Entry,
    },
};
use std::collections::BTreeMap;
use thread::{Said, Thread};

#[derive(Debug, Default)]
pub(super) struct Threads {
    all: BTreeMap<ConversationId, Thread>,
}

impl Threads {
    pub(super) fn creation(&mut self, entry: &Entry, row: Option<&Conversation>, place: Place, findings: &mut Findings) {
        self.opening(entry);
        let Some(id) = entry.conversation_id else {
            findings.add(Code::ConversationDiffers, place, format_args!("This entry does not say which conversation was begun."));
            return;
        };
        let Some(row) = row else {
            findings.add(Code::ConversationMissing, place, format_args!("Conversation {id}, whose beginning this entry records, is gone."));
            return;
        };
        let (Some(by), Some(with)) = (entry.actor_id, entry.object.as_deref().and_then(|with| with.parse().ok())) else {
            findings.add(Code::ConversationDiffers, place, format_args!("This entry does not say whose conversation {id} is."));
            return;
        };
        if row.id != id || row.created_by != by || (row.user_low, row.user_high) != (by.min(with), by.max(with)) {
            let sentence = format_args!("Conversation {id} is not between the two that this entry names, or was not begun by who it says.");
            findings.add(Code::ConversationDiffers, place, sentence);
        }
        if self.of(id).begun(row, place).is_some() {
            findings.add(Code::ConversationDiffers, place, format_args!("Conversation {id} was begun before."));
        }
    }

    /// When an entry says that somebody has opened a conversation.
    pub(super) fn opening(&mut self, entry: &Entry) {
        let opened = [Action::ConversationCreated, Action::ConversationOpened].iter().any(|action| action.as_str() == entry.action);
        if let (true, Some(id), Some(who)) = (opened, entry.conversation_id, entry.actor_id) {
            self.of(id).opened(who, entry.at, entry.id);
        }
    }

    pub(super) fn message(&mut self, entry: &Entry, message: &Message) {
        let recipient = super::messages::detail(entry, "recipient_id").and_then(|id| id.parse().ok());
        let thread = self.of(message.conversation_id);
        let (sender, recipient) = (thread.somebody(message.sender_id), recipient.map(|id| thread.somebody(id)));
        let at = message.sent_at.unix_micros();
        thread.said(Said { seq: message.seq, ordinal: message.sender_ordinal, at, entry: entry.id, sender, recipient });
    }

    pub(super) fn receipt(&mut self, receipt: &Receipt, place: Place) {
        self.of(receipt.conversation_id).receipt(receipt, place.entry.unwrap_or_default());
    }

    pub(super) fn participant(&mut self, side: Participant, place: Place, findings: &mut Findings) {
        if !self.all.contains_key(&side.conversation_id) {
            let sentence = format_args!("{} is in conversation {}, of which nothing is recorded.", side.user_id, side.conversation_id);
            findings.add(Code::ConversationForeign, place, sentence);
            return;
        }
        self.of(side.conversation_id).shows(side, place);
    }

    pub(super) fn finish(self, counts: &mut Counts, findings: &mut Findings) {
        counts.conversations = u64::try_from(self.all.len()).unwrap_or(u64::MAX);
        for (id, thread) in self.all {
            thread.finish(id, findings);
        }
    }

    fn of(&mut self, id: ConversationId) -> &mut Thread {
        self.all.entry(id).or_default()
    }
}
