//! The load and fault agent: many people at once, as other programs would speak for them, over HTTP and server-sent events.
//!
//! A program of its own (`cargo build --release --example agent`), no part of the server: what it measures and checks it
//! sees from outside. Called without arguments it says how it is called.

#[allow(dead_code, reason = "each subcommand uses its part of them")]
mod events;
#[allow(dead_code, reason = "each subcommand uses its part of them")]
mod http;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Errors end the program with their sentence.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Load and faults against a running cms-messages.
#[derive(Parser)]
#[command(name = "agent", arg_required_else_help = true)]
struct Agent {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// One request, its answer on the standard output.
    Get(Get),
}

#[derive(clap::Args)]
struct Get {
    /// Where the server listens.
    #[arg(long, default_value = "127.0.0.1:3000")]
    address: String,
    /// An API token.
    #[arg(long, env = "CMS_MESSAGES_TOKEN", hide_env_values = true)]
    token: String,
    /// For example `/api/v1/me`.
    path: String,
}

fn main() -> ExitCode {
    // one thread: it shares the machine's cores with the server and the database, and a second one would only wake it up
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(run(Agent::parse().part)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("agent: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(part: Part) -> Result<(), Failure> {
    match part {
        Part::Get(get) => {
            let answer = http::Http::connect(&get.address, &get.token).await?.request("GET", &get.path, None).await?;
            eprintln!("{}", answer.status);
            std::io::Write::write_all(&mut std::io::stdout(), &answer.body)?;
        }
    }
    Ok(())
}
