//! The accept loop: at most so many connections, in all and of one address, at most so long for the head of a request and
//! for a client that takes nothing of its answer, and an end that waits for what has begun.
//!
//! Our own, because `axum::serve` has none of these: a client that sends a byte a minute, or asks for a large file and
//! does not read it, would keep its connection for ever.

mod connection;
mod handles;
mod live;
mod patience;
mod places;

use crate::server::{failure::Failure, health, settings::Settings, state::AppState};
use axum::Router;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::TokioTimer;
use patience::Patient;
use places::Places;
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
};
use tokio_util::task::TaskTracker;

/// What a client may take of one listener.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Open connections; further ones wait in the listener's queue.
    pub connections: usize,
    /// Of one address (IPv6: of one /64); further ones are closed at once.
    pub per_address: usize,
    /// Proxies: everybody comes from their addresses, so they are not counted by address.
    pub proxies: Vec<IpAddr>,
    /// For the head of a request, and for how long a connection may rest between two.
    pub head_within: Duration,
    /// A client that takes no byte of its answer for so long is cut off.
    pub write_within: Duration,
}

impl Bounds {
    /// The usual ones: a connection for each stream that may be open, and some more for everything else. Who is on this
    /// machine speaks for others, too: a proxy beside us.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        let here = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let streams = match settings.limits.streams_total {
            0 => UNLIMITED_STREAMS,
            streams => streams as usize,
        };
        Self {
            connections: streams.saturating_add(OTHER_CONNECTIONS),
            per_address: 2_048,
            proxies: settings.server.trusted_proxies.iter().copied().chain(here).collect(),
            head_within: Duration::from_secs(15),
            write_within: Duration::from_secs(30),
        }
    }
}

/// Connections that are no streams: browsers keep a few open each, for a while.
const OTHER_CONNECTIONS: usize = 4_096;

/// What stands for no limit of streams; file handles are one in any case.
const UNLIMITED_STREAMS: usize = 100_000;

/// Connections of the second address: a few collectors, nobody else.
const METRICS_CONNECTIONS: usize = 64;

/// The bytes of a request's head; also what is buffered of a body.
const MAX_HEAD: usize = 64 * 1024;

/// What has begun gets so long to end.
const DRAIN: Duration = Duration::from_secs(10);

/// Takes the address.
///
/// # Errors
/// When somebody else has it.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| Failure(format!("{address} cannot be listened on: {error}")))
}

/// Takes the address for `/metrics`; port 0 is none, so that several instances may run beside each other.
///
/// # Errors
/// When somebody else has it.
pub async fn listen_for_metrics(address: SocketAddr) -> Result<Option<TcpListener>, Failure> {
    match address.port() {
        0 => Ok(None),
        _ => listen(address).await.map(Some),
    }
}

/// The one line that says that connections are accepted.
///
/// # Errors
/// When the listener has lost its address.
pub fn announce(listener: &TcpListener) -> Result<(), Failure> {
    let address = listener.local_addr()?;
    tracing::info!(%address, "listening");
    Ok(())
}

/// SIGTERM or SIGINT drains, a second one ends the process at once.
///
/// # Errors
/// When signals cannot be received.
pub fn stop_on_signal(state: &AppState) -> Result<(), Failure> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = state.shutdown.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if shutdown.is_cancelled() {
                tracing::warn!("stopped at once");
                std::process::exit(1);
            }
            shutdown.cancel();
        }
    });
    Ok(())
}

/// Serves `/metrics` until the end; what is open there then does not matter.
pub fn metrics(listener: Option<TcpListener>, state: &AppState) {
    let Some(listener) = listener else { return };
    let state = state.clone();
    tokio::spawn(async move {
        let app = health::metrics_router(state.clone());
        let bounds = Bounds { connections: METRICS_CONNECTIONS, ..Bounds::of(&state.settings) };
        connections(&listener, &app, &state, &TaskTracker::new(), bounds).await;
    });
}

/// Serves until `state.shutdown`, then lets the open requests end, and what they have left to be done.
pub async fn serve(listener: TcpListener, app: Router, state: &AppState) {
    let bounds = handles::within(Bounds::of(&state.settings), state.settings.database.max_connections);
    serve_within(bounds, listener, app, state).await;
}

/// The same within other bounds.
pub async fn serve_within(bounds: Bounds, listener: TcpListener, app: Router, state: &AppState) {
    let open = TaskTracker::new();
    connections(&listener, &app, state, &open, bounds).await;
    drop(listener);
    tracing::info!("draining");
    state.hub.close();
    state.tasks.close();
    open.close();
    let ended = async {
        open.wait().await;
        state.tasks.wait().await;
    };
    if tokio::time::timeout(DRAIN, ended).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

/// Accepts until `state.shutdown`, which is also when what is `open` is asked to end.
async fn connections(listener: &TcpListener, app: &Router, state: &AppState, open: &TaskTracker, bounds: Bounds) {
    // HTTP/1.1 alone: telling the versions apart would wait for the first bytes without a timer, and a proxy in front of
    // us speaks HTTP/2 for us
    let mut http = Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(bounds.head_within).max_buf_size(MAX_HEAD);
    let write_within = bounds.write_within;
    let places = Places::new(bounds);
    loop {
        let next = async { (places.free().await, accept(listener).await) };
        let (free, (stream, peer)) = tokio::select! {
            () = state.shutdown.cancelled() => return,
            next = next => next,
        };
        let Some(place) = places.take(free, peer.ip()) else { continue };
        // a small answer should not wait until the one before is acknowledged (Nagle)
        let _ = stream.set_nodelay(true);
        let held = (place, state.metrics.connection());
        let (socket, app, http) = (Patient::new(stream, write_within), (app.clone(), peer.ip()), http.clone());
        let (stopping, tracker) = (state.shutdown.clone(), open.clone());
        open.spawn(async move {
            let Some(live) = connection::answer(&http, socket, app, stopping).await else { return };
            tracker.spawn(async move {
                let _held = held;
                live.await;
            });
        });
    }
}

/// The next connection. Errors of a single one do not matter; when there are no more file handles, a little later.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}
