//! How an entry speaks of words that may one day have to be forgotten: by `sha256(salt || words)`. The salt stands beside the
//! words; when both are erased, the digest alone says nothing of them, and what was sealed stays whole. Texts of messages and
//! the words of reviews are held in this way. The database makes the digests as it writes (`send_messages_v3`, `salted_digest_v1`);
//! whatever verifies them does it here.

use super::bundle::Hex;
use sha2::{Digest, Sha256};

/// How long a salt is: so long that nobody guesses words by trying.
pub const SALT: usize = 32;

/// What an entry says of these words.
#[must_use]
pub fn digest(salt: &[u8], words: &str) -> Hex {
    Hex(Sha256::new().chain_update(salt).chain_update(words).finalize().to_vec())
}

/// What stands where an entry speaks of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Those that it speaks of.
    Same,
    /// None, and no salt. That there were some stays proven; which, nobody can tell any more. Whether that may be depends on
    /// whose words they were.
    Erased,
    /// Other ones, or half of an erasure.
    Other,
}

/// Holds words and salt against what an entry says of them.
#[must_use]
pub fn look(words: Option<&str>, salt: Option<&Hex>, said: &Hex) -> Words {
    match (words, salt) {
        (Some(words), Some(Hex(salt))) if digest(salt, words) == *said => Words::Same,
        (None, None) => Words::Erased,
        _ => Words::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_words_another_salt_and_a_half_erasure_are_noticed() {
        let (salt, other) = (Hex(vec![7; SALT]), Hex(vec![8; SALT]));
        let said = digest(&salt.0, "why");
        // sha256 of 32 bytes of 7 and "why", by another program
        assert_eq!(said.to_string(), "33c3b2cf998d869a8da7885b17ef6e9f51b7cd0ffdc7ac3065d0aec40424dd87");
        assert_eq!((look(Some("why"), Some(&salt), &said), look(None, None, &said)), (Words::Same, Words::Erased));
        for (words, salt) in [(Some("Why"), Some(&salt)), (Some("why"), Some(&other)), (Some("why"), None), (None, Some(&salt))] {
            assert_eq!(look(words, salt, &said), Words::Other, "{words:?} {salt:?}");
        }
    }
}
