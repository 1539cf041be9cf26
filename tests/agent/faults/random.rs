//! The dice of a run: SplitMix64 (Steele, Lea, Flood 2014), because a seed must give the same run with every version of
//! every library. Each actor has dice of its own, so that one's haste changes nobody else's throws.

use std::time::Duration;
use uuid::Uuid;

/// A generator of one actor.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Dice for the actor of this number.
    pub fn of(seed: u64, actor: u64) -> Self {
        let mut dice = Self(seed ^ actor.wrapping_mul(0xd134_2543_de82_ef95));
        dice.next();
        dice
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, 0 when there is none.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or(0)
    }

    /// True this often of a hundred times.
    pub fn percent(&mut self, times: usize) -> bool {
        self.below(100) < times
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// Up to so many milliseconds.
    pub fn millis(&mut self, end: usize) -> Duration {
        Duration::from_millis(u64::try_from(self.below(end)).unwrap_or(0))
    }

    /// A key as a client makes it: version 7, here with a time that is thrown, too.
    pub fn key(&mut self) -> Uuid {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_unix_timestamp_millis(self.next() >> 20, &bits.to_be_bytes()[..10].try_into().unwrap_or([0; 10])).into_uuid()
    }

    /// In another order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same_and_another_does_not() {
        let throws = |mut dice: Random| (0..5).map(|_| dice.key()).collect::<Vec<_>>();
        assert_eq!(throws(Random::of(7, 1)), throws(Random::of(7, 1)));
        assert_ne!(throws(Random::of(7, 1)), throws(Random::of(7, 2)));
        assert_ne!(throws(Random::of(7, 1)), throws(Random::of(8, 1)));
        assert!(throws(Random::of(1, 0)).iter().all(|key| key.get_version_num() == 7));
    }
}
