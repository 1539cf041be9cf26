//! Ticks, and a little chance so that not all tabs of a building ask in the same moment.

use gloo_timers::callback::Interval;

/// Ticks until it is dropped.
#[derive(Debug)]
pub struct Ticking(#[expect(dead_code, reason = "held for its drop")] Interval);

/// Calls `on_tick` every so many milliseconds.
#[must_use]
pub fn every(milliseconds: u32, on_tick: impl FnMut() + 'static) -> Ticking {
    Ticking(Interval::new(milliseconds, on_tick))
}

/// A number from 0 up to 1.
#[must_use]
pub fn chance() -> f64 {
    js_sys::Math::random()
}
