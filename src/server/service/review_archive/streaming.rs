//! Hands an export out, piece by piece, as the client takes it. Each file is measured on its way; one that is another than the
//! manifest says ends the answer in the middle, so that nobody takes it for whole.

use super::{
    not_together,
    source::{self, Proofs, Source, Texts},
};
use crate::{
    error::Error,
    server::{
        db::{self, review_export::Made, review_export_read as read},
        proof::archive::{
            CHECKPOINT, FILES, MANIFEST, MESSAGES, Measure, PROOF, README, README_TEXT, SIGNATURE, manifest::Manifest, table::Table, tar,
        },
    },
};
use futures_util::{Stream, stream};

pub(super) struct Streaming {
    source: Source,
    manifest: Manifest,
    made: Made,
    table: Table,
    /// Which of [`FILES`] is on its way, and how far it is.
    file: usize,
    content: Content,
    measure: Measure,
}

enum Content {
    NotBegun,
    Whole(Vec<u8>),
    Proofs(Proofs),
    Lines(Texts),
    Rows(Texts),
    Over,
}

impl Streaming {
    pub(super) fn new(source: Source, manifest: Manifest, made: Made) -> Self {
        let table = Table::of(&manifest.people);
        Self { source, manifest, made, table, file: 0, content: Content::NotBegun, measure: Measure::default() }
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Vec<u8>, Error>> {
        stream::try_unfold(self, |mut streaming| async move { Ok(streaming.next().await?.map(|piece| (piece, streaming))) })
    }

    /// Every file is a header, its content, and what fills it up.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        loop {
            let Some(name) = FILES.get(self.file).copied() else {
                let ended = std::mem::replace(&mut self.content, Content::Over);
                return Ok((!matches!(ended, Content::Over)).then(|| tar::END.to_vec()));
            };
            if matches!(self.content, Content::NotBegun) {
                let (content, bytes) = self.begin(name).await?;
                (self.content, self.measure) = (content, Measure::default());
                return Ok(Some(tar::header(name, bytes).to_vec()));
            }
            if let Some(piece) = self.piece().await? {
                self.measure.add(&piece);
                return Ok(Some(piece));
            }
            let (bytes, hash) = std::mem::take(&mut self.measure).end();
            if self.manifest.file(name).is_some_and(|file| file.bytes != bytes || file.sha256.0[..] != hash[..]) {
                return Err(not_together("it is not what was signed any more"));
            }
            (self.file, self.content) = (self.file.saturating_add(1), Content::NotBegun);
            let padding = tar::padding(bytes);
            if !padding.is_empty() {
                return Ok(Some(padding.to_vec()));
            }
        }
    }

    async fn begin(&self, name: &str) -> Result<(Content, u64), Error> {
        let take = self.source.take;
        let whole = match name {
            README => README_TEXT.as_bytes().to_vec(),
            MANIFEST => self.made.manifest.clone().into_bytes(),
            SIGNATURE => self.made.signature.clone().into_bytes(),
            CHECKPOINT => {
                let basis = db::read(&self.source.state.pool, |mut db| async move { read::basis(&mut db, take).await }).await?;
                basis.note.into_bytes()
            }
            large => {
                let bytes = self.manifest.file(large).map_or(0, |file| file.bytes);
                let content = match large {
                    PROOF => Content::Proofs(Proofs::new(&self.source)),
                    MESSAGES => Content::Lines(Texts::default()),
                    _ => Content::Rows(Texts::default()),
                };
                return Ok((content, bytes));
            }
        };
        let bytes = u64::try_from(whole.len()).unwrap_or(u64::MAX);
        Ok((Content::Whole(whole), bytes))
    }

    async fn piece(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let first = self.measure.is_empty();
        Ok(match &mut self.content {
            Content::NotBegun | Content::Over => None,
            Content::Whole(whole) => Some(std::mem::take(whole)).filter(|whole| !whole.is_empty()),
            Content::Proofs(proofs) => proofs.next(&self.source).await?,
            Content::Lines(texts) => texts.next(&self.source).await?.map(|page| source::lines(&page)).transpose()?,
            Content::Rows(_) if first => Some(Table::beginning()),
            Content::Rows(texts) => texts.next(&self.source).await?.map(|page| source::rows(&self.table, &page)),
        })
    }
}
