//! What is counted while it is measured, and what goes wrong at any time.

use crate::load::{latency::Latencies, processes::Used};
use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

/// What was seen.
pub struct Seen {
    pub took: Duration,
    /// Sends that ended while it was measured.
    pub send: Latencies,
    pub delivery: Latencies,
    /// 429 and 503, over the whole run; anything else that is no 201 ends it.
    pub refused: u64,
    /// Acknowledgements (`delivered`, `read`) that were answered while it was measured.
    pub acknowledged: (u64, u64),
    pub missed: usize,
    pub doubled: u64,
    pub altered: u64,
    pub used: Used,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    WarmUp,
    Measured,
    Over,
}

pub struct Recorder {
    pub phase: Cell<Phase>,
    pub send: RefCell<Latencies>,
    pub delivery: RefCell<Latencies>,
    pub refused: Cell<u64>,
    pub delivered: Cell<u64>,
    pub read: Cell<u64>,
    pub doubled: Cell<u64>,
    pub altered: Cell<u64>,
}

pub fn count(counter: &Cell<u64>) {
    counter.set(counter.get() + 1);
}

impl Recorder {
    pub fn new() -> Self {
        Self {
            phase: Cell::new(Phase::WarmUp),
            send: RefCell::default(),
            delivery: RefCell::default(),
            refused: Cell::new(0),
            delivered: Cell::new(0),
            read: Cell::new(0),
            doubled: Cell::new(0),
            altered: Cell::new(0),
        }
    }

    pub fn seen(&self, took: Duration, missed: usize, used: Used) -> Seen {
        Seen {
            took,
            send: self.send.take(),
            delivery: self.delivery.take(),
            refused: self.refused.get(),
            acknowledged: (self.delivered.get(), self.read.get()),
            missed,
            doubled: self.doubled.get(),
            altered: self.altered.get(),
            used,
        }
    }
}
