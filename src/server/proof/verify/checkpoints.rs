//! The tree at each size that was ever signed, against the leaves that are there: its root, its signatures, and the
//! checkpoints that somebody kept outside. All of them fit the same leaves, so each is consistent with each other.

use super::{
    Trust,
    anchor::Anchor,
    finding::{Code, Findings, Place},
    keys::Keys,
    leaves::Leaves,
};
use crate::server::proof::{
    bundle,
    note::{self, PublicKey},
    tree::{Frontier, Hash},
};
use std::collections::BTreeMap;

/// How the tree stands.
#[derive(Debug, Default)]
pub(super) struct Standing {
    pub(super) checkpoints: usize,
    pub(super) newest: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    stored: Vec<(bundle::Checkpoint, Place)>,
}

impl Checkpoints {
    pub(super) fn add(&mut self, checkpoint: bundle::Checkpoint, place: Place) {
        self.stored.push((checkpoint, place));
    }

    pub(super) fn finish(self, leaves: &Leaves, keys: &mut Keys, trust: &Trust, findings: &mut Findings) -> Standing {
        let there = leaves.hashes().len();
        let mut sizes: BTreeMap<u64, Frontier> = BTreeMap::new();
        let stored = self.stored.iter().map(|(checkpoint, _)| u64::try_from(checkpoint.size).unwrap_or(0));
        for size in stored.chain(trust.anchors.iter().map(|anchor| anchor.checkpoint.size)) {
            sizes.insert(size, Frontier::new());
        }
        grow(leaves.hashes(), &mut sizes);

        let public = keys.public();
        let mut fits = true;
        for (checkpoint, place) in &self.stored {
            signature(checkpoint, *place, &public, keys, findings);
            fits &= fits && root(checkpoint, *place, &sizes, there, findings);
        }
        keys.finish(findings);
        let newest = self.stored.iter().max_by_key(|(checkpoint, _)| checkpoint.size);
        match newest {
            None if there > 0 || trust.anchors.is_empty() => {
                let sentence = "There is no checkpoint: nothing here was ever sealed, and nothing can be proven.";
                findings.add(Code::SealNone, Place::whole(), format_args!("{sentence}"));
            }
            Some((newest, _)) if usize::try_from(newest.size).is_ok_and(|size| size < there) => {
                let (size, there) = (newest.size, there);
                let sentence = format_args!("{there} entries have a seal, but the newest checkpoint was signed over {size}.");
                findings.add(Code::SealOpen, Place::whole(), sentence);
            }
            _ => {}
        }
        let newest = newest.map(|(newest, _)| newest.signed_note.clone());
        if let Some(note) = newest.as_ref().filter(|_| !trust.keys.is_empty())
            && let Err(wrong) = note::open(note, &trust.keys)
        {
            findings.add(
                Code::KeyForeign,
                Place::whole(),
                format_args!("The newest checkpoint is {wrong}: somebody else has sealed this."),
            );
        }
        let origin = newest.as_deref().and_then(|note| note::read_unverified(note).ok()).map(|newest| newest.origin);
        let known = if trust.keys.is_empty() { &public } else { &trust.keys };
        for anchor in &trust.anchors {
            anchored(anchor, origin.as_deref(), known, &sizes, there, findings);
        }
        Standing { checkpoints: self.stored.len(), newest }
    }
}

/// The tree at each of these sizes that it reaches.
fn grow(leaves: &[Hash], sizes: &mut BTreeMap<u64, Frontier>) {
    let mut tree = Frontier::new();
    let mut leaves = leaves.iter();
    for (size, at) in sizes {
        while tree.size() < *size {
            let Some(leaf) = leaves.next() else { return };
            tree.append(*leaf);
        }
        at.clone_from(&tree);
    }
}

/// Whether the leaves are those that it was made of. Only the first one that is not is told: those after it cannot fit.
fn root(checkpoint: &bundle::Checkpoint, place: Place, sizes: &BTreeMap<u64, Frontier>, there: usize, findings: &mut Findings) -> bool {
    let size = checkpoint.size;
    let tree = u64::try_from(size).ok().filter(|size| *size > 0).and_then(|size| sizes.get(&size).filter(|tree| tree.size() == size));
    let Some(tree) = tree else {
        let sentence = format_args!("This checkpoint was signed over {size} entries, but there are {there}: the newest are gone.");
        findings.add(Code::CheckpointBeyond, place, sentence);
        return false;
    };
    if tree.root().0[..] != checkpoint.root.0[..] {
        let sentence = format_args!(
            "The first {size} sealed entries are not those that this checkpoint was signed over: among them, one was changed, removed, put in or moved."
        );
        findings.add(Code::CheckpointRoot, place, sentence);
        return false;
    }
    if tree.to_bytes() != checkpoint.frontier.0 {
        findings.add(Code::CheckpointNote, place, format_args!("What the sealer goes on from is not the tree of this checkpoint."));
    }
    true
}

/// What is signed is what the columns say, and everybody who has signed is known.
fn signature(checkpoint: &bundle::Checkpoint, place: Place, public: &[PublicKey], keys: &mut Keys, findings: &mut Findings) {
    match note::open(&checkpoint.signed_note, public) {
        Err(wrong) => findings.add(Code::CheckpointSignature, place, format_args!("The note of this checkpoint is not believed: {wrong}.")),
        Ok(opened) => {
            keys.have_signed(&opened.signers);
            let said = &opened.checkpoint;
            if i64::try_from(said.size) != Ok(checkpoint.size) || said.root.0[..] != checkpoint.root.0[..] {
                findings.add(Code::CheckpointNote, place, format_args!("What was signed is not what stands beside it."));
            }
            let lines = checkpoint.signed_note.lines().filter(|line| line.starts_with('\u{2014}')).count();
            if lines != opened.signers.len() {
                let sentence = "Somebody has signed this checkpoint whose key is not named.";
                findings.add(Code::CheckpointSignature, place, format_args!("{sentence}"));
            }
        }
    }
}

fn anchored(
    anchor: &Anchor,
    origin: Option<&str>,
    known: &[PublicKey],
    sizes: &BTreeMap<u64, Frontier>,
    there: usize,
    findings: &mut Findings,
) {
    let note::Checkpoint { size, root, origin: name } = &anchor.checkpoint;
    if origin.is_some_and(|origin| origin != name) {
        let sentence = format_args!("The anchored checkpoint is one of {name}, which is another history.");
        findings.add(Code::AnchorForeign, Place::whole(), sentence);
        return;
    }
    if let Err(wrong) = note::open(&anchor.note, known) {
        let sentence = format_args!("The anchored checkpoint over {size} entries is not believed: {wrong}.");
        findings.add(Code::AnchorForeign, Place::whole(), sentence);
    }
    match sizes.get(size).filter(|tree| tree.size() == *size) {
        None => {
            let sentence =
                format_args!("The anchored checkpoint was signed over {size} entries, but there are {there}: the newest were cut off.");
            findings.add(Code::AnchorBeyond, Place::whole(), sentence);
        }
        Some(tree) if tree.root() != *root => {
            let sentence = format_args!(
                "The first {size} sealed entries are not those that the anchored checkpoint was signed over: the history was rewritten."
            );
            findings.add(Code::AnchorRoot, Place::whole(), sentence);
        }
        Some(_) => {}
    }
}
