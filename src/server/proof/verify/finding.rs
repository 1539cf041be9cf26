//! What was found: a word for programs, the line and the entry, a sentence for people. And what was looked at.

use super::{Trust, checkpoints::Standing};
use crate::server::proof::bundle::{Message, Sealed};
use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What is wrong, in one word that stays.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// All of them, for the documentation's test.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

codes! {
    /// A line is none of an export.
    LineForm = "line.form",
    /// A line is of a later format.
    LineVersion = "line.version",
    /// A line stands where it cannot stand, or twice.
    LineOrder = "line.order",
    /// The file does not end as an export ends, or has not as many lines as it says.
    FileEnd = "file.end",
    /// An entry is not what was sealed.
    EntryHash = "entry.hash",
    /// An entry has a number below 1, which the program never gives.
    EntryNumber = "entry.number",
    /// Two entries have the same number.
    EntryTwice = "entry.twice",
    /// Places in the tree are missing, or there twice.
    LeafOrder = "leaf.order",
    /// An entry that was sealed is gone.
    LeafOrphan = "leaf.orphan",
    /// Nothing was ever sealed.
    SealNone = "seal.none",
    /// There are sealed entries that no checkpoint speaks of.
    SealOpen = "seal.open",
    /// The sealed entries are not those that a checkpoint was signed over.
    CheckpointRoot = "checkpoint.root",
    /// A checkpoint speaks of more entries than there are.
    CheckpointBeyond = "checkpoint.beyond",
    /// A checkpoint's columns and its note do not say the same.
    CheckpointNote = "checkpoint.note",
    /// Nobody whose key is known has signed a checkpoint, or not this one.
    CheckpointSignature = "checkpoint.signature",
    /// A key cannot be read, or has never signed.
    Key = "key",
    /// None of the keys that were given has signed the newest checkpoint.
    KeyForeign = "key.foreign",
    /// The history is not the one that an anchored checkpoint was signed over.
    AnchorRoot = "anchor.root",
    /// The history ends before an anchored checkpoint.
    AnchorBeyond = "anchor.beyond",
    /// An anchored checkpoint is that of another history, or signed by somebody else.
    AnchorForeign = "anchor.foreign",
    /// A message that was recorded is gone.
    MessageMissing = "message.missing",
    /// A message differs from its entry.
    MessageDiffers = "message.differs",
    /// A text is not the one that was sealed.
    MessageText = "message.text",
    /// A message was never recorded.
    MessageStray = "message.stray",
    /// The messages of a conversation are not 1, 2, 3 …
    MessageSeq = "message.seq",
    /// A receipt that was recorded is gone.
    ReceiptMissing = "receipt.missing",
    /// A receipt differs from its entry.
    ReceiptDiffers = "receipt.differs",
    /// A receipt was never recorded.
    ReceiptStray = "receipt.stray",
    /// A receipt is there twice, or about messages that are not there.
    ReceiptSeq = "receipt.seq",
    /// A conversation that was recorded is gone.
    ConversationMissing = "conversation.missing",
    /// A conversation differs from its entry or from its messages.
    ConversationDiffers = "conversation.differs",
    /// A conversation was never recorded.
    ConversationStray = "conversation.stray",
    /// Somebody who is not one of the two took part.
    ConversationForeign = "conversation.foreign",
    /// The side of one of the two is gone.
    ParticipantMissing = "participant.missing",
    /// What is shown to one of the two is not what messages and receipts give.
    ParticipantDiffers = "participant.differs",
    /// A review that was recorded is gone.
    ReviewMissing = "review.missing",
    /// A review differs from its entries.
    ReviewDiffers = "review.differs",
    /// The case, the reason or the note of a review is not the one that was sealed.
    ReviewWords = "review.words",
    /// A review was never recorded.
    ReviewStray = "review.stray",
    /// An export of a review that was recorded is gone.
    ExportMissing = "export.missing",
    /// An export of a review differs from its entries.
    ExportDiffers = "export.differs",
    /// The note of an export is not the one that was sealed.
    ExportWords = "export.words",
    /// An export of a review was never recorded.
    ExportStray = "export.stray",
    /// The export of a review is not made of its files in their order, each in its only form.
    ArchiveForm = "archive.form",
    /// A file of it is not the one that its manifest names.
    ArchiveFile = "archive.file",
    /// Its manifest cannot be read, or contradicts the rest.
    ArchiveManifest = "archive.manifest",
    /// Its manifest is not signed, or was changed since.
    ArchiveSignature = "archive.signature",
    /// Its table for people does not show its messages.
    ArchiveTable = "archive.table",
    /// Something in it does not belong to its scope.
    ScopeForeign = "scope.foreign",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) line: Option<u64>,
    pub(super) entry: Option<i64>,
}

impl Place {
    pub(super) fn line(line: u64) -> Self {
        Self { line: Some(line), entry: None }
    }

