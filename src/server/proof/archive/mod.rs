//! What an export of a review consists of: one file with files in it, each of which has one form only, so that whoever
//! verifies writes it again and compares. Nothing in it says when it was taken: the same scope at the same checkpoint gives
//! the same bytes.
//!
//! `messages.jsonl` has the messages; `messages.csv` shows the same to people; `proof.jsonl` has the sealed entries that
//! vouch for them and, for everything else in the log, only hashes, enough to find the root that was signed. The manifest
//! names them all, and is signed itself.

pub mod lines;
pub mod manifest;
pub mod outside;
pub mod table;
pub mod tar;

use sha2::{Digest, Sha256};

/// The files, in their order. The two that the manifest does not name are itself and its signature.
pub const FILES: [&str; 7] = [README, MANIFEST, SIGNATURE, CHECKPOINT, PROOF, MESSAGES, TABLE];

/// What is what, for whoever finds the file.
pub const README: &str = "README.txt";
/// What it covers, and the hash of each file.
pub const MANIFEST: &str = "manifest.json";
/// Who vouches for the manifest.
pub const SIGNATURE: &str = "manifest.sig";
/// The tree that all of it is proven against.
pub const CHECKPOINT: &str = "checkpoint.txt";
/// The entries, and the hashes of everything around them.
pub const PROOF: &str = "proof.jsonl";
/// The messages.
pub const MESSAGES: &str = "messages.jsonl";
/// The messages for people.
pub const TABLE: &str = "messages.csv";

/// The text of [`README`].
pub const README_TEXT: &str = "\
This is a part of an organisation's messages, exported under a review.

messages.jsonl   the messages as they were sent, one JSON object a line
messages.csv     the same for reading in a spreadsheet; cells that it would run as a formula have an apostrophe in front
proof.jsonl      the sealed audit entries of these messages and of when they were delivered and read, and hashes of all others
checkpoint.txt   the signed root of the audit log that the proof leads to
manifest.json    what is covered, and the length and SHA-256 of each file
manifest.sig     the signature of the manifest

To verify all of it without network or database:   cms-messages audit verify THIS_FILE --key VKEY --checkpoint FILE
VKEY is the public key that the organisation has published, FILE a checkpoint that somebody has kept.
";

/// Length and SHA-256 of what was added to it.
#[derive(Debug, Clone, Default)]
pub struct Measure {
    bytes: u64,
    hash: Sha256,
}

impl Measure {
    /// Of all of this.
    #[must_use]
    pub fn of(bytes: &[u8]) -> (u64, [u8; 32]) {
        let mut measure = Self::default();
        measure.add(bytes);
        measure.end()
    }

    /// The next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.hash.update(bytes);
    }

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// What it has come to.
    #[must_use]
    pub fn end(self) -> (u64, [u8; 32]) {
        (self.bytes, self.hash.finalize().into())
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
