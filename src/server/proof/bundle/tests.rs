//! That a line comes back as it was, and that nothing else is a line.

use super::*;
use uuid::Uuid;

fn at() -> Timestamp {
    Timestamp::parse("2026-11-22T09:30:00.123456Z").expect("valid")
}

fn message() -> Message {
    Message {
        conversation_id: ConversationId(Uuid::from_u128(9)),
        seq: 3,
        sender_id: UserId(Uuid::from_u128(1)),
        sender_ordinal: 2,
        sent_at: at(),
        body: Some("a \"text\"\n\u{1f600}".into()),
        body_salt: Some(Hex(vec![0xab; 32])),
        body_digest: Hex(vec![1; 32]),
    }
}

fn sent(details: &str, row: Row) -> Line {
    let entry = Entry {
        id: 7,
        at: at(),
        actor_id: Some(UserId(Uuid::from_u128(1))),
        action: match row {
            Row::Message(_) => "message.sent",
            Row::Receipt(_) => "message.read",
            Row::Conversation(_) => "conversation.created",
            Row::Nothing => "session.created",
        }
        .into(),
        conversation_id: None,
        object: Some("3".into()),
        details: Details::of(details),
    };
    Line::Entry(Box::new(Sealed { entry, seal: Some(Seal { leaf: 0, hash: Hex(vec![2; 32]) }), row }))
}

fn text(line: &Line) -> String {
    let mut out = Vec::new();
    line.write(&mut out).expect("written");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn a_line_comes_back_as_it_was() {
    let erased = Message { body: None, body_salt: None, ..message() };
    let receipt = Receipt {
        conversation_id: ConversationId(Uuid::from_u128(9)),
        user_id: UserId(Uuid::from_u128(1)),
        kind: "read".into(),
        up_to_seq: 3,
        at: at(),
    };
    let Line::Entry(unsealed) = sent("{}", Row::Nothing) else { panic!("an entry") };
    let lines = [
        sent("{\"digest\": \"00\"}", Row::Message(Some(message()))),
        sent("{\"n\": 0.1}", Row::Message(Some(erased))),
        sent("null", Row::Message(None)),
        sent("{\"n\": 1e400}", Row::Receipt(Some(receipt.clone()))),
        Line::Entry(Box::new(Sealed { seal: None, ..*unsealed })),
        Line::Record(Record::Message(message())),
        Line::Record(Record::Receipt(receipt)),
        Line::Record(Record::Key(Key { vkey: "a+b+c".into() })),
        Line::Record(Record::End(End { entries: 1, records: 2 })),
    ];
    for line in lines {
        assert_eq!(Line::from_bytes(text(&line).as_bytes()), Ok(line.clone()), "{}", text(&line));
    }
}

#[test]
fn an_entrys_line_begins_with_what_its_leaf_is_the_hash_of() {
    let line = sent("{\"digest\": \"00\"}", Row::Message(Some(message())));
    let Line::Entry(sealed) = &line else { panic!("an entry") };
    let text = text(&line);
    let (data, _) = text.split_once(",\"leaf\":").expect("a leaf");
    assert_eq!(format!("{data}}}").into_bytes(), sealed.entry.to_bytes());
}

#[test]
fn the_same_written_in_another_way_is_no_line() {
    let good = text(&sent("{\"digest\": \"00\"}", Row::Message(Some(message()))));
    for (from, to) in [
        ("\"leaf\":0", "\"leaf\": 0"),
        ("\"leaf\":0", "\"leaf\":0,\"leaf\":0"),
        ("\"leaf\":0,", ""),
        ("abab", "ABAB"),
        ("\"body\":", "\"more\":1,\"body\":"),
        ("\"body\":", "\"bod\":"),
        ("\u{1f600}", "\\ud83d\\ude00"),
        (".123456Z\",\"body\"", ".1234560Z\",\"body\""),
        ("\"seq\":3", "\"seq\":3.0"),
        ("\"seq\":3,", "\"seq\":3,\"seq\":3,"),
        ("message.sent", "message.read"),
        ("\"v\":1", "\"v\":1,\"unsealed\":true"),
        ("{\"digest\":\"00\"}", "{\"digest\":\"01\",\"digest\":\"00\"}"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert!(bad != good && Line::from_bytes(bad.as_bytes()).is_err(), "{bad}");
    }
    assert_eq!(Line::from_bytes(good.replace("\"v\":1", "\"v\":2").as_bytes()), Err(NotALine::Version(2)));
    assert!(matches!(Line::from_bytes(b"{}"), Err(NotALine::Json(_))));
    assert!(matches!(Line::from_bytes(b"{\"record\":\"other\"}"), Err(NotALine::Json(_))));
}

#[test]
fn what_is_wrong_with_a_line_quotes_nothing_of_it() {
    let bad = text(&sent("{}", Row::Message(Some(message())))).replace("\"seq\":3", "\"seq\":\"the secret\"");
    let wrong = Line::from_bytes(bad.as_bytes()).expect_err("no number");
    assert!(!wrong.to_string().contains("secret"), "{wrong}");
}
