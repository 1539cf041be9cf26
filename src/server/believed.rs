//! Credentials that the database has just called good: for a second nobody asks about them again.
//!
//! What is believed is only ever a yes, and only about members: an admin is asked about with every request, so whoever has
//! lost that role has lost it at once. A second counts from before the question, and using a belief does not lengthen it.
//! Whatever ends an access in this process calls [`Believed::forget`]; other instances find out by the second
//! ([ADR 0010](../../docs/adr/0010-a-credential-is-believed-for-a-second.md)).

use crate::{
    domain::user::Role,
    server::db::credential::{Owner, Shown},
};
use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Far below the five seconds within which an access has to have ended everywhere (I12).
pub const FOR: Duration = Duration::from_secs(1);

/// The most credentials that are believed at once (some 300 bytes each).
pub const MOST: usize = 8_192;

/// A program's token is no cookie: the kind goes with the digest.
type Key = (bool, Vec<u8>);

/// What this process believes.
#[derive(Default)]
pub struct Believed {
    inner: Mutex<Inner>,
    ended: Notify,
}

#[derive(Default)]
struct Inner {
    good: HashMap<Key, Good>,
    /// Grows whenever everything is forgotten: what was asked before is not kept after.
    turn: u64,
}

struct Good {
    owner: Owner,
    since: Instant,
}

/// A question that is about to be asked.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    since: Instant,
    turn: u64,
}

impl Believed {
    /// Whose it is, if that is known at this moment, or the question to ask.
    ///
    /// # Errors
    /// The question.
    pub fn owner(&self, shown: &Shown, now: Instant) -> Result<Owner, Question> {
        let inner = self.lock();
        match inner.good.get(&key(shown)) {
            Some(good) if good.holds(now) => Ok(good.owner.clone()),
            _ => Err(Question { since: now, turn: inner.turn }),
        }
    }

    /// The database's answer to this question. When there is no room for it, the next request asks again.
    pub fn keep(&self, shown: &Shown, question: Question, owner: &Owner) {
        if owner.user.role != Role::Member {
            return;
        }
        let mut inner = self.lock();
        if inner.turn != question.turn {
            return;
        }
        if inner.good.len() >= MOST {
            inner.good.retain(|_, good| good.holds(question.since));
        }
        if inner.good.len() < MOST {
            inner.good.insert(key(shown), Good { owner: owner.clone(), since: question.since });
        }
    }

    /// An access has ended, or somebody is not who they were.
    pub fn forget(&self) {
        let mut inner = self.lock();
        inner.turn = inner.turn.wrapping_add(1);
        inner.good.clear();
        self.ended.notify_one();
    }

    /// Until an access ends in this process; what has ended since the last time counts.
    pub async fn ended(&self) {
        self.ended.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Believed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Believed").field("good", &self.lock().good.len()).finish_non_exhaustive()
    }
}

impl Good {
    fn holds(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) < FOR
    }
}

fn key(shown: &Shown) -> Key {
    (matches!(shown, Shown::Token { .. }), shown.digest().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ids::UserId, user::User};
    use futures_util::FutureExt;
    use uuid::Uuid;

    fn owner(role: Role) -> Owner {
        let user = User {
            id: UserId(Uuid::from_u128(1)),
            username: "asha".into(),
            display_name: "Asha Verma".into(),
            department: "Planning".into(),
            role,
            active: true,
        };
        Owner { user, token: None }
    }

    fn session(number: usize) -> Shown {
        Shown::Session { token_sha256: number.to_be_bytes().to_vec(), idle_hours: 1 }
    }

    fn asked(believed: &Believed, shown: &Shown, now: Instant) -> Question {
        believed.owner(shown, now).expect_err("nobody is believed")
    }

    #[test]
    fn a_yes_is_believed_for_a_second_from_before_the_question_however_often_it_is_used() {
        let (believed, shown, began) = (Believed::default(), session(1), Instant::now());
        believed.keep(&shown, asked(&believed, &shown, began), &owner(Role::Member));
        for ms in [0, 400, 800, 999] {
            assert!(believed.owner(&shown, began + Duration::from_millis(ms)).is_ok(), "after {ms} ms");
        }
        assert!(believed.owner(&shown, began + FOR).is_err());
        assert!(believed.owner(&session(2), began).is_err());
    }

    #[test]
    fn a_token_is_no_cookie() {
        let (believed, now) = (Believed::default(), Instant::now());
        let token = Shown::Token { token_sha256: session(1).digest().to_vec() };
        believed.keep(&token, asked(&believed, &token, now), &owner(Role::Member));
        assert!(believed.owner(&token, now).is_ok());
        assert!(believed.owner(&session(1), now).is_err());
    }

    #[test]
    fn an_admin_is_asked_about_each_time() {
        let (believed, shown, now) = (Believed::default(), session(1), Instant::now());
        believed.keep(&shown, asked(&believed, &shown, now), &owner(Role::Admin));
        assert!(believed.owner(&shown, now).is_err());
    }

    #[test]
    fn what_was_asked_before_an_end_is_not_believed_after_it() {
        let (believed, shown, now) = (Believed::default(), session(1), Instant::now());
        let question = asked(&believed, &shown, now);
        believed.keep(&shown, question, &owner(Role::Member));
        believed.forget();
        assert!(believed.owner(&shown, now).is_err());
        // the answer of a question that was on its way
        believed.keep(&shown, question, &owner(Role::Member));
        assert!(believed.owner(&shown, now).is_err());
    }

    #[test]
    fn whoever_waits_for_an_end_is_told_of_each_also_of_one_before() {
        let believed = Believed::default();
        assert!(believed.ended().now_or_never().is_none());
        believed.forget();
        assert!(believed.ended().now_or_never().is_some());
        assert!(believed.ended().now_or_never().is_none());
    }

    #[test]
    fn there_is_room_for_so_many_and_for_new_ones_when_the_old_ones_are_over() {
        let (believed, now) = (Believed::default(), Instant::now());
        for number in 0..MOST + 10 {
            believed.keep(&session(number), asked(&believed, &session(number), now), &owner(Role::Member));
        }
        assert_eq!(believed.lock().good.len(), MOST);
        let later = now + FOR;
        believed.keep(&session(MOST), asked(&believed, &session(MOST), later), &owner(Role::Member));
        assert_eq!(believed.lock().good.len(), 1);
    }
}
