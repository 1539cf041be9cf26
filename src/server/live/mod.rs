//! The live stream: who listens in this process, and how they hear that something changed, whichever instance wrote it.
//!
//! ```text
//! service (after the commit, before the answer) -> hub: the change itself, ready-made, for U's streams that stand right before it
//!                           \-> bus: "user U is at change n" to the other instances, coalesced, may be lost
//! watch (every 2 s): the change numbers and credentials of everybody who listens here, in one query
//! ```
//!
//! A hint carries no content and moves no cursor: a stream that is behind sends what the feed says after its own position,
//! so hints that are late, doubled or lost change nothing but the time. It subscribes before it reads.

pub mod bus;
pub mod frame;
pub mod hub;
pub mod mailbox;
pub mod policy;
pub mod stream;
pub mod watch;

use crate::{
    domain::{
        change::LiveChange,
        ids::{ChangeNo, UserId},
    },
    server::state::AppState,
};
use mailbox::Pushed;
use std::sync::Arc;

/// What one transaction has changed for one user, with nothing of it left out.
#[derive(Debug, Clone, Default)]
pub struct Moved {
    /// The change before.
    pub after: ChangeNo,
    /// The newest one.
    pub up_to: ChangeNo,
    /// Ascending; of a conversation that changed more than once the newest.
    pub changes: Vec<LiveChange>,
    /// By which rules they say who may write.
    pub policy_version: i64,
}

/// Other instances at this database are told, and heard.
pub fn join(state: &AppState) {
    let bus = Arc::new(bus::Postgres::default());
    state.join(bus.clone());
    bus::spawn(state, bus);
}

/// This user's feed has moved, and this is how: their streams here have it before the caller goes on, other instances hear
/// soon that there is something.
pub fn push(state: &AppState, user: UserId, moved: &Moved) {
    if state.hub.listens(user) {
        let frame = frame::changes(&moved.changes);
        let pushed = Pushed { after: moved.after, up_to: moved.up_to, frame, policy_version: moved.policy_version };
        let taken = state.hub.push(user, &pushed);
        state.metrics.pushed(taken.pushed);
        state.metrics.resyncs(taken.behind);
    }
    state.bus().hint(user, moved.up_to);
}

/// This user's feed has moved, up to this change; with 0 nobody knows how far. Their streams read it.
pub fn hint(state: &AppState, user: UserId, newest: ChangeNo) {
    state.hub.hint(user, newest);
    state.bus().hint(user, newest);
}
