//! The export of a review, as it comes: its files in their order, each against the manifest, the messages against the entries
//! that were sealed, the entries against the signed root.
//!
//! Bytes are pushed in and forgotten; of an entry and of a receipt some hundred bytes are kept until its message has come.

mod container;
mod contents;
mod entries;
mod messages;
mod report;
mod vouching;

pub use report::ArchiveReport;

use super::{
    Trust,
    finding::{Code, Findings, Place},
};
use crate::server::proof::archive::{FILES, tar};
use container::{Container, Event};
use contents::Contents;

/// Takes an export of a review, some bytes at a time.
#[derive(Debug, Default)]
pub struct ArchiveVerifier {
    container: Container,
    contents: Contents,
    findings: Findings,
}

impl ArchiveVerifier {
    /// Nothing was looked at yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a file that begins like this is the export of a review.
    #[must_use]
    pub fn is_one(beginning: &[u8]) -> bool {
        let name = FILES.first().copied().unwrap_or_default();
        let header = tar::header(name, 0);
        header.get(..=name.len()).is_some_and(|name| beginning.starts_with(name))
    }

    /// The next bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        let Self { container, contents, findings } = self;
        container.take(bytes, |event| match event {
            Event::Begins { file, bytes } => contents.begins(file, bytes),
            Event::Bytes(bytes) => contents.bytes(bytes, findings),
            Event::Ends => contents.ends(findings),
        });
    }

    /// `None` when not even its first file is there: that is no export of a review.
    #[must_use]
    pub fn finish(mut self, trust: &Trust) -> Option<ArchiveReport> {
        if self.container.files() == 0 {
            return None;
        }
        if let Some(wrong) = self.container.wrong() {
            self.findings.add(Code::ArchiveForm, Place::whole(), format_args!("{wrong}"));
        }
        Some(self.contents.finish(trust, self.findings))
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
