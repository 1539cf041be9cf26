//! `manifest.json`: what an export covers, and the length and hash of each of its files; canonical JSON and a newline. And
//! `manifest.sig`: a signed note over the manifest's own hash, by the keys that sign the tree.

use super::{CHECKPOINT, MESSAGES, PROOF, README, TABLE};
use crate::{
    domain::{
        ids::{ConversationId, UserId},
        review::{ReviewCategory, ReviewId, ReviewScope},
        time::Timestamp,
    },
    server::proof::{
        bundle::{Hex, NotALine},
        canonical,
    },
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What `format` says.
pub const FORMAT: &str = "cms-messages review export";

/// The format's version.
pub const VERSION: u64 = 1;

/// The second line of what is signed. No checkpoint has such a line.
const SIGNED_AS: &str = "the manifest of a review export";

/// The files that a manifest names, in their order.
pub const NAMED: [&str; 5] = [README, CHECKPOINT, PROOF, MESSAGES, TABLE];

/// What is covered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub v: u64,
    /// The review under which it was exported.
    pub review_id: ReviewId,
    /// Where the organisation keeps the matter.
    pub case_id: String,
    /// For what kind of reason.
    pub category: ReviewCategory,
    /// All conversations of one person, or one conversation …
    pub scope: ReviewScope,
    /// … what was sent in them not before …
    pub from: Timestamp,
    /// … and before this …
    pub until: Timestamp,
    /// … without those of who reads.
    pub reader_id: UserId,
    /// The tree that it is proven against: what was sealed later is not covered.
    pub checkpoint: Checkpoint,
    /// Who has signed it, as `name+hash+base64`.
    pub keys: Vec<String>,
    /// What is there of each conversation, by id.
    pub conversations: Vec<Conversation>,
    /// Everybody who takes part, by id. Names are not sealed: they are those of when the export was made.
    pub people: Vec<Person>,
    /// How much it is.
    pub counts: Counts,
    /// The files but this and its signature, in their order.
    pub files: Vec<File>,
}

/// Which tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Whose.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// Over these.
    pub root: Hex,
}

/// A part of a conversation, without a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Of its two people the one with the lower id.
    pub user_low: UserId,
    /// The other.
    pub user_high: UserId,
    /// The first message that is covered.
    pub first_seq: i64,
    /// The last one.
    pub last_seq: i64,
}

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Their id.
    pub id: UserId,
    /// By which they sign in.
    pub username: String,
    /// What they are called.
    pub display_name: String,
}

/// How much it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Messages.
    pub messages: u64,
    /// Entries that say until where somebody was delivered, or had read.
    pub receipts: u64,
}

/// One of the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// What it is called.
    pub name: String,
    /// How long it is.
    pub bytes: u64,
    /// Its hash.
    pub sha256: Hex,
}

impl Manifest {
    /// The file.
    ///
    /// # Errors
    /// None in practice.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        Ok(canonical::to_canonical(&serde_json::to_value(self)?) + "\n")
    }

    /// Reads what [`Self::to_text`] has written, and nothing else.
    ///
    /// # Errors
    /// When it is no manifest, of another version, or written in another way.
    pub fn read(bytes: &[u8]) -> Result<Self, NotALine> {
        #[derive(Deserialize)]
        struct Version {
            v: u64,
        }
        let Version { v } = serde_json::from_slice(bytes)?;
        if v != VERSION {
            return Err(NotALine::Version(v));
        }
        let manifest: Self = serde_json::from_slice(bytes)?;
        let names = manifest.files.iter().map(|file| file.name.as_str());
        if manifest.format != FORMAT || !names.eq(NAMED) || manifest.to_text()?.as_bytes() != bytes {
            return Err(NotALine::Form);
        }
        Ok(manifest)
    }

    /// Length and hash of a file.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&File> {
        self.files.iter().find(|file| file.name == name)
    }
}

/// The hash by which a manifest is known in the audit log.
#[must_use]
pub fn digest(text: &[u8]) -> Hex {
    Hex(Sha256::digest(text).to_vec())
}

/// What is signed of a manifest.
#[must_use]
pub fn signed_text(origin: &str, text: &[u8]) -> String {
    format!("{origin}\n{SIGNED_AS}\n{}\n", digest(text))
}
