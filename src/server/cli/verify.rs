//! `audit verify`: reads an export, of the whole log or of a review, and says what is wrong with it. Alone among the commands it wants nothing but the file:
//! no settings, no database, no key, no network; whoever checks need not trust the machine that it came from.

use super::output;
use crate::server::proof::{
    note::{self, PublicKey},
    verify::{Anchor, ArchiveReport, ArchiveVerifier, Consistency, Findings, Report, Trust, Verifier},
};
use clap::Args;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// It could be read, and something does not go together.
const WRONG: u8 = 1;

/// It could not be read, or is no export at all.
const UNREADABLE: u8 = 2;

/// Findings that are shown; further ones are counted.
const SHOWN: usize = 100;

/// No line of an export is as long.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    /// What `audit export` has written (without --since), or what was taken away of a review; - for stdin.
    file: PathBuf,
    /// A checkpoint that was kept outside: a file with a signed note, or an anchor file. May be given several times.
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// A public key as it was published (name+hash+base64). May be given several times; several are a rotation.
    #[arg(long = "key", value_name = "VKEY")]
    keys: Vec<PublicKey>,
    /// What `audit consistency` has written: shows that what was taken away of a review belongs to the same history as a checkpoint that
    /// was kept before or after. May be given several times; a whole export needs none.
    #[arg(long = "consistency", value_name = "FILE")]
    consistency: Vec<PathBuf>,
}

/// 0: nothing is wrong. 1: something is. 2: it could not be read.
pub(super) fn run(arguments: VerifyArguments) -> ExitCode {
    match verify(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(WRONG),
        Err(reason) => {
            output::say(reason);
            ExitCode::from(UNREADABLE)
        }
    }
}

/// Whether nothing is wrong.
fn verify(arguments: VerifyArguments) -> Result<bool, String> {
    let mut anchors = Vec::new();
    for file in &arguments.checkpoints {
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
        anchors.extend(Anchor::read(&text).map_err(|wrong| format!("{}: {wrong}.", file.display()))?);
    }
    let mut consistency = Vec::new();
    for file in &arguments.consistency {
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
        consistency.extend(Consistency::read(&text).map_err(|wrong| format!("{}: {wrong}.", file.display()))?);
    }
    let trust = Trust { anchors, keys: arguments.keys, consistency };
    let file = &arguments.file;
    let no_export = || format!("{} is no export of an audit log, nor one of a review.", file.display());
    let (shown, good) = match read(file).map_err(|error| unreadable(file, &error))? {
        Taken::Log(verifier) => {
            let report = verifier.finish(&trust).ok_or_else(no_export)?;
            (show(&report, &trust), report.is_good())
        }
        Taken::Archive(verifier) => {
            let report = verifier.finish(&trust).ok_or_else(no_export)?;
            (show_archive(&report), report.is_good())
        }
    };
    output::settled(shown).map_err(|error| error.to_string())?;
    Ok(good)
}

fn unreadable(file: &Path, error: &io::Error) -> String {
    format!("{} cannot be read: {error}", file.display())
}

/// What it was.
enum Taken {
    Log(Box<Verifier>),
    Archive(Box<ArchiveVerifier>),
}

fn read(file: &Path) -> io::Result<Taken> {
    let mut lines: Box<dyn BufRead> = match file.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(BufReader::with_capacity(1 << 20, File::open(file)?)),
    };
    if ArchiveVerifier::is_one(lines.fill_buf()?) {
        return archive(lines).map(|verifier| Taken::Archive(Box::new(verifier)));
    }
    let (mut verifier, mut line) = (Verifier::new(), Vec::new());
    loop {
        line.clear();
        if lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(Taken::Log(Box::new(verifier)));
        }
        verifier.line(line.strip_suffix(b"\n").unwrap_or(&line));
    }
}

fn archive(mut bytes: Box<dyn BufRead>) -> io::Result<ArchiveVerifier> {
    let mut verifier = ArchiveVerifier::new();
    loop {
        let some = bytes.fill_buf()?;
        if some.is_empty() {
            return Ok(verifier);
        }
        let length = some.len();
        verifier.take(some);
        bytes.consume(length);
    }
}

fn show_archive(report: &ArchiveReport) -> io::Result<()> {
    let mut rows = output::rows();
    if let Some(manifest) = &report.manifest {
        writeln!(
            rows,
            "{} messages in {} conversations, {} receipts; review {}, case {:?}, sent from {} to {}, up to entry {} of {}",
            manifest.counts.messages,
            manifest.conversations.len(),
            manifest.counts.receipts,
            manifest.review_id,
            manifest.case_id,
            manifest.from,
            manifest.until,
            manifest.checkpoint.size,
            output::plain(&manifest.checkpoint.origin),
        )?;
        writeln!(rows, "SHA-256 of the manifest, as the audit log has it (export.made): {}", report.manifest_sha256)?;
    }
    writeln!(rows, "\nThe checkpoint that it is proven against:\n\n{}", shown_note(&report.note))?;
    for shown in &report.shown {
        writeln!(rows, "Shown: {shown}")?;
    }
    for caution in &report.cautions {
        writeln!(rows, "Note: {caution}")?;
    }
    verdict(&mut rows, &report.findings, "GOOD: all of it goes together, and the messages are those that were sealed.")?;
    rows.flush()
}

fn show(report: &Report, trust: &Trust) -> io::Result<()> {
    let mut rows = output::rows();
    let counts = report.counts;
    writeln!(
        rows,
        "{} entries ({} not sealed), {} messages ({} erased), {} receipts, {} conversations, {} reviews, {} exports of reviews, {} checkpoints, \
         {} anchored ones",
        counts.entries,
        counts.unsealed,
        counts.messages,
        counts.erased,
        counts.receipts,
        counts.conversations,
        counts.reviews,
        counts.exports,
        report.checkpoints,
        trust.anchors.len()
    )?;
    if let Some(newest) = &report.newest {
        writeln!(rows, "\nThe newest checkpoint, to be kept for the next time:\n\n{}", shown_note(newest))?;
    }
    for caution in &report.cautions {
        writeln!(rows, "Note: {caution}")?;
    }
    verdict(&mut rows, &report.findings, "GOOD: all of it goes together, and what is sealed is what was signed.")?;
    rows.flush()
}

/// The note of a file, line by line; what is no note about a tree could say anything, and is not repeated.
fn shown_note(note: &str) -> String {
    match note::read_unverified(note) {
        Ok(_) => note.lines().fold(String::new(), |text, line| text + &output::plain(line) + "\n"),
        Err(wrong) => format!("({wrong})\n"),
    }
}

fn verdict(rows: &mut impl Write, findings: &Findings, good: &str) -> io::Result<()> {
    if findings.all() == 0 {
        return writeln!(rows, "{good}");
    }
    writeln!(rows, "WRONG: {} things do not go together.", findings.all())?;
    for finding in findings.kept().iter().take(SHOWN) {
        writeln!(rows, "{}", output::plain(&finding.to_string()))?;
    }
    let more = findings.all().saturating_sub(SHOWN as u64);
    if more > 0 {
        writeln!(rows, "… and {more} more.")?;
    }
    Ok(())
}
