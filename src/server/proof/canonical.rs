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
        if line.v != VERSION {
            return Err(NotAnEntry::Version(line.v));
        }
        let details = match (line.details, line.details_text) {
            (Some(value), None) if is_plain(&value) => Details::Json(value),
            (None, Some(text)) => Details::of(&text),
            _ => return Err(NotAnEntry::NotCanonical),
        };
        let id = match line.id {
            Id::Number(id) => id,
            Id::Text(text) => text.parse().map_err(|_| NotAnEntry::NotCanonical)?,
        };
        let entry = Self {
            id,
            at: line.at,
            actor_id: line.actor_id,
            action: line.action,
            conversation_id: line.conversation_id,
            object: line.object,
            details,
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
enum Id {
    Number(i64),
    Text(String),
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
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
mod tests {
    use super::{Details, Entry, NotAnEntry, to_canonical};
    use crate::domain::{ids::UserId, time::Timestamp};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn entry(details: &str) -> Entry {
        Entry {
            id: 7,
            at: Timestamp::parse("2026-11-22T09:30:00.123456Z").expect("valid"),
            actor_id: Some(UserId(Uuid::from_u128(1))),
            action: "message.sent".into(),
            conversation_id: None,
            object: Some("3".into()),
            details: Details::of(details),
        }
    }

    fn line(entry: &Entry) -> String {
        String::from_utf8(entry.to_bytes()).expect("UTF-8")
    }

    #[test]
    fn an_entry_has_one_form() {
        let expected = r#"{"action":"message.sent","actor_id":"00000000-0000-0000-0000-000000000001","at":"2026-11-22T09:30:00.123456Z","conversation_id":null,"details":{"a":[1,true,null],"b":"\u001f\"é"},"id":7,"object":"3","v":1}"#;
        assert_eq!(line(&entry("{\"b\": \"\\u001f\\\"\\u00e9\", \"a\": [1, true, null]}")), expected);
    }

    #[test]
    fn keys_are_sorted_as_the_standard_shows_it() {
        // RFC 8785, section 3.2.3
        let value = serde_json::json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh", "1": "One",
            "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{f6}": "Latin Small Letter O With Diaeresis"
        });
        let written = to_canonical(&value);
        let places: Vec<_> = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"].map(|word| written.find(word)).to_vec();
        assert!(places.is_sorted() && places[0].is_some(), "{written}");
        // section 3.2.2.2
        let text = serde_json::json!("\u{20ac}$\u{f}\nA'B\"\\\\\"/");
        assert_eq!(to_canonical(&text), "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"");
    }

    #[test]
    fn numbers_that_a_double_cannot_tell_apart_stay_apart() {
        for (one, other) in [("9007199254740992", "9007199254740993"), ("1e400", "1e401"), ("1", "1.0"), ("0.1", "0.10")] {
            let (one, other) = (entry(&format!("{{\"n\": {one}}}")), entry(&format!("{{\"n\": {other}}}")));
            assert_ne!(one.to_bytes(), other.to_bytes());
            assert_eq!(Entry::from_bytes(&other.to_bytes()), Ok(other));
        }
        assert!(line(&entry("{\"n\": 9007199254740991}")).contains("\"details\":{\"n\":9007199254740991}"));
        assert!(line(&entry("{\"n\": 9007199254740992}")).contains("\"details_text\":\"{\\\"n\\\": 9007199254740992}\""));
        let far = |id| line(&Entry { id, ..entry("{}") });
        assert!(far(i64::MAX).contains("\"id\":\"9223372036854775807\""));
        assert!(Entry::from_bytes(far(i64::MIN).as_bytes()).is_ok());
    }

    #[test]
    fn what_is_not_canonical_is_no_entry() {
        let good = line(&entry("{\"a\": 1}"));
        assert_eq!(Entry::from_bytes(good.as_bytes()), Ok(entry("{\"a\":1}")));
        for (from, to) in [
            ("\"id\":7", "\"id\": 7"),
            ("\"id\":7", "\"id\":\"7\""),
            ("\"id\":7", "\"id\":7,\"id\":7"),
            ("\"id\":7", "\"id\":7.0"),
            (".123456Z", ".1234560Z"),
            ("{\"a\":1}", "{\"a\":1.0}"),
            ("{\"a\":1}", "{\"a\":1,\"a\":1}"),
            ("\"details\":{\"a\":1}", "\"details_text\":\"{}\""),
            (",\"object\":\"3\"", ""),
            ("\"v\":1", "\"v\":1,\"w\":1"),
            ("message", "\\u006dessage"),
            ("}", "}\n"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert!(bad != good && Entry::from_bytes(bad.as_bytes()).is_err(), "{bad}");
        }
        assert_eq!(Entry::from_bytes(good.replace("\"v\":1", "\"v\":2").as_bytes()), Err(NotAnEntry::Version(2)));
        assert!(matches!(Entry::from_bytes(b"{\"v\":1}"), Err(NotAnEntry::Json(_))));
    }

    proptest! {
        #[test]
        fn whatever_an_entry_holds_comes_back(
            id in any::<i64>(), micros in -62_000_000_000_000_000_i64..253_000_000_000_000_000, actor in any::<Option<u128>>(),
            action in "\\PC*", object in proptest::option::of(any::<String>()), key in any::<String>(), text in any::<String>(),
            number in any::<i64>(), fraction in any::<f64>(),
        ) {
            for details in [
                serde_json::json!({ &key: [text, number] }).to_string(),
                serde_json::json!({ key: fraction }).to_string(),
                "null".to_owned(),
            ] {
                let entry = Entry {
                    id,
                    at: Timestamp::from_unix_micros(micros).expect("in the calendar"),
                    actor_id: actor.map(|actor| UserId(Uuid::from_u128(actor))),
                    action: action.clone(),
                    conversation_id: None,
                    object: object.clone(),
                    details: Details::of(&details),
                };
                prop_assert_eq!(Entry::from_bytes(&entry.to_bytes()), Ok(entry));
            }
        }
    }
}
