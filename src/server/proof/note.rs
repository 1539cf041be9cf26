//! A checkpoint of the tree as a signed note (C2SP `signed-note` and `tlog-checkpoint`): three lines that say whose tree it
//! is, how large and with which root, and a line for each signature. Text, so that it can be put on paper.
//!
//! Keys are written as `golang.org/x/mod/sumdb/note` writes them. The name of a key is the origin of the tree it vouches
//! for: a note about another tree, signed by the same key or under the same name by another, is not taken.

use super::tree::Hash;
use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer as _;
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, fmt, str::FromStr};

const ED25519: u8 = 0x01;
const PRIVATE: &str = "PRIVATE+KEY+";
/// What a signature begins with.
pub const DASH: &str = "\u{2014} ";

/// Longer than that is no note of ours.
const MAX_NOTE: usize = 64 * 1024;

/// The tree at some size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose tree: the name of the keys that sign.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// Over these.
    pub root: Hash,
}

impl Checkpoint {
    /// The signed note: the text, an empty line, a signature by each of the keys.
    #[must_use]
    pub fn sign(&self, keys: &[PrivateKey]) -> String {
        let text = self.to_string();
        let signatures = keys.iter().map(|key| key.sign(&text));
        signatures.fold(format!("{text}\n"), |note, line| note + &line)
    }
}

/// Signs another text than a checkpoint: its first line is the origin, its second one is no number, so neither can be passed
/// off as the other. It ends with a newline.
#[must_use]
pub fn sign_text(text: &str, keys: &[PrivateKey]) -> String {
    keys.iter().map(|key| key.sign(text)).fold(format!("{text}\n"), |note, line| note + &line)
}

/// Which of the given keys have signed exactly this text: one or more, with the name that stands in its first line.
///
/// # Errors
/// When it is another text, or not signed by them.
pub fn open_text(note: &str, text: &str, keys: &[PublicKey]) -> Result<Vec<PublicKey>, BadNote> {
    let (said, lines) = parts(note)?;
    if said != text {
        return Err(BadNote::Malformed);
    }
    signers(said, lines, text.lines().next().unwrap_or_default(), keys)
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, STANDARD.encode(self.root.0))
    }
}

impl FromStr for Checkpoint {
    type Err = BadNote;

    /// Reads exactly what is written above. The standard allows further lines; we write none, so there is nothing that
    /// may stand there.
    fn from_str(text: &str) -> Result<Self, BadNote> {
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root), Some(""), None) = (lines.next(), lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(BadNote::NoCheckpoint);
        };
        let checkpoint = Self {
            origin: origin.to_owned(),
            size: size.parse().map_err(|_| BadNote::NoCheckpoint)?,
            root: STANDARD.decode(root).ok().and_then(|root| Hash::of_slice(&root)).ok_or(BadNote::NoCheckpoint)?,
        };
        if checkpoint.to_string() == text && is_name(origin) { Ok(checkpoint) } else { Err(BadNote::NoCheckpoint) }
    }
}

/// Why a note is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNote {
    /// Not of this form.
    #[error("not a signed note")]
    Malformed,
    /// A note about something else.
    #[error("a note, but not about a tree")]
    NoCheckpoint,
    /// None of the keys that are known for this origin has signed.
    #[error("signed by none of the given keys of {0}")]
    UnknownKey(String),
    /// A line says that a known key has signed, and it has not.
    #[error("the signature of {0} is wrong")]
    BadSignature(String),
}

/// A note whose signatures have been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// Which of the given keys have signed it: one or more.
    pub signers: Vec<PublicKey>,
}

/// The checkpoint in a note that at least one of `keys` has signed, the key's name being the note's origin. Signatures
/// of others are passed over; a wrong one of a known key is an error.
///
/// # Errors
/// When it is no such note.
pub fn open(note: &str, keys: &[PublicKey]) -> Result<Opened, BadNote> {
    let (text, lines) = parts(note)?;
    let checkpoint: Checkpoint = text.parse()?;
    let signers = signers(text, lines, &checkpoint.origin, keys)?;
    Ok(Opened { checkpoint, signers })
}

fn signers(text: &str, lines: Vec<SignatureLine<'_>>, origin: &str, keys: &[PublicKey]) -> Result<Vec<PublicKey>, BadNote> {
    let (mut signers, mut seen) = (Vec::new(), BTreeSet::new());
    for (name, id, signature) in lines {
        let Some(key) = keys.iter().find(|key| key.name == name && key.id() == id) else { continue };
        if !seen.insert((name, id)) {
            return Err(BadNote::Malformed);
        }
        if !key.has_signed(text, &signature) {
            return Err(BadNote::BadSignature(name.to_owned()));
        }
        if name == origin {
            signers.push(key.clone());
        }
    }
    if signers.is_empty() { Err(BadNote::UnknownKey(origin.to_owned())) } else { Ok(signers) }
}

