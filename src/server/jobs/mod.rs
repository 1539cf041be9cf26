//! What happens by itself, in every instance; each job tolerates the others' doing the same.

pub mod anchor;
pub mod clean_up;
pub mod fan_out;
pub mod seal;
pub mod verify_unread;

use crate::{
    error::Error,
    server::{live::watch, proof::note::PrivateKey, state::AppState},
};
use seal::{Round, Sealer};
use std::{future::Future, time::Duration};
use tokio_util::sync::CancellationToken;

/// Starts the jobs; they end when `shutdown` is cancelled, between two rounds.
pub fn spawn(state: &AppState, shutdown: &CancellationToken) {
    let pool = state.pool.clone();
    state.tasks.spawn(repeat("fan_out", Duration::from_secs(2), shutdown.clone(), move || {
        let pool = pool.clone();
        async move { fan_out::drain(&pool).await.map(|_| ()) }
    }));
    let (watched, mut known) = (state.clone(), watch::Known::default());
    state.tasks.spawn(async move {
        let mut failing = false;
        loop {
            let looked = watch::look(&watched, &mut known).await;
            say(&mut failing, "watch", &looked);
            if pause(&watched.shutdown, Duration::from_secs(2)).await {
                return;
            }
        }
    });
    let (pool, idle_hours) = (state.pool.clone(), state.settings.sessions.idle_hours);
    state.tasks.spawn(repeat("clean_up", Duration::from_secs(60), shutdown.clone(), move || {
        let pool = pool.clone();
        async move { clean_up::run(&pool, idle_hours).await }
    }));
    let counted = state.clone();
    state.tasks.spawn(repeat("verify_unread", verify_unread::EVERY, shutdown.clone(), move || {
        let state = counted.clone();
        async move { verify_unread::run(&state.pool, &state.metrics, verify_unread::SLICE).await }
    }));
}

/// Seals the audit log, while there are keys to sign with.
pub fn spawn_sealer(state: &AppState, keys: Vec<PrivateKey>) {
    let Some(mut sealer) = Sealer::new(state.clone(), keys) else {
        tracing::warn!("the audit log is not sealed: make a key with `cms-messages audit key new` and name it in [audit] key_file");
        return;
    };
    state.metrics.seals();
    state.tasks.spawn(anchor::run(state.clone()));
    let shutdown = state.shutdown.clone();
    state.tasks.spawn(async move {
        let (mut failing, mut refused) = (false, None);
        loop {
            let round = sealer.round().await;
            let reason = if let Ok(Round::Refused(reason)) = round { Some(reason) } else { None };
            if let Some(reason) = reason.filter(|reason| refused != Some(*reason)) {
                tracing::error!(reason, "the audit log is not sealed any further");
            }
            refused = reason;
            say(&mut failing, "seal", &round.map(|_| ()));
            if pause(&shutdown, seal::EVERY).await {
                return;
            }
        }
    });
}

/// Round after round. A failure is said once, and so is the recovery: a database that is away for an hour fills no disk.
async fn repeat<W: Future<Output = Result<(), Error>>>(
    name: &'static str,
    every: Duration,
    shutdown: CancellationToken,
    mut work: impl FnMut() -> W,
) {
    let mut failing = false;
    loop {
        say(&mut failing, name, &work().await);
        if pause(&shutdown, every).await {
            return;
        }
    }
}

fn say(failing: &mut bool, name: &'static str, done: &Result<(), Error>) {
    match done {
        Ok(()) if *failing => tracing::info!(job = name, "the job works again"),
        Err(error) if !*failing => tracing::warn!(job = name, code = ?error.code, "the job failed and will be tried again"),
        _ => {}
    }
    *failing = done.is_err();
}

/// `true` when the server stops.
async fn pause(shutdown: &CancellationToken, time: Duration) -> bool {
    tokio::select! {
        () = shutdown.cancelled() => true,
        () = tokio::time::sleep(time) => false,
    }
}
