//! The tree against the vectors of Certificate Transparency, and against its definition read aloud.

use super::*;
use proptest::prelude::*;

/// The leaves that every implementation of RFC 6962 is tried with.
const LEAVES: [&str; 8] = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().map(|digit| digit.to_digit(16).expect("hex") as u8).collect();
    digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
}

fn known() -> Vec<Hash> {
    LEAVES.iter().map(|leaf| leaf_hash(&bytes(leaf))).collect()
}

fn hashes(hex: &[&str]) -> Vec<Hash> {
    hex.iter().map(|hex| Hash::of_slice(&bytes(hex)).expect("32 bytes")).collect()
}

#[test]
fn the_known_trees_have_the_known_roots() {
    assert_eq!(empty_root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(Frontier::new().root(), empty_root());
    for (size, known_root) in (1..).zip(ROOTS) {
        assert_eq!(root(&known()[..size]).to_string(), known_root, "{size} leaves");
    }
}

#[test]
fn the_known_proofs_are_made_and_taken() {
    let (leaves, roots) = (known(), hashes(&ROOTS));
    let path = hashes(&[
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]);
    assert_eq!(inclusion_proof(&leaves, 0), Some(path.clone()));
    assert!(is_included(leaves[0], 0, 8, roots[7], &path));
    let path = hashes(&[
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
    assert_eq!(consistency_proof(&leaves, 6), Some(path.clone()));
    assert!(is_consistent(6, roots[5], 8, roots[7], &path));
    assert_eq!(consistency_proof(&leaves, 4).map(|proof| proof.len()), Some(1));
    assert_eq!((inclusion_proof(&leaves, 8), consistency_proof(&leaves, 9)), (None, None));
}

#[test]
fn a_frontier_of_the_wrong_length_is_none() {
    let frontier: Frontier = known()[..7].iter().copied().collect();
    let written = frontier.to_bytes();
    assert_eq!(written.len(), 8 + 3 * 32);
    assert_eq!(Frontier::from_bytes(&written), Some(frontier));
    for wrong in [&written[..103], &written[..72], &written[..7], &[&written[..], &[0]].concat()] {
        assert_eq!(Frontier::from_bytes(wrong), None);
    }
}

/// RFC 9162, 2.1.1, read aloud.
fn defined(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let mut k = 1;
            while k * 2 < leaves.len() {
                k *= 2;
            }
            node_hash(defined(&leaves[..k]), defined(&leaves[k..]))
        }
    }
}

proptest! {
    #[test]
    fn every_tree_is_what_its_definition_says(seeds in proptest::collection::vec(any::<u64>(), 0..200), at in any::<u64>(), flip in any::<usize>()) {
        let leaves: Vec<_> = seeds.iter().map(|seed| leaf_hash(&seed.to_be_bytes())).collect();
        let (size, new_root) = (leaves.len() as u64, defined(&leaves));
        prop_assert_eq!(root(&leaves), new_root);

        // stored and read back in between
        let old = at % (size + 1);
        let first: Frontier = leaves[..old as usize].iter().copied().collect();
        let mut frontier = Frontier::from_bytes(&first.to_bytes()).expect("a frontier");
        leaves[old as usize..].iter().for_each(|leaf| frontier.append(*leaf));
        prop_assert_eq!((frontier.root(), frontier.size()), (new_root, size));

        let old_root = defined(&leaves[..old as usize]);
        let proof = consistency_proof(&leaves, old).expect("not larger");
        prop_assert!(is_consistent(old, old_root, size, new_root, &proof));
        if old > 0 && old < size {
            let other = leaf_hash(b"other");
            prop_assert!(!is_consistent(old, other, size, new_root, &proof));
            prop_assert!(!is_consistent(old, old_root, size, other, &proof));
            let mut wrong = proof.clone();
            let at = flip % wrong.len();
            wrong[at] = other;
            prop_assert!(!is_consistent(old, old_root, size, new_root, &wrong));
            wrong = proof.clone();
            wrong.push(other);
            prop_assert!(!is_consistent(old, old_root, size, new_root, &wrong));
            prop_assert!(!is_consistent(old, old_root, size, new_root, &proof[..proof.len() - 1]));
        }

        if size > 0 {
            let index = at % size;
            let leaf = leaves[index as usize];
            let proof = inclusion_proof(&leaves, index).expect("in it");
            prop_assert!(is_included(leaf, index, size, new_root, &proof));
            prop_assert!(!is_included(leaf_hash(b"other"), index, size, new_root, &proof));
            prop_assert!(!is_included(leaf, size, size, new_root, &proof));
            for other in (0..size).filter(|other| *other != index && leaves[*other as usize] != leaf) {
                prop_assert!(!is_included(leaf, other, size, new_root, &proof));
            }
        }
    }
}
