//! What makes the audit log tamper-evident, as pure functions: no SQL, no I/O, no clock, no chance.
//!
//! An entry becomes bytes (`canonical`), its bytes a leaf of a Merkle tree (`tree`), the tree's root a signed checkpoint
//! (`note`). Words are in it as salted digests (`salted`). The sealer builds with these. An export is lines (`bundle`), that of a review a file of files (`archive`);
//! `verify` holds what stands in either against each other: it needs neither the sealer nor the database.

pub mod archive;
pub mod bundle;
pub mod canonical;
pub mod note;
pub mod salted;
pub mod tree;
pub mod verify;
