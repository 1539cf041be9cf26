//! What commands print: rows and results on stdout, for programs; sentences on stderr, for people.

use crate::domain::lookalike;
use std::{
    fmt::Display,
    io::{self, BufWriter, IsTerminal, Read, StdoutLock, Write},
};

/// A line on stdout, by itself.
pub(super) fn line(text: impl Display) -> io::Result<()> {
    let mut rows = rows();
    writeln!(rows, "{text}")?;
    rows.flush()
}

/// Many lines on stdout; flush at the end.
pub(super) fn rows() -> BufWriter<StdoutLock<'static>> {
    BufWriter::new(io::stdout().lock())
}

/// The cells of a row, between tabs.
pub(super) fn row(rows: &mut impl Write, cells: &[&dyn Display]) -> io::Result<()> {
    for (place, cell) in cells.iter().enumerate() {
        write!(rows, "{}{cell}", if place == 0 { "" } else { "\t" })?;
    }
    writeln!(rows)
}

/// A text that came out of a file, as a part of one line: what would steer a terminal, begin a line, or is unseen there
/// is written out, so that a file cannot say anything in our place.
pub(super) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || lookalike::is_unseen(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// A sentence on stderr. Where nobody listens, it is lost.
pub(super) fn say(sentence: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{sentence}");
}

/// Everything was written, or whoever read it has gone (`| head`), which is no reason to complain.
pub(super) fn settled(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// What was piped in, without the newline at its end; `None` on a terminal, or when there is nothing.
pub(super) fn piped() -> io::Result<Option<String>> {
    if io::stdin().is_terminal() {
        return Ok(None);
    }
    let mut text = String::new();
    io::stdin().lock().take(64 * 1024).read_to_string(&mut text)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_text_of_a_file_steers_no_terminal() {
        assert_eq!(plain("messages.example.org, größer 🙂"), "messages.example.org, größer 🙂");
        assert_eq!(plain("a\u{1b}[8m\nGOOD: \u{9b}2K\u{202e}x"), "a\\u{1b}[8m\\u{a}GOOD: \\u{9b}2K\\u{202e}x");
    }
}
