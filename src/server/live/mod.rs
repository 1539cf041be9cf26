//! The live stream: who listens in this process, and how they hear that something changed, whichever instance wrote it.
//!
//! ```text
//! service (after the commit) -> hub: "user U has changed" -> U's streams read the feed from where they stand
//!                           \-> bus: the same hint to the other instances, coalesced, may be lost
//! watch (every 2 s): the change numbers and credentials of everybody who listens here, in one query
//! ```
//!
//! A hint carries no content and moves no cursor: a stream sends what the feed says after its own position, so hints that
//! are late, doubled or lost change nothing but the time. It subscribes before it reads.

pub mod bus;
pub mod hub;
pub mod stream;
pub mod watch;

use crate::{domain::ids::UserId, server::state::AppState};
use std::sync::Arc;

/// Other instances at this database are told, and heard.
pub fn join(state: &mut AppState) {
    let bus = Arc::new(bus::Postgres::default());
    state.bus = bus.clone();
    bus::spawn(state, bus);
}

/// These people's feeds have moved: their streams here hear it before the caller goes on, other instances soon.
pub fn publish(state: &AppState, users: &[UserId]) {
    state.hub.poke(users);
    state.bus.hint(users);
}
