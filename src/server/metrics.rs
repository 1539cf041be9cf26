//! Counters for `/metrics`, in Prometheus' text format: requests by route template and status, messages sent, what is open.
//!
//! Labels are only ever our own words (templates, never paths), so their number is bounded and nothing that a user wrote
//! or looked for can reach a time series.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// What one process has counted since it began.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<Route, Tally>>,
    messages_sent: AtomicU64,
    connections: AtomicI64,
}

/// The labels of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Route {
    template: String,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Default)]
struct Tally {
    count: u64,
    time: Duration,
}

impl Metrics {
    /// A request of this template was answered.
    pub fn request(&self, method: &http::Method, template: &str, status: http::StatusCode, took: Duration) {
        let route = Route { template: template.to_owned(), method: known(method), status: status.as_u16() };
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = requests.entry(route).or_default();
        tally.count = tally.count.saturating_add(1);
        tally.time = tally.time.saturating_add(took);
    }

    /// A message was written (not a replay).
    pub fn message_sent(&self) {
        self.messages_sent.fetch_add(1, Relaxed);
    }

    /// A connection was accepted; it is counted until the guard is dropped.
    #[must_use]
    pub fn connection(self: &std::sync::Arc<Self>) -> ConnectionGuard {
        self.connections.fetch_add(1, Relaxed);
        ConnectionGuard(self.clone())
    }

    /// The page for Prometheus. `pool` is the number of connections to the database, and of the idle ones among them.
    #[must_use]
    pub fn render(&self, pool: (u32, usize)) -> String {
        let mut page = String::new();
        let mut line = |text: std::fmt::Arguments<'_>| {
            // writing into a String cannot fail
            let _ = writeln!(page, "{text}");
        };
        line(format_args!("# TYPE cms_messages_sent_total counter"));
        line(format_args!("cms_messages_sent_total {}", self.messages_sent.load(Relaxed)));
        line(format_args!("# TYPE cms_messages_http_connections gauge"));
        line(format_args!("cms_messages_http_connections {}", self.connections.load(Relaxed)));
        line(format_args!("# TYPE cms_messages_database_connections gauge"));
        line(format_args!("cms_messages_database_connections{{state=\"all\"}} {}", pool.0));
        line(format_args!("cms_messages_database_connections{{state=\"idle\"}} {}", pool.1));
        line(format_args!("# TYPE cms_messages_http_requests summary"));
        for (route, tally) in self.requests.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let labels = format!("method=\"{}\",route=\"{}\",status=\"{}\"", route.method, route.template, route.status);
            line(format_args!("cms_messages_http_requests_count{{{labels}}} {}", tally.count));
            line(format_args!("cms_messages_http_requests_sum{{{labels}}} {:.6}", tally.time.as_secs_f64()));
        }
        page
    }
}

/// One open connection.
#[derive(Debug)]
pub struct ConnectionGuard(std::sync::Arc<Metrics>);

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Relaxed);
    }
}

/// A client may invent methods; a label may not.
fn known(method: &http::Method) -> &'static str {
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
    use http::{Method, StatusCode};

    #[test]
    fn requests_are_counted_by_template_and_invented_methods_are_one() {
        let metrics = Metrics::default();
        for method in ["GET", "BREW", "WHEN"] {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            metrics.request(&method, "/messages/{id}", StatusCode::OK, Duration::from_millis(5));
        }
        metrics.message_sent();
        let page = metrics.render((3, 2));
        assert!(page.contains("cms_messages_sent_total 1\n"), "{page}");
        assert!(page.contains("_count{method=\"GET\",route=\"/messages/{id}\",status=\"200\"} 1\n"), "{page}");
        assert!(page.contains("_count{method=\"other\",route=\"/messages/{id}\",status=\"200\"} 2\n"), "{page}");
    }
}
