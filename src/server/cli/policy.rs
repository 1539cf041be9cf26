//! `policy …`: the rules in force as they would stand in Leptos.toml, and putting others in force, for machines.

use super::output;
use crate::{
    domain::policy::{Policy, report::PolicyVersion},
    server::{failure::Failure, service::policy, settings::Settings, start},
};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Print the rules in force, as `import` reads them; their version on stderr.
    Show,
    /// Put the rules of a file in force: a new version, unless they are in force already.
    ///
    /// The file is TOML with [[policy.rules]] as in Leptos.toml; whatever else stands in it is not looked at.
    Import {
        /// The file.
        file: PathBuf,
        /// Why, for the history.
        #[arg(long, default_value = "")]
        note: String,
    },
}

/// The part of a file that is about the policy.
#[derive(Serialize, Deserialize)]
struct PolicyFile {
    policy: Policy,
}

pub(super) async fn run(command: PolicyCommand, settings: &Settings) -> Result<(), Failure> {
    match command {
        PolicyCommand::Show => {
            let PolicyVersion { version, rules, .. } = policy::show(&start::operator(settings).await?).await?;
            let file = PolicyFile { policy: Policy { rules: rules.unwrap_or_default() } };
            let text = toml::to_string(&file).map_err(|error| Failure(error.to_string()))?;
            output::say(format_args!("Version {version}."));
            Ok(output::line(text.trim_end())?)
        }
        PolicyCommand::Import { file, note } => {
            let rules = read(&file)?.rules;
            let PolicyVersion { version, .. } = policy::import(&start::operator(settings).await?, rules, &note).await?;
            output::say(format_args!("Version {version} is in force."));
            Ok(())
        }
    }
}

fn read(file: &Path) -> Result<Policy, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure(format!("{}: {error}", file.display())))?;
    let read: Result<PolicyFile, _> = toml::from_str(&text);
    read.map(|read| read.policy).map_err(|error| Failure(format!("{}: {error}", file.display())))
}
