//! Sends that the policy has allowed: what lets a send be one round trip.
//!
//! A permit says "this sender, as they were, may write in this conversation as long as its recipient is at that
//! version". The send function compares the version under its locks, so a permit may be stale but never wrong. Denials
//! are never kept, nor what was allowed only because somebody may answer: that ends by time alone.

use crate::domain::{
    ids::{ConversationId, UserId},
    policy::Party,
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

type Key = (ConversationId, UserId);

/// Bounded: two generations of at most [`Permits::MAX`] permits; the older one goes when the younger one is full.
#[derive(Debug, Default)]
pub struct Permits {
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Key, Permit>,
    old: HashMap<Key, Permit>,
}

#[derive(Debug, Clone)]
struct Permit {
    sender: Party,
    recipient_version: i64,
}

impl Permits {
    /// The most permits of one generation (some 150 bytes each).
    pub const MAX: usize = 20_000;

    /// The version of the recipient for which this sender was allowed to write here.
    #[must_use]
    pub fn version(&self, conversation: ConversationId, sender_id: UserId, sender: &Party) -> Option<i64> {
        let key = (conversation, sender_id);
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let permit = match generations.young.get(&key) {
            Some(permit) => permit.clone(),
            None => {
                let permit = generations.old.remove(&key)?;
                generations.keep(key, permit.clone());
                permit
            }
        };
        (permit.sender == *sender).then_some(permit.recipient_version)
    }

    /// The policy allowed this sender to write here while the recipient is at this version.
    pub fn keep(&self, conversation: ConversationId, sender_id: UserId, sender: Party, recipient_version: i64) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.keep((conversation, sender_id), Permit { sender, recipient_version });
    }
}

impl Generations {
    fn keep(&mut self, key: Key, permit: Permit) {
        if self.young.len() >= Permits::MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, permit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::user::Role;
    use uuid::Uuid;

    fn party(department: &str) -> Party {
        Party { role: Role::Member, department: department.into(), active: true }
    }

    #[test]
    fn a_permit_is_for_the_sender_as_they_were() {
        let (permits, conversation, sender) = (Permits::default(), ConversationId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        permits.keep(conversation, sender, party("Yard"), 7);
        assert_eq!(permits.version(conversation, sender, &party("Yard")), Some(7));
        assert_eq!(permits.version(conversation, sender, &party("Audit")), None);
        assert_eq!(permits.version(conversation, UserId(Uuid::from_u128(3)), &party("Yard")), None);
    }

    #[test]
    fn the_number_of_permits_is_bounded_and_used_ones_stay() {
        let (permits, sender) = (Permits::default(), UserId(Uuid::from_u128(2)));
        let conversation = |n: usize| ConversationId(Uuid::from_u128(n as u128));
        for n in 0..3 * Permits::MAX {
            permits.keep(conversation(n), sender, party("Yard"), 1);
            assert_eq!(permits.version(conversation(0), sender, &party("Yard")), Some(1), "after {n}");
        }
        let generations = permits.generations.lock().expect("not poisoned");
        assert!(generations.young.len() + generations.old.len() <= 2 * Permits::MAX);
    }
}
