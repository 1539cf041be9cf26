//! One conversation: everything that was recorded of it, held against its row and the rows of its two people.

use super::{
    super::finding::{Code, Findings, Place},
    side::Side,
};
use crate::{
    domain::{
        ids::{ConversationId, UserId},
        receipt::ReceiptKind,
        time::Timestamp,
    },
    server::proof::bundle::{Conversation, Participant, Receipt},
};

/// A message, as far as the others depend on it. People are places in [`Thread::people`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    pub(super) seq: i64,
    pub(super) ordinal: i64,
    /// In microseconds since 1970.
    pub(super) at: i64,
    pub(super) entry: i64,
    pub(super) sender: usize,
    pub(super) recipient: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Got {
    who: usize,
    kind: ReceiptKind,
    up_to: i64,
    entry: i64,
}

#[derive(Debug, Default)]
pub(super) struct Thread {
    row: Option<(Conversation, Place)>,
    /// Whoever was ever named: two, unless something is wrong.
    people: Vec<UserId>,
    opened: Vec<(usize, Timestamp, i64)>,
    said: Vec<Said>,
    got: Vec<Got>,
    sides: Vec<(Participant, Place)>,
}

impl Thread {
    pub(super) fn somebody(&mut self, id: UserId) -> usize {
        self.people.iter().position(|known| *known == id).unwrap_or_else(|| {
            self.people.push(id);
            self.people.len().saturating_sub(1)
        })
    }

    /// Gives the row that was there before.
    pub(super) fn begun(&mut self, row: &Conversation, place: Place) -> Option<(Conversation, Place)> {
        self.row.replace((row.clone(), place))
    }

    pub(super) fn opened(&mut self, who: UserId, at: Timestamp, entry: i64) {
        let who = self.somebody(who);
        self.opened.push((who, at, entry));
    }

    pub(super) fn said(&mut self, said: Said) {
        self.said.push(said);
    }

    pub(super) fn receipt(&mut self, receipt: &Receipt, entry: i64) {
        let who = self.somebody(receipt.user_id);
        // of another word the entry does not speak, which has been found
        let kind = if receipt.kind == ReceiptKind::Read.as_str() { ReceiptKind::Read } else { ReceiptKind::Delivered };
        self.got.push(Got { who, kind, up_to: receipt.up_to_seq, entry });
    }

    pub(super) fn shows(&mut self, side: Participant, place: Place) {
        self.sides.push((side, place));
    }

    pub(super) fn finish(mut self, id: ConversationId, findings: &mut Findings) {
        self.said.sort_by_key(|said| said.seq);
        self.got.sort_by_key(|got| (got.who, got.kind == ReceiptKind::Read, got.up_to));
        self.messages(id, findings);
        self.receipts(id, findings);
        let Some((row, place)) = self.row.take() else {
            let entry = self
                .said
                .first()
                .map(|said| said.entry)
                .or(self.got.first().map(|got| got.entry))
                .or(self.opened.first().map(|(.., entry)| *entry));
            let place = entry.map_or(Place::whole(), Place::of_entry);
            findings.add(Code::ConversationMissing, place, format_args!("Nothing records who conversation {id} is between."));
            return;
        };
        let pair = [row.user_low, row.user_high];
        for stranger in self.people.iter().filter(|somebody| !pair.contains(somebody)) {
            let sentence = format_args!("{stranger} is recorded in conversation {id} and is not one of its two people.");
            findings.add(Code::ConversationForeign, place, sentence);
        }
        let last = self.said.last();
        if row.last_seq != last.map_or(0, |last| last.seq) || row.last_message_at.map(Timestamp::unix_micros) != last.map(|last| last.at) {
            let sentence = format_args!("Conversation {id} does not end with its newest recorded message.");
            findings.add(Code::ConversationDiffers, place, sentence);
        }
        for [user, peer] in [[row.user_low, row.user_high], [row.user_high, row.user_low]] {
            self.side(id, [user, peer], place, findings);
        }
        for (side, place) in self.sides.iter().filter(|(side, _)| !pair.contains(&side.user_id)) {
            let sentence = format_args!("{} is not one of the two people of conversation {id}.", side.user_id);
            findings.add(Code::ConversationForeign, *place, sentence);
        }
    }

    fn messages(&self, id: ConversationId, findings: &mut Findings) {
        let mut ordinals = vec![0_i64; self.people.len()];
        let mut before = None;
        for (said, seq) in self.said.iter().zip(1_i64..) {
            let place = Place::of_entry(said.entry);
            if said.seq != seq {
                let sentence =
                    format_args!("In conversation {id}, message {} stands where {seq} has to: one is missing or there twice.", said.seq);
                findings.add(Code::MessageSeq, place, sentence);
                return;
            }
            if let Some(ordinal) = ordinals.get_mut(said.sender) {
                *ordinal = ordinal.saturating_add(1);
                if said.ordinal != *ordinal {
                    let sentence =
                        format_args!("Message {seq} of conversation {id} is its sender's {ordinal}. there, not the {}.", said.ordinal);
                    findings.add(Code::MessageDiffers, place, sentence);
                }
            }
            if said.recipient.is_none_or(|recipient| recipient == said.sender) {
                findings.add(Code::MessageDiffers, place, format_args!("Message {seq} of conversation {id} is to nobody else."));
            }
            if before.is_some_and(|before| before > said.at) {
                findings.add(
                    Code::MessageDiffers,
                    place,
                    format_args!("Message {seq} of conversation {id} is older than the one before it."),
                );
            }
            before = Some(said.at);
        }
    }

    fn receipts(&self, id: ConversationId, findings: &mut Findings) {
        let newest = self.said.last().map_or(0, |last| last.seq);
        let mut before = None;
        for got in &self.got {
            let key = (got.who, got.kind, got.up_to);
            if before == Some(key) || got.up_to < 1 || got.up_to > newest {
                let sentence =
                    format_args!("In conversation {id}, the receipt up to message {} is there twice or about no message.", got.up_to);
                findings.add(Code::ReceiptSeq, Place::of_entry(got.entry), sentence);
            }
            before = Some(key);
        }
    }

    /// What is shown to one of the two, against what has to be.
    fn side(&self, id: ConversationId, [user, peer]: [UserId; 2], begun: Place, findings: &mut Findings) {
        let mut there = self.sides.iter().filter(|(side, _)| side.user_id == user);
        let Some((side, place)) = there.next() else {
            findings.add(Code::ParticipantMissing, begun, format_args!("How {user} stands in conversation {id} is gone."));
            return;
        };
        let who = self.people.iter().position(|known| *known == user);
        let pointer = |kind| self.got.iter().filter(|got| Some(got.who) == who && got.kind == kind).map(|got| got.up_to).max().unwrap_or(0);
        let openings = self.opened.iter().filter(|(somebody, ..)| Some(*somebody) == who);
        let expected = Side {
            opened_at: openings.map(|(_, at, _)| *at).min(),
            delivered_seq: pointer(ReceiptKind::Delivered),
            read_seq: pointer(ReceiptKind::Read),
            own: self.said.iter().filter(|said| Some(said.sender) == who),
            last: self.said.last(),
        };
        let mut wrong = expected.differs(side);
        if side.peer_id != peer {
            wrong.push("peer_id");
        }
        if !wrong.is_empty() {
            let sentence = format_args!("What is shown to {user} of conversation {id} is not what was recorded: {}.", wrong.join(", "));
            findings.add(Code::ParticipantDiffers, *place, sentence);
        }
    }
}