    pub(super) fn entry(line: u64, entry: i64) -> Self {
        Self { line: Some(line), entry: Some(entry) }
    }

    pub(super) fn of_entry(entry: i64) -> Self {
        Self { line: None, entry: Some(entry) }
    }

    pub(super) fn whole() -> Self {
        Self::default()
    }
}

/// Something that does not go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// In one word.
    pub code: Code,
    /// The line of the file, from 1, if it is about one.
    pub line: Option<u64>,
    /// The number of the entry, if it is about one.
    pub entry: Option<i64>,
    /// In one sentence.
    pub sentence: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<21}", self.code)?;
        if let Some(entry) = self.entry {
            write!(f, " entry {entry}")?;
        }
        match (self.line, self.entry) {
            (Some(line), Some(_)) => write!(f, " (line {line}):")?,
            (Some(line), None) => write!(f, " line {line}:")?,
            (None, Some(_)) => f.write_str(":")?,
            (None, None) => {}
        }
        write!(f, " {}", self.sentence)
    }
}

/// So many findings are kept with their sentences; further ones are counted.
const KEPT: usize = 1_000;

/// What was found so far.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    kept: Vec<Finding>,
    all: u64,
}

impl Findings {
    pub(super) fn add(&mut self, code: Code, place: Place, sentence: fmt::Arguments<'_>) {
        self.all = self.all.saturating_add(1);
        if self.kept.len() < KEPT {
            self.kept.push(Finding { code, line: place.line, entry: place.entry, sentence: sentence.to_string() });
        }
    }

    /// The first thousand.
    #[must_use]
    pub fn kept(&self) -> &[Finding] {
        &self.kept
    }

    /// How many there are.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.all
    }
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Audit entries.
    pub entries: u64,
    /// Of these, the ones without a leaf.
    pub unsealed: u64,
    /// Messages that an entry vouches for.
    pub messages: u64,
    /// Of these, the ones whose text was erased.
    pub erased: u64,
    /// Receipts that an entry vouches for.
    pub receipts: u64,
    /// Conversations.
    pub conversations: u64,
    /// Reviews.
    pub reviews: u64,
    /// Exports of reviews.
    pub exports: u64,
    /// Entries of these that are from before the words of a review were sealed.
    pub words_not_covered: u64,
}

impl Counts {
    pub(super) fn entry(&mut self, sealed: &Sealed) {
        self.entries = self.entries.saturating_add(1);
        self.unsealed = self.unsealed.saturating_add(u64::from(sealed.seal.is_none()));
    }

    pub(super) fn words(&mut self, not_covered: bool) {
        self.words_not_covered = self.words_not_covered.saturating_add(u64::from(not_covered));
    }

    pub(super) fn message(&mut self, message: &Message) {
        self.messages = self.messages.saturating_add(1);
        self.erased = self.erased.saturating_add(u64::from(message.body.is_none()));
    }
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was looked at.
    pub counts: Counts,
    /// How many checkpoints.
    pub checkpoints: usize,
    /// The newest one, as it stands there.
    pub newest: Option<String>,
    /// What was found.
    pub findings: Findings,
    /// What this verification could not see, and what has yet to be done; nothing of it is wrong.
    pub cautions: Vec<String>,
}

impl Report {
    pub(super) fn new(counts: Counts, standing: Standing, trust: &Trust, findings: Findings) -> Self {
        let mut cautions = Vec::new();
        if trust.anchors.is_empty() {
            cautions.push(
                "No anchored checkpoint was given. If the newest entries had been cut off together with their checkpoints, it could \
                 not be seen: give one that was kept outside (--checkpoint)."
                    .to_owned(),
            );
        }
        if trust.keys.is_empty() {
            cautions.push(
                "No key was given, so the keys that the export itself names were used. Whoever wrote it may have made them: give the \
                 published one (--key)."
                    .to_owned(),
            );
        }
        if counts.unsealed > 0 {
            cautions.push(format!(
                "{} entries are not sealed. A running server seals within two seconds; until then nothing protects them, and if they \
                 are older, no server with a key is at work.",
                counts.unsealed
            ));
        }
        cautions.extend(texts_erased(counts.erased));
        if counts.words_not_covered > 0 {
            cautions.push(format!(
                "{} entries of reviews are from before the words of reviews were sealed. That the case, the reason or the note which they \
                 stand for was changed since cannot be seen; everything else of these reviews is covered.",
                counts.words_not_covered
            ));
        }
        Self { counts, checkpoints: standing.checkpoints, newest: standing.newest, findings, cautions }
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.findings.all() == 0
    }
}

/// What has to be known of messages without a text; `None` when each has one.
pub(super) fn texts_erased(messages: u64) -> Option<String> {
    (messages > 0).then(|| {
        format!(
            "The texts of {messages} messages are gone, with their salts. That these messages were sent, by whom and when, is shown; what they said \
             cannot be. This program erases no text: somebody has done so in the database, and should be able to say why."
        )
    })
}
