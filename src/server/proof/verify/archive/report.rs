//! What came of verifying the export of a review, and what verifying it alone cannot show.

use super::{
    super::{
        Trust,
        finding::{Findings, texts_erased},
    },
    vouching::Anchored,
};
use crate::server::proof::{
    archive::manifest::{Manifest, digest},
    bundle::Hex,
};

/// What came of it.
#[derive(Debug, Clone)]
pub struct ArchiveReport {
    /// What it covers; `None` when that cannot be read.
    pub manifest: Option<Manifest>,
    /// By which the audit log knows it.
    pub manifest_sha256: Hex,
    /// The checkpoint that all of it was proven against.
    pub note: String,
    /// What was found.
    pub findings: Findings,
    /// What was shown beside the file itself.
    pub shown: Vec<String>,
    /// What this verification could not see; nothing of it is wrong.
    pub cautions: Vec<String>,
}

impl ArchiveReport {
    pub(super) fn new(
        manifest: Option<Manifest>,
        text: &[u8],
        note: String,
        trust: &Trust,
        (anchored, erased): (&Anchored, u64),
        findings: Findings,
    ) -> Self {
        let mut cautions = vec![
            "Within a conversation nothing is missing between its first and its last message here. Whether more messages at the ends of \
             the period, more conversations or later receipts belong to the scope, only the whole export shows (audit export)."
                .to_owned(),
        ];
        cautions.extend(texts_erased(erased));
        let size = manifest.as_ref().map_or(0, |manifest| manifest.checkpoint.size);
        if trust.anchors.is_empty() {
            cautions.push(
                "No anchored checkpoint was given, so a history that somebody with the key has rewritten cannot be told from the right one: \
                 give one that was kept outside (--checkpoint)."
                    .to_owned(),
            );
        }
        cautions.extend(not_shown(anchored, size));
        if trust.keys.is_empty() {
            cautions.push(
                "No key was given, so the keys that the export itself names were used. Whoever wrote it may have made them: give the \
                 published one (--key)."
                    .to_owned(),
            );
        }
        // of a file that is wrong nothing is shown
        let shown = if findings.all() == 0 { shown(anchored, size) } else { Vec::new() };
        Self { manifest, manifest_sha256: digest(text), note, findings, shown, cautions }
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.findings.all() == 0
    }
}

/// What the anchored checkpoints have shown.
fn shown(anchored: &Anchored, size: u64) -> Vec<String> {
    let same = anchored.same.first().map(|_| format!("The checkpoint over {size} entries was kept outside as well, and is the same."));
    let older = anchored.older.iter().map(|kept| {
        format!(
            "The {size} entries that this is proven against begin with the {kept} of the anchored checkpoint: nothing of those was changed."
        )
    });
    let newer = anchored.newer.iter().map(|kept| {
        format!(
            "The {kept} entries of the anchored checkpoint begin with the {size} that this is proven against: it is a part of that history."
        )
    });
    same.into_iter().chain(older).chain(newer).collect()
}

/// Of which anchored checkpoints nothing is known, and what would show it. The nearest ones are named.
fn not_shown(anchored: &Anchored, size: u64) -> Option<String> {
    // one that is the same, or goes on from this, vouches for all of it
    if !anchored.same.is_empty() || !anchored.newer.is_empty() {
        return None;
    }
    let older = anchored.not_shown.iter().filter(|kept| **kept < size).max();
    let newer = anchored.not_shown.iter().filter(|kept| **kept > size).min();
    let sizes: Vec<String> = [older.copied(), Some(size), newer.copied()].into_iter().flatten().map(|size| size.to_string()).collect();
    let what = match (older, newer) {
        (None, None) => return None,
        (Some(older), None) => format!("that nothing of the {older} entries that were signed there was changed before these {size} were"),
        (None, Some(newer)) => format!("that these {size} entries are the beginning of the {newer} that were signed there"),
        (Some(older), Some(newer)) => {
            format!("that these {size} entries begin with the {older} that were signed there, and are the beginning of the {newer}")
        }
    };
    Some(format!(
        "{} anchored checkpoints over another number of entries than the {size} of this file: it alone cannot show {what}. To show it, \
         have `cms-messages audit consistency {}` run where the database is and give what it writes (--consistency); or hold the checkpoints and \
         that of this file against the whole export (audit export).",
        anchored.not_shown.len(),
        sizes.join(" ")
    ))
}
