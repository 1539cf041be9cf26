//! How a change of the policy reaches this process, whoever made it: by every answer of the database that says which version
//! is in force, by a hint of the instance that has applied it, and by the watch.
//!
//! A decision is never made with older rules than those of the snapshot that it is about: whoever read that snapshot asks
//! here for its version. The streams of this process then hear of it, before anything that was decided by it.

use crate::{
    domain::ids::{ChangeNo, UserId},
    error::Error,
    server::{
        db,
        state::{AppState, Rules},
    },
};
use std::sync::Arc;
use uuid::Uuid;

/// Nobody's id: between instances the policy goes by it, and a program that does not know it takes it for somebody who
/// listens nowhere.
pub const POLICY: UserId = UserId(Uuid::nil());

/// The rules of this version, or of one that has followed it meanwhile.
///
/// # Errors
/// When they are not at hand and the database cannot be asked.
pub async fn at(state: &AppState, version: i64) -> Result<Arc<Rules>, Error> {
    let current = state.policy.current();
    if current.version == version { Ok(current) } else { renew(state).await }
}

/// The rules that are in force now, as the database has them.
///
/// # Errors
/// When it cannot be asked.
pub async fn renew(state: &AppState) -> Result<Arc<Rules>, Error> {
    // one at a time: an older answer never replaces a newer one
    let _turn = state.policy.turn().await;
    let newest = db::read(&state.pool, |mut db| async move { db::policy::newest(&mut db).await }).await?;
    let current = state.policy.current();
    let (version, policy) = newest.map_or((0, None), |newest| (newest.version, newest.policy));
    if version == current.version {
        return Ok(current);
    }
    let renewed = state.policy.replace(Rules::new(policy.unwrap_or_else(|| current.policy.clone()), version));
    state.hub.tell_policy(version);
    Ok(renewed)
}

/// Applied here: everybody who listens here knows before the caller goes on, other instances soon.
///
/// # Errors
/// When the database cannot be asked; the others are told all the same.
pub async fn applied(state: &AppState, version: i64) -> Result<(), Error> {
    state.bus().hint(POLICY, ChangeNo(version));
    renew(state).await.map(|_| ())
}
