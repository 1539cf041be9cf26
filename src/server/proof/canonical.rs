//! An audit entry as the bytes that its leaf is the hash of: canonical JSON (RFC 8785), the same for everybody who has
//! the entry's columns, and read back only when it is exactly that.
//!
//! Canonical JSON knows numbers as doubles, so 9007199254740993 and ...992 would be one; and `jsonb` holds numbers that no
//! double holds at all (1e400). Neither may hide a change, nor stop the sealer. So `details` whose numbers are not all
//! whole and at most 2^53-1 stand under another key, `details_text`, as the text that the database shows. What the product
//! writes never needs that. RFC 8785 has then no number to format but such whole ones, and its rules are short.

use crate::domain::{
    ids::{ConversationId, UserId},
    time::Timestamp,
};
use serde::Deserialize;
use serde_json::{Number, Value};

/// The format of the entries; every entry names it.
pub const VERSION: u64 = 1;

/// The greatest whole number that every reader of JSON takes for itself (RFC 7493).
const MAX_SAFE: u64 = (1 << 53) - 1;

/// What is sealed of an entry: all of its columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// When, to the microsecond.
    pub at: Timestamp,
    /// Who.
    pub actor_id: Option<UserId>,
    /// A word of [`crate::domain::audit::Action`].
    pub action: String,
    /// Where.
    pub conversation_id: Option<ConversationId>,
    /// To what.
    pub object: Option<String>,
    /// The rest.
    pub details: Details,
}

/// The column `details`.
#[derive(Debug, Clone, PartialEq)]
pub enum Details {
    /// Of texts, whole numbers up to 2^53-1, `true`, `false` and `null`.
    Json(Value),
    /// Everything else, as the database shows it.
    Text(String),
}

impl Details {
    /// From the text that the database shows (`details::text`).
    #[must_use]
    pub fn of(text: &str) -> Self {
        match serde_json::from_str(text) {
            Ok(value) if is_plain(&value) => Self::Json(value),
            _ => Self::Text(text.to_owned()),
        }
    }

    /// From an entry of version `v` that has one of the two keys.
    ///
    /// # Errors
    /// When the version is not known, or the value does not stand under the key where it belongs.
    pub(super) fn read(v: u64, details: Option<Value>, details_text: Option<String>) -> Result<Self, NotAnEntry> {
        match (details, details_text) {
            _ if v != VERSION => Err(NotAnEntry::Version(v)),
            (Some(value), None) if is_plain(&value) => Ok(Self::Json(value)),
            (None, Some(text)) => Ok(Self::of(&text)),
            _ => Err(NotAnEntry::NotCanonical),
        }
    }
}

/// Why a line is no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEntry {
    /// No JSON, or not with exactly these keys and types.
    #[error("not the JSON of an entry: {0}")]
    Json(String),
    /// A version of the format that this program does not know.
    #[error("an entry of version {0}, which this program does not know")]
    Version(u64),
    /// The same entry has another canonical form.
    #[error("not in canonical form")]
    NotCanonical,
}

impl Entry {
    /// The canonical JSON: the data of the leaf, and a line of an export.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = String::with_capacity(384);
        // sorted, as RFC 8785 wants it
        out.push_str("{\"action\":");
        write_text(&mut out, &self.action);
        out.push_str(",\"actor_id\":");
        write_optional(&mut out, self.actor_id.as_ref());
        out.push_str(",\"at\":");
        write_text(&mut out, &self.at.to_string());
        out.push_str(",\"conversation_id\":");
        write_optional(&mut out, self.conversation_id.as_ref());
        match &self.details {
            Details::Json(value) => {
                out.push_str(",\"details\":");
                write_value(&mut out, value);
            }
            Details::Text(text) => {
                out.push_str(",\"details_text\":");
                write_text(&mut out, text);
            }
        }
        out.push_str(",\"id\":");
        // as RFC 8785, appendix D, has it for numbers that a double does not hold
        if self.id.unsigned_abs() <= MAX_SAFE {
            out.push_str(&self.id.to_string());
        } else {
            write_text(&mut out, &self.id.to_string());
        }
        out.push_str(",\"object\":");
        write_optional(&mut out, self.object.as_ref());
        out.push_str(",\"v\":");
        out.push_str(&VERSION.to_string());
        out.push('}');
        out.into_bytes()
    }

    /// Reads what [`Self::to_bytes`] has written, and nothing else: a space more is an error.
    ///
    /// # Errors
    /// When it is no entry, or not in canonical form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAnEntry> {
        let line: Line = serde_json::from_slice(bytes).map_err(|error| NotAnEntry::Json(error.to_string()))?;
        let entry = Self {
            id: line.id.number()?,
            at: line.at,
            actor_id: line.actor_id,
            action: line.action,
            conversation_id: line.conversation_id,
            object: line.object,
            details: Details::read(line.v, line.details, line.details_text)?,
        };
        if entry.to_bytes() == bytes { Ok(entry) } else { Err(NotAnEntry::NotCanonical) }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    v: u64,
    id: Id,
    at: Timestamp,
    actor_id: Option<UserId>,
    action: String,
    conversation_id: Option<ConversationId>,
    object: Option<String>,
    // `null` is a value of jsonb, too
    #[serde(default, deserialize_with = "present")]
    details: Option<Value>,
    details_text: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Id {
    Number(i64),
    Text(String),
}

impl Id {
    pub(super) fn number(self) -> Result<i64, NotAnEntry> {
        match self {
            Self::Number(id) => Ok(id),
            Self::Text(text) => text.parse().map_err(|_| NotAnEntry::NotCanonical),
        }
    }
}

pub(super) fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Whether every number is whole and safe: then no two values share a canonical form.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Number(number) => is_safe(number),
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(members) => members.values().all(is_plain),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

fn is_safe(number: &Number) -> bool {
    number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs)).is_some_and(|size| size <= MAX_SAFE)
}

/// Any JSON in the canonical form, for whatever else is signed or compared.
#[must_use]
pub fn to_canonical(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            // by UTF-16 units: U+FF00 comes after U+10000, which UTF-8 has the other way round
            members.sort_unstable_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
            out.push('{');
            for (n, (key, value)) in members.into_iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write_text(out, key);
                out.push(':');
                write_value(out, value);
            }
            out.push('}');
        }
        // a safe whole number, by `is_plain`
        Value::Number(_) | Value::Bool(_) | Value::Null => out.push_str(&value.to_string()),
    }
}

fn write_optional<T: ToString>(out: &mut String, value: Option<&T>) {
    match value {
        Some(value) => write_text(out, &value.to_string()),
        None => out.push_str("null"),
    }
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
#[path = "canonical_tests.rs"]
mod tests;
