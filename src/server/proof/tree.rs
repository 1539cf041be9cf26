//! The Merkle tree of RFC 9162: its root, the few nodes that are needed to go on (`Frontier`), and the proofs that an entry
//! is in it (`inclusion`) and that a later tree only appended to an earlier one (`consistency`).
//!
//! A leaf and a node are hashed with different first bytes, so that no node can be passed off as a leaf.

use sha2::{Digest, Sha256};
use std::fmt;

/// SHA-256 of a leaf, of a node, of a tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// From the database or a file.
    #[must_use]
    pub fn of_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The hash of a leaf with this data.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0x00]).chain_update(data).finalize().into())
}

/// The hash of the node above two.
#[must_use]
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash(Sha256::new().chain_update([0x01]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The root of the tree without leaves.
#[must_use]
pub fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

/// The roots of the full subtrees that a tree consists of, the largest first: all that is needed to append and to know
/// the root. A tree of a million leaves has at most 20.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Hash>,
}

impl Frontier {
    /// Of the tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// One leaf more.
    pub fn append(&mut self, leaf: Hash) {
        let mut node = leaf;
        // each full subtree of the same size becomes the left half of the next larger one
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                node = node_hash(left, node);
            }
        }
        self.subtrees.push(node);
        self.size = self.size.saturating_add(1);
    }

    /// As many leaves more as a full subtree has, of which only its root is known; `false` when it cannot stand there: its
    /// size is no power of two, or what is there does not end where such a subtree begins.
    #[must_use]
    pub fn append_subtree(&mut self, leaves: u64, root: Hash) -> bool {
        if !leaves.is_power_of_two() || !self.size.is_multiple_of(leaves) {
            return false;
        }
        let Some(size) = self.size.checked_add(leaves) else { return false };
        let mut node = root;
        for _ in 0..(self.size / leaves).trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                node = node_hash(left, node);
            }
        }
        self.subtrees.push(node);
        self.size = size;
        true
    }

    /// Its full subtrees from the left: how many leaves each has, and its root.
    pub fn subtrees(&self) -> impl Iterator<Item = (u64, Hash)> {
        let sizes = (0..u64::BITS).rev().map(|level| 1 << level).filter(|leaves| self.size & leaves != 0);
        sizes.zip(self.subtrees.iter().copied())
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.subtrees.iter().rev().copied().reduce(|right, left| node_hash(left, right)).unwrap_or_else(empty_root)
    }

    /// The size, eight bytes, the most significant first, then the hashes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.size.to_be_bytes().into_iter().chain(self.subtrees.iter().flat_map(|hash| hash.0)).collect()
    }

    /// `None` when these bytes are no frontier. Whether it is the right one, only its root tells.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (size, hashes) = bytes.split_first_chunk::<8>()?;
        let size = u64::from_be_bytes(*size);
        let (subtrees, rest) = hashes.as_chunks::<32>();
        let complete = rest.is_empty() && subtrees.len() == size.count_ones() as usize;
        complete.then(|| Self { size, subtrees: subtrees.iter().copied().map(Hash).collect() })
    }
}

impl FromIterator<Hash> for Frontier {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut frontier = Self::new();
        leaves.into_iter().for_each(|leaf| frontier.append(leaf));
        frontier
    }
}

/// The root of the tree with these leaves.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    leaves.iter().copied().collect::<Frontier>().root()
}

/// That the leaf `index` is in the tree with these leaves (RFC 9162, 2.1.3.1); `None` when it is not.
#[must_use]
pub fn inclusion_proof(leaves: &[Hash], index: u64) -> Option<Vec<Hash>> {
    let mut index = usize::try_from(index).ok().filter(|index| *index < leaves.len())?;
    let (mut rest, mut proof) = (leaves, Vec::new());
    while rest.len() > 1 {
        let (left, right) = rest.split_at(split(rest.len()));
        if index < left.len() {
            proof.push(root(right));
            rest = left;
        } else {
            proof.push(root(left));
            index -= left.len();
            rest = right;
        }
    }
    proof.reverse();
    Some(proof)
}

/// That the tree with these leaves begins with that of the first `old_size` of them (RFC 9162, 2.1.4.1); `None` when
/// it is smaller. Empty for the same tree and for the tree without leaves.
#[must_use]
pub fn consistency_proof(leaves: &[Hash], old_size: u64) -> Option<Vec<Hash>> {
    let mut old = usize::try_from(old_size).ok().filter(|old| *old <= leaves.len())?;
    let (mut rest, mut proof, mut from_the_left) = (leaves, Vec::new(), true);
    if old == 0 {
        return Some(proof);
    }
    while old < rest.len() {
        let (left, right) = rest.split_at(split(rest.len()));
        if old <= left.len() {
            proof.push(root(right));
            rest = left;
        } else {
            proof.push(root(left));
            old -= left.len();
            rest = right;
            from_the_left = false;
        }
    }
    // the earlier root itself is known to who verifies
    if !from_the_left {
        proof.push(root(rest));
    }
    proof.reverse();
    Some(proof)
}

/// Whether `proof` shows that `leaf` stands at `index` in the tree of this size and root (RFC 9162, 2.1.3.2).
#[must_use]
pub fn is_included(leaf: Hash, index: u64, size: u64, root: Hash, proof: &[Hash]) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(*sibling, hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(hash, *sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// Whether `proof` shows that the tree of `new_size` and `new_root` begins with that of `old_size` and `old_root`
/// (RFC 9162, 2.1.4.2).
#[must_use]
pub fn is_consistent(old_size: u64, old_root: Hash, new_size: u64, new_root: Hash, proof: &[Hash]) -> bool {
    if old_size == new_size {
        return proof.is_empty() && old_root == new_root;
    }
    if old_size > new_size {
        return false;
    }
    if old_size == 0 {
        return proof.is_empty() && old_root == empty_root();
    }
    let mut proof = proof.iter().copied();
    let first = if old_size.is_power_of_two() { Some(old_root) } else { proof.next() };
    let Some(first) = first else { return false };
    let (mut at, mut last) = (old_size - 1, new_size - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut old, mut new) = (first, first);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            old = node_hash(sibling, old);
            new = node_hash(sibling, new);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(new, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && old == old_root && new == new_root
}

/// How many of `len` leaves (two or more) are below the left half: the largest power of two that is smaller.
fn split(len: usize) -> usize {
    len.next_power_of_two() / 2
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
