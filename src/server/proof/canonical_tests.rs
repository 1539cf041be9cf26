//! That an entry has one form, and that nothing else is read as one.

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
