//! The tree that is gone on with: what is stored of it has to say one thing, and one of our keys has to have signed that.
//!
//! All that is stored can be made up by whoever owns the database, the hashes too: they need no secret. The signature does.
//! So nothing is signed on top of what was not signed before, except at the very beginning.

use crate::server::{
    db::seal::Stored,
    proof::{
        note::{self, BadNote, PublicKey},
        tree::{Frontier, Hash},
    },
};

/// What the newest checkpoint speaks of.
pub(super) struct Standing {
    /// What to go on from.
    pub(super) frontier: Frontier,
    /// Who has signed it; nobody at the beginning.
    pub(super) signers: Vec<PublicKey>,
}

/// The tree that the newest checkpoint speaks of, when everything that is stored of it says the same, one of `believed` has
/// signed it, and it is not another one than was `seen` at that size.
pub(super) fn standing(
    newest: Option<&Stored>,
    leaves: i64,
    believed: &[PublicKey],
    seen: Option<(u64, Hash)>,
) -> Result<Standing, &'static str> {
    let standing = match newest {
        Some(newest) => stored(newest, leaves, believed)?,
        None if leaves == 0 => Standing { frontier: Frontier::new(), signers: Vec::new() },
        None => return Err("there are leaves without a checkpoint"),
    };
    let now = (standing.frontier.size(), standing.frontier.root());
    match seen {
        Some((size, _)) if now.0 < size => Err("there are fewer sealed entries than this process has seen"),
        Some((size, root)) if now.0 == size && now.1 != root => Err("the tree has another root than this process has seen at its size"),
        _ => Ok(standing),
    }
}

fn stored(newest: &Stored, leaves: i64, believed: &[PublicKey]) -> Result<Standing, &'static str> {
    let frontier = Frontier::from_bytes(&newest.frontier).ok_or("the newest checkpoint's frontier cannot be read")?;
    if i64::try_from(frontier.size()) != Ok(newest.size) || frontier.root().0[..] != newest.root[..] {
        return Err("the newest checkpoint's frontier is not that of its root");
    }
    if leaves != newest.size {
        return Err("there are not as many leaves as the newest checkpoint says");
    }
    let said = note::read_unverified(&newest.signed_note).map_err(|_| "the newest checkpoint's note cannot be read")?;
    if (said.size, said.root) != (frontier.size(), frontier.root()) {
        return Err("the newest checkpoint's note is about another tree");
    }
    if believed.iter().any(|key| key.name() != said.origin) {
        return Err("the tree was begun under another name than that of the keys");
    }
    let opened = note::open(&newest.signed_note, believed).map_err(|wrong| match wrong {
        BadNote::UnknownKey(_) => "the newest checkpoint is signed by none of the keys in [audit] key_file (see Keys in docs/audit.md)",
        BadNote::BadSignature(_) => "a signature of the newest checkpoint is wrong",
        BadNote::Malformed | BadNote::NoCheckpoint => "the newest checkpoint's note cannot be read",
    })?;
    Ok(Standing { frontier, signers: opened.signers })
}
