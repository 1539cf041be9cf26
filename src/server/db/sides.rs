//! How a conversation looks for both of its participants after a change, as the functions that write return it: what a live
//! stream has to say is told without asking the database again.

use super::conversation::{Entry, LastRow, preview};
use crate::domain::{
    conversation::Conversation,
    ids::{ChangeNo, ConversationId, Seq, UserId},
    time::Timestamp,
    user::User,
};

/// A conversation and its two sides.
#[derive(Debug, Clone)]
pub struct Sides {
    /// Which one.
    pub conversation_id: ConversationId,
    /// When it was opened first.
    pub created_at: Timestamp,
    /// The newest message.
    pub last_seq: Seq,
    /// The same with its text.
    pub last_message: LastMessage,
    /// The database's clock.
    pub now: Timestamp,
    /// Who has done something.
    pub one: Side,
    /// Their peer.
    pub other: Side,
}

/// The newest message of a conversation.
#[derive(Debug, Clone)]
pub struct LastMessage {
    /// Who wrote it.
    pub sender_id: UserId,
    /// Its text, or as much of it as a preview needs.
    pub text: String,
    /// When.
    pub sent_at: Timestamp,
}

/// One participant's side.
#[derive(Debug, Clone)]
pub struct Side {
    /// The participant.
    pub user: User,
    /// Their change by this very write.
    pub moved_to: ChangeNo,
    /// Their newest change of this conversation in the same transaction.
    pub change_no: ChangeNo,
    /// Messages of the other one after the read pointer.
    pub unread_count: i64,
    /// Has read up to here.
    pub read_seq: Seq,
    /// Holds everything up to here.
    pub delivered_seq: Seq,
    /// When they last wrote here.
    pub last_sent_at: Option<Timestamp>,
    /// Where the conversation stands in their inbox.
    pub last_activity_at: Timestamp,
}

impl Sides {
    /// Each participant, with their peer.
    #[must_use]
    pub fn both(&self) -> [(&Side, &Side); 2] {
        [(&self.one, &self.other), (&self.other, &self.one)]
    }

    /// What the first of these sees of the conversation with the second one.
    #[must_use]
    pub fn entry(&self, mine: &Side, peers: &Side) -> Entry {
        let conversation = Conversation {
            id: self.conversation_id,
            peer: peers.user.clone(),
            last_message: Some(preview(LastRow {
                seq: self.last_seq,
                sender_id: self.last_message.sender_id,
                text: &self.last_message.text,
                sent_at: self.last_message.sent_at,
                recipients: if self.last_message.sender_id == mine.user.id {
                    (peers.delivered_seq, peers.read_seq)
                } else {
                    (mine.delivered_seq, mine.read_seq)
                },
            })),
            last_activity_at: mine.last_activity_at,
            unread_count: mine.unread_count,
            last_seq: self.last_seq,
            read_seq: mine.read_seq,
            delivered_seq: mine.delivered_seq,
            peer_read_seq: peers.read_seq,
            peer_delivered_seq: peers.delivered_seq,
            can_write: false,
            cannot_write_reason: None,
            change_no: mine.change_no,
            created_at: self.created_at,
        };
        Entry { conversation, peer_wrote_at: peers.last_sent_at }
    }
}
