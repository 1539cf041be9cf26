//! Receipts: "user U had delivered / read everything up to seq N". What a client acknowledges, and how we know.

use super::ids::{ConversationId, Seq};
use serde::{Deserialize, Serialize};

/// Which pointer a receipt moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptKind {
    /// A client holds it.
    Delivered,
    /// It was on the screen; raises delivered too.
    Read,
}

impl ReceiptKind {
    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }
}

/// How a receipt came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// A client said so.
    Client,
    /// A form without script named the seq that its page displayed.
    Form,
}

impl Evidence {
    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Form => "form",
        }
    }
}

/// One acknowledgement: everything in this conversation up to this seq.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Acknowledgement {
    /// Where.
    pub conversation_id: ConversationId,
    /// Up to and including this seq.
    pub up_to_seq: Seq,
}

/// The most acknowledgements of one call.
pub const MAX_ACKNOWLEDGEMENTS: usize = 500;
