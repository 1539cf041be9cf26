//! What `/metrics` says of the ways that only the database sees: hints, unread numbers, the wait for a connection.

use crate::support::Office;
use cms_messages::server::{
    db::{hint, unread::Slice},
    jobs::verify_unread,
    live,
    metrics::Metrics,
    state::AppState,
};
use sqlx::{Executor, postgres::PgListener};
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
    let office = Office::new().await;
    let mut listener = PgListener::connect_with(&office.state.pool).await.expect("a listener");
    listener.listen(hint::CHANNEL).await.expect("listening");
    live::join(&office.state);
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

/// One conversation at a time, whenever it is asked for.
const SMALL: Slice = Slice { sides: 2, messages: 1_000, rest: Duration::ZERO };

async fn compare(state: &AppState, slice: Slice) -> (f64, f64) {
    let numbers = || (value(&state.metrics, "unread_compared_total"), value(&state.metrics, "unread_mismatches"));
    let before = numbers();
    verify_unread::run(&state.pool, &state.metrics, slice).await.expect("compared");
    let after = numbers();
    (after.0 - before.0, after.1 - before.1)
}

#[tokio::test]
async fn an_unread_number_that_is_wrong_is_found_and_right_ones_are_not() {
    let office = Office::new().await;
    let asha = office.person("asha").await;
    let mut conversations = Vec::new();
    for name in ["bikram", "chen", "devi"] {
        let peer = office.person(name).await;
        let id = asha.open(&peer).await;
        for n in 0..5 {
            asha.write(id, &format!("to {n}")).await;
            peer.write(id, &format!("fro {n}")).await;
        }
        peer.read(id, 4).await.expect("read");
        conversations.push(id);
    }
    let another = office.another_instance();
    for round in 0..2 {
        // the instances take turns, and go on where the other one has stopped
        for (state, compared) in [(&office.state, 2.0), (&another, 2.0), (&office.state, 2.0), (&another, 0.0)] {
            assert_eq!(compare(state, SMALL).await, (compared, 0.0), "round {round}");
        }
    }
    let mut owner = office.database.owner().await;
    owner.execute("update participants set own_total = own_total - 1 where last_seq > 0 and user_id = (select id from users where username = 'chen')").await.expect("drifted");
    let mut found = (0.0, 0.0);
    for _ in 0..4 {
        let (compared, wrong) = compare(&office.state, SMALL).await;
        found = (found.0 + compared, found.1 + wrong);
    }
    assert_eq!(found, (6.0, 1.0));
}

#[tokio::test]
async fn unread_numbers_are_compared_by_one_instance_at_a_time_and_no_more_than_a_slice() {
    let office = Office::new().await;
    let (asha, bikram, chen) = (office.person("asha").await, office.person("bikram").await, office.person("chen").await);
    for peer in [&bikram, &chen] {
        let id = asha.open(peer).await;
        for n in 0..3 {
            asha.write(id, &format!("{n}")).await;
        }
    }
    let another = office.another_instance();
    // three messages behind each pointer: the second side is the first to reach four
    let slice = Slice { sides: 100, messages: 4, rest: Duration::from_secs(3_600) };
    assert_eq!(compare(&office.state, slice).await, (2.0, 0.0));
    assert_eq!(compare(&another, slice).await, (0.0, 0.0), "it is not time yet");
    let mut holds = office.database.owner().await;
    holds.execute("begin; select from unread_verification for update").await.expect("held");
    assert_eq!(compare(&another, Slice { rest: Duration::ZERO, ..slice }).await, (0.0, 0.0), "somebody is at it");
    holds.execute("rollback").await.expect("let go");
    assert_eq!(compare(&another, Slice { rest: Duration::ZERO, ..slice }).await, (2.0, 0.0));
}