/// What a note says, whoever has signed it.
///
/// # Errors
/// When it is no note about a tree.
pub fn read_unverified(note: &str) -> Result<Checkpoint, BadNote> {
    parts(note)?.0.parse()
}

type SignatureLine<'a> = (&'a str, [u8; 4], Vec<u8>);

fn parts(note: &str) -> Result<(&str, Vec<SignatureLine<'_>>), BadNote> {
    if note.len() > MAX_NOTE || note.contains(|c: char| c < ' ' && c != '\n') {
        return Err(BadNote::Malformed);
    }
    // the last empty line parts text and signatures; the text keeps its newline
    let cut = note.rfind("\n\n").ok_or(BadNote::Malformed)?.saturating_add(1);
    let (text, rest) = note.split_at_checked(cut).ok_or(BadNote::Malformed)?;
    let lines = rest.strip_prefix('\n').and_then(|rest| rest.strip_suffix('\n')).ok_or(BadNote::Malformed)?;
    let lines = lines.split('\n').map(|line| signature_line(line).ok_or(BadNote::Malformed)).collect::<Result<_, _>>()?;
    Ok((text, lines))
}

fn signature_line(line: &str) -> Option<SignatureLine<'_>> {
    let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
    let decoded = STANDARD.decode(encoded).ok()?;
    let (id, signature) = decoded.split_first_chunk::<4>()?;
    is_name(name).then(|| (name, *id, signature.to_vec()))
}

/// Whether it can be the name of a key: not empty, no space, no plus.
#[must_use]
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

/// Why a text is no key. It is not quoted: it may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key as this program writes it")]
pub struct NotAKey;

/// Who vouches, to be given to everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: ed25519_dalek::VerifyingKey,
}

impl PublicKey {
    /// The origin it vouches for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first bytes of the hash of name and key.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash = Sha256::new().chain_update(&self.name).chain_update([b'\n', ED25519]).chain_update(self.key.as_bytes()).finalize();
        hash.first_chunk().copied().unwrap_or_default()
    }

    fn has_signed(&self, text: &str, signature: &[u8]) -> bool {
        let signature = ed25519_dalek::Signature::from_slice(signature);
        signature.is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_key(f, &self.name, self.id(), self.key.as_bytes())
    }
}

impl FromStr for PublicKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let (name, id, bytes) = read_key(text)?;
        let key = Self { name: name.to_owned(), key: ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| NotAKey)? };
        if key.id() == id { Ok(key) } else { Err(NotAKey) }
    }
}

/// What signs. Not shown by `Debug`, wiped when dropped.
#[derive(Clone)]
pub struct PrivateKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

impl PrivateKey {
    /// From 32 bytes of chance.
    ///
    /// # Errors
    /// When it cannot be named so.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, NotAKey> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        if is_name(name) { Ok(Self { name: name.to_owned(), key }) } else { Err(NotAKey) }
    }

    /// The other half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// As its file holds it.
    #[must_use]
    pub fn to_secret_text(&self) -> String {
        struct Secret<'a>(&'a PrivateKey);
        impl fmt::Display for Secret<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(PRIVATE)?;
                write_key(f, &self.0.name, self.0.public().id(), self.0.key.as_bytes())
            }
        }
        Secret(self).to_string()
    }

    fn sign(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        format!("{DASH}{} {}\n", self.name, STANDARD.encode([&self.public().id()[..], &signature[..]].concat()))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("name", &self.name).finish_non_exhaustive()
    }
}

impl FromStr for PrivateKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let (name, id, seed) = read_key(text.strip_prefix(PRIVATE).ok_or(NotAKey)?)?;
        let key = Self::new(name, &seed)?;
        if key.public().id() == id { Ok(key) } else { Err(NotAKey) }
    }
}

fn write_key(f: &mut fmt::Formatter<'_>, name: &str, id: [u8; 4], key: &[u8; 32]) -> fmt::Result {
    let encoded = STANDARD.encode([&[ED25519][..], key].concat());
    write!(f, "{name}+{:08x}+{encoded}", u32::from_be_bytes(id))
}

