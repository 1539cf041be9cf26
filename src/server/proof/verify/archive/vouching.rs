//! Who vouches for an export: the manifest speaks of one scope and is signed, and so is the root that the entries lead to.

use super::{
    super::{
        Trust,
        anchor::Anchor,
        consistency::Tree,
        finding::{Code, Findings, Place},
    },
    contents::Contents,
};
use crate::{
    domain::review::ReviewScope,
    server::proof::{
        archive::manifest::{Manifest, signed_text},
        note::{self, PublicKey},
        tree::Hash,
    },
};
use std::collections::BTreeSet;

/// What of the anchored checkpoints was shown, and of which nothing could be.
#[derive(Debug, Default)]
pub(super) struct Anchored {
    pub(super) same: Vec<u64>,
    pub(super) older: Vec<u64>,
    pub(super) newer: Vec<u64>,
    pub(super) not_shown: Vec<u64>,
}

pub(super) fn look(contents: &Contents, manifest: &Manifest, trust: &Trust, findings: &mut Findings) -> Anchored {
    scope(manifest, findings);
    let named: Vec<PublicKey> = manifest.keys.iter().filter_map(|key| key.parse().ok()).collect();
    if named.len() != manifest.keys.len() {
        findings.add(Code::Key, Place::whole(), format_args!("One of the keys that the manifest names is none."));
    }
    let origin = &manifest.checkpoint.origin;
    let text = signed_text(origin, &contents.manifest_text);
    let mut signers = match note::open_text(&contents.signature, &text, &named) {
        Ok(signers) => signers,
        Err(wrong) => {
            findings.add(Code::ArchiveSignature, Place::whole(), format_args!("The signature of the manifest is not believed: {wrong}."));
            Vec::new()
        }
    };
    let mut known = signature_lines(&contents.signature) == signers.len();
    match note::open(&contents.note, &named) {
        Err(wrong) => findings.add(Code::CheckpointSignature, Place::whole(), format_args!("The checkpoint is not believed: {wrong}.")),
        Ok(opened) => {
            known &= signature_lines(&contents.note) == opened.signers.len();
            signers.extend(opened.signers);
            let said = opened.checkpoint;
            let named = &manifest.checkpoint;
            if said.origin != named.origin || said.size != named.size || said.root.0[..] != named.root.0[..] {
                findings.add(
                    Code::CheckpointNote,
                    Place::whole(),
                    format_args!("The manifest speaks of another checkpoint than the one that is there."),
                );
            }
            let tree = &contents.entries.tree;
            if !contents.entries.lost && (tree.size(), tree.root()) != (said.size, said.root) {
                let (size, there) = (said.size, tree.size());
                let sentence = format_args!(
                    "The {there} entries of proof.jsonl are not the {size} that the checkpoint was signed over: one was changed, left out or put in."
                );
                findings.add(Code::CheckpointRoot, Place::whole(), sentence);
            }
        }
    }
    if !known || named.iter().any(|key| !signers.contains(key)) {
        findings.add(Code::Key, Place::whole(), format_args!("Not exactly the keys that the manifest names have signed."));
    }
    if !trust.keys.is_empty() {
        let manifests = note::open_text(&contents.signature, &text, &trust.keys).is_ok();
        if !manifests || note::open(&contents.note, &trust.keys).is_err() {
            let sentence = "Manifest or checkpoint is signed by none of the given keys: somebody else has made this.";
            findings.add(Code::KeyForeign, Place::whole(), format_args!("{sentence}"));
        }
    }
    let known = if trust.keys.is_empty() { &named } else { &trust.keys };
    let mut shown = Anchored::default();
    for anchor in &trust.anchors {
        anchored(anchor, manifest, (trust, known), &mut shown, findings);
    }
    shown
}

/// The conversations are those of the scope, in their order, and everybody in them is named.
fn scope(manifest: &Manifest, findings: &mut Findings) {
    let mut people = BTreeSet::new();
    for conversation in &manifest.conversations {
        let pair = [conversation.user_low, conversation.user_high];
        people.extend(pair);
        let belongs = match manifest.scope {
            ReviewScope::UserId(user) => pair.contains(&user),
            ReviewScope::ConversationId(id) => conversation.id == id,
        };
        if !belongs || pair.contains(&manifest.reader_id) || pair[0] >= pair[1] {
            let id = conversation.id;
            findings.add(Code::ScopeForeign, Place::whole(), format_args!("Conversation {id} does not belong to the scope."));
        }
        if conversation.first_seq < 1 || conversation.last_seq < conversation.first_seq {
            findings.add(
                Code::ArchiveManifest,
                Place::whole(),
                format_args!("The manifest names no message of conversation {}.", conversation.id),
            );
        }
    }
    if !manifest.conversations.is_sorted_by(|one, next| one.id < next.id)
        || !people.iter().eq(manifest.people.iter().map(|person| &person.id))
    {
        findings.add(
            Code::ArchiveManifest,
            Place::whole(),
            format_args!("The manifest does not name exactly the people of its conversations, in order."),
        );
    }
}

/// The one tree has to begin with the other; where neither shows it, somebody has to bring a proof.
fn anchored(anchor: &Anchor, manifest: &Manifest, (trust, known): (&Trust, &[PublicKey]), shown: &mut Anchored, findings: &mut Findings) {
    let kept = &anchor.checkpoint;
    let (size, name) = (kept.size, &kept.origin);
    if *name != manifest.checkpoint.origin {
        let sentence = format_args!("The anchored checkpoint is one of {name}, which is another history.");
        findings.add(Code::AnchorForeign, Place::whole(), sentence);
        return;
    }
    if let Err(wrong) = note::open(&anchor.note, known) {
        findings.add(
            Code::AnchorForeign,
            Place::whole(),
            format_args!("The anchored checkpoint over {size} entries is not believed: {wrong}."),
        );
        return;
    }
    // a root of another length has been found already: it is not the one of the note
    let Some(root) = Hash::of_slice(&manifest.checkpoint.root.0) else { return };
    let (kept, own) = (Tree { size, root: kept.root }, Tree { size: manifest.checkpoint.size, root });
    if kept.size == own.size {
        if kept.root == own.root {
            shown.same.push(size);
        } else {
            let sentence =
                format_args!("The anchored checkpoint over the same {size} entries has another root: the history was rewritten.");
            findings.add(Code::AnchorRoot, Place::whole(), sentence);
        }
        return;
    }
    let (smaller, larger) = if kept.size < own.size { (kept, own) } else { (own, kept) };
    let mut proofs = trust.consistency.iter().filter(|proof| proof.is_about(smaller, larger)).peekable();
    if proofs.peek().is_none() {
        shown.not_shown.push(size);
    } else if proofs.any(|proof| proof.shows(smaller, larger)) {
        let shown = if kept.size < own.size { &mut shown.older } else { &mut shown.newer };
        shown.push(size);
    } else {
        let (from, to) = (smaller.size, larger.size);
        findings.add(
            Code::AnchorRoot,
            Place::whole(),
            format_args!(
                "The given proof does not lead from {from} entries to {to}: the history of the anchored checkpoint over {size} is another one, or the proof is."
            ),
        );
    }
}

fn signature_lines(note: &str) -> usize {
    note.lines().filter(|line| line.starts_with('\u{2014}')).count()
}
