//! Times that something took, and the questions that are asked of them.

use std::{fmt, time::Duration};

/// Every one is kept: a few hundred thousand numbers are nothing, and a percentile of buckets would be a guess.
#[derive(Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The middle one and the one that 99 of 100 are below.
    pub fn summary(mut self) -> Summary {
        self.0.sort_unstable();
        Summary { p50: percentile(&self.0, 50), p99: percentile(&self.0, 99) }
    }
}

impl FromIterator<Duration> for Latencies {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        Self(times.into_iter().collect())
    }
}

/// p50 and p99.
#[derive(Clone, Copy, Default)]
pub struct Summary {
    pub p50: Duration,
    pub p99: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p50 {} p99 {}", milliseconds(self.p50), milliseconds(self.p99))
    }
}

/// Two digits behind the point below ten.
pub fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1e3;
    if milliseconds < 10.0 { format!("{milliseconds:.2} ms") } else { format!("{milliseconds:.1} ms") }
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The middle of some figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    let half = figures.len() / 2;
    match (figures.get(half.wrapping_sub(1)), figures.get(half)) {
        (Some(low), Some(high)) if figures.len().is_multiple_of(2) => f64::midpoint(*low, *high),
        (_, middle) => middle.copied().unwrap_or(f64::NAN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times: Latencies = (1..=200).rev().map(Duration::from_millis).collect();
        let summary = times.summary();
        assert_eq!((summary.p50, summary.p99), (Duration::from_millis(100), Duration::from_millis(198)));
        assert_eq!(Latencies::default().summary().p99, Duration::ZERO);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_two() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median(Vec::new()).is_nan());
    }
}
