//! The change feed as a client receives it.

use super::{conversation::Conversation, ids::ChangeNo, message::Message};
use serde::{Deserialize, Serialize};

/// Every conversation of the viewer that looks different since a change number, ascending by change number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Changes {
    /// A conversation that changed 500 times is one item, as it is now.
    pub items: Vec<Conversation>,
    /// With `more` the last item's number, else the viewer's newest: the next `since`.
    pub change_no: ChangeNo,
    /// Whether there is more after `change_no`.
    pub more: bool,
    /// Grows when `can_write` of any conversation may have changed.
    pub policy_version: i64,
    /// The cursor is from a future that was lost (a restored database): start from a fresh list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reset: bool,
}

/// One change as the live stream tells it, with the messages that came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveChange {
    /// As it looks with this change.
    pub conversation: Conversation,
    /// Not sent by this stream yet; oldest first, 50 at most.
    pub messages: Vec<Message>,
}
