//! The streams of this process, by user. Bounded: so many per user, so many in all, so much that waits for each.
//!
//! Each stream has a mailbox that knows up to which change everything was handed to it. What this process has committed
//! itself is put in ready-made, if it follows without a gap; with everything else the stream is only told that it is behind,
//! and reads the feed from where it stands. So pushes that overtake each other, and hints that are late, doubled or lost,
//! never move a cursor past a change that was not sent.

use crate::{
    domain::ids::{ChangeNo, UserId},
    error::{Code, Error},
    server::context::Credential,
};
use bytes::Bytes;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// How many streams there may be; 0 is no limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bounds {
    /// Of one user.
    pub per_user: usize,
    /// Of the process.
    pub total: usize,
}

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
}

/// What came of a push: how many streams took it, and how many have to read the feed instead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// They stood right before it.
    pub pushed: usize,
    /// They did not, or had too much waiting.
    pub behind: usize,
}

/// Who listens here.
#[derive(Debug, Default)]
pub struct Hub {
    bounds: Bounds,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    users: HashMap<UserId, HashMap<u64, Listening>>,
    total: usize,
    next: u64,
    closing: bool,
}

#[derive(Debug)]
struct Listening {
    credential: Credential,
    mailbox: Arc<Mailbox>,
}

/// One stream's place in the hub; gone when dropped.
#[derive(Debug)]
pub struct Place {
    hub: Arc<Hub>,
    user: UserId,
    id: u64,
    mailbox: Arc<Mailbox>,
}

/// What a stream does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Send these, in this order.
    Send(Vec<Pushed>),
    /// Read the feed from where it stands.
    Read,
    /// End: the credential that opened the stream is not good any more.
    End,
    /// Say goodbye: the server goes away.
    Bye,
}

type Mailbox = Mutex<Slot>;

#[derive(Debug, Default)]
struct Slot {
    /// Everything up to here was handed over; `None` while the stream is behind and reads the feed.
    stands_at: Option<ChangeNo>,
    /// The newest change that was heard of since the stream began to read.
    heard: ChangeNo,
    /// Something has changed, nobody knows which number.
    look: bool,
    waiting: Vec<Pushed>,
    bytes: usize,
    end: Option<End>,
    waker: Option<Waker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// At once, whatever waits.
    Credential,
    /// After what waits.
    Server,
}

