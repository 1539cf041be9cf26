//! Who holds how many connections: so many in all, and so many of one address, so that nobody alone can take them all.

use super::Bounds;
use crate::server::limits::network;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of one listener.
#[derive(Debug)]
pub(super) struct Places {
    bounds: Bounds,
    all: Arc<Semaphore>,
    held: Arc<Held>,
    said: AtomicBool,
}

/// How many places each address holds; only who holds one is in there.
type Held = Mutex<HashMap<IpAddr, usize>>;

/// One open connection; dropping it frees its place.
#[derive(Debug)]
pub(super) struct Place {
    _one: Option<OwnedSemaphorePermit>,
    counted: Option<(IpAddr, Arc<Held>)>,
}

impl Places {
    pub(super) fn new(bounds: Bounds) -> Self {
        let all = Arc::new(Semaphore::new(bounds.connections));
        Self { bounds, all, held: Arc::default(), said: AtomicBool::new(false) }
    }

    /// Waits for a place that nobody holds.
    pub(super) async fn free(&self) -> Option<OwnedSemaphorePermit> {
        self.all.clone().acquire_owned().await.ok()
    }

    /// Takes it for this address. `None` when the address has as many as it may.
    pub(super) fn take(&self, free: Option<OwnedSemaphorePermit>, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        if self.bounds.proxies.contains(&peer) {
            return Some(Place { _one: free, counted: None });
        }
        let address = network(peer);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= self.bounds.per_address {
            if !self.said.swap(true, Relaxed) {
                tracing::warn!(
                    most = *count,
                    "an address has as many connections as it may; a proxy belongs into [server] trusted_proxies"
                );
            }
            return None;
        }
        *count = count.saturating_add(1);
        Some(Place { _one: free, counted: Some((address, self.held.clone())) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((address, held)) = self.counted.take() else { return };
        let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                held.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::settings::{Server, Settings};

    fn places(trusted: &str) -> Places {
        let server = Server { trusted_proxies: vec![trusted.parse().expect("an address")], ..Server::default() };
        Places::new(Bounds { per_address: 2, ..Bounds::of(&Settings { server, ..Settings::default() }) })
    }

    #[test]
    fn one_address_has_its_part_and_gets_it_back() {
        let places = places("10.0.0.1");
        let take = |text: &str| places.take(None, text.parse().expect("an address"));
        let held = [take("2001:db8::1"), take("2001:db8::2")];
        assert!(held.iter().all(Option::is_some) && take("2001:db8::3").is_none(), "one /64 is one subscriber");
        assert!(take("203.0.113.7").is_some(), "others have theirs");
        drop(held);
        assert!(take("2001:db8::3").is_some());
        assert!(places.held.lock().expect("not poisoned").is_empty(), "who holds nothing is forgotten");
    }

    #[test]
    fn a_proxy_speaks_for_everybody() {
        let places = places("10.0.0.1");
        for proxy in ["10.0.0.1", "::ffff:10.0.0.1", "127.0.0.1", "::1"] {
            let held: Vec<_> = (0..5).map(|_| places.take(None, proxy.parse().expect("an address"))).collect();
            assert!(held.iter().all(Option::is_some), "{proxy}");
        }
    }
}
