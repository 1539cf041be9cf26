//! Credentials that this process has not seen to be good: each costs a look into the database, so each address may
//! present only so many a second. Counted before the look, and given back when the credential is good: who signs in
//! behind the same address as somebody who invents tokens is slowed at most once, and never after that.

use super::{Keys, network};
use crate::error::Error;
use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// The most keys of one generation; the older one goes when the younger one is full.
const MAX: usize = 20_000;

/// What is known of credentials and of addresses, all by salted hashes.
#[derive(Debug)]
pub struct Strangers {
    keys: Keys,
    per_second: f64,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    good: HashSet<u64>,
    good_before: HashSet<u64>,
    addresses: HashMap<u64, Bucket>,
    addresses_before: HashMap<u64, Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

/// A credential that may be looked up now.
#[derive(Debug)]
#[must_use = "what came of it is to be told"]
pub struct Admitted {
    credential: u64,
    /// Whose allowance it took; `None` when it took none.
    address: Option<u64>,
}

impl Strangers {
    /// So many a second for each address; 0 is no limit.
    pub(super) fn new(keys: Keys, per_second: u32) -> Self {
        Self { keys, per_second: f64::from(per_second), known: Mutex::default() }
    }

    /// Before the look-up.
    ///
    /// # Errors
    /// `rate_limited` when this address has presented too many that were no good.
    pub fn admit(&self, address: IpAddr, credential: &str) -> Result<Admitted, Error> {
        self.admit_at(address, credential, Instant::now())
    }

    fn admit_at(&self, address: IpAddr, credential: &str, now: Instant) -> Result<Admitted, Error> {
        let credential = self.keys.of(credential);
        if self.per_second <= 0.0 {
            return Ok(Admitted { credential, address: None });
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_good(credential) {
            return Ok(Admitted { credential, address: None });
        }
        let address = self.keys.of(network(address));
        let bucket = known.bucket(address, Bucket { left: self.per_second, at: now });
        let earned = now.saturating_duration_since(bucket.at).as_secs_f64() * self.per_second;
        *bucket = Bucket { left: (bucket.left + earned).min(self.per_second), at: now };
        if bucket.left < 1.0 {
            return Err(Error::rate_limited(1));
        }
        bucket.left -= 1.0;
        Ok(Admitted { credential, address: Some(address) })
    }

    /// We have just made this credential ourselves.
    pub fn made(&self, credential: &str) {
        self.settle(&Admitted { credential: self.keys.of(credential), address: None }, true);
    }

    /// After it: somebody's, or nobody's.
    pub fn settle(&self, admitted: &Admitted, is_good: bool) {
        if self.per_second <= 0.0 {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_good {
            known.good.remove(&admitted.credential);
            known.good_before.remove(&admitted.credential);
            return;
        }
        known.keep_good(admitted.credential);
        if let Some(bucket) = admitted.address.and_then(|address| known.addresses.get_mut(&address)) {
            bucket.left = (bucket.left + 1.0).min(self.per_second);
        }
    }
}

impl Known {
    fn is_good(&mut self, credential: u64) -> bool {
        if self.good_before.remove(&credential) {
            self.keep_good(credential);
        }
        self.good.contains(&credential)
    }

    fn keep_good(&mut self, credential: u64) {
        if self.good.len() >= MAX {
            self.good_before = std::mem::take(&mut self.good);
        }
        self.good.insert(credential);
    }

    fn bucket(&mut self, address: u64, full: Bucket) -> &mut Bucket {
        if self.addresses.len() >= MAX {
            self.addresses_before = std::mem::take(&mut self.addresses);
        }
        let before = self.addresses_before.remove(&address);
        self.addresses.entry(address).or_insert(before.unwrap_or(full))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NAT: [u8; 4] = [203, 0, 113, 7];

    fn strangers(per_second: u32) -> Strangers {
        Strangers::new(Keys::default(), per_second)
    }

    fn present(strangers: &Strangers, credential: &str, now: Instant, is_good: bool) -> bool {
        let admitted = strangers.admit_at(NAT.into(), credential, now);
        admitted.map(|admitted| strangers.settle(&admitted, is_good)).is_ok()
    }

    #[test]
    fn invented_credentials_are_slowed_and_those_of_people_behind_the_same_address_are_not() {
        let (strangers, now) = (strangers(10), Instant::now());
        assert!(present(&strangers, "asha's", now, true));
        let admitted = (0..300).filter(|n| present(&strangers, &format!("invented {n}"), now, false)).count();
        assert_eq!(admitted, 10);
        for _ in 0..300 {
            assert!(present(&strangers, "asha's", now, true));
        }
        assert!(!present(&strangers, "bikram's", now, true), "not known here yet");
        strangers.made("chen's");
        assert!(present(&strangers, "chen's", now, true), "has just signed in here");
        let later = now + Duration::from_millis(150);
        assert!(present(&strangers, "bikram's", later, true));
        assert!(present(&strangers, "bikram's", later, true));
        let elsewhere = strangers.admit_at([203, 0, 113, 8].into(), "invented", now);
        assert!(elsewhere.is_ok(), "another address has its own");
    }

    #[test]
    fn good_ones_cost_nothing_until_they_are_good_no_more() {
        let (strangers, now) = (strangers(5), Instant::now());
        for n in 0..100 {
            assert!(present(&strangers, &format!("of person {n}"), now, true), "a whole office at once");
        }
        assert!(present(&strangers, "of person 0", now, false), "revoked just now");
        let admitted = (0..20).filter(|_| present(&strangers, "of person 0", now, false)).count();
        assert_eq!(admitted, 5);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (strangers, now) = (strangers(50), Instant::now());
        for n in 0..u32::try_from(3 * MAX).expect("a number") {
            let admitted = strangers.admit_at(IpAddr::V4(n.into()), &n.to_string(), now).expect("its first");
            strangers.settle(&admitted, true);
        }
        let known = strangers.known.lock().expect("not poisoned");
        assert!(known.good.len() + known.good_before.len() <= 2 * MAX);
        assert!(known.addresses.len() + known.addresses_before.len() <= 2 * MAX);
    }
}
