//! The live stream: what happens arrives, from any instance, after any interruption, and for nobody else.

mod arriving;
mod ending;
mod healing;
mod listener;

use crate::support::{person::Person, server::Server};
use cms_messages::domain::ids::ConversationId;
pub use listener::{Event, Listener};
use std::time::Duration;

/// Longer than anything here takes; a stream that waited so long has heard nothing.
const PATIENCE: Duration = Duration::from_secs(10);

async fn pair(server: &Server) -> (Person, Person, ConversationId) {
    let (asha, bikram) = (server.office.person("asha").await, server.office.person("bikram").await);
    let id = asha.open(&bikram).await;
    bikram.open(&asha).await;
    (asha, bikram, id)
}
