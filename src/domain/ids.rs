//! Identifiers and numbers that must not be mixed up. Ids are UUIDs; `Seq` and `ChangeNo` count from 1.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// What was given is no id of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(value_type = String, format = "uuid"))]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map($name).map_err(|_| NotAnId)
            }
        }
    };
}

uuid_id! {
    /// A person known to the CMS.
    UserId
}
uuid_id! {
    /// The thread between two users.
    ConversationId
}
uuid_id! {
    /// The idempotency key of a message: a UUIDv7 that its sender's client makes before the first try and keeps until
    /// the message is acknowledged (RFC 9562).
    ClientId
}

impl ClientId {
    /// A fresh key. Random and the clock come from the platform: call it in event handlers, never while rendering.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

/// The place of a message in its conversation: 1, 2, 3 … without gaps. As a pointer, 0 means "none yet".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(value_type = i64, minimum = 0))]
pub struct Seq(pub i64);

impl Seq {
    /// No message yet.
    pub const NONE: Self = Self(0);

    /// The place after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Seq {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(seq) if seq >= 0 => Ok(Self(seq)),
            _ => Err(NotAnId),
        }
    }
}

/// The number of a change in one user's feed: dense, in commit order. 0 is before the first change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(value_type = i64, minimum = 0))]
pub struct ChangeNo(pub i64);
