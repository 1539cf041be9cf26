//! The log: one JSON object a line on stderr, or lines for people when that is a terminal.
//!
//! Message texts, names, tokens and raw paths are never given to it. Libraries stay at warnings whatever is asked for:
//! at finer levels some of them write headers down, and with them cookies.
//!
//! A thread of its own writes. Whoever reads our stderr may be slow or stand still: lines wait, then they are dropped and
//! counted, and requests go on. Lines of the same moment are written together: a busy server does not wake that thread, and
//! call the system, for each.

use std::{
    io::{self, BufWriter, IsTerminal, Write, stderr},
    panic::PanicHookInfo,
    sync::OnceLock,
    time::Duration,
};
use tracing::Level;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// So many lines wait while nobody takes them (some 300 bytes each).
const WAITING_LINES: usize = 8_192;

/// What is written at once.
const BLOCK: usize = 64 * 1024;

/// The lines that come within so long of the first one go with it.
const TOGETHER: Duration = Duration::from_millis(5);

static DROPPED: OnceLock<ErrorCounter> = OnceLock::new();

/// The end of the log: what waits is written when it is dropped, as far as somebody takes it within a second.
#[must_use = "without it the last lines are lost"]
#[derive(Debug)]
pub struct Log {
    _guard: WorkerGuard,
}

/// Begins to log. `RUST_LOG` = error, warn, info (the default), debug or trace is the level of this program's own events.
pub fn start() -> Log {
    let own = std::env::var("RUST_LOG").ok().and_then(|level| level.parse::<Level>().ok()).unwrap_or(Level::INFO);
    let levels = Targets::new().with_target("cms_messages", own).with_default(LevelFilter::WARN);
    let (writer, guard) =
        NonBlockingBuilder::default().buffered_lines_limit(WAITING_LINES).finish(Together(BufWriter::with_capacity(BLOCK, stderr())));
    let _ = DROPPED.set(writer.error_counter());
    let lines = fmt::layer().with_writer(writer);
    let lines = if stderr().is_terminal() {
        lines.with_target(false).with_filter(levels).boxed()
    } else {
        lines.json().flatten_event(true).with_span_list(false).with_filter(levels).boxed()
    };
    // a second start in one process (tests) keeps the first
    let _ = tracing_subscriber::registry().with(lines).try_init();
    std::panic::set_hook(Box::new(panicked));
    Log { _guard: guard }
}

/// Flushed when no line waits, which is after each one as long as it is written faster than the next one comes.
struct Together<W>(W);

impl<W: Write> Write for Together<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        std::thread::sleep(TOGETHER);
        self.0.flush()
    }
}

/// How many lines were dropped because nobody took them.
#[must_use]
pub fn dropped_lines() -> u64 {
    DROPPED.get().map_or(0, |dropped| u64::try_from(dropped.dropped_lines()).unwrap_or(u64::MAX))
}

/// The usual hook writes what the panic said, which may hold a user's text, and waits for who reads stderr.
fn panicked(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(location, "panicked");
}
