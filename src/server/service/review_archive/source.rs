//! Where the pieces of an export come from: windows of the tree in the order of its leaves, pages of messages conversation by
//! conversation. Each is read on its own, by the record of the taking, and by nobody who is no admin any more.

use super::not_together;
use crate::{
    domain::time::Timestamp,
    error::{Code, Error},
    server::{
        db::{
            self,
            review_export_cover::{self, Window},
            review_export_read::{self as read, Leaf},
        },
        proof::{
            archive::{
                lines::{Message, Proof},
                manifest::Conversation,
                outside::{Outside, Subtree},
                table::Table,
            },
            tree::{self, Frontier, Hash},
        },
        state::AppState,
    },
};
use std::sync::Arc;

/// Leaves that are looked at in one statement.
pub(super) const WINDOW: i64 = 10_000;

/// Messages that are read in one statement.
const PAGE: i64 = 1_000;

/// Before the period begins: clocks may have been set.
const MARGIN_SECONDS: i64 = 3_600;

/// What is read from.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) state: AppState,
    pub(super) take: i64,
    size: i64,
    /// The tree before the period: nothing of it is in the scope.
    beginning: Frontier,
    pub(super) conversations: Arc<[Conversation]>,
}

impl Source {
    /// For the export that is taken under this record.
    pub(super) async fn of(state: &AppState, take: i64, from: Timestamp, size: u64) -> Result<Self, Error> {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let conversations = db::read(&state.pool, |mut db| async move { review_export_cover::covered(&mut db, take).await }).await?;
        let beginning = beginning(state, from, size).await?;
        Ok(Self { state: state.clone(), take, size, beginning, conversations: conversations.into() })
    }

    async fn leaves(&self, window: Window) -> Result<Vec<Leaf>, Error> {
        let take = self.take;
        let read = db::read(&self.state.pool, |mut db| async move {
            let granted = db::review_export::is_granted_still(&mut db, take).await?;
            Ok((granted, if granted { read::leaves(&mut db, take, window).await? } else { Vec::new() }))
        });
        granted(read.await?)
    }

    async fn messages(&self, of: &Conversation, after: i64) -> Result<Vec<Message>, Error> {
        let (take, id) = (self.take, of.id);
        let read = db::read(&self.state.pool, |mut db| async move {
            let granted = db::review_export::is_granted_still(&mut db, take).await?;
            Ok((granted, if granted { read::messages(&mut db, take, id, after, PAGE).await? } else { Vec::new() }))
        });
        granted(read.await?)
    }
}

fn granted<T>((granted, read): (bool, T)) -> Result<T, Error> {
    if granted { Ok(read) } else { Err(Error::new(Code::Forbidden)) }
}

/// The tree at a checkpoint before the period: whatever is in it was sealed, and so written, before anything of the scope.
pub(super) async fn beginning(state: &AppState, from: Timestamp, size: i64) -> Result<Frontier, Error> {
    let before = from.unix_micros().saturating_sub(MARGIN_SECONDS.saturating_mul(1_000_000));
    let (mut known, mut low, mut high) = (Frontier::new(), 0, size);
    while low < high {
        let middle = low.midpoint(high).saturating_add(1).min(high);
        let found = db::read(&state.pool, |mut db| async move { read::checkpoint_up_to(&mut db, middle).await }).await?;
        match found {
            Some((size, at, frontier)) if size > low => {
                if at.unix_micros() < before {
                    known = Frontier::from_bytes(&frontier).ok_or_else(|| not_together("a checkpoint's frontier cannot be read"))?;
                    low = middle;
                } else {
                    high = size.saturating_sub(1);
                }
            }
            // there is none in between
            _ => low = middle,
        }
    }
    Ok(known)
}

/// The lines of `proof.jsonl`, a window at a time.
#[derive(Clone)]
pub(super) struct Proofs {
    outside: Outside,
    ended: bool,
    pub(super) tree: Frontier,
    pub(super) messages: u64,
    pub(super) receipts: u64,
}

impl Proofs {
    pub(super) fn new(source: &Source) -> Self {
        let outside = Outside::after(&source.beginning);
        Self { outside, ended: false, tree: Frontier::new(), messages: 0, receipts: 0 }
    }

    pub(super) async fn next(&mut self, source: &Source) -> Result<Option<Vec<u8>>, Error> {
        let mut out = Vec::new();
        while out.is_empty() && !self.ended {
            let from = i64::try_from(self.outside.next()).unwrap_or(i64::MAX);
            let window = Window { from, until: source.size.min(from.saturating_add(WINDOW)) };
            if window.from >= window.until {
                self.ended = true;
                let rest = std::mem::take(&mut self.outside).end();
                self.subtrees(rest, &mut out)?;
                break;
            }
            let leaves = source.leaves(window).await?;
            for leaf in leaves {
                self.leaf(leaf, &mut out)?;
            }
            if i64::try_from(self.outside.next()) != Ok(window.until) {
                return Err(not_together("leaves are missing"));
            }
        }
        Ok(Some(out).filter(|out| !out.is_empty()))
    }

    fn leaf(&mut self, leaf: Leaf, out: &mut Vec<u8>) -> Result<(), Error> {
        let Some(entry) = leaf.entry else {
            self.outside.leaf(Hash::of_slice(&leaf.hash).ok_or_else(|| not_together("a leaf has no hash"))?);
            return Ok(());
        };
        let (place, before) = self.outside.inside();
        self.subtrees(before, out)?;
        self.tree.append(tree::leaf_hash(&entry.to_bytes()));
        let counted =
            if entry.action == crate::domain::audit::Action::MessageSent.as_str() { &mut self.messages } else { &mut self.receipts };
        *counted = counted.saturating_add(1);
        written(&Proof::Entry(Box::new(entry), place), out)
    }

    fn subtrees(&mut self, subtrees: Vec<Subtree>, out: &mut Vec<u8>) -> Result<(), Error> {
        for subtree in subtrees {
            if !self.tree.append_subtree(subtree.leaves, subtree.hash) {
                return Err(not_together("leaves are missing"));
            }
            written(&Proof::Outside(subtree), out)?;
        }
        Ok(())
    }
}

fn written(proof: &Proof, out: &mut Vec<u8>) -> Result<(), Error> {
    proof.write(out).map_err(|_| Error::new(Code::Internal))?;
    out.push(b'\n');
    Ok(())
}

/// The messages, a page at a time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Texts {
    conversation: usize,
    after: i64,
    pub(super) number: u64,
}

impl Texts {
    pub(super) async fn next(&mut self, source: &Source) -> Result<Option<Vec<Message>>, Error> {
        while let Some(conversation) = source.conversations.get(self.conversation) {
            let page = source.messages(conversation, self.after).await?;
            if let Some(last) = page.last() {
                self.after = last.seq;
                self.number = self.number.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX));
                if last.seq >= conversation.last_seq {
                    (self.conversation, self.after) = (self.conversation.saturating_add(1), 0);
                }
                return Ok(Some(page));
            }
            (self.conversation, self.after) = (self.conversation.saturating_add(1), 0);
        }
        Ok(None)
    }
}

/// These messages in `messages.jsonl`.
pub(super) fn lines(page: &[Message]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    for message in page {
        message.write(&mut out).map_err(|_| Error::new(Code::Internal))?;
        out.push(b'\n');
    }
    Ok(out)
}

/// These messages in `messages.csv`.
pub(super) fn rows(table: &Table, page: &[Message]) -> Vec<u8> {
    let mut out = Vec::new();
    page.iter().for_each(|message| table.write(message, &mut out));
    out
}
