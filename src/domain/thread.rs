//! An open conversation as a value: a window on its messages, and what is on its way out.
//!
//! The window never has a gap and never more than [`MAX_MESSAGES`]; it grows page by page on one side and is trimmed on the
//! other. A message of one's own that waits for its answer stands behind the window until the window holds it, known by its
//! key, so that it is never seen twice. `rows` turns the value into what stands on the screen.

use super::{
    conversation::Conversation,
    ids::{ClientId, Seq, UserId},
    message::{Message, Status},
    page::MessagePage,
    time::Timestamp,
};
use std::collections::BTreeSet;

/// The most rows on the screen, however long the history.
pub const MAX_ROWS: usize = 300;
/// The most messages of one conversation that wait to be sent.
pub const MAX_PENDING: usize = 50;
/// The most messages of the window.
pub const MAX_MESSAGES: usize = MAX_ROWS - MAX_PENDING;

/// On which side of the window a page belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// In front; the newest are trimmed.
    Older,
    /// Behind; the oldest are trimmed.
    Newer,
}

/// A message of the viewer's that the window does not hold yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The same for every try.
    pub client_id: ClientId,
    /// As it will be stored.
    pub body: String,
    /// When it was written, by the viewer's clock.
    pub at: Timestamp,
    /// How it stands.
    pub state: PendingState,
}

/// How a pending message stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PendingState {
    /// Not begun: there is no network, or one before it could not be sent.
    Waiting,
    /// Waits for its turn or for its answer.
    Sending,
    /// Tried, and nobody knows whether it is stored; it is tried again.
    Unconfirmed,
    /// Not tried any more by itself; the reason is for the user.
    Failed(String),
    /// Answered; the messages between the window and its place are being fetched.
    Sent(Box<Message>),
}

/// The line between what was read and what is new, placed when the conversation is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NewLine {
    /// How many were new then.
    pub(super) count: i64,
    /// Everything up to here was read.
    after: Seq,
    /// The first new message, once the window has shown which one it is.
    pub(super) first: Option<Seq>,
}

/// The window, the pointers of the peer, and what is pending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    pub(super) viewer: UserId,
    pub(super) messages: Vec<Message>,
    pub(super) pending: Vec<Pending>,
    pub(super) line: Option<NewLine>,
    pub(super) follows: bool,
    settled: BTreeSet<ClientId>,
    last_seq: Seq,
    peer_delivered: Seq,
    peer_read: Seq,
}

impl Thread {
    /// The conversation as it is opened: the line stands before the first message that is new now.
    #[must_use]
    pub fn open(viewer: UserId, conversation: &Conversation, page: MessagePage) -> Self {
        let line = NewLine { count: conversation.unread_count, after: conversation.read_seq, first: None };
        let mut thread = Self {
            viewer,
            messages: Vec::new(),
            pending: Vec::new(),
            line: (line.count > 0).then_some(line),
            follows: true,
            settled: BTreeSet::new(),
            last_seq: conversation.last_seq,
            peer_delivered: conversation.peer_delivered_seq,
            peer_read: conversation.peer_read_seq,
        };
        thread.reset(page);
        thread
    }

    /// Shows another part of the conversation.
    pub fn reset(&mut self, page: MessagePage) {
        self.messages.clear();
        self.follows = true;
        self.put(page, Side::Newer);
        self.follows = self.newest() >= self.last_seq;
    }

    /// Puts a page in front of the window or behind it, and takes over what it knows better of the messages that are
    /// there. A page that does not touch the window changes nothing: `false`.
    pub fn put(&mut self, page: MessagePage, side: Side) -> bool {
        let Some((first, last)) = ends(&page.items) else { return true };
        if let Some((window_first, window_last)) = ends(&self.messages)
            && (first > window_last.next() || last.next() < window_first)
        {
            return false;
        }
        self.heard(if page.has_after { last.next() } else { last });
        for message in page.items {
            match self.messages.binary_search_by_key(&message.seq, |known| known.seq) {
                Ok(place) => {
                    if let Some(known) = self.messages.get_mut(place) {
                        advance(known, message);
                    }
                }
                Err(place) => self.messages.insert(place, message),
            }
        }
        self.trim(side);
        if side == Side::Newer && (page.has_after || self.newest() >= self.last_seq) {
            self.follows = self.newest() >= self.last_seq;
        }
        self.settle();
        self.place_line();
        true
    }

    /// Takes over what a page knows better of the messages that are there, and nothing else.
    pub fn take_over(&mut self, page: MessagePage) {
        for message in page.items {
            if let Ok(place) = self.messages.binary_search_by_key(&message.seq, |known| known.seq)
                && let Some(known) = self.messages.get_mut(place)
            {
                advance(known, message);
            }
        }
    }

    /// What is on its way out, as the outbox has it. Those that the window holds already are left out.
    pub fn set_pending(&mut self, pending: Vec<Pending>) {
        self.pending = pending;
        self.settle();
    }

    /// Whether this message was pending here and stands among the messages by now: the outbox can forget it.
    #[must_use]
    pub fn is_settled(&self, client_id: ClientId) -> bool {
        self.settled.contains(&client_id)
    }

    /// The conversation's newest message stands at least here.
    pub fn heard(&mut self, last_seq: Seq) {
        self.last_seq = self.last_seq.max(last_seq);
    }

