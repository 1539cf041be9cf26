//! What `/metrics` says of the ways that only the database sees: hints, unread numbers, the wait for a connection.

use crate::support::Office;
use cms_messages::server::{live, metrics::Metrics};
use sqlx::postgres::PgListener;
use std::time::Duration;

/// Nothing here takes as long; what does not happen fails instead of hanging.
const LONG: Duration = Duration::from_secs(30);

/// The value in the line that begins with this name.
fn value(metrics: &Metrics, name: &str) -> f64 {
    let page = metrics.render();
    let line = page.lines().find_map(|line| line.strip_prefix(&format!("cms_messages_{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in {page}")).parse().expect("a number")
}

#[tokio::test]
async fn an_instance_hears_its_own_hints_and_tells_how_long_ago() {
    let mut office = Office::new().await;
    let mut listener = PgListener::connect_with(&office.state.pool).await.expect("a listener");
    listener.listen("cms_messages_hints").await.expect("listening");
    live::join(&mut office.state);
    let heard = async {
        // the second one comes seconds after the beginning
        for _ in 0..2 {
            listener.recv().await.expect("a hint");
        }
        while value(&office.state.metrics, "hint_age_seconds") > 3.0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, heard).await.expect("it was heard");
    office.state.shutdown.cancel();
}
