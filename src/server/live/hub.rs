//! The streams of this process, by user. Bounded: so many per user, so many in all; a hint costs no memory per stream.
//!
//! Each user who listens has one `watch` channel whose value counts hints: many hints that nobody has looked at are one.

use crate::{
    domain::ids::UserId,
    error::{Code, Error},
    server::context::Credential,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How many streams there may be; 0 is no limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bounds {
    /// Of one user.
    pub per_user: usize,
    /// Of the process.
    pub total: usize,
}

/// Who listens here.
#[derive(Debug, Default)]
pub struct Hub {
    bounds: Bounds,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    users: HashMap<UserId, Listening>,
    total: usize,
    next: u64,
}

#[derive(Debug)]
struct Listening {
    hints: watch::Sender<u64>,
    streams: HashMap<u64, (Credential, CancellationToken)>,
}

/// One stream's place in the hub; gone when dropped.
#[derive(Debug)]
pub struct Place {
    hub: Arc<Hub>,
    user: UserId,
    id: u64,
    /// Changes whenever the user's feed may have moved.
    pub hints: watch::Receiver<u64>,
    /// Cancelled when the credential that opened the stream is no longer good.
    pub ended: CancellationToken,
}

impl Hub {
    /// A hub within these bounds.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, inner: Mutex::default() }
    }

    /// A place for one more stream.
    ///
    /// # Errors
    /// `rate_limited` when this user has as many as they may, `unavailable` when the process has.
    pub fn subscribe(self: &Arc<Self>, user: UserId, credential: Credential) -> Result<Place, Error> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |number: usize, bound: usize| bound > 0 && number >= bound;
        if full(inner.total, self.bounds.total) {
            return Err(Error { retry_after: Some(10), ..Error::new(Code::Unavailable) });
        }
        let listening = inner.users.get(&user).map_or(0, |listening| listening.streams.len());
        if full(listening, self.bounds.per_user) {
            return Err(Error::rate_limited(10));
        }
        inner.next = inner.next.wrapping_add(1);
        inner.total = inner.total.saturating_add(1);
        let (id, ended) = (inner.next, CancellationToken::new());
        let listening = inner.users.entry(user).or_insert_with(|| Listening { hints: watch::Sender::new(0), streams: HashMap::new() });
        listening.streams.insert(id, (credential, ended.clone()));
        let hints = listening.hints.subscribe();
        Ok(Place { hub: self.clone(), user, id, hints, ended })
    }

    /// The feeds of these people may have moved.
    pub fn poke(&self, users: &[UserId]) {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for listening in users.iter().filter_map(|user| inner.users.get(user)) {
            listening.hints.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    /// Everybody who listens here.
    #[must_use]
    pub fn listeners(&self) -> Vec<UserId> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).users.keys().copied().collect()
    }

    /// What opened the streams that are here.
    #[must_use]
    pub fn credentials(&self) -> Vec<Credential> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.users.values().flat_map(|listening| listening.streams.values().map(|(credential, _)| credential.clone())).collect()
    }

    /// Ends the streams whose credential is not good any more.
    pub fn end(&self, is_good: impl Fn(&Credential) -> bool) {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for (credential, ended) in inner.users.values().flat_map(|listening| listening.streams.values()) {
            if !is_good(credential) {
                ended.cancel();
            }
        }
    }

    /// How many streams there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).total
    }

    /// Whether nobody listens.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inner = self.hub.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.total = inner.total.saturating_sub(1);
        if let Some(listening) = inner.users.get_mut(&self.user) {
            listening.streams.remove(&self.id);
            if listening.streams.is_empty() {
                inner.users.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    fn token(n: u128) -> Credential {
        Credential::Token { id: Uuid::from_u128(n) }
    }

    #[test]
    fn one_stream_too_many_is_refused_and_a_closed_one_makes_room() {
        let hub = Arc::new(Hub::new(Bounds { per_user: 2, total: 3 }));
        let first = hub.subscribe(user(1), token(1)).expect("room");
        let _second = hub.subscribe(user(1), token(1)).expect("room");
        assert_eq!(hub.subscribe(user(1), token(1)).expect_err("full").code, Code::RateLimited);
        let _other = hub.subscribe(user(2), token(2)).expect("room");
        assert_eq!(hub.subscribe(user(3), token(3)).expect_err("full").code, Code::Unavailable);
        drop(first);
        assert_eq!((hub.len(), hub.listeners().len()), (2, 2));
        hub.subscribe(user(1), token(1)).expect("room again");
    }

    #[test]
    fn a_hint_reaches_the_streams_of_its_user_alone_and_many_are_one() {
        let hub = Arc::new(Hub::default());
        let (mut mine, theirs) = (hub.subscribe(user(1), token(1)).expect("room"), hub.subscribe(user(2), token(2)).expect("room"));
        for _ in 0..1_000 {
            hub.poke(&[user(1)]);
        }
        assert!(mine.hints.has_changed().expect("open") && !theirs.hints.has_changed().expect("open"));
        mine.hints.mark_unchanged();
        assert!(!mine.hints.has_changed().expect("open"));
    }

    #[test]
    fn a_stream_ends_with_the_credential_that_opened_it() {
        let hub = Arc::new(Hub::default());
        let (gone, stays) = (hub.subscribe(user(1), token(1)).expect("room"), hub.subscribe(user(1), token(2)).expect("room"));
        hub.end(|credential| *credential != token(1));
        assert!(gone.ended.is_cancelled() && !stays.ended.is_cancelled());
    }
}
