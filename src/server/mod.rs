//! Everything that touches sockets, SQL, clocks and secrets.

pub mod assets;
pub mod audit_keys;
pub mod auth;
pub mod believed;
pub mod cli;
pub mod context;
pub mod cookie;
pub mod db;
pub mod demo;
pub mod failure;
pub mod forms;
pub mod grouping;
pub mod health;
pub mod jobs;
pub mod limits;
pub mod live;
pub mod metrics;
pub mod middleware;
pub mod operator;
pub mod pages;
pub mod permits;
pub mod proof;
pub mod rest;
pub mod router;
pub mod rpc;
pub mod serve;
pub mod service;
pub mod settings;
pub mod start;
pub mod state;
pub mod telemetry;
pub mod urlencoded;

pub use start::connect;

use failure::Failure;

/// Serves until the process is asked to stop.
///
/// # Errors
/// When it cannot start: no database, no schema, an address that is taken.
pub async fn run(settings: settings::Settings) -> Result<(), Failure> {
    if !settings::has_file() {
        tracing::warn!("there is no Leptos.toml here: defaults, and a policy without rules");
    }
    let keys = audit_keys::load(settings.audit.key_file.as_deref())?;
    let state = start::connect(settings).await?;
    let listener = serve::listen(state.leptos.site_addr).await?;
    let metrics = serve::listen_for_metrics(state.settings.server.metrics_addr).await?;
    live::join(&state);
    jobs::spawn(&state, &state.shutdown);
    state.signs_with(keys.signing.clone());
    let sealing = jobs::sealing::Sealing::begin(&state, keys);
    serve::stop_on_signal(&state)?;
    serve::announce(&listener)?;
    serve::metrics(metrics, &state);
    serve::serve(listener, router::router(state.clone()), &state).await;
    if let Some(sealing) = sealing {
        sealing.end().await;
    }
    state.pool.close().await;
    Ok(())
}
