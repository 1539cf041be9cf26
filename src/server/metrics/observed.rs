//! What is not counted but looked at, when somebody asks: the pool, the hub, the queues, the age of the last hint, the log.

use super::Hint;
use crate::server::{db::pool::Pool, live::hub::Hub, service::groups::Groups, telemetry};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Unit,
};
use std::{
    fmt,
    sync::{Arc, OnceLock, PoisonError},
};

#[derive(Debug)]
pub(super) struct Observed {
    pub(super) pool: Pool,
    pub(super) hub: Arc<Hub>,
    pub(super) groups: Arc<Groups>,
    pub(super) hint_heard: Arc<OnceLock<Hint>>,
}

impl Collector for Observed {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut gauge = |name: &str, help: &str, value: usize| {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
        };
        gauge("streams", "Live streams that are open here", self.hub.len())?;
        gauge("send_queue_depth", "Messages and receipts that wait to be written", self.groups.depth())?;
        gauge("pool_waiting", "Calls that wait for a connection to the database", self.pool.waiting())?;
        let help = "Connections to the database";
        let mut connections = encoder.encode_descriptor("database_connections", help, None, MetricType::Gauge)?;
        let idle = self.pool.idle();
        for (state, number) in [("all", self.pool.size() as usize), ("idle", idle)] {
            let number = ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX));
            number.encode(connections.encode_family(&[("state", state)])?)?;
        }
        let help = "Calls that were refused at once, because too many waited for a connection";
        let refused = ConstCounter::new(self.pool.waits().refused());
        refused.encode(encoder.encode_descriptor("pool_refused", help, None, MetricType::Counter)?)?;
        if let Some(heard) = self.hint_heard.get() {
            let help = "Time since a hint of our own came back through the database";
            let age = heard.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
            let unit = Some(&Unit::Seconds);
            ConstGauge::new(age.as_secs_f64()).encode(encoder.encode_descriptor("hint_age", help, unit, MetricType::Gauge)?)?;
        }
        let help = "Lines of the log that nobody took in time";
        let dropped = ConstCounter::new(telemetry::dropped_lines());
        dropped.encode(encoder.encode_descriptor("log_lines_dropped", help, None, MetricType::Counter)?)
    }
}
