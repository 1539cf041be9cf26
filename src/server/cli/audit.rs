//! `audit …`: the export as JSON Lines, and the keys that sign the tree.

use super::output;
use crate::{
    domain::time::Timestamp,
    server::{audit_keys, failure::Failure, service::audit, settings::Settings, start},
};
use clap::Subcommand;
use std::{io::Write, ops::ControlFlow, path::PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// The audit log as JSON Lines on stdout, one entry a line, oldest first.
    Export {
        /// Only what happened at or after this moment: 2026-11-22T09:30:00Z, or 2026-11-22 for the beginning of that day in UTC.
        #[arg(long, value_parser = moment)]
        since: Option<Timestamp>,
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
    /// The public halves of the keys in the `key_file` of the settings, a line each.
    Show,
}

pub(super) async fn run(command: AuditCommand, settings: &Settings) -> Result<(), Failure> {
    match command {
        AuditCommand::Export { since } => export(since, settings).await,
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
            if keys.is_empty() {
                return Err(Failure::new("[audit] key_file is not set: nothing is sealed."));
            }
            keys.iter().try_for_each(|key| Ok(output::line(key.public())?))
        }
    }
}

async fn export(since: Option<Timestamp>, settings: &Settings) -> Result<(), Failure> {
    let operator = start::operator(settings).await?;
    // the writer is not held across an await: it is locked to this thread
    let mut written = Ok(());
    let mut lines = Vec::with_capacity(1 << 16);
    audit::export(&operator, since.unwrap_or(Timestamp::EPOCH), |entry| {
        written = serde_json::to_writer(&mut lines, &entry).map_err(std::io::Error::from).and_then(|()| {
            lines.push(b'\n');
            if lines.len() < 1 << 15 { Ok(()) } else { flush(&mut lines) }
        });
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .await?;
    Ok(output::settled(written.and_then(|()| flush(&mut lines)))?)
}

fn flush(lines: &mut Vec<u8>) -> std::io::Result<()> {
    let mut rows = output::rows();
    rows.write_all(lines)?;
    lines.clear();
    rows.flush()
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text)
        .or_else(|_| Timestamp::parse(&format!("{text}T00:00:00Z")))
        .map_err(|_| "a moment is written like 2026-11-22T09:30:00Z".to_owned())
}
