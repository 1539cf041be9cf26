//! Rates per user and per address (GCRA). In the process: N instances allow N times as much.

use crate::server::settings::LimitSettings;

/// The keyed limiters.
pub struct Limits;

impl Limits {
    /// From the settings.
    #[must_use]
    pub fn new(_settings: &LimitSettings) -> Self {
        Self
    }
}
