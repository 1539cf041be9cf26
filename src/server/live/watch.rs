//! What heals lost hints, notices a lost future and ends streams: every 2 s, and at once when an access ends in this
//! process, in one query, the change numbers and the credentials of everybody who listens here, and the version of the
//! policy. Nothing is asked while nobody does: who asks for anything hears the version.

use super::policy;
use crate::{
    domain::ids::ChangeNo,
    error::Error,
    server::{context::Credential, db, state::AppState},
};
use sqlx::PgPool;
use std::collections::HashSet;

/// One look.
///
/// # Errors
/// When the database cannot be asked: nobody is cut off for that.
pub async fn look(state: &AppState) -> Result<(), Error> {
    let users = state.hub.listeners();
    if users.is_empty() {
        return Ok(());
    }
    let (mut sessions, mut tokens) = (Vec::new(), Vec::new());
    for credential in state.hub.credentials() {
        match credential {
            Credential::Session { token_sha256 } => sessions.push(token_sha256),
            Credential::Token { id } => tokens.push(id),
        }
    }
    let idle = db::session::idle(state.settings.sessions.idle_hours);
    // not by the bounded queue of the requests: under overload it would be refused round after round
    let driver: &PgPool = &state.pool;
    let mut connection = driver.acquire().await?;
    let db::live::Standing { positions, good, policy_version } =
        db::in_time(db::live::standing(&mut connection, &users, &sessions, &tokens, idle)).await?;
    drop(connection);
    // what it could not renew now is tried again, and nobody's change or end waits for it
    let renewed = policy::at(state, policy_version).await.map(|_| ());

    for (user, newest) in positions {
        state.hub.feed_stands_at(user, ChangeNo(newest));
    }
    let good: HashSet<Vec<u8>> = good.into_iter().collect();
    // only what was asked about: a stream that came meanwhile is looked at next time
    let asked: HashSet<Vec<u8>> = sessions.into_iter().chain(tokens.into_iter().map(|id| id.as_bytes().to_vec())).collect();
    state.hub.end(|credential| {
        let key = key(credential);
        !asked.contains(&key) || good.contains(&key)
    });
    renewed
}

fn key(credential: &Credential) -> Vec<u8> {
    match credential {
        Credential::Session { token_sha256 } => token_sha256.clone(),
        Credential::Token { id } => id.as_bytes().to_vec(),
    }
}
