//! What waits for one stream, and up to which change everything was handed to it. Told by the hub, asked by the stream.
//!
//! What this process has committed itself is put in ready-made, if it follows without a gap; with everything else the
//! stream is only told that it is behind, and reads the feed from where it stands. So pushes that overtake each other, and
//! hints that are late, doubled or lost, never move a cursor past a change that was not sent.

use crate::domain::ids::ChangeNo;
use bytes::Bytes;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// More bytes than these wait for no stream: who takes nothing reads the feed later.
const WAITING: usize = 32 * 1024;

/// What one transaction has changed for one user, as the stream sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// It follows this change …
    pub after: ChangeNo,
    /// … and goes up to this one, with nothing left out.
    pub up_to: ChangeNo,
    /// The events.
    pub frame: Bytes,
    /// The version of the policy that its events were decided by.
    pub policy_version: i64,
}

/// What a stream does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Send these, in this order.
    Send(Vec<Pushed>),
    /// Say that the policy has this version now.
    Policy(i64),
    /// Read the feed from where it stands.
    Read,
    /// End: the credential that opened the stream is not good any more.
    End,
    /// Say goodbye: the server goes away.
    Bye,
}

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// At once, whatever waits.
    Credential,
    /// After what waits.
    Server,
}

/// What came of a push for one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It waits to be sent.
    Taken,
    /// The stream has to read the feed.
    Behind,
    /// Nothing new to it, or it reads the feed anyway.
    Known,
}

/// The mailbox of one stream, which is behind until it says otherwise.
#[derive(Debug)]
pub(super) struct Mailbox(Mutex<Slot>);

#[derive(Debug, Default)]
struct Slot {
    /// Everything up to here was handed over; `None` while the stream is behind and reads the feed.
    stands_at: Option<ChangeNo>,
    /// Everything up to here was read from the feed; what lies above was handed over as it came.
    read_to: ChangeNo,
    /// The newest change that was heard of since the stream began to read.
    heard: ChangeNo,
    /// Something has changed, nobody knows which number.
    look: bool,
    waiting: Vec<Pushed>,
    bytes: usize,
    /// The newest version of the policy that was heard of here.
    policy_version: i64,
    /// The stream has not said so yet.
    says_policy: bool,
    end: Option<End>,
    waker: Option<Waker>,
}

impl Mailbox {
    pub(super) fn new(end: Option<End>) -> Self {
        Self(Mutex::new(Slot { end, ..Slot::default() }))
    }

    pub(super) fn push(&self, pushed: &Pushed) -> Outcome {
        self.lock().push(pushed)
    }

    /// The feed has moved, up to this change; nobody knows where to with 0.
    pub(super) fn hint(&self, newest: ChangeNo) {
        let mut slot = self.lock();
        slot.heard = slot.heard.max(newest);
        slot.look |= newest == ChangeNo::default();
        let (look, heard) = (slot.look, slot.heard);
        if slot.stands_at.take_if(|stands_at| look || heard > *stands_at).is_some() {
            slot.wake();
        }
    }

    /// The feed stands at this change, as the database says. A stream that stands beyond it looks as well: what it was handed
    /// may be of a future that is lost.
    pub(super) fn feed_stands_at(&self, newest: ChangeNo) {
        let mut slot = self.lock();
        slot.heard = slot.heard.max(newest);
        if slot.stands_at.take_if(|stands_at| *stands_at != newest).is_some() {
            slot.wake();
        }
    }

    /// The policy has this version now: what was decided by an older one is not handed on from here.
    pub(super) fn tell_policy(&self, version: i64) {
        let mut slot = self.lock();
        slot.policy_version = version;
        slot.says_policy = true;
        slot.wake();
    }

    pub(super) fn end(&self, end: End) {
        let mut slot = self.lock();
        if slot.end != Some(End::Credential) {
            slot.end = Some(end);
        }
        slot.wake();
    }

    pub(super) fn poll_next(&self, cx: &Context<'_>) -> Poll<Next> {
        let mut slot = self.lock();
        let next = slot.next();
        if next.is_none() {
            slot.waker = Some(cx.waker().clone());
        }
        next.map_or(Poll::Pending, Poll::Ready)
    }

    pub(super) fn poll_end(&self, cx: &Context<'_>) -> Poll<End> {
        let mut slot = self.lock();
        if slot.end.is_none() {
            slot.waker = Some(cx.waker().clone());
        }
        slot.end.map_or(Poll::Pending, Poll::Ready)
    }

    pub(super) fn is_ended(&self) -> bool {
        self.lock().end == Some(End::Credential)
    }

