//! `demo seed`: the demo organisation.

use super::output;
use crate::server::{demo, failure::Failure, settings::Settings, start};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum DemoCommand {
    /// Fill an empty database with the demo organisation. Refuses a database with other users; a second time does nothing.
    Seed,
}

pub(super) async fn run(command: DemoCommand, settings: &Settings) -> Result<(), Failure> {
    let DemoCommand::Seed = command;
    let operator = start::operator(settings).await?;
    if let Some(seeded) = demo::seed(&operator).await? {
        output::say(format_args!("{} people, {} conversations, {} messages.", seeded.people, seeded.conversations, seeded.messages));
    }
    Ok(())
}
