//! What happens by itself, in every instance; each job tolerates the others' doing the same.

pub mod anchor;
pub mod clean_up;
pub mod fan_out;
pub mod seal;
pub mod sealing;
pub mod unsealed;
pub mod verify_unread;

use crate::{
    error::Error,
    server::{live::watch, state::AppState},
};
use std::{future::Future, time::Duration};
use tokio_util::sync::CancellationToken;

/// Accesses that end within so short a time end their streams together.
const TOGETHER: Duration = Duration::from_millis(100);

/// Starts the jobs; they end when `shutdown` is cancelled, between two rounds.
pub fn spawn(state: &AppState, shutdown: &CancellationToken) {
    let pool = state.pool.clone();
    state.tasks.spawn(repeat("fan_out", Duration::from_secs(2), shutdown.clone(), move || {
        let pool = pool.clone();
        async move { fan_out::drain(&pool).await.map(|_| ()) }
    }));
    let watched = state.clone();
    state.tasks.spawn(async move {
        let mut failing = false;
        loop {
            let looked = watch::look(&watched).await;
            say(&mut failing, "watch", &looked);
            tokio::select! {
                stops = pause(&watched.shutdown, Duration::from_secs(2)) => if stops { return },
                () = watched.believed.ended() => if pause(&watched.shutdown, TOGETHER).await { return },
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
    let told = state.clone();
    state.tasks.spawn(repeat("unsealed", unsealed::EVERY, shutdown.clone(), move || {
        let state = told.clone();
        async move { unsealed::run(&state.pool, &state.metrics).await }
    }));
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
