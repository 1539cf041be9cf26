//! The passwords of an import, hashed on all cores. A password that somebody has already is left as it is, so that the same
//! file twice neither changes anything nor signs anybody out.

use super::ImportRow;
use crate::{
    error::{Code, Error},
    server::{auth::password, db::import::KnownUser},
};
use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The rows again, and for each the hash to store, if any.
pub(super) async fn hash_all(
    rows: Vec<ImportRow>,
    known: &[KnownUser],
    progress: impl Fn(usize, usize) + Send + Sync + 'static,
) -> Result<(Vec<ImportRow>, Vec<Option<String>>), Error> {
    if rows.iter().all(|row| row.password.is_none()) {
        let none = vec![None; rows.len()];
        return Ok((rows, none));
    }
    let stored: HashMap<String, String> = known
        .iter()
        .filter_map(|user| user.password_hash.clone().map(|hash| (user, hash)))
        .flat_map(|(user, hash)| {
            let external_id = user.external_id.as_ref().map(|id| (external(id), hash.clone()));
            external_id.into_iter().chain([(user.username.clone(), hash)])
        })
        .collect();
    tokio::task::spawn_blocking(move || {
        let hashes = hash_in_threads(&rows, &stored, &progress)?;
        Ok((rows, hashes))
    })
    .await
    .map_err(|_| Error::new(Code::Internal))?
}

fn hash_in_threads(
    rows: &[ImportRow],
    stored: &HashMap<String, String>,
    progress: &(impl Fn(usize, usize) + Sync),
) -> Result<Vec<Option<String>>, Error> {
    let total = rows.iter().filter(|row| row.password.is_some()).count();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results = Mutex::new(vec![Ok(None); rows.len()]);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(row) = rows.get(place) else { return };
                    let Some(wanted) = &row.password else { continue };
                    let external_id = row.profile.external_id.as_deref().map(external);
                    let has = external_id.and_then(|id| stored.get(&id)).or_else(|| stored.get(&row.profile.username));
                    let result = match has {
                        Some(hash) if password::is_same(wanted, hash) => Ok(None),
                        _ => password::hash_here(wanted).map(Some),
                    };
                    if let Some(slot) = results.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place) {
                        *slot = result;
                    }
                    progress(done.fetch_add(1, Ordering::Relaxed).saturating_add(1), total);
                }
            });
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect()
}

/// External ids beside user names in one map: no user name holds a colon.
fn external(id: &str) -> String {
    format!("external:{id}")
}
