//! What an entry says beside who, what and when, in the words of its readers: people by their names, a review as a way to
//! it, moments as all screens write them. What only a program reads (digests) stays out; the export has everything.

use crate::{
    admin::words::in_utc,
    domain::{audit_log::AuditEntry, ids::UserId, time::Timestamp},
};
use leptos::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

/// Keys whose values are for programs, or are said elsewhere; so is every digest.
const UNSAID: [&str; 2] = ["manifest_sha256", "take_id"];

/// One thing that an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// What it is; empty where the value speaks for itself.
    label: &'static str,
    /// As it is read.
    value: String,
    /// Where more of it is.
    href: Option<String>,
}

/// The parts of an entry in one line.
#[component]
pub fn Details<'a>(
    /// Of this one.
    entry: &'a AuditEntry,
    /// The people in it.
    names: &'a BTreeMap<UserId, String>,
) -> impl IntoView + use<> {
    let parts = parts(entry, names).into_iter().enumerate().map(|(place, Part { label, value, href })| {
        let value = view! { <bdi>{value}</bdi> };
        let value = match href {
            Some(href) => view! { <a href=href>{value}</a> }.into_any(),
            None => value.into_any(),
        };
        view! {
            {(place > 0).then_some(", ")}
            {(!label.is_empty()).then(|| format!("{label} "))}
            {value}
        }
    });
    parts.collect_view()
}

fn is_unsaid(key: &str) -> bool {
    UNSAID.contains(&key) || key.ends_with("digest")
}

fn parts(entry: &AuditEntry, names: &BTreeMap<UserId, String>) -> Vec<Part> {
    let object = entry.object.as_deref().map(|object| about(&entry.action, object, names));
    let details = entry.details.as_object().into_iter().flatten();
    let details = details.filter(|(key, value)| !value.is_null() && !is_unsaid(key));
    let details = details.map(|(key, value)| Part { label: word(key), value: written(key, value, names), href: None });
    object.into_iter().chain(details).collect()
}

/// What the action was about.
fn about(action: &str, object: &str, names: &BTreeMap<UserId, String>) -> Part {
    let part = |label, value: &str| Part { label, value: value.to_owned(), href: None };
    if let Some(name) = named(object, names) {
        return part("", &name);
    }
    match action.split('.').next() {
        Some("message") => part("message", object),
        Some("session") => part("session", object),
        Some("token") => part("token", object),
        Some("policy") => part("version", object),
        // an export stands on the page of its review
        Some("review" | "export") => {
            Part { href: Some(format!("/admin/reviews/{object}")), ..part("review", object.get(..8).unwrap_or(object)) }
        }
        _ => part("", object),
    }
}

fn word(key: &str) -> &'static str {
    match key {
        "recipient_id" => "to",
        "user_id" => "person",
        "columns" => "changed",
        "display_name" => "name",
        "role" => "role",
        "reason" => "reason",
        "category" => "kind",
        "mode" => "mode",
        "from" => "from",
        "until" => "until",
        "expires_at" => "open until",
        "from_seq" => "from message",
        "to_seq" => "to message",
        "read_id" => "record",
        "export_id" => "export",
        "tree_size" => "entries sealed",
        "messages" => "messages",
        "restored_from" => "restored from version",
        _ => "",
    }
}

fn written(key: &str, value: &Value, names: &BTreeMap<UserId, String>) -> String {
    match value {
        Value::Array(values) => values.iter().map(|value| written(key, value, names)).collect::<Vec<_>>().join(", "),
        // the columns of a person
        Value::String(column) if key == "columns" => match word(column) {
            "" => column.clone(),
            word => word.to_owned(),
        },
        Value::String(text) if matches!(key, "from" | "until" | "expires_at") => {
            Timestamp::parse(text).map_or_else(|_| text.clone(), in_utc)
        }
        Value::String(text) => named(text, names).unwrap_or_else(|| text.clone()),
        other if word(key).is_empty() => format!("{} {other}", key.replace('_', " ")),
        other => other.to_string(),
    }
}

fn named(text: &str, names: &BTreeMap<UserId, String>) -> Option<String> {
    text.parse().ok().and_then(|id| names.get(&id)).cloned()
}

#[cfg(test)]
mod tests {
    use super::parts;
    use crate::domain::{audit_log::AuditEntry, ids::UserId, time::Timestamp};
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    const ASHA: &str = "0199a000-0000-7000-8000-000000000001";

    fn told(action: &str, object: &str, details: Value) -> String {
        let entry = AuditEntry {
            id: 1,
            at: Timestamp::EPOCH,
            actor_id: None,
            action: action.into(),
            conversation_id: None,
            object: Some(object.into()),
            details,
            leaf: None,
        };
        let names = BTreeMap::from([(ASHA.parse::<UserId>().expect("an id"), "Asha Verma".to_owned())]);
        let parts = parts(&entry, &names).into_iter().map(|part| match part.href {
            Some(href) => format!("{} {} ({href})", part.label, part.value),
            None => format!("{} {}", part.label, part.value).trim().to_owned(),
        });
        parts.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn an_entry_says_what_it_is_about_in_words() {
        assert_eq!(told("message.sent", "12", json!({"recipient_id": ASHA, "digest": "00ff"})), "message 12, to Asha Verma");
        assert_eq!(told("session.created", "8dbabf2536ffefe2", json!({})), "session 8dbabf2536ffefe2");
        assert_eq!(
            told("session.ended", "8dbabf2536ffefe2", json!({"reason": "expired", "user_id": ASHA})),
            "session 8dbabf2536ffefe2, reason expired, person Asha Verma"
        );
        assert_eq!(told("policy.changed", "2", json!({"digest": "00ff", "restored_from": 1})), "version 2, restored from version 1");
        assert_eq!(
            told("user.changed", ASHA, json!({"columns": ["display_name", "role"], "role": "admin"})),
            "Asha Verma, changed name, role, role admin"
        );
        assert_eq!(
            told("review.read", "36ef96e8-1fdc-4561-9e2a-b9e19a027e28", json!({"read_id": 4, "from_seq": 1, "to_seq": 9})),
            "review 36ef96e8 (/admin/reviews/36ef96e8-1fdc-4561-9e2a-b9e19a027e28), from message 1, record 4, to message 9"
        );
        let asked = json!({
            "category": "complaint", "mode": "dual", "user_id": null, "from": "2020-01-01T00:00:00+00:00",
            "case_digest": "00ff", "reason_digest": "00ff",
        });
        assert!(told("review.requested", "x", asked).ends_with("kind complaint, from 2020-01-01 00:00:00 UTC, mode dual"));
    }

    #[test]
    fn what_no_word_is_known_for_keeps_its_own() {
        assert_eq!(told("user.created", "x", json!({"new_thing": 7})), "x, new thing 7");
    }
}
