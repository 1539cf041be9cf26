//! The load and fault agent: many people at once, as other programs would speak for them, over HTTP and server-sent events.
//!
//! A program of its own (`cargo build --release --example agent`), no part of the server: what it measures and checks it
//! sees from outside. Called without arguments it says how it is called.

mod events;
mod faults;
mod http;
mod load;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use tokio::task::LocalSet;

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
    Faults(faults::Faults),
    /// Senders, live recipients and readers against a server that is there: rates, latencies, processor time.
    Load(load::Load),
    /// Of script/bench: sends beside the bound that pgbench sets on the same tables.
    Sends(load::Sends),
    /// Of script/bench: ten thousand live streams.
    Streams(load::Streams),
    /// Of script/bench: reading and one send in a small and in a large history.
    Pages(load::Pages),
}

fn main() -> ExitCode {
    // one thread: it shares the machine's cores with the server and the database, and a second one would only wake it up
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = runtime.map_err(Failure::from).and_then(|runtime| LocalSet::new().block_on(&runtime, run(Agent::parse().part)));
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
        Part::Faults(faults) => faults::main(faults).await,
        Part::Load(load) => load.run().await,
        Part::Sends(sends) => sends.run().await,
        Part::Streams(streams) => streams.run().await,
        Part::Pages(pages) => pages.run().await,
    }
}
