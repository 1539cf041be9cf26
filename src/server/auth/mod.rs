//! Proofs of identity: passwords and tokens, without HTTP and without SQL.

pub mod password;
pub mod token;
