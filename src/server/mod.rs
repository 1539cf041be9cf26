//! Everything that touches sockets, SQL, clocks and secrets.

pub mod context;
pub mod limits;
pub mod metrics;
pub mod permits;
pub mod settings;
pub mod state;
