//! The command line: what each command is called, and which service does it. Tables go to stdout with tabs, sentences
//! to stderr; a command that could not do its work says why and exits with 1. (`audit verify` exits with 2 then.)

mod audit;
mod demo;
mod output;
mod policy;
mod token;
mod user;
mod verify;

use crate::server::{failure::Failure, settings, settings::Settings, start, telemetry};
use clap::{Parser, Subcommand};
use std::{num::NonZero, process::ExitCode};

/// The messaging module of a CMS.
#[derive(Debug, Parser)]
#[command(name = "cms-messages", version, about)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve, until SIGTERM or Ctrl-C.
    Serve {
        /// Apply the migrations first.
        #[arg(long)]
        migrate: bool,
    },
    /// Bring the database to this program's schema, as the owner of its tables (MIGRATE_DATABASE_URL where it differs).
    Migrate,
    /// People: create, import, link, set-role, list, deactivate, activate, sign-out.
    #[command(subcommand)]
    User(user::UserCommand),
    /// The tokens of programs: create, list, revoke.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Who may write to whom: show, import.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// The demo organisation.
    #[command(subcommand)]
    Demo(demo::DemoCommand),
    /// The audit log.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
}

/// Does what the command line asks for.
pub fn main() -> ExitCode {
    let program = Program::parse();
    // before the settings are read: who verifies needs none
    let program = match program.command {
        Command::Audit(audit::AuditCommand::Verify(arguments)) => return verify::run(arguments),
        command => Program { command },
    };
    let log = telemetry::start();
    let done = settings::load().and_then(|settings| {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        if matches!(program.command, Command::Serve { .. }) {
            let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
            runtime.worker_threads(settings.server.workers(processors));
        }
        let runtime = runtime.enable_all().build()?;
        runtime.block_on(run(program.command, settings))
    });
    // what the log has to say comes before the sentence
    drop(log);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::say(&failure);
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, settings: Settings) -> Result<(), Failure> {
    match command {
        Command::Serve { migrate } => {
            if migrate {
                start::migrate(&settings).await?;
            }
            crate::server::run(settings).await
        }
        Command::Migrate => start::migrate(&settings).await,
        Command::User(command) => user::run(command, &settings).await,
        Command::Token(command) => token::run(command, &settings).await,
        Command::Policy(command) => policy::run(command, &settings).await,
        Command::Demo(command) => demo::run(command, &settings).await,
        Command::Audit(command) => audit::run(command, &settings).await,
    }
}

#[cfg(test)]
mod tests {
    use super::Program;
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_commands_of_the_contract_are_there() {
        Program::command().debug_assert();
        for line in [
            "serve",
            "serve --migrate",
            "migrate",
            "user create --username u --name N",
            "user create --username u --name N --department D --role admin --email e@x.y --external-id 7",
            "user import people.csv",
            "user import people.csv --preview",
            "user link u",
            "user set-role u admin",
            "user list",
            "user deactivate u",
            "user activate u",
            "user sign-out u",
            "token create --user u",
            "token list",
            "token revoke 0195d7a0-0000-7000-8000-000000000000",
            "policy show",
            "policy import Leptos.toml",
            "policy import rules.toml --note reorganisation",
            "demo seed",
            "audit export",
            "audit key new",
            "audit key new --name messages.example.org --file audit.key",
            "audit key show",
            "audit export --since 2026-11-22T09:30:00Z",
            "audit verify export.jsonl",
            "audit verify - --checkpoint a --checkpoint b --key PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        ] {
            let words = ["cms-messages"].into_iter().chain(line.split(' '));
            assert!(Program::try_parse_from(words).is_ok(), "{line}");
        }
    }
}
