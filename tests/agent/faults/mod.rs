//! `agent faults`: two instances of the real program behind a real nginx on a PostgreSQL of its own; people who write and
//! look; everything that can break, broken one after the other while they do; then the judge.
//!
//! ```text
//! writers, readers -> doors (proxy) -> a, b, nginx -> a, b -> wires (proxy) -> PostgreSQL (killed, frozen, restarted)
//!        \-> History ------------------------------------> checker <- Rows <-/
//! ```
//!
//! The people, their texts, their keys and the faults with their order come from the seed; how things interleave does not.

mod balancer;
mod caller;
mod checker;
mod fault;
mod history;
mod hostile;
mod instance;
mod office;
mod postgres;
mod proxy;
mod random;
mod reader;
mod report;
mod rows;
mod run;
mod screen;
mod writer;

use crate::Failure;
use std::{net::SocketAddr, path::PathBuf, process::Command};

/// Breaks everything that can break while people write to each other, and checks that nothing acknowledged is lost,
/// nothing doubled, nothing missed.
#[derive(clap::Args, Debug, Clone)]
pub struct Faults {
    /// The dice of the run; the same seed gives the same people, texts, keys and faults.
    #[arg(long, overrides_with = "seed")]
    seed: Option<u64>,
    /// Rounds of all faults follow each other until so many seconds have passed; at least one round.
    #[arg(long, default_value_t = 0, overrides_with = "seconds")]
    seconds: u64,
    /// The longest that one fault lasts, in milliseconds.
    #[arg(long, default_value_t = 1_200)]
    hold: u64,
    /// How many people.
    #[arg(long, default_value_t = 16)]
    people: usize,
    /// Only faults whose name holds this.
    #[arg(long, default_value = "")]
    only: String,
    /// Statements that the owner of the tables runs before anything begins: a product that is broken on purpose, to see
    /// that the agent notices (`tests/agent/sabotage`).
    #[arg(long)]
    sabotage: Option<PathBuf>,
    /// The program under test.
    #[arg(long, env = "CMS_MESSAGES_BIN", default_value = "target/debug/cms-messages")]
    server: PathBuf,
    /// The previous program, which has to work on the schema of this one (I17).
    #[arg(long, env = "CMS_MESSAGES_OLD_BIN")]
    previous: Option<PathBuf>,
    /// The folder with PostgreSQL's programs.
    #[arg(long, env = "CMS_MESSAGES_PG_BIN")]
    postgres: PathBuf,
    /// nginx.
    #[arg(long, default_value = "/usr/sbin/nginx")]
    nginx: PathBuf,
    /// nginx's configuration, as operators are given it.
    #[arg(long, default_value = "docs/nginx.conf")]
    nginx_config: PathBuf,
}

/// Runs it; an error when anything was found.
pub async fn main(faults: Faults) -> Result<(), Failure> {
    run::run(faults).await
}

/// A free address of this machine. Somebody else may take it before it is used; then the start fails and says so.
fn free_address() -> Result<SocketAddr, Failure> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Sends a signal to processes; those that have gone meanwhile do not matter.
fn signal(name: &str, processes: &[u32]) -> Result<(), Failure> {
    if !processes.is_empty() {
        let list: Vec<String> = processes.iter().map(u32::to_string).collect();
        // the shell's own `kill`: the standard library has no other signal than SIGKILL
        Command::new("sh").arg("-c").arg(format!("kill -s {name} {} 2>/dev/null", list.join(" "))).status()?;
    }
    Ok(())
}