impl Hub {
    /// A hub within these bounds.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, inner: Mutex::default() }
    }

    /// A place for one more stream, which is behind until it says otherwise.
    ///
    /// # Errors
    /// `rate_limited` when this user has as many as they may, `unavailable` when the process has.
    pub fn subscribe(self: &Arc<Self>, user: UserId, credential: Credential) -> Result<Place, Error> {
        let mut inner = self.lock();
        let full = |number: usize, bound: usize| bound > 0 && number >= bound;
        if full(inner.total, self.bounds.total) {
            return Err(Error { retry_after: Some(10), ..Error::new(Code::Unavailable) });
        }
        if full(inner.users.get(&user).map_or(0, HashMap::len), self.bounds.per_user) {
            return Err(Error::rate_limited(10));
        }
        inner.next = inner.next.wrapping_add(1);
        inner.total = inner.total.saturating_add(1);
        let slot = Slot { end: inner.closing.then_some(End::Server), ..Slot::default() };
        let (id, mailbox) = (inner.next, Arc::new(Mutex::new(slot)));
        inner.users.entry(user).or_default().insert(id, Listening { credential, mailbox: mailbox.clone() });
        Ok(Place { hub: self.clone(), user, id, mailbox })
    }

    /// Whether anybody listens for this user.
    #[must_use]
    pub fn listens(&self, user: UserId) -> bool {
        self.lock().users.contains_key(&user)
    }

    /// Hands what was committed here to the user's streams.
    pub fn push(&self, user: UserId, pushed: &Pushed) -> Taken {
        let mut taken = Taken::default();
        self.each(user, |slot| match slot.push(pushed) {
            Some(true) => taken.pushed = taken.pushed.saturating_add(1),
            Some(false) => taken.behind = taken.behind.saturating_add(1),
            None => {}
        });
        taken
    }

    /// The user's feed has moved, up to this change; to nobody knows where with 0.
    pub fn hint(&self, user: UserId, newest: ChangeNo) {
        self.each(user, |slot| slot.hint(newest));
    }

    fn each(&self, user: UserId, mut tell: impl FnMut(&mut Slot)) {
        let inner = self.lock();
        for listening in inner.users.get(&user).into_iter().flat_map(HashMap::values) {
            tell(&mut lock(&listening.mailbox));
        }
    }

    /// Everybody who listens here.
    #[must_use]
    pub fn listeners(&self) -> Vec<UserId> {
        self.lock().users.keys().copied().collect()
    }

    /// What opened the streams that are here.
    #[must_use]
    pub fn credentials(&self) -> Vec<Credential> {
        let inner = self.lock();
        inner.users.values().flat_map(|streams| streams.values().map(|listening| listening.credential.clone())).collect()
    }

    /// Ends the streams whose credential is not good any more.
    pub fn end(&self, is_good: impl Fn(&Credential) -> bool) {
        let inner = self.lock();
        for listening in inner.users.values().flat_map(HashMap::values).filter(|listening| !is_good(&listening.credential)) {
            lock(&listening.mailbox).end(End::Credential);
        }
    }

    /// The server goes away: every stream says goodbye, also one that comes now.
    pub fn close(&self) {
        let mut inner = self.lock();
        inner.closing = true;
        for listening in inner.users.values().flat_map(HashMap::values) {
            lock(&listening.mailbox).end(End::Server);
        }
    }

    /// How many streams there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().total
    }

    /// Whether nobody listens.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Place {
    /// What there is to do, now or later.
    pub fn poll_next(&self, cx: &Context<'_>) -> Poll<Next> {
        let mut slot = lock(&self.mailbox);
        let next = slot.next();
        if next.is_none() {
            slot.waker = Some(cx.waker().clone());
        }
        next.map_or(Poll::Pending, Poll::Ready)
    }

    /// The end, now or later, for a stream that is busy with the feed.
    pub fn poll_end(&self, cx: &Context<'_>) -> Poll<Next> {
        let mut slot = lock(&self.mailbox);
        match slot.end {
            Some(End::Credential) => Poll::Ready(Next::End),
            Some(End::Server) => Poll::Ready(Next::Bye),
            None => {
                slot.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Whether nothing more may be sent, not even what waits.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        lock(&self.mailbox).end == Some(End::Credential)
    }

    /// The stream has sent everything up to here, as the feed had it. `false` when more was heard of meanwhile: it reads on.
    #[must_use]
    pub fn stands_at(&self, change_no: ChangeNo) -> bool {
        let mut slot = lock(&self.mailbox);
        if slot.look || slot.heard > change_no {
            return false;
        }
        slot.stands_at = Some(change_no);
        true
    }
}

impl Slot {
    /// `Some(true)`: taken. `Some(false)`: the stream has to read the feed. `None`: nothing new to it.
    fn push(&mut self, pushed: &Pushed) -> Option<bool> {
        self.heard = self.heard.max(pushed.up_to);
        let stands_at = self.stands_at?;
        if pushed.up_to <= stands_at {
            return None;
        }
        let bytes = self.bytes.saturating_add(pushed.frame.len());
        let fits = stands_at == pushed.after && (self.waiting.is_empty() || bytes <= WAITING);
        if fits {
            self.stands_at = Some(pushed.up_to);
            self.bytes = bytes;
            self.waiting.push(pushed.clone());
        } else {
            self.stands_at = None;
        }
        self.wake();
        Some(fits)
    }

    fn hint(&mut self, newest: ChangeNo) {
        self.heard = self.heard.max(newest);
        self.look |= newest == ChangeNo::default();
        let (look, heard) = (self.look, self.heard);
        if self.stands_at.take_if(|stands_at| look || heard > *stands_at).is_some() {
            self.wake();
        }
    }

    fn end(&mut self, end: End) {
        if self.end != Some(End::Credential) {
            self.end = Some(end);
        }
        self.wake();
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

impl Drop for Place {
    fn drop(&mut self) {
        let mut inner = self.hub.lock();
        inner.total = inner.total.saturating_sub(1);
        if let Some(streams) = inner.users.get_mut(&self.user) {
            streams.remove(&self.id);
            if streams.is_empty() {
                inner.users.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
#[path = "hub_tests.rs"]
mod tests;
