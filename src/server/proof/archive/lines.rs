//! The lines of `messages.jsonl` and `proof.jsonl`. A line has one form only: whoever reads one writes it again, and takes it
//! only when that gives the same bytes.

use super::outside::Subtree;
use crate::{
    domain::{
        ids::{ConversationId, UserId},
        time::Timestamp,
    },
    server::proof::{
        bundle::{Hex, NotALine},
        canonical::Entry,
        tree::Hash,
    },
};
use serde::{Deserialize, Serialize};

/// A line of `messages.jsonl`, without its newline. Sorted by conversation and number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Its thread.
    pub conversation_id: ConversationId,
    /// Its place there: 1, 2, 3 …
    pub seq: i64,
    /// Who wrote it.
    pub sender_id: UserId,
    /// To whom.
    pub recipient_id: UserId,
    /// When.
    pub sent_at: Timestamp,
    /// When the recipient's device had it; `null` when nothing that was sealed says so.
    pub delivered_at: Option<Timestamp>,
    /// When the recipient had read it; likewise.
    pub read_at: Option<Timestamp>,
    /// The text; `null` when it was erased, and its salt with it.
    pub body: Option<String>,
    /// 32 random bytes.
    pub body_salt: Option<Hex>,
    /// `sha256(body_salt || body)`, as the sealed entry has it.
    pub body_digest: Hex,
}

/// A line of `proof.jsonl`, without its newline. In the order of the tree, from its first leaf to its last.
#[derive(Debug, Clone, PartialEq)]
pub enum Proof {
    /// Entries that are none of the scope's.
    Outside(Subtree),
    /// An entry of the scope, and its place in the tree. The line begins with the very bytes that its leaf is the hash of,
    /// but for the brace at the end.
    Entry(Box<Entry>, u64),
}

/// As it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    node: Hex,
    from: u64,
    leaves: u64,
}

const NODE: &[u8] = b"{\"node\":";
const LEAF: &[u8] = b",\"leaf\":";

impl Message {
    /// Appends the line to `out`, without a newline.
    ///
    /// # Errors
    /// None in practice: there is nothing in a message that JSON could not hold.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        serde_json::to_writer(out, self)
    }

    /// Reads what [`Self::write`] has written, and nothing else.
    ///
    /// # Errors
    /// When it is no such line, or written in another way.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotALine> {
        let message: Self = serde_json::from_slice(bytes)?;
        let mut again = Vec::with_capacity(bytes.len());
        message.write(&mut again)?;
        if again == bytes { Ok(message) } else { Err(NotALine::Form) }
    }
}

impl Proof {
    /// Appends the line to `out`, without a newline.
    ///
    /// # Errors
    /// None in practice.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        match self {
            Self::Outside(Subtree { from, leaves, hash }) => {
                serde_json::to_writer(out, &Node { node: Hex(hash.0.to_vec()), from: *from, leaves: *leaves })?;
            }
            Self::Entry(entry, leaf) => {
                out.extend(entry.to_bytes());
                out.pop();
                out.extend(LEAF);
                out.extend(format!("{leaf}}}").into_bytes());
            }
        }
        Ok(())
    }

    /// Reads what [`Self::write`] has written, and nothing else.
    ///
    /// # Errors
    /// When it is no such line, or written in another way.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotALine> {
        let line = if bytes.starts_with(NODE) {
            let Node { node, from, leaves } = serde_json::from_slice(bytes)?;
            Self::Outside(Subtree { from, leaves, hash: Hash::of_slice(&node.0).ok_or(NotALine::Form)? })
        } else {
            let cut = bytes.windows(LEAF.len()).rposition(|window| window == LEAF).ok_or(NotALine::Form)?;
            let (entry, rest) = bytes.split_at_checked(cut).ok_or(NotALine::Form)?;
            let number = rest.strip_prefix(LEAF).and_then(|rest| rest.strip_suffix(b"}")).ok_or(NotALine::Form)?;
            let leaf = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok()).ok_or(NotALine::Form)?;
            Self::Entry(Box::new(Entry::from_bytes(&[entry, b"}"].concat())?), leaf)
        };
        let mut again = Vec::with_capacity(bytes.len());
        line.write(&mut again)?;
        if again == bytes { Ok(line) } else { Err(NotALine::Form) }
    }
}
