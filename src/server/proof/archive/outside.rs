//! What the proof says of the entries that are none of the scope's: the hashes of the largest full subtrees without one. With
//! the scope's own entries between them they are the whole tree, so one pass over them gives its root, and nothing of their
//! content is told.

use crate::server::proof::tree::{Frontier, Hash, node_hash};

/// A full subtree without an entry of the scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subtree {
    /// Its first leaf.
    pub from: u64,
    /// How many it has: a power of two.
    pub leaves: u64,
    /// Its root.
    pub hash: Hash,
}

/// Takes the leaves in their order and gathers those outside.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    next: u64,
    gathered: Vec<Subtree>,
}

impl Outside {
    /// Beginning behind this tree, of which nothing is in the scope.
    #[must_use]
    pub fn after(tree: &Frontier) -> Self {
        let mut outside = Self::default();
        for (leaves, hash) in tree.subtrees() {
            outside.gathered.push(Subtree { from: outside.next, leaves, hash });
            outside.next = outside.next.saturating_add(leaves);
        }
        outside
    }

    /// The place of the next leaf.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The next leaf is outside.
    pub fn leaf(&mut self, hash: Hash) {
        let mut new = Subtree { from: self.next, leaves: 1, hash };
        while let Some(left) = self.gathered.pop_if(|left| are_halves(left, &new)) {
            new = Subtree { from: left.from, leaves: left.leaves.saturating_mul(2), hash: node_hash(left.hash, new.hash) };
        }
        self.gathered.push(new);
        self.next = self.next.saturating_add(1);
    }

    /// The next leaf is in the scope: its place, and what has been gathered before it.
    pub fn inside(&mut self) -> (u64, Vec<Subtree>) {
        let place = self.next;
        self.next = place.saturating_add(1);
        (place, std::mem::take(&mut self.gathered))
    }

    /// What has been gathered after the last one of the scope.
    #[must_use]
    pub fn end(self) -> Vec<Subtree> {
        self.gathered
    }
}

/// Whether these two are the halves of one full subtree.
fn are_halves(left: &Subtree, right: &Subtree) -> bool {
    left.leaves == right.leaves
        && left.from.is_multiple_of(left.leaves.saturating_mul(2))
        && left.from.saturating_add(left.leaves) == right.from
}
