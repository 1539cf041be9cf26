//! What `/metrics` says, in the text format of OpenMetrics: what was sent and pushed, what waits, how long things take.
//!
//! Made with `prometheus-client`, and not with `metrics` and its exporter: that one has one recorder per process, while
//! each server of a test counts for itself, and it keeps every measured time until somebody asks; here a histogram is its
//! buckets. Labels are only ever our own words (templates, never paths), so their number is bounded and nothing that a
//! user wrote or looked for can reach a time series.

mod observed;

use crate::server::{db::pool::Pool, live::hub::Hub, service::groups::Groups};
use observed::Observed;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry, Unit},
};
use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError, atomic::AtomicU64},
    time::{Duration, Instant},
};

/// What one process has counted since it began.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Route, Histogram>,
    connections: Gauge,
    sent: Counter,
    groups: Counter,
    groups_larger_than_one: Counter,
    pushed: Counter,
    resyncs: Counter,
    unread_compared: Counter,
    unread_mismatches: Gauge,
    hint_heard: Arc<OnceLock<Hint>>,
    seal: Seal,
}

/// How the sealer of the audit log stands.
#[derive(Debug)]
struct Seal {
    has_keys: Gauge,
    leaves: Counter,
    size: Gauge,
    waited: Histogram,
    refusals: Counter,
    late: Counter,
    oldest: Gauge<f64, AtomicU64>,
}

/// When the way that hints take was last seen to work.
type Hint = Mutex<Instant>;

/// The labels of a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: String,
    status: u16,
}

/// Bounds of the buckets of a time, in seconds: what is usual here, what is slow, what somebody gave up on.
const SECONDS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

impl Metrics {
    /// Nothing has been counted yet; how these stand is looked at when somebody asks.
    #[must_use]
    pub fn new(pool: &Pool, hub: &Arc<Hub>, groups: &Arc<Groups>) -> Self {
        let mut names = Names(Registry::with_prefix("cms_messages"));
        let hint_heard = Arc::default();
        let requests = Family::new_with_constructor(timing as fn() -> Histogram);
        names.0.register_with_unit("http_request", "Time to an answer, by route template", Unit::Seconds, requests.clone());
        names.0.register_with_unit(
            "pool_wait",
            "Time until a connection to the database was had",
            Unit::Seconds,
            pool.waits().time.clone(),
        );
        let observed = Observed { pool: pool.clone(), hub: hub.clone(), groups: groups.clone(), hint_heard: Arc::clone(&hint_heard) };
        names.0.register_collector(Box::new(observed));
        let waited = timing();
        let help = "Time from an audit entry's moment to its leaf";
        names.0.register_with_unit("audit_unsealed", help, Unit::Seconds, waited.clone());
        let oldest = Gauge::<f64, AtomicU64>::default();
        let help = "How long the oldest audit entry without a seal has waited, whoever seals; 0 when there is none";
        names.0.register_with_unit("audit_oldest_unsealed", help, Unit::Seconds, oldest.clone());
        let seal = Seal {
            oldest,
            has_keys: names.of("audit_sealer", "1 when this process has a key and seals, or would if no other did"),
            leaves: names.of("audit_sealed", "Audit entries sealed by this process"),
            size: names.of("audit_checkpoint_size", "Sealed entries by the newest checkpoint that this process has signed"),
            waited,
            refusals: names.of("audit_seal_refusals", "Rounds that sealed nothing because the tree does not go together: must be 0"),
            late: names.of("audit_sealed_late", "Entries found unsealed where none should be: must be 0"),
        };
        Self {
            seal,
            requests,
            connections: names.of("http_connections", "Open connections of clients"),
            sent: names.of("sent", "Messages written; a replay is none"),
            groups: names.of("send_groups", "Transactions that wrote messages"),
            groups_larger_than_one: names.of("send_groups_larger_than_one", "Of these, the ones with more than one message"),
            pushed: names.of("pushed", "Changes handed to live streams"),
            resyncs: names.of("resyncs", "Times that a live stream had to read the feed to catch up"),
            unread_compared: names.of("unread_compared", "Unread numbers compared with a count over the messages"),
            unread_mismatches: names.of("unread_mismatches", "Of these, the ones that were wrong: must be 0"),
            hint_heard,
            registry: names.0,
        }
    }

    /// A request of this template was answered.
    pub fn request(&self, method: &http::Method, template: &str, status: http::StatusCode, took: Duration) {
        let route = Route { method: known(method), route: template.to_owned(), status: status.as_u16() };
        self.requests.get_or_create(&route).observe(took.as_secs_f64());
    }

    /// So many messages were written (not replays).
    pub fn messages_sent(&self, messages: usize) {
        self.sent.inc_by(u64::try_from(messages).unwrap_or(u64::MAX));
    }

    /// So many sends went to the database in one transaction.
    pub fn group(&self, size: usize) {
        self.groups.inc();
        if size > 1 {
            self.groups_larger_than_one.inc();
        }
    }

    /// So many changes were handed to live streams.
    pub fn pushed(&self, changes: usize) {
        self.pushed.inc_by(u64::try_from(changes).unwrap_or(u64::MAX));
    }

