//! `audit export`: the audit log as JSON Lines.

use super::output;
use crate::{
    domain::time::Timestamp,
    server::{failure::Failure, service::audit, settings::Settings, start},
};
use clap::Subcommand;
use std::{io::Write, ops::ControlFlow};

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// The audit log as JSON Lines on stdout, one entry a line, oldest first.
    Export {
        /// Only what happened at or after this moment: 2026-11-22T09:30:00Z, or 2026-11-22 for the beginning of that day in UTC.
        #[arg(long, value_parser = moment)]
        since: Option<Timestamp>,
    },
}

pub(super) async fn run(command: AuditCommand, settings: &Settings) -> Result<(), Failure> {
    let AuditCommand::Export { since } = command;
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
