//! The secrets that browsers, programs and one-time links carry: 256 random bits, of which the database holds the SHA-256.
//!
//! A stolen table signs nobody in, and a look-up by digest needs no comparison in constant time.

use crate::error::{Code, Error};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::fmt;

/// A secret on its way to its owner; never stored, never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A fresh one from the operating system's generator.
    ///
    /// # Errors
    /// `internal` when that has nothing to give.
    pub fn generate() -> Result<Self, Error> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(|error| {
            tracing::error!(cause = %error, "the operating system gave no random bytes");
            Error::new(Code::Internal)
        })?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What the database knows it by.
    #[must_use]
    pub fn digest(&self) -> Vec<u8> {
        digest(&self.0)
    }

    /// The text for its owner: 43 characters of base64url.
    #[must_use]
    pub fn reveal(self) -> String {
        self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What the database would know this presented text by.
#[must_use]
pub fn digest(presented: &str) -> Vec<u8> {
    Sha256::digest(presented.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::{Token, digest};

    #[test]
    fn tokens_differ_and_are_found_by_their_digest() {
        let (one, other) = (Token::generate().expect("random"), Token::generate().expect("random"));
        assert_ne!(one, other);
        assert_eq!(format!("{one:?}"), "Token(…)");
        let known = one.digest();
        let text = one.reveal();
        assert_eq!((text.len(), digest(&text)), (43, known));
    }
}
