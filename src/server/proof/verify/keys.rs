//! The keys that an export names: each can be read, and each has signed.

use super::finding::{Code, Findings, Place};
use crate::server::proof::{bundle, note::PublicKey};

#[derive(Debug, Default)]
pub(super) struct Keys {
    named: Vec<Named>,
}

#[derive(Debug)]
struct Named {
    key: PublicKey,
    place: Place,
    has_signed: bool,
}

impl Keys {
    pub(super) fn add(&mut self, key: &bundle::Key, place: Place, findings: &mut Findings) {
        match key.vkey.parse() {
            Ok(key) => self.named.push(Named { key, place, has_signed: false }),
            Err(_) => findings.add(Code::Key, place, format_args!("This is no public key.")),
        }
    }

    pub(super) fn public(&self) -> Vec<PublicKey> {
        self.named.iter().map(|named| named.key.clone()).collect()
    }

    pub(super) fn have_signed(&mut self, signers: &[PublicKey]) {
        for named in &mut self.named {
            named.has_signed |= signers.contains(&named.key);
        }
    }

    pub(super) fn finish(&self, findings: &mut Findings) {
        for named in self.named.iter().filter(|named| !named.has_signed) {
            findings.add(Code::Key, named.place, format_args!("This key has signed none of the checkpoints: it was put in."));
        }
    }
}
