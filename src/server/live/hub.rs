//! The streams of this process, by user. Bounded: so many per user, so many in all.
//!
//! Each stream has a mailbox; the hub finds the ones of a user and tells them what was committed here, what was heard
//! of from elsewhere, and that it is over. It waits for nobody.

use super::mailbox::{End, Mailbox, Next, Outcome, Pushed};
use crate::{
    domain::ids::{ChangeNo, UserId},
    error::{Code, Error},
    server::context::Credential,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

/// How many streams there may be; 0 is no limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bounds {
    /// Of one user.
    pub per_user: usize,
    /// Of the process.
    pub total: usize,
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
    /// A few each, so a list: a map of its own for everybody would be most of what a place takes.
    users: HashMap<UserId, Vec<Listening>>,
    total: usize,
    next: u64,
    closing: bool,
}

#[derive(Debug)]
struct Listening {
    id: u64,
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
        if full(inner.users.get(&user).map_or(0, Vec::len), self.bounds.per_user) {
            return Err(Error::rate_limited(10));
        }
        inner.next = inner.next.wrapping_add(1);
        inner.total = inner.total.saturating_add(1);
        let (id, mailbox) = (inner.next, Arc::new(Mailbox::new(inner.closing.then_some(End::Server))));
        let listening = Listening { id, credential, mailbox: mailbox.clone() };
        // room for one: most people have one stream
        inner.users.entry(user).or_insert_with(|| Vec::with_capacity(1)).push(listening);
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
        self.each(user, |mailbox| match mailbox.push(pushed) {
            Outcome::Taken => taken.pushed = taken.pushed.saturating_add(1),
            Outcome::Behind => taken.behind = taken.behind.saturating_add(1),
            Outcome::Known => {}
        });
        taken
    }

    /// The user's feed has moved, up to this change; nobody knows where to with 0.
    pub fn hint(&self, user: UserId, newest: ChangeNo) {
        self.each(user, |mailbox| mailbox.hint(newest));
    }

    /// The user's feed stands at this change, as the database says.
    pub fn feed_stands_at(&self, user: UserId, newest: ChangeNo) {
        self.each(user, |mailbox| mailbox.feed_stands_at(newest));
    }

    fn each(&self, user: UserId, mut tell: impl FnMut(&Mailbox)) {
        let inner = self.lock();
        for listening in inner.users.get(&user).into_iter().flatten() {
            tell(&listening.mailbox);
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
        self.lock().users.values().flatten().map(|listening| listening.credential.clone()).collect()
    }

    /// Ends the streams whose credential is not good any more.
    pub fn end(&self, is_good: impl Fn(&Credential) -> bool) {
        let inner = self.lock();
        for listening in inner.users.values().flatten().filter(|listening| !is_good(&listening.credential)) {
            listening.mailbox.end(End::Credential);
        }
    }

    /// The policy has this version now: what was decided by an older one is not handed on from here.
    pub fn tell_policy(&self, version: i64) {
        let inner = self.lock();
        for listening in inner.users.values().flatten() {
            listening.mailbox.tell_policy(version);
        }
    }

    /// The server goes away: every stream says goodbye, also one that comes now.
    pub fn close(&self) {
        let mut inner = self.lock();
        inner.closing = true;
        for listening in inner.users.values().flatten() {
            listening.mailbox.end(End::Server);
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
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// What there is to do, now or later.
    pub fn poll_next(&self, cx: &Context<'_>) -> Poll<Next> {
        self.mailbox.poll_next(cx)
    }

    /// The end, now or later, for a stream that is busy with the feed.
    pub fn poll_end(&self, cx: &Context<'_>) -> Poll<Next> {
        self.mailbox.poll_end(cx).map(|end| match end {
            End::Credential => Next::End,
            End::Server => Next::Bye,
        })
    }

    /// Whether nothing more may be sent, not even what waits.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.mailbox.is_ended()
    }

    /// The same, now or later, for a stream whose client takes nothing.
    pub fn poll_ended(&self, cx: &Context<'_>) -> Poll<()> {
        self.mailbox.poll_ended(cx)
    }

    /// The stream has sent everything up to here, as the feed had it. `false` when more was heard of meanwhile: it reads on.
    #[must_use]
    pub fn stands_at(&self, change_no: ChangeNo) -> bool {
        self.mailbox.stands_at(change_no)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inner = self.hub.lock();
        inner.total = inner.total.saturating_sub(1);
        if let Some(streams) = inner.users.get_mut(&self.user) {
            streams.retain(|listening| listening.id != self.id);
            if streams.is_empty() {
                inner.users.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
#[path = "hub_tests.rs"]
mod tests;
