//! The files of an export, one after the other: small ones are kept, of the others each line is looked at and forgotten.

use super::{
    super::{
        Trust,
        finding::{Code, Findings, Place},
    },
    entries::Entries,
    messages::Messages,
    report::ArchiveReport,
    vouching,
};
use crate::server::proof::{
    archive::{
        CHECKPOINT, MANIFEST, MESSAGES, Measure, PROOF, SIGNATURE, TABLE,
        lines::{Message, Proof},
        manifest::{Manifest, NAMED},
    },
    bundle::NotALine,
};
use std::collections::BTreeMap;

/// No small file is larger, and no line longer.
const LONGEST: usize = 64 * 1024 * 1024;

#[derive(Debug, Default)]
pub(super) struct Contents {
    file: &'static str,
    measure: Measure,
    /// The small file, or the line that has not ended.
    kept: Vec<u8>,
    too_long: bool,
    line: u64,
    measured: BTreeMap<&'static str, (u64, [u8; 32])>,
    pub(super) manifest_text: Vec<u8>,
    pub(super) manifest: Option<Manifest>,
    pub(super) signature: String,
    pub(super) note: String,
    pub(super) entries: Entries,
    pub(super) messages: Messages,
}

impl Contents {
    pub(super) fn begins(&mut self, file: &'static str, _: u64) {
        (self.file, self.measure, self.line) = (file, Measure::default(), 0);
        self.kept.clear();
    }

    pub(super) fn bytes(&mut self, bytes: &[u8], findings: &mut Findings) {
        self.measure.add(bytes);
        match self.file {
            PROOF | MESSAGES => {
                for part in bytes.split_inclusive(|byte| *byte == b'\n') {
                    self.keep(part);
                    if self.kept.ends_with(b"\n") {
                        self.kept.pop();
                        self.ended_line(findings);
                    }
                }
            }
            TABLE => {}
            _ => self.keep(bytes),
        }
    }

    pub(super) fn ends(&mut self, findings: &mut Findings) {
        self.measured.insert(self.file, std::mem::take(&mut self.measure).end());
        let kept = std::mem::take(&mut self.kept);
        match self.file {
            MANIFEST => self.manifest(kept, findings),
            SIGNATURE => self.signature = text(kept),
            CHECKPOINT => self.note = text(kept),
            PROOF | MESSAGES if !kept.is_empty() => {
                let file = self.file;
                findings.add(Code::LineForm, Place::whole(), format_args!("{file} does not end with a line."));
            }
            _ => {}
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.kept.len().saturating_add(bytes.len()) <= LONGEST {
            self.kept.extend(bytes);
        } else {
            self.too_long = true;
        }
    }

    fn manifest(&mut self, text: Vec<u8>, findings: &mut Findings) {
        match Manifest::read(&text) {
            Ok(manifest) => {
                self.entries.begin(&manifest, findings);
                self.messages.begin(&manifest);
                self.manifest = Some(manifest);
            }
            Err(wrong) => {
                let code = if matches!(wrong, NotALine::Version(_)) { Code::LineVersion } else { Code::ArchiveManifest };
                findings.add(code, Place::whole(), format_args!("{MANIFEST} is none: {wrong}. Nothing else could be held against it."));
            }
        }
        self.manifest_text = text;
    }

    fn ended_line(&mut self, findings: &mut Findings) {
        self.line = self.line.saturating_add(1);
        let line = std::mem::take(&mut self.kept);
        // without a manifest nobody knows what it would have to be
        if self.manifest.is_none() {
            return;
        }
        let (file, place) = (self.file, Place::line(self.line));
        let read = if file == PROOF {
            Proof::from_bytes(&line).map(|proof| self.entries.proof(proof, self.line, findings))
        } else {
            Message::from_bytes(&line).map(|message| self.messages.message(&message, self.line, &mut self.entries, findings))
        };
        if let Err(wrong) = read {
            findings.add(Code::LineForm, place, format_args!("This line of {file} is none of an export: {wrong}."));
        }
        // its room is taken again
        self.kept = line;
        self.kept.clear();
    }

    pub(super) fn finish(mut self, trust: &Trust, mut findings: Findings) -> ArchiveReport {
        if self.too_long {
            findings.add(
                Code::ArchiveForm,
                Place::whole(),
                format_args!("A line, or one of the small files, is longer than any of an export."),
            );
        }
        let (mut anchored, mut erased) = (vouching::Anchored::default(), 0);
        if let Some(manifest) = self.manifest.take() {
            for name in NAMED {
                self.file_is_named(&manifest, name, &mut findings);
            }
            let messages = std::mem::take(&mut self.messages);
            erased = messages.erased;
            messages.finish(&manifest, self.measured.get(TABLE), &mut self.entries, &mut findings);
            anchored = vouching::look(&self, &manifest, trust, &mut findings);
            self.manifest = Some(manifest);
        }
        ArchiveReport::new(self.manifest, &self.manifest_text, self.note, trust, (&anchored, erased), findings)
    }

    fn file_is_named(&self, manifest: &Manifest, name: &'static str, findings: &mut Findings) {
        let Some((bytes, hash)) = self.measured.get(name) else {
            findings.add(Code::ArchiveFile, Place::whole(), format_args!("{name} is missing, or not there to its end."));
            return;
        };
        if manifest.file(name).is_none_or(|file| file.bytes != *bytes || file.sha256.0[..] != hash[..]) {
            findings.add(
                Code::ArchiveFile,
                Place::whole(),
                format_args!("{name} is not the file that the manifest names: it was changed."),
            );
        }
    }
}

fn text(bytes: Vec<u8>) -> String {
    // what is no text is nobody's signature
    String::from_utf8(bytes).unwrap_or_default()
}
