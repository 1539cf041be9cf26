//! What came of verifying the export of a review, and what verifying it alone cannot show.

use super::super::{Trust, finding::Findings};
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
    /// What this verification could not see; nothing of it is wrong.
    pub cautions: Vec<String>,
}

impl ArchiveReport {
    pub(super) fn new(manifest: Option<Manifest>, text: &[u8], note: String, trust: &Trust, findings: Findings) -> Self {
        let mut cautions = vec![
            "Within a conversation nothing is missing between its first and its last message here. Whether more messages at the ends of \
             the period, more conversations or later receipts belong to the scope, only the whole export shows (audit export)."
                .to_owned(),
        ];
        let size = manifest.as_ref().map_or(0, |manifest| manifest.checkpoint.size);
        if trust.anchors.is_empty() {
            cautions.push(
                "No anchored checkpoint was given, so a history that somebody with the key has rewritten cannot be told from the right one: \
                 give one that was kept outside (--checkpoint)."
                    .to_owned(),
            );
        } else if trust.anchors.iter().all(|anchor| anchor.checkpoint.size != size) {
            cautions.push(format!(
                "None of the anchored checkpoints is over {size} entries like this one. Whether it goes together with them, the whole export \
                 shows (audit export)."
            ));
        }
        if trust.keys.is_empty() {
            cautions.push(
                "No key was given, so the keys that the export itself names were used. Whoever wrote it may have made them: give the \
                 published one (--key)."
                    .to_owned(),
            );
        }
        Self { manifest, manifest_sha256: digest(text), note, findings, cautions }
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.findings.all() == 0
    }
}
