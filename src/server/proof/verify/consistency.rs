//! That one tree begins with another (RFC 9162, 2.1.4), as a line of a file: what it takes to hold a checkpoint that was kept
//! against a file that is proven against an older or a newer one. Nothing but hashes is in it.

use crate::server::proof::{
    bundle::Hex,
    tree::{self, Hash},
};
use serde::{Deserialize, Serialize};

/// A proof of consistency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consistency {
    /// The smaller tree has so many leaves.
    pub from: u64,
    /// The larger one.
    pub to: u64,
    /// The nodes of RFC 9162.
    pub nodes: Vec<Hex>,
}

/// A tree at some size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tree {
    pub(super) size: u64,
    pub(super) root: Hash,
}

/// This is no proof of consistency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {0} is no proof of consistency as audit consistency writes it")]
pub struct NoConsistency(u64);

impl Consistency {
    /// That the first `to` of these leaves begin with the first `from`; `None` when they cannot.
    #[must_use]
    pub fn of(leaves: &[Hash], from: u64, to: u64) -> Option<Self> {
        let leaves = leaves.get(..usize::try_from(to).ok()?)?;
        let nodes = tree::consistency_proof(leaves, from)?.into_iter().map(|node| Hex(node.0.to_vec())).collect();
        Some(Self { from, to, nodes })
    }

    /// A proof on each line.
    ///
    /// # Errors
    /// When a line is none, or when there is none at all.
    pub fn read(text: &str) -> Result<Vec<Self>, NoConsistency> {
        let proofs: Vec<Self> = (1..)
            .zip(text.lines())
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(nth, line)| serde_json::from_str(line).map_err(|_| NoConsistency(nth)))
            .collect::<Result<_, _>>()?;
        if proofs.is_empty() { Err(NoConsistency(1)) } else { Ok(proofs) }
    }

    /// Whether it is about trees of these sizes.
    pub(super) fn is_about(&self, smaller: Tree, larger: Tree) -> bool {
        (self.from, self.to) == (smaller.size, larger.size)
    }

    /// Whether it shows that the larger one begins with the smaller one.
    pub(super) fn shows(&self, smaller: Tree, larger: Tree) -> bool {
        let nodes: Option<Vec<Hash>> = self.nodes.iter().map(|node| Hash::of_slice(&node.0)).collect();
        self.is_about(smaller, larger)
            && nodes.is_some_and(|nodes| tree::is_consistent(smaller.size, smaller.root, larger.size, larger.root, &nodes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_comes_back_as_it_was_written_and_shows_what_it_is_about_alone() {
        let leaves: Vec<Hash> = (0_u8..20).map(|n| tree::leaf_hash(&[n])).collect();
        let at = |size: usize| Tree { size: size as u64, root: tree::root(&leaves[..size]) };
        for (from, to) in [(1, 20), (7, 13), (8, 16), (19, 20)] {
            let proof = Consistency::of(&leaves, from as u64, to as u64).expect("a proof");
            let text = serde_json::to_string(&proof).expect("JSON") + "\n";
            assert_eq!(Consistency::read(&text), Ok(vec![proof.clone()]));
            assert!(proof.shows(at(from), at(to)), "{from} and {to}");
            let other = Tree { root: tree::leaf_hash(b"another history"), ..at(from) };
            assert!(!proof.shows(other, at(to)) && !proof.shows(at(from), Tree { size: to as u64, ..other }));
            assert!(!proof.shows(at(from), at(to - 1)), "another size");
            let mut broken = proof;
            broken.nodes.pop();
            assert!(!broken.shows(at(from), at(to)));
        }
        assert_eq!((Consistency::of(&leaves, 3, 21), Consistency::of(&leaves, 21, 20)), (None, None));
        assert_eq!((Consistency::read(""), Consistency::read("{}\n")), (Err(NoConsistency(1)), Err(NoConsistency(1))));
    }
}