    /// How far the peer has come; pointers only grow.
    pub fn peer_pointers(&mut self, delivered: Seq, read: Seq) {
        self.peer_delivered = self.peer_delivered.max(delivered);
        self.peer_read = self.peer_read.max(read);
    }

    /// The messages of the window, ascending, without a gap.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The oldest of the window; `Seq::NONE` while there is none.
    #[must_use]
    pub fn oldest(&self) -> Seq {
        self.messages.first().map_or(Seq::NONE, |message| message.seq)
    }

    /// The newest of the window; `Seq::NONE` while there is none.
    #[must_use]
    pub fn newest(&self) -> Seq {
        self.messages.last().map_or(Seq::NONE, |message| message.seq)
    }

    /// The newest message that is known to exist.
    #[must_use]
    pub fn last_seq(&self) -> Seq {
        self.last_seq
    }

    /// Whether older messages exist than the window holds: places begin at 1, without gaps.
    #[must_use]
    pub fn has_before(&self) -> bool {
        self.oldest() > Seq(1)
    }

    /// Whether newer messages exist than the window holds.
    #[must_use]
    pub fn has_after(&self) -> bool {
        self.newest() < self.last_seq
    }

    /// Whether the window is at the end of the conversation and takes in what arrives; the pending messages show there.
    #[must_use]
    pub fn follows(&self) -> bool {
        self.follows
    }

    /// The first message that was new when the conversation was opened, if the window holds it.
    #[must_use]
    pub fn first_new(&self) -> Option<Seq> {
        let first = self.line?.first?;
        (self.oldest() <= first && first <= self.newest()).then_some(first)
    }

    /// The status of a message of the window, by the message itself and by the peer's pointers, whichever is further.
    #[must_use]
    pub fn status(&self, message: &Message) -> Status {
        message.status.max(Status::of(message.seq, self.peer_delivered, self.peer_read))
    }

    /// How many new messages of the peer stand below `seq`, when `unread` of them are unread above `read` altogether.
    #[must_use]
    pub fn unread_below(&self, seq: Seq, read: Seq, unread: i64) -> i64 {
        let seen = self.messages.iter().filter(|m| m.sender_id != self.viewer && m.seq > read && m.seq <= seq).count();
        unread.saturating_sub(i64::try_from(seen).unwrap_or(i64::MAX)).max(0)
    }

    /// The viewer's own messages of the window.
    pub fn own_seqs(&self) -> impl Iterator<Item = Seq> {
        self.messages.iter().filter(|message| message.sender_id == self.viewer).map(|message| message.seq)
    }

    /// The first message of the peer after `seq`, if the window holds it.
    #[must_use]
    pub fn first_of_peer_after(&self, seq: Seq) -> Option<Seq> {
        self.messages.iter().find(|message| message.seq > seq && message.sender_id != self.viewer).map(|message| message.seq)
    }

    /// What a form may say was displayed when it was read up to `read`: the newest of the window, unless the window begins
    /// behind unread messages.
    #[must_use]
    pub fn displayed_up_to(&self, read: Seq) -> Seq {
        if self.oldest() <= read.next() { self.newest().max(read) } else { read }
    }

    fn trim(&mut self, side: Side) {
        let surplus = self.messages.len().saturating_sub(MAX_MESSAGES);
        match side {
            Side::Older if surplus > 0 => {
                self.messages.truncate(MAX_MESSAGES);
                self.follows = false;
            }
            Side::Older => {}
            Side::Newer => {
                self.messages.drain(..surplus);
            }
        }
    }

    /// What the window holds, or will hold when one goes there, is no longer pending. What was answered and comes next
    /// moves into the window.
    fn settle(&mut self) {
        for sent in std::mem::take(&mut self.pending) {
            let known = |message: &Message| message.sender_id == self.viewer && message.client_id == sent.client_id;
            if self.messages.iter().any(known) {
                self.settled.insert(sent.client_id);
                continue;
            }
            if let PendingState::Sent(message) = &sent.state {
                self.last_seq = self.last_seq.max(message.seq);
                if !self.follows || message.seq <= self.newest() {
                    self.settled.insert(sent.client_id);
                    continue;
                }
                if message.seq == self.newest().next() {
                    self.settled.insert(sent.client_id);
                    self.messages.push(Message::clone(message));
                    self.trim(Side::Newer);
                    continue;
                }
            }
            self.pending.push(sent);
        }
    }

    fn place_line(&mut self) {
        let (oldest, viewer) = (self.oldest(), self.viewer);
        if let Some(line) = &mut self.line
            && line.first.is_none()
            && oldest <= line.after.next()
        {
            line.first = self.messages.iter().find(|m| m.seq > line.after && m.sender_id != viewer).map(|m| m.seq);
        }
    }
}

fn ends(messages: &[Message]) -> Option<(Seq, Seq)> {
    Some((messages.first()?.seq, messages.last()?.seq))
}

/// Answers may overtake each other: what is known of a message only advances.
fn advance(known: &mut Message, message: Message) {
    known.delivered_at = known.delivered_at.or(message.delivered_at);
    known.read_at = known.read_at.or(message.read_at);
    known.status = known.status.max(message.status);
}

#[cfg(test)]
#[path = "thread_tests.rs"]
pub(super) mod tests;