fn read_key(text: &str) -> Result<(&str, [u8; 4], [u8; 32]), NotAKey> {
    let (name, rest) = text.split_once('+').ok_or(NotAKey)?;
    let (id, encoded) = rest.split_once('+').ok_or(NotAKey)?;
    let id = if id.len() == 8 { u32::from_str_radix(id, 16).map_err(|_| NotAKey)? } else { return Err(NotAKey) };
    let decoded = STANDARD.decode(encoded).map_err(|_| NotAKey)?;
    match decoded.split_first() {
        Some((&ED25519, key)) if is_name(name) => Ok((name, id.to_be_bytes(), key.try_into().map_err(|_| NotAKey)?)),
        _ => Err(NotAKey),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::proof::tree;

    // the example of golang.org/x/mod/sumdb/note
    const PRIVATE_KEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const PUBLIC_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const SIGNATURE: &str =
        "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn key(name: &str, seed: u8) -> PrivateKey {
        PrivateKey::new(name, &[seed; 32]).expect("a name")
    }

    fn checkpoint(origin: &str) -> Checkpoint {
        Checkpoint { origin: origin.into(), size: 3, root: tree::leaf_hash(b"x") }
    }

    #[test]
    fn keys_and_signatures_are_those_of_other_programs() {
        let private: PrivateKey = PRIVATE_KEY.parse().expect("a key");
        assert_eq!(private.to_secret_text(), PRIVATE_KEY);
        assert_eq!(private.public().to_string(), PUBLIC_KEY);
        assert_eq!(PUBLIC_KEY.parse(), Ok(private.public()));
        assert_eq!(private.sign(TEXT), SIGNATURE);
        assert!(!format!("{private:?}").contains("AYEK"));
        assert_eq!(open(&format!("{TEXT}\n{SIGNATURE}"), &[private.public()]), Err(BadNote::NoCheckpoint));
    }

    #[test]
    fn a_wrong_key_is_refused() {
        for wrong in [
            "",
            "x",
            "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "a+b+c",
            PUBLIC_KEY.trim_end_matches('W'),
            PRIVATE_KEY,
        ] {
            assert_eq!(wrong.parse::<PublicKey>(), Err(NotAKey), "{wrong}");
        }
        assert!(PUBLIC_KEY.parse::<PrivateKey>().is_err());
        assert!(PrivateKey::new("two words", &[0; 32]).is_err() && PrivateKey::new("a+b", &[0; 32]).is_err());
    }

    #[test]
    fn a_checkpoint_is_three_lines_and_a_signature_of_each_key() {
        let (old, new) = (key("messages.example.org", 1), key("messages.example.org", 2));
        let note = checkpoint("messages.example.org").sign(&[old.clone(), new.clone()]);
        assert!(note.starts_with("messages.example.org\n3\n"), "{note}");
        assert_eq!(note.matches(DASH).count(), 2);
        for known in [vec![old.public()], vec![new.public()], vec![new.public(), old.public()]] {
            let opened = open(&note, &known).expect("signed");
            assert_eq!((opened.checkpoint, opened.signers.len()), (checkpoint("messages.example.org"), known.len()));
        }
        assert_eq!(open(&note, &[key("messages.example.org", 3).public()]), Err(BadNote::UnknownKey("messages.example.org".into())));
    }

    #[test]
    fn a_key_vouches_for_no_other_origin() {
        let key = key("one.example.org", 1);
        let mixed_up = checkpoint("other.example.org").sign(std::slice::from_ref(&key));
        assert_eq!(open(&mixed_up, &[key.public()]), Err(BadNote::UnknownKey("other.example.org".into())));
    }

    #[test]
    fn a_changed_note_is_refused() {
        let key = key("o", 1);
        let note = checkpoint("o").sign(std::slice::from_ref(&key));
        assert_eq!(open(&note.replacen("\n3\n", "\n4\n", 1), &[key.public()]), Err(BadNote::BadSignature("o".into())));
        for at in note.char_indices().map(|(at, _)| at) {
            let changed: String = note.char_indices().map(|(n, c)| if n == at { if c == 'Q' { 'R' } else { 'Q' } } else { c }).collect();
            assert!(open(&changed, &[key.public()]).is_err(), "{changed}");
        }
        for changed in [
            note.replacen("\n3\n", "\n03\n", 1),
            note.replacen("\n3\n", "\n+3\n", 1),
            format!("{note}\n"),
            note.replace("\n\n", "\n"),
            note.trim_end().to_owned(),
        ] {
            assert!(open(&changed, &[key.public()]).is_err(), "{changed}");
        }
        let (text, signature) = note.split_once("\n\n").expect("two parts");
        assert_eq!(open(&format!("{text}\n\n{signature}{signature}"), &[key.public()]), Err(BadNote::Malformed));
    }
}
