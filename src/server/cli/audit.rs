//! `audit …`: the export as JSON Lines, and the keys that sign the tree. Verifying an export is in `verify`.

use super::{output, verify::VerifyArguments};
use crate::{
    domain::time::Timestamp,
    server::{audit_keys, failure::Failure, service::audit, settings::Settings, start},
};
use clap::Subcommand;
use std::{
    io::{self, Write},
    ops::ControlFlow,
    path::PathBuf,
};

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// The audit log as JSON Lines on stdout, one entry a line. Without --since all that `audit verify` needs: the entries
    /// in the order in which they were sealed, with the messages and receipts they vouch for, then everything else.
    Export {
        /// Only the entries, oldest first, of what happened at or after this moment: 2026-11-22T09:30:00Z, or 2026-11-22 for the beginning of that day in UTC.
        #[arg(long, value_parser = moment)]
        since: Option<Timestamp>,
    },
    /// Check an export without the database: 0 when nothing is wrong, 1 when something is, 2 when it cannot be read.
    Verify(VerifyArguments),
    /// Proofs that the tree of the audit log at one size begins with the tree at another, for `audit verify --consistency`: a line for
    /// each two sizes that follow each other. Nothing but hashes is in it.
    Consistency {
        /// The sizes of two or more checkpoints: the second line of each.
        #[arg(required = true, num_args = 2..)]
        sizes: Vec<u64>,
    },
    /// The keys that sign the tree of the audit log.
    #[command(subcommand)]
    Key(KeyCommand),
}

#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Write a new private key to a file of its own; its public half on stdout, to be published. Needs no database.
    New {
        /// Whose tree it signs; the host of `public_url` when nothing is said.
        #[arg(long)]
        name: Option<String>,
        /// Where to; the `key_file` of the settings when nothing is said. A file that is there is never overwritten.
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// The public halves of the keys in the `key_file` of the settings that sign, a line each.
    Show,
}

pub(super) async fn run(command: AuditCommand, settings: &Settings) -> Result<(), Failure> {
    match command {
        AuditCommand::Export { since: Some(since) } => export(since, settings).await,
        AuditCommand::Export { since: None } => export_whole(settings).await,
        AuditCommand::Consistency { sizes } => consistency(sizes, settings).await,
        AuditCommand::Verify(_) => Err(Failure::new("Nothing but the file is needed for that.")),
        AuditCommand::Key(command) => key(command, settings),
    }
}

fn key(command: KeyCommand, settings: &Settings) -> Result<(), Failure> {
    let key_file = settings.audit.key_file.clone();
    match command {
        KeyCommand::New { name, file } => {
            let file = file.or(key_file).ok_or_else(|| Failure::new("Where to? Say --file, or name it in [audit] key_file first."))?;
            let key = audit_keys::create(&file, name.as_deref().unwrap_or_else(|| audit_keys::usual_name(settings)))?;
            output::say(format_args!("The private key is in {}. This is its public half:", file.display()));
            Ok(output::line(key.public())?)
        }
        KeyCommand::Show => {
            let keys = audit_keys::load(key_file.as_deref())?;
            if keys.signing.is_empty() {
                return Err(Failure::new("[audit] key_file is not set: nothing is sealed."));
            }
            for key in &keys.earlier {
                output::say(format_args!("Signs no more; what it has signed is gone on with: {key}"));
            }
            keys.signing.iter().try_for_each(|key| Ok(output::line(key.public())?))
        }
    }
}

async fn export(since: Timestamp, settings: &Settings) -> Result<(), Failure> {
    let operator = start::operator(settings).await?;
    let mut lines = Lines::default();
    audit::export(&operator, since, |entry| lines.add(|line| serde_json::to_writer(line, &entry))).await?;
    lines.end()
}

async fn export_whole(settings: &Settings) -> Result<(), Failure> {
    let operator = start::operator(settings).await?;
    let mut lines = Lines::default();
    audit::export_whole(&operator, |line| lines.add(|written| line.write(written))).await?;
    lines.end()
}

async fn consistency(sizes: Vec<u64>, settings: &Settings) -> Result<(), Failure> {
    let operator = start::operator(settings).await?;
    let mut lines = Lines::default();
    for proof in audit::consistency(&operator, sizes).await? {
        let _ = lines.add(|line| serde_json::to_writer(line, &proof));
    }
    lines.end()
}

/// Lines on their way out. The writer itself is not held across an await: it is locked to this thread.
#[derive(Default)]
struct Lines {
    waiting: Vec<u8>,
    failed: Option<io::Error>,
}

impl Lines {
    fn add(&mut self, write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>) -> ControlFlow<()> {
        let written = write(&mut self.waiting).map_err(io::Error::from).and_then(|()| {
            self.waiting.push(b'\n');
            if self.waiting.len() < 1 << 15 { Ok(()) } else { self.flush() }
        });
        self.failed = written.err();
        if self.failed.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn end(mut self) -> Result<(), Failure> {
        let written = self.failed.take().map_or_else(|| self.flush(), Err);
        Ok(output::settled(written)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut rows = output::rows();
        rows.write_all(&self.waiting)?;
        self.waiting.clear();
        rows.flush()
    }
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text)
        .or_else(|_| Timestamp::parse(&format!("{text}T00:00:00Z")))
        .map_err(|_| "a moment is written like 2026-11-22T09:30:00Z".to_owned())
}
