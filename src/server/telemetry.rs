//! The log: one JSON object a line on stderr, or lines for people when that is a terminal.
//!
//! Message texts, names, tokens and raw paths are never given to it. Libraries stay at warnings whatever is asked for:
//! at finer levels some of them write headers down, and with them cookies.

use std::io::IsTerminal;
use tracing::Level;
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Begins to log. `RUST_LOG` = error, warn, info (the default), debug or trace is the level of this program's own events.
pub fn start() {
    let own = std::env::var("RUST_LOG").ok().and_then(|level| level.parse::<Level>().ok()).unwrap_or(Level::INFO);
    let levels = Targets::new().with_target("cms_messages", own).with_default(LevelFilter::WARN);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = if std::io::stderr().is_terminal() {
        lines.with_target(false).with_filter(levels).boxed()
    } else {
        lines.json().flatten_event(true).with_span_list(false).with_filter(levels).boxed()
    };
    // a second start in one process (tests) keeps the first
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

/// How many lines were dropped because nobody took them in time.
#[must_use]
pub fn dropped_lines() -> u64 {
    0
}
