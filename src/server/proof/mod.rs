//! What makes the audit log tamper-evident, as pure functions: no SQL, no I/O, no clock, no chance.
//!
//! An entry becomes bytes (`canonical`), its bytes a leaf of a Merkle tree (`tree`), the tree's root a signed checkpoint
//! (`note`). The sealer builds with it, whoever verifies an export checks with it; neither needs the other.

pub mod canonical;
pub mod note;
pub mod tree;
