//! Makes the file that is taken away of a review. The first time, all of it is read once to know its lengths and hashes, and
//! the signed manifest is kept; from then on it is the same file, and what is handed out is held against that while it goes.
//!
//! Nothing is held in memory but a window of the tree or a page of messages; no transaction is open while a client reads.

mod cover;
mod source;
mod streaming;

use crate::{
    domain::review::{ReviewCategory, ReviewId},
    error::{Code, Error},
    server::{
        context::Context,
        db::{self, review_export::Made, review_export_read as read},
        proof::{
            archive::{
                CHECKPOINT, FILES, MANIFEST, MESSAGES, Measure, PROOF, README, README_TEXT, SIGNATURE, TABLE,
                manifest::{Checkpoint, Counts, FORMAT, File, Manifest, VERSION, signed_text},
                table::Table,
                tar,
            },
            bundle::Hex,
            note::{self, PublicKey},
        },
        state::AppState,
    },
};
use futures_util::Stream;
use source::{Proofs, Source, Texts};
use streaming::Streaming;
use tokio::sync::Semaphore;
use tracing::Instrument;

/// What is handed out.
pub struct Archive {
    /// Of which review.
    pub review: ReviewId,
    /// How long it is.
    pub bytes: u64,
    streaming: Streaming,
}

impl Archive {
    /// Piece by piece; it ends with an error when it would become another file than the one that was signed.
    pub fn into_stream(self) -> impl Stream<Item = Result<Vec<u8>, Error>> {
        self.streaming.into_stream()
    }
}

/// One at a time in a process: reading a whole history twice is work.
static MAKING: Semaphore = Semaphore::const_new(1);

/// What was taken under this record.
///
/// # Errors
/// `forbidden` for who is no admin; `invalid` when there is nothing in the scope; `internal` when the messages and the sealed log do not go together.
pub(super) async fn taken(ctx: &Context, review: ReviewId, take: i64) -> Result<Archive, Error> {
    ctx.admin()?;
    let state = ctx.state.clone();
    // in a task of its own: who has waited in vain finds it made the next time
    let made = tokio::spawn(async move { made(&state, take).await }.in_current_span()).await.map_err(|_| Error::new(Code::Internal))??;
    let manifest = Manifest::read(made.manifest.as_bytes()).map_err(|_| Error::new(Code::Internal))?;
    let source = Source::of(&ctx.state, take, manifest.from, manifest.checkpoint.size).await?;
    let known = [(README, README_TEXT.len()), (MANIFEST, made.manifest.len()), (SIGNATURE, made.signature.len())];
    let length = |name: &str| {
        let small = known.iter().find(|(known, _)| *known == name).and_then(|(_, bytes)| u64::try_from(*bytes).ok());
        manifest.file(name).map(|file| file.bytes).or(small).unwrap_or(0)
    };
    let frames = FILES.iter().map(|name| tar::with_frame(length(name)));
    let bytes = frames.fold(tar::END.len() as u64, u64::saturating_add);
    Ok(Archive { review, bytes, streaming: Streaming::new(source, manifest, made) })
}

async fn made(state: &AppState, take: i64) -> Result<Made, Error> {
    let known = async || db::read(&state.pool, |mut db| async move { db::review_export::made(&mut db, take).await }).await;
    if let Some(made) = known().await? {
        return Ok(made);
    }
    let _turn = MAKING.acquire().await.map_err(|_| Error::unavailable())?;
    // whoever had the turn before may have made it
    if let Some(made) = known().await? {
        return Ok(made);
    }
    let (made, messages) = make(state, take).await?;
    let keeping = state.clone();
    state.transaction(async move { Ok(db::review_export::keep(&mut *keeping.connection().await?, take, &made, messages).await?) }).await?;
    known().await?.ok_or_else(|| Error::new(Code::Internal))
}

async fn make(state: &AppState, take: i64) -> Result<(Made, i64), Error> {
    let basis = db::read(&state.pool, |mut db| async move { read::basis(&mut db, take).await }).await?;
    let checkpoint = note::read_unverified(&basis.note).map_err(|_| not_together("the checkpoint cannot be read"))?;
    cover::cover(state, take, basis.from, checkpoint.size).await?;
    let source = Source::of(state, take, basis.from, checkpoint.size).await?;
    let people = db::read(&state.pool, |mut db| async move { read::people(&mut db, take).await }).await?;

    let (mut proofs, mut proof) = (Proofs::new(&source), Measure::default());
    while let Some(piece) = proofs.next(&source).await? {
        proof.add(&piece);
    }
    if (proofs.tree.size(), proofs.tree.root()) != (checkpoint.size, checkpoint.root) {
        return Err(not_together("the leaves are not those of the checkpoint"));
    }
    let (table, mut texts) = (Table::of(&people), Texts::default());
    let (mut jsonl, mut csv) = (Measure::default(), Measure::default());
    csv.add(&Table::beginning());
    while let Some(page) = texts.next(&source).await? {
        jsonl.add(&source::lines(&page)?);
        csv.add(&source::rows(&table, &page));
    }
    if texts.number != proofs.messages {
        return Err(not_together("there are other messages than entries"));
    }

    let measured = [
        (README, Measure::of(README_TEXT.as_bytes())),
        (CHECKPOINT, Measure::of(basis.note.as_bytes())),
        (PROOF, proof.end()),
        (MESSAGES, jsonl.end()),
        (TABLE, csv.end()),
    ];
    let named = db::read(&state.pool, |mut db| async move { read::keys(&mut db).await }).await?;
    let named: Vec<PublicKey> = named.iter().filter_map(|key| key.parse().ok()).collect();
    let opened = note::open(&basis.note, &named).map_err(|_| not_together("nobody who is known has signed the checkpoint"))?;
    let own = state.keys().iter().map(|key| key.public());
    let mut keys: Vec<String> = opened.signers.into_iter().chain(own).map(|key| key.to_string()).collect();
    keys.sort_unstable();
    keys.dedup();
    let manifest = Manifest {
        format: FORMAT.into(),
        v: VERSION,
        review_id: basis.review,
        case_id: basis.case_id,
        category: basis.category.parse().unwrap_or(ReviewCategory::Other),
        scope: basis.scope,
        from: basis.from,
        until: basis.until,
        reader_id: basis.reader,
        checkpoint: Checkpoint { origin: checkpoint.origin.clone(), size: checkpoint.size, root: Hex(checkpoint.root.0.to_vec()) },
        keys,
        conversations: source.conversations.to_vec(),
        people,
        counts: Counts { messages: proofs.messages, receipts: proofs.receipts },
        files: measured.into_iter().map(|(name, (bytes, hash))| File { name: name.into(), bytes, sha256: Hex(hash.to_vec()) }).collect(),
    };
    let text = manifest.to_text().map_err(|_| Error::new(Code::Internal))?;
    let signature = note::sign_text(&signed_text(&checkpoint.origin, text.as_bytes()), state.keys());
    Ok((Made { manifest: text, signature }, i64::try_from(proofs.messages).unwrap_or(i64::MAX)))
}

/// Told to those who run it, in the log; the user hears that something is wrong.
fn not_together(reason: &'static str) -> Error {
    tracing::error!(reason, "a review cannot be exported: the messages and the sealed log do not go together");
    Error::new(Code::Internal)
}
