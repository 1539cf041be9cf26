//! A step of a review or an export, as its entry says it.

use super::super::finding::{Code, Place};
use crate::{
    domain::{audit::Action, ids::UserId, time::Timestamp},
    server::proof::{
        bundle::Hex,
        canonical::{Details, Entry},
        salted,
    },
};
use serde_json::Value;
use std::fmt;
use uuid::Uuid;

/// What it is a step of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Of {
    Review,
    Export,
}

/// Which step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Asked,
    Decided,
    Ended,
    Made,
}

/// `None` for what is no step, or leaves nothing in these rows.
pub(super) fn kind(action: &str) -> Option<(Of, Kind)> {
    let steps = [
        (Action::ReviewRequested, Of::Review, Kind::Asked),
        (Action::ReviewApproved, Of::Review, Kind::Decided),
        (Action::ReviewRefused, Of::Review, Kind::Decided),
        (Action::ReviewEnded, Of::Review, Kind::Ended),
        (Action::ExportRequested, Of::Export, Kind::Asked),
        (Action::ExportReleased, Of::Export, Kind::Decided),
        (Action::ExportRefused, Of::Export, Kind::Decided),
        (Action::ExportMade, Of::Export, Kind::Made),
    ];
    steps.into_iter().find(|(known, ..)| known.as_str() == action).map(|(_, of, kind)| (of, kind))
}

impl Of {
    /// Which one.
    pub(super) fn id(self, entry: &Entry) -> Option<Uuid> {
        match self {
            Self::Review => entry.object.as_deref(),
            Self::Export => value(entry, "export_id")?.as_str(),
        }?
        .parse()
        .ok()
    }

    pub(super) fn differs(self) -> Code {
        if self == Self::Review { Code::ReviewDiffers } else { Code::ExportDiffers }
    }

    pub(super) fn missing(self) -> Code {
        if self == Self::Review { Code::ReviewMissing } else { Code::ExportMissing }
    }

    pub(super) fn words(self) -> Code {
        if self == Self::Review { Code::ReviewWords } else { Code::ExportWords }
    }
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Review { "review" } else { "export" })
    }
}

/// What an entry says of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Words {
    /// It is from before there were digests.
    NotCovered,
    /// There were none.
    None,
    /// `None` when what stands there is no digest.
    Digest(Option<Hex>),
}

impl Words {
    /// Whether these can be them.
    pub(super) fn are(&self, words: Option<&str>, salt: Option<&Hex>) -> bool {
        match self {
            // that they are the same nobody can tell; a salt would be one that was put in
            Self::NotCovered => salt.is_none(),
            Self::None => words.is_none() && salt.is_none(),
            // this program erases none: that they are gone is somebody's doing
            Self::Digest(said) => said.as_ref().is_some_and(|said| salted::look(words, salt, said) == salted::Words::Same),
        }
    }
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) entry: Entry,
    pub(super) place: Place,
}

impl Step {
    pub(super) fn words(&self, key: &str) -> Words {
        match value(&self.entry, key) {
            None => Words::NotCovered,
            Some(Value::Null) => Words::None,
            Some(said) => Words::Digest(serde_json::from_value(said.clone()).ok()),
        }
    }

    pub(super) fn text(&self, key: &str) -> Option<&String> {
        match value(&self.entry, key)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Inside `None` when it says that there is nobody; outside when it says nothing that could be understood. So with the others.
    pub(super) fn user(&self, key: &str) -> Option<Option<UserId>> {
        self.optional(key, |text| text.parse().ok())
    }

    pub(super) fn time(&self, key: &str) -> Option<Option<Timestamp>> {
        self.optional(key, |text| Timestamp::parse(text).ok())
    }

    pub(super) fn number(&self, key: &str) -> Option<Option<i64>> {
        match value(&self.entry, key)? {
            Value::Null => Some(None),
            number => number.as_i64().map(Some),
        }
    }

    fn optional<T>(&self, key: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
        match value(&self.entry, key)? {
            Value::Null => Some(None),
            Value::String(text) => read(text).map(Some),
            _ => None,
        }
    }
}

/// What a row says of the decision.
pub(super) struct Decided<'a> {
    pub(super) decision: Option<&'a str>,
    pub(super) by: Option<UserId>,
    pub(super) note: Option<&'a str>,
    pub(super) salt: Option<&'a Hex>,
}

impl<'a> Decided<'a> {
    pub(super) fn of(decision: Option<&'a str>, by: Option<UserId>, note: Option<&'a str>, salt: Option<&'a Hex>) -> Self {
        Self { decision, by, note, salt }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.decision.is_none() && self.by.is_none() && self.note.is_none() && self.salt.is_none()
    }
}

fn value<'a>(entry: &'a Entry, key: &str) -> Option<&'a Value> {
    match &entry.details {
        Details::Json(details) => details.get(key),
        Details::Text(_) => None,
    }
}