    /// The same, now or later.
    pub(super) fn poll_ended(&self, cx: &Context<'_>) -> Poll<()> {
        let mut slot = self.lock();
        if slot.end == Some(End::Credential) {
            return Poll::Ready(());
        }
        slot.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// `false` when more was heard of meanwhile.
    pub(super) fn stands_at(&self, change_no: ChangeNo) -> bool {
        let mut slot = self.lock();
        if slot.look || slot.heard > change_no {
            return false;
        }
        slot.stands_at = Some(change_no);
        slot.read_to = change_no;
        true
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn push(&mut self, pushed: &Pushed) -> Outcome {
        self.heard = self.heard.max(pushed.up_to);
        // what was handed over comes no second time, unless a database that lacks it has taken over: the feed knows
        let known = |stands_at: ChangeNo| pushed.up_to <= stands_at.min(self.read_to);
        let Some(stands_at) = self.stands_at.filter(|stands_at| !known(*stands_at)) else { return Outcome::Known };
        let bytes = self.bytes.saturating_add(pushed.frame.len());
        // decided by rules that were replaced meanwhile: read anew, it is decided anew
        let is_valid = pushed.policy_version >= self.policy_version;
        let fits = is_valid && stands_at == pushed.after && (self.waiting.is_empty() || bytes <= WAITING);
        if fits {
            self.stands_at = Some(pushed.up_to);
            self.bytes = bytes;
            self.waiting.push(pushed.clone());
        } else {
            self.stands_at = None;
        }
        self.wake();
        if fits { Outcome::Taken } else { Outcome::Behind }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// What waits goes first: it lies before everything that the feed has to say.
    fn next(&mut self) -> Option<Next> {
        if self.end == Some(End::Credential) {
            return Some(Next::End);
        }
        if !self.waiting.is_empty() {
            self.bytes = 0;
            return Some(Next::Send(std::mem::take(&mut self.waiting)));
        }
        if std::mem::take(&mut self.says_policy) {
            return Some(Next::Policy(self.policy_version));
        }
        if self.end == Some(End::Server) {
            return Some(Next::Bye);
        }
        if self.stands_at.is_some() {
            return None;
        }
        // what was heard of until now is in what is read now
        self.look = false;
        self.heard = ChangeNo::default();
        Some(Next::Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn large(n: i64) -> Pushed {
        Pushed { after: ChangeNo(n), up_to: ChangeNo(n + 1), frame: Bytes::from(vec![b'x'; WAITING / 2]), policy_version: 1 }
    }

    fn next(mailbox: &Mailbox) -> Poll<Next> {
        mailbox.poll_next(&Context::from_waker(Waker::noop()))
    }

    #[test]
    fn what_waits_is_bounded_and_the_rest_is_read_from_the_feed() {
        let mailbox = Mailbox::new(None);
        assert!(mailbox.stands_at(ChangeNo(0)));
        let outcomes = [0, 1, 2, 3].map(|n| mailbox.push(&large(n)));
        assert_eq!(outcomes, [Outcome::Taken, Outcome::Taken, Outcome::Behind, Outcome::Known]);
        assert_eq!(next(&mailbox), Poll::Ready(Next::Send(vec![large(0), large(1)])));
        assert_eq!(next(&mailbox), Poll::Ready(Next::Read));
    }

    #[test]
    fn what_was_decided_by_replaced_rules_is_not_handed_on_but_read_anew() {
        let mailbox = Mailbox::new(None);
        assert!(mailbox.stands_at(ChangeNo(0)));
        mailbox.push(&large(0));
        mailbox.tell_policy(2);
        assert_eq!(mailbox.push(&large(1)), Outcome::Behind);
        assert_eq!(next(&mailbox), Poll::Ready(Next::Send(vec![large(0)])), "what was decided before comes before");
        assert_eq!(next(&mailbox), Poll::Ready(Next::Policy(2)));
        assert_eq!(next(&mailbox), Poll::Ready(Next::Read));
        assert!(mailbox.stands_at(ChangeNo(2)));
        assert_eq!(mailbox.push(&Pushed { policy_version: 2, ..large(2) }), Outcome::Taken);
    }

    #[test]
    fn an_ended_credential_goes_before_what_waits_and_a_server_that_stops_after_it() {
        for (end, first) in [(End::Credential, Next::End), (End::Server, Next::Send(vec![large(0)]))] {
            let mailbox = Mailbox::new(None);
            assert!(mailbox.stands_at(ChangeNo(0)));
            mailbox.push(&large(0));
            mailbox.end(end);
            assert_eq!(next(&mailbox), Poll::Ready(first));
        }
    }
}