    /// So many live streams have to read the feed, because what they were handed did not follow on what they had.
    pub fn resyncs(&self, streams: usize) {
        self.resyncs.inc_by(u64::try_from(streams).unwrap_or(u64::MAX));
    }

    /// So many unread numbers were compared with a count over the messages, so many were wrong.
    pub fn unread_compared(&self, compared: usize, wrong: usize) {
        self.unread_compared.inc_by(u64::try_from(compared).unwrap_or(u64::MAX));
        self.unread_mismatches.inc_by(i64::try_from(wrong).unwrap_or(i64::MAX));
    }

    /// This process has a key to seal the audit log with.
    pub fn seals(&self) {
        self.seal.has_keys.set(1);
    }

    /// Audit entries were sealed, after so many seconds each; the tree has grown to `size`.
    pub fn sealed(&self, size: u64, waited: impl Iterator<Item = f64>) {
        self.seal.size.set(i64::try_from(size).unwrap_or(i64::MAX));
        for seconds in waited {
            self.seal.leaves.inc();
            self.seal.waited.observe(seconds);
        }
    }

    /// So many seconds has the oldest entry without a leaf been waiting.
    pub fn oldest_unsealed(&self, seconds: f64) {
        self.seal.oldest.set(seconds);
    }

    /// The sealer did not go on.
    pub fn seal_refused(&self) {
        self.seal.refusals.inc();
    }

    /// So many entries were found unsealed where none should be.
    pub fn sealed_late(&self, entries: usize) {
        self.seal.late.inc_by(u64::try_from(entries).unwrap_or(u64::MAX));
    }

    /// The way that hints take has just been seen to work, or is just being opened: from now on its age is told.
    pub fn hint_heard(&self) {
        self.hint_heard_at(Instant::now());
    }

    fn hint_heard_at(&self, at: Instant) {
        let heard = self.hint_heard.get_or_init(|| Hint::new(at));
        *heard.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    /// A connection was accepted; it is counted until the guard is dropped.
    #[must_use]
    pub fn connection(&self) -> ConnectionGuard {
        self.connections.inc();
        ConnectionGuard(self.connections.clone())
    }

    /// The page for Prometheus.
    #[must_use]
    pub fn render(&self) -> String {
        let mut page = String::new();
        // writing into a String cannot fail
        let _ = text::encode(&mut page, &self.registry);
        page
    }
}

/// What [`Metrics::render`] gives.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

fn timing() -> Histogram {
    Histogram::new(SECONDS)
}

struct Names(Registry);

impl Names {
    /// A new metric of this name.
    fn of<M: Metric + Clone + Default>(&mut self, name: &str, help: &str) -> M {
        let metric = M::default();
        self.0.register(name, help, metric.clone());
        metric
    }
}

/// One open connection.
#[derive(Debug)]
pub struct ConnectionGuard(Gauge);

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A client may invent methods; a label may not, and no line of the log.
#[must_use]
pub fn known(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::db::pool::{self, Purpose};
    use http::{Method, StatusCode};

    fn metrics() -> Metrics {
        let nowhere = pool::options("postgres://nobody@127.0.0.1:1/nothing").expect("a url");
        Metrics::new(&pool::open(nowhere, 1, Purpose::Serve), &Arc::default(), &Arc::default())
    }

    #[tokio::test]
    async fn requests_are_counted_by_template_and_invented_methods_are_one() {
        let metrics = metrics();
        for method in ["GET", "BREW", "WHEN"] {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            metrics.request(&method, "/messages/{id}", StatusCode::OK, Duration::from_millis(5));
        }
        metrics.messages_sent(1);
        let page = metrics.render();
        assert!(page.contains("cms_messages_sent_total 1\n"), "{page}");
        assert!(page.contains("request_seconds_count{method=\"GET\",route=\"/messages/{id}\",status=\"200\"} 1\n"), "{page}");
        assert!(page.contains("request_seconds_count{method=\"other\",route=\"/messages/{id}\",status=\"200\"} 2\n"), "{page}");
    }

    #[tokio::test]
    async fn the_age_of_hints_is_told_from_the_moment_that_there_are_any() {
        let metrics = metrics();
        assert!(!metrics.render().contains("hint_age"), "an instance alone has none");
        for (ago, told) in [(7_000, 7), (3_000, 3)] {
            let ago = Duration::from_millis(ago);
            metrics.hint_heard_at(Instant::now().checked_sub(ago).expect("a machine that runs that long"));
            assert!(metrics.render().contains(&format!("cms_messages_hint_age_seconds {told}.")), "{}", metrics.render());
        }
    }

    #[tokio::test]
    async fn groups_and_what_waits_are_told() {
        let metrics = metrics();
        for size in [1, 1, 8] {
            metrics.group(size);
        }
        let page = metrics.render();
        for line in ["send_groups_total 3", "send_groups_larger_than_one_total 1", "send_queue_depth 0", "unread_mismatches 0", "streams 0"]
        {
            assert!(page.contains(&format!("cms_messages_{line}\n")), "{line} in {page}");
        }
    }
}
