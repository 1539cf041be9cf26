//! When a sender sends.

use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// When a sender sends.
#[derive(Clone, Copy)]
pub enum Pace {
    /// The next one when the last one is answered.
    Closed,
    /// So many a second from all of them, by the clock, whatever the answers do. Times count from when a send was due.
    Open(u32),
}

/// When a sender's sends begin.
pub enum Clock {
    Free,
    Due { next: Instant, every: Duration },
}

impl Pace {
    /// The senders take turns, evenly.
    pub fn clock(self, began: Instant, place: usize, senders: usize) -> Clock {
        match self {
            Self::Closed => Clock::Free,
            Self::Open(rate) => {
                let turn = Duration::from_secs(1) / rate.max(1);
                let of = |count: usize| turn * u32::try_from(count).unwrap_or(u32::MAX);
                Clock::Due { next: began + of(place), every: of(senders) }
            }
        }
    }
}

impl Clock {
    pub async fn begin(&mut self) -> Instant {
        match self {
            Self::Free => Instant::now(),
            Self::Due { next, every } => {
                let due = *next;
                sleep_until(due).await;
                *next += *every;
                due
            }
        }
    }
}
