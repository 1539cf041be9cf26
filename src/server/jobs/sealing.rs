//! The sealer and the anchors of one process, from its start to its end. At the end nothing that was acknowledged stays
//! unsealed, and the last checkpoint goes out: after the last request, so after everything else has ended.

use super::{
    anchor::{self, Anchors},
    pause, say,
    seal::{EVERY, Round, Sealer},
};
use crate::{
    error::Error,
    server::{audit_keys::Keys, proof::note::PrivateKey, state::AppState},
};
use std::time::Duration;
use tokio::task::JoinHandle;

/// For the last round and the last anchor: the database or the place outside may be gone.
const LAST: Duration = Duration::from_secs(3);

/// What runs while the process does.
pub struct Sealing {
    state: AppState,
    rounds: JoinHandle<Rounds>,
    anchors: JoinHandle<Option<Anchors>>,
}

impl Sealing {
    /// Seals the audit log until the server stops; `None` when there are no keys to sign with.
    #[must_use]
    pub fn begin(state: &AppState, keys: Keys) -> Option<Self> {
        let believed = keys.signing.iter().map(PrivateKey::public).chain(keys.earlier.iter().cloned()).collect();
        let Some(sealer) = Sealer::new(state.clone(), keys.signing) else {
            tracing::warn!("the audit log is not sealed: make a key with `cms-messages audit key new` and name it in [audit] key_file");
            return None;
        };
        let sealer = sealer.believing(keys.earlier);
        state.metrics.seals();
        let (shutdown, mut rounds) = (state.shutdown.clone(), Rounds { sealer, failing: false, refused: None });
        let rounds = tokio::spawn(async move {
            loop {
                rounds.next().await;
                if pause(&shutdown, EVERY).await {
                    return rounds;
                }
            }
        });
        Some(Self { state: state.clone(), rounds, anchors: tokio::spawn(anchor::run(state.clone(), believed)) })
    }

    /// Seals what the last requests have written, and takes the last checkpoint out. To be called when they have ended.
    pub async fn end(self) {
        let last = async {
            let (Ok(mut rounds), Ok(anchors)) = (self.rounds.await, self.anchors.await) else { return };
            rounds.next().await;
            if let Some(mut anchors) = anchors {
                anchor::say(&mut false, &anchors.round(&self.state).await);
            }
        };
        if tokio::time::timeout(LAST, last).await.is_err() {
            tracing::warn!("the last entries of the audit log were not sealed or anchored in time");
        }
    }
}

/// Rounds, of which it is said once that they fail, and why the tree is not gone on with.
struct Rounds {
    sealer: Sealer,
    failing: bool,
    refused: Option<&'static str>,
}

impl Rounds {
    async fn next(&mut self) {
        let round: Result<Round, Error> = self.sealer.round().await;
        let reason = if let Ok(Round::Refused(reason)) = round { Some(reason) } else { None };
        if let Some(reason) = reason.filter(|reason| self.refused != Some(*reason)) {
            tracing::error!(reason, "the audit log is not sealed any further");
        }
        self.refused = reason;
        say(&mut self.failing, "seal", &round.map(|_| ()));
    }
}
