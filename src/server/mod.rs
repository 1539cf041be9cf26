//! Everything that touches sockets, SQL, clocks and secrets.

pub mod auth;
pub mod cli;
pub mod context;
pub mod db;
pub mod demo;
pub mod failure;
pub mod jobs;
pub mod limits;
pub mod metrics;
pub mod operator;
pub mod permits;
pub mod service;
pub mod settings;
pub mod start;
pub mod state;
pub mod telemetry;

pub use start::connect;

/// Serves until the process is asked to stop.
///
/// # Errors
/// When it cannot start.
pub async fn run(settings: settings::Settings) -> Result<(), failure::Failure> {
    let _state = connect(settings).await?;
    Err("The router is not there yet.".into())
}
