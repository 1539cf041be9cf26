//! The entries as leaves of the tree: each has the hash that was sealed, each place is taken once, each number is there once.
//!
//! The tree is built of the hashes that stand beside the entries. So an entry that was changed alone is named, and the
//! tree still tells whether the hashes are those that were signed.

use super::finding::{Code, Findings, Place};
use crate::server::proof::{
    bundle::{Leaf, Sealed},
    tree::{self, Hash},
};

#[derive(Debug, Default)]
pub(super) struct Leaves {
    hashes: Vec<Hash>,
    numbers: Vec<i64>,
    next: i64,
}

impl Leaves {
    /// In the order of the file.
    pub(super) fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    pub(super) fn entry(&mut self, sealed: &Sealed, place: Place, findings: &mut Findings) {
        let id = sealed.entry.id;
        self.numbers.push(id);
        if id < 1 {
            let sentence = "This entry has a number that the program never gives and never seals: the owner of the database wrote it.";
            findings.add(Code::EntryNumber, place, format_args!("{sentence}"));
        }
        let Some(seal) = &sealed.seal else { return };
        let computed = tree::leaf_hash(&sealed.entry.to_bytes());
        if computed.0[..] != seal.hash.0 {
            let sentence = "This entry is not what was sealed: it was changed afterwards, or its seal was.";
            findings.add(Code::EntryHash, place, format_args!("{sentence}"));
        }
        if seal.leaf != self.next {
            let (leaf, next) = (seal.leaf, self.next);
            findings.add(
                Code::LeafOrder,
                place,
                format_args!("This entry is sealed as number {leaf} where {next} has to come: entries are missing or were put in."),
            );
        }
        self.hashes.push(Hash::of_slice(&seal.hash.0).unwrap_or(computed));
        self.next = seal.leaf.saturating_add(1);
    }

    pub(super) fn orphan(&mut self, leaf: &Leaf, place: Place, findings: &mut Findings) {
        let (place, id) = (Place { entry: Some(leaf.entry_id), ..place }, leaf.entry_id);
        findings.add(Code::LeafOrphan, place, format_args!("Entry {id} was sealed as number {} and is gone.", leaf.leaf));
    }

    pub(super) fn finish(&mut self, findings: &mut Findings) {
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.sort_unstable();
        for (one, other) in numbers.iter().zip(numbers.iter().skip(1)) {
            if one == other {
                findings.add(Code::EntryTwice, Place::of_entry(*one), format_args!("There are two entries with this number."));
            }
        }
    }
}
