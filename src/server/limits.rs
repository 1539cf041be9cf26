//! Rates per user, account and address (GCRA). In the process: N instances allow N times as much.
//!
//! Services and middleware ask before they do the work. Keys are salted hashes, so nothing that was typed stays in
//! memory; what has recovered is forgotten every few thousand checks, so strangers cannot make the tables grow for ever.

mod strangers;

use crate::{domain::ids::UserId, error::Error, server::settings::LimitSettings};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use std::{
    hash::{BuildHasher, Hash, RandomState},
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
};

pub use strangers::{Admitted, Strangers};

/// The keyed limiters.
pub struct Limits {
    /// Credentials that are nobody's, before they reach the database.
    pub strangers: Strangers,
    keys: Keys,
    sign_ins_of_account: Keyed,
    sign_ins_from_address: Keyed,
    sends: Keyed,
    searches: Keyed,
    requests: Keyed,
}

/// Whose requests are counted.
#[derive(Debug, Clone, Copy)]
pub enum Requester {
    /// A signed-in user, wherever they are.
    User(UserId),
    /// Somebody who is not signed in.
    Address(IpAddr),
}

impl Limits {
    /// From the settings; 0 switches a limit off.
    #[must_use]
    pub fn new(settings: &LimitSettings) -> Self {
        let keys = Keys::default();
        Self {
            strangers: Strangers::new(keys.clone(), settings.requests_per_second),
            keys,
            sign_ins_of_account: Keyed::new(settings.sign_ins_per_minute_account, Quota::per_minute),
            sign_ins_from_address: Keyed::new(settings.sign_ins_per_minute_address, Quota::per_minute),
            sends: Keyed::new(settings.sends_per_minute, Quota::per_minute),
            searches: Keyed::new(settings.searches_per_minute, Quota::per_minute),
            requests: Keyed::new(settings.requests_per_second, Quota::per_second),
        }
    }

    /// One more try to sign in. The address is asked first: who has used it up does not slow other people's accounts.
    ///
    /// # Errors
    /// `rate_limited`, with the seconds to wait.
    pub fn check_sign_in(&self, account_key: &str, address: IpAddr) -> Result<(), Error> {
        self.sign_ins_from_address.check(self.key(network(address)))?;
        self.sign_ins_of_account.check(self.key(account_key))
    }

    /// One more message.
    ///
    /// # Errors
    /// `rate_limited`, with the seconds to wait.
    pub fn check_send(&self, user: UserId) -> Result<(), Error> {
        self.sends.check(self.key(user))
    }

    /// One more search for people.
    ///
    /// # Errors
    /// `rate_limited`, with the seconds to wait.
    pub fn check_search(&self, user: UserId) -> Result<(), Error> {
        self.searches.check(self.key(user))
    }

    /// One more request of any kind.
    ///
    /// # Errors
    /// `rate_limited`, with the seconds to wait.
    pub fn check_request(&self, requester: Requester) -> Result<(), Error> {
        self.requests.check(match requester {
            Requester::User(user) => self.key(("user", user)),
            Requester::Address(address) => self.key(("address", network(address))),
        })
    }

    fn key(&self, key: impl Hash) -> u64 {
        self.keys.of(key)
    }
}

/// Whatever is counted by is kept as a salted hash.
#[derive(Debug, Clone, Default)]
struct Keys(RandomState);

impl Keys {
    fn of(&self, key: impl Hash) -> u64 {
        self.0.hash_one(key)
    }
}

/// One table of GCRA states, or none when the limit is off.
struct Keyed {
    limiter: Option<DefaultKeyedRateLimiter<u64>>,
    checks: AtomicU32,
}

impl Keyed {
    /// Checks between two looks for keys that have recovered.
    const PRUNE_EVERY: u32 = 4_096;

    fn new(rate: u32, quota: impl FnOnce(NonZeroU32) -> Quota) -> Self {
        let limiter = NonZeroU32::new(rate).map(|rate| RateLimiter::keyed(quota(rate)));
        Self { limiter, checks: AtomicU32::new(0) }
    }

    fn check(&self, key: u64) -> Result<(), Error> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if self.checks.fetch_add(1, Ordering::Relaxed) % Self::PRUNE_EVERY == Self::PRUNE_EVERY - 1 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        limiter.check_key(&key).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            Error::rate_limited(u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX))
        })
    }
}

/// What one subscriber holds: an IPv4 address, or the /64 that everybody with IPv6 has to themselves.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn limits(rate: u32) -> Limits {
        Limits::new(&LimitSettings {
            sign_ins_per_minute_account: rate,
            sign_ins_per_minute_address: rate * 2,
            sends_per_minute: rate,
            searches_per_minute: rate,
            requests_per_second: rate,
            ..LimitSettings::default()
        })
    }

    fn address(n: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, n])
    }

    #[test]
    fn an_account_is_slowed_from_every_address_and_an_address_for_every_account() {
        let limits = limits(2);
        assert!(limits.check_sign_in("asha", address(1)).is_ok());
        assert!(limits.check_sign_in("asha", address(2)).is_ok());
        let slowed = limits.check_sign_in("asha", address(3)).expect_err("the third try");
        assert_eq!(slowed.code, Code::RateLimited);
        assert!(slowed.retry_after.is_some_and(|seconds| (1..=30).contains(&seconds)), "{slowed:?}");
        for n in 0..4 {
            assert!(limits.check_sign_in(&format!("user{n}"), address(9)).is_ok());
        }
        assert!(limits.check_sign_in("somebody", address(9)).is_err());
        assert!(limits.check_sign_in("somebody", address(8)).is_ok());
    }

    #[test]
    fn zero_switches_a_limit_off() {
        let limits = limits(0);
        let user = UserId(uuid::Uuid::nil());
        for _ in 0..1_000 {
            assert!(limits.check_send(user).is_ok() && limits.check_search(user).is_ok());
            assert!(limits.check_request(Requester::User(user)).is_ok());
        }
    }

    #[test]
    fn all_addresses_of_one_ipv6_network_are_one() {
        let limits = limits(1);
        let request = |text: &str| limits.check_request(Requester::Address(text.parse().expect("an address")));
        assert!(request("2001:db8::1").is_ok());
        assert!(request("2001:db8::2").is_err());
        assert!(request("2001:db8:0:1::1").is_ok());
        assert!(request("::ffff:192.0.2.1").is_ok());
        assert!(request("192.0.2.1").is_err());
    }

    #[test]
    fn what_has_recovered_is_forgotten() {
        let limits = limits(1_000_000);
        for n in 0..40_000_u128 {
            let _ = limits.check_request(Requester::User(UserId(uuid::Uuid::from_u128(n))));
        }
        let held = limits.requests.limiter.as_ref().expect("on").len();
        assert!(held < 2 * Keyed::PRUNE_EVERY as usize, "{held} keys held");
    }
}
