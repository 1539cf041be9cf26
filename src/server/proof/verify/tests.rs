//! What each kind of thing that does not go together is called. Histories and mutations without end are in
//! `tests/it/verify.rs`, on a real database.

use super::*;
use crate::server::proof::{
    note::{Checkpoint, PrivateKey},
    tree,
};
use sha2::{Digest, Sha256};

const LOW: &str = "00000000-0000-0000-0000-000000000001";
const HIGH: &str = "00000000-0000-0000-0000-000000000002";
const THREAD: &str = "00000000-0000-0000-0000-000000000009";

fn key() -> PrivateKey {
    PrivateKey::new("messages.example.org", &[1; 32]).expect("a name")
}

/// Four entries: low begins a conversation, writes, high has got it and read it.
fn entries() -> Vec<(String, String)> {
    let at = |n: u32| format!("2026-11-22T09:30:00.{n:06}Z");
    let digest = Sha256::new().chain_update([7; 32]).chain_update("hello").finalize();
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let salt = "07".repeat(32);
    let entry = |id: u32, action: &str, actor: &str, object: &str, details: &str| {
        format!(
            "{{\"action\":\"{action}\",\"actor_id\":\"{actor}\",\"at\":\"{}\",\"conversation_id\":\"{THREAD}\",\"details\":{details},\"id\":{id},\"object\":\"{object}\",\"v\":1}}",
            at(id)
        )
    };
    let receipt = |id: u32, kind: &str| {
        format!(
            "\"receipt\":{{\"conversation_id\":\"{THREAD}\",\"user_id\":\"{HIGH}\",\"kind\":\"{kind}\",\"up_to_seq\":1,\"at\":\"{}\"}}",
            at(id)
        )
    };
    vec![
        (
            entry(1, "conversation.created", LOW, HIGH, "{}"),
            format!(
                "\"conversation\":{{\"id\":\"{THREAD}\",\"user_low\":\"{LOW}\",\"user_high\":\"{HIGH}\",\"created_by\":\"{LOW}\",\"last_seq\":1,\"last_message_at\":\"{}\"}}",
                at(2)
            ),
        ),
        (
            entry(2, "message.sent", LOW, "1", &format!("{{\"digest\":\"{digest}\",\"recipient_id\":\"{HIGH}\"}}")),
            format!(
                "\"message\":{{\"conversation_id\":\"{THREAD}\",\"seq\":1,\"sender_id\":\"{LOW}\",\"sender_ordinal\":1,\"sent_at\":\"{}\",\"body\":\"hello\",\"body_salt\":\"{salt}\",\"body_digest\":\"{digest}\"}}",
                at(2)
            ),
        ),
        (entry(3, "message.delivered", HIGH, "1", "{}"), receipt(3, "delivered")),
        (entry(4, "message.read", HIGH, "1", "{}"), receipt(4, "read")),
    ]
}

/// An export of these, as the product would write it, sealed in two rounds.
fn export(entries: &[(String, String)]) -> Vec<String> {
    let hashes: Vec<_> = entries.iter().map(|(entry, _)| tree::leaf_hash(entry.as_bytes())).collect();
    let mut lines: Vec<String> = (0..)
        .zip(entries.iter().zip(&hashes))
        .map(|(leaf, ((entry, row), hash))| {
            let open = entry.strip_suffix('}').expect("a brace");
            format!("{open},\"leaf\":{leaf},\"leaf_hash\":\"{hash}\",{row}}}")
        })
        .collect();
    let side = |user: &str, peer: &str, opened: &str, own: u32, got: u32, last_sent: &str| {
        format!(
            "{{\"record\":\"participant\",\"conversation_id\":\"{THREAD}\",\"user_id\":\"{user}\",\"peer_id\":\"{peer}\",\"opened_at\":{opened},\"last_seq\":1,\"own_total\":{own},\"delivered_seq\":{got},\"read_seq\":{got},\"own_at_read\":0,\"unread\":0,\"last_activity_at\":\"2026-11-22T09:30:00.000002Z\",\"last_sent_at\":{last_sent}}}"
        )
    };
    lines.push(side(LOW, HIGH, "\"2026-11-22T09:30:00.000001Z\"", 1, 0, "\"2026-11-22T09:30:00.000002Z\""));
    lines.push(side(HIGH, LOW, "null", 0, 1, "null"));
    for size in [2, entries.len()] {
        let frontier: tree::Frontier = hashes[..size].iter().copied().collect();
        let note = Checkpoint { origin: "messages.example.org".into(), size: size as u64, root: frontier.root() }.sign(&[key()]);
        let hex: String = frontier.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let note = serde_json::to_string(&note).expect("a text");
        lines.push(format!(
            "{{\"record\":\"checkpoint\",\"size\":{size},\"root\":\"{}\",\"frontier\":\"{hex}\",\"signed_note\":{note}}}",
            frontier.root()
        ));
    }
    lines.push(format!("{{\"record\":\"key\",\"vkey\":\"{}\"}}", key().public()));
    lines.push(format!("{{\"record\":\"end\",\"entries\":{},\"records\":5}}", entries.len()));
    lines
}

fn verified(lines: &[String], trust: &Trust) -> Report {
    let mut verifier = Verifier::new();
    lines.iter().for_each(|line| verifier.line(line.as_bytes()));
    verifier.finish(trust).expect("an export")
}

fn codes(lines: &[String], trust: &Trust) -> Vec<&'static str> {
    verified(lines, trust).findings.kept().iter().map(|finding| finding.code.as_str()).collect()
}

fn newest_note(lines: &[String]) -> String {
    let row: serde_json::Value = serde_json::from_str(&lines[lines.len() - 3]).expect("JSON");
    row["signed_note"].as_str().expect("a note").to_owned()
}

fn anchor(lines: &[String]) -> Trust {
    Trust { anchors: Anchor::read(&newest_note(lines)).expect("an anchor"), keys: vec![key().public()], ..Trust::default() }
}

#[test]
fn what_goes_together_is_good_and_says_what_it_could_not_see() {
    let good = export(&entries());
    let alone = verified(&good, &Trust::default());
    assert_eq!(codes(&good, &Trust::default()), [""; 0], "{:?}", alone.findings);
    assert_eq!((alone.counts.entries, alone.counts.messages, alone.counts.receipts, alone.checkpoints), (4, 1, 2, 2));
    assert!(alone.cautions[0].contains("--checkpoint") && alone.cautions[1].contains("--key"));
    let anchored = verified(&good, &anchor(&good));
    assert!(anchored.is_good() && anchored.cautions.is_empty(), "{anchored:?}");
    assert!(Verifier::new().finish(&Trust::default()).is_none());
}

#[test]
fn each_thing_that_is_wrong_has_its_word_and_names_its_entry() {
    let good = export(&entries());
    for (line, from, to, code, entry) in [
        (0, "\"at\":\"2026", "\"at\":\"2025", "entry.hash", Some(1)),
        (
            0,
            "\"user_low\":\"00000000-0000-0000-0000-000000000001",
            "\"user_low\":\"00000000-0000-0000-0000-000000000003",
            "conversation.differs",
            Some(1),
        ),
        (0, "\"last_seq\":1", "\"last_seq\":2", "conversation.differs", Some(1)),
        (1, "\"body\":\"hello\"", "\"body\":\"hullo\"", "message.text", Some(2)),
        (1, "\"body\":\"hello\"", "\"body\":null", "message.text", Some(2)),
        (1, "\"sender_ordinal\":1", "\"sender_ordinal\":2", "message.differs", Some(2)),
        (
            1,
            "\"sender_id\":\"00000000-0000-0000-0000-000000000001",
            "\"sender_id\":\"00000000-0000-0000-0000-000000000002",
            "message.differs",
            Some(2),
        ),
        (1, "\"id\":2", "\"id\":-2", "entry.number", Some(-2)),
        (1, "\"leaf\":1", "\"leaf\":9", "leaf.order", Some(2)),
        (2, "\"up_to_seq\":1", "\"up_to_seq\":2", "receipt.differs", Some(3)),
        (3, "\"id\":4", "\"id\":3", "entry.twice", Some(3)),
        (4, "\"unread\":0", "\"unread\":1", "participant.differs", None),
        (5, "\"read_seq\":1", "\"read_seq\":0", "participant.differs", None),
        (6, "\"root\":\"", "\"root\":\"00", "checkpoint.note", None),
        (7, "\"frontier\":\"0", "\"frontier\":\"1", "checkpoint.note", None),
        (7, "\\n4\\n", "\\n5\\n", "checkpoint.signature", None),
        (8, "+", "+0", "key", None),
        (9, "\"records\":5", "\"records\":4", "file.end", None),
        (9, "\"end\"", "\"And\"", "line.form", None),
        (1, "\"v\":1", "\"v\":2", "line.version", None),
    ] {
        let mut bad = good.clone();
        bad[line] = bad[line].replacen(from, to, 1);
        assert_ne!(bad[line], good[line], "{from}");
        let report = verified(&bad, &Trust::default());
        let found =
            report.findings.kept().iter().find(|finding| finding.code.as_str() == code && (entry.is_none() || finding.entry == entry));
        assert!(found.is_some(), "{code}: {to}: {:?}", report.findings);
    }
}

#[test]
fn what_is_gone_is_named() {
    let good = export(&entries());
    for (line, code) in [
        (0, "conversation.missing"),
        (1, "leaf.order"),
        (4, "participant.missing"),
        (7, "seal.open"),
        (8, "checkpoint.signature"),
        (9, "file.end"),
    ] {
        let mut bad = good.clone();
        bad.remove(line);
        assert!(codes(&bad, &Trust::default()).contains(&code), "{code}: {:?}", codes(&bad, &Trust::default()));
    }
    let row = |line: usize, name: &str| {
        let mut bad = good.clone();
        let (entry, _) = bad[line].split_once(&format!(",\"{name}\":")).expect("a row");
        bad[line] = format!("{entry},\"{name}\":null}}");
        codes(&bad, &Trust::default())
    };
    assert!(row(0, "conversation").contains(&"conversation.missing"));
    assert!(row(1, "message").contains(&"message.missing"));
    assert!(row(3, "receipt").contains(&"receipt.missing"));
}

#[test]
fn what_was_put_in_is_named() {
    let good = export(&entries());
    let row =
        |line: usize, name: &str| good[line].split_once(&format!(",\"{name}\":{{")).expect("a row").1.trim_end_matches('}').to_owned();
    for (record, row, code) in [
        ("message", row(1, "message"), "message.stray"),
        ("receipt", row(2, "receipt"), "receipt.stray"),
        ("conversation", row(0, "conversation"), "conversation.stray"),
        ("leaf", format!("\"leaf\":4,\"leaf_hash\":\"{}\",\"entry_id\":5", "00".repeat(32)), "leaf.orphan"),
    ] {
        let mut bad = good.clone();
        bad.insert(4, format!("{{\"record\":\"{record}\",{row}}}"));
        assert!(codes(&bad, &Trust::default()).contains(&code), "{code}: {:?}", codes(&bad, &Trust::default()));
    }
    let mut twice = good.clone();
    twice.insert(2, good[1].clone());
    assert!(codes(&twice, &Trust::default()).contains(&"line.order"));
    let mut stranger = good.clone();
    stranger[5] = good[5].replacen(HIGH, "00000000-0000-0000-0000-000000000003", 1);
    assert!(codes(&stranger, &Trust::default()).contains(&"conversation.foreign"));
}

/// With the key, everything can be made to go together: only who kept a checkpoint sees it.
#[test]
fn another_history_signed_with_the_same_key_is_seen_with_an_anchor_alone() {
    let trust = anchor(&export(&entries()));
    let mut other = entries();
    other[3].0 = other[3].0.replace("000004Z", "000005Z");
    other[3].1 = other[3].1.replace("000004Z", "000005Z");
    let rewritten = export(&other);
    assert_eq!(codes(&rewritten, &Trust::default()), [""; 0]);
    assert_eq!(codes(&rewritten, &trust), ["anchor.root"]);
}

#[test]
fn a_shorter_history_is_seen_with_an_anchor_alone() {
    let trust = anchor(&export(&entries()));
    let mut shorter = export(&entries());
    // the last receipt never was, and what is shown agrees
    shorter.remove(7);
    shorter.remove(3);
    shorter.remove(2);
    shorter[3] = shorter[3]
        .replace("_seq\":1,\"own_at", "_seq\":0,\"own_at")
        .replace("\"delivered_seq\":1", "\"delivered_seq\":0")
        .replace("\"unread\":0", "\"unread\":1");
    *shorter.last_mut().expect("an end") = "{\"record\":\"end\",\"entries\":2,\"records\":4}".into();
    assert_eq!(codes(&shorter, &Trust::default()), [""; 0]);
    assert_eq!(codes(&shorter, &trust), ["anchor.beyond"]);
}

#[test]
fn a_key_that_was_not_published_is_noticed() {
    let good = export(&entries());
    let other = PrivateKey::new("messages.example.org", &[2; 32]).expect("a name").public();
    assert_eq!(codes(&good, &Trust { anchors: vec![], keys: vec![other], ..Trust::default() }), ["key.foreign"]);
}

#[test]
fn an_anchor_is_a_note_or_lines_of_an_anchor_file() {
    let good = export(&entries());
    let note = newest_note(&good);
    let line = serde_json::json!({ "note": note }).to_string();
    for (text, anchors) in [
        (note, 1),
        (line.clone(), 1),
        (format!("{line}\n{{\"note\":\"cut o\n{line}\n"), 2),
        (format!("Nov 22 09:30:00 host cms-messages: audit checkpoint {line}\n"), 1),
    ] {
        assert_eq!(Anchor::read(&text).map(|read| read.len()), Ok(anchors), "{text}");
    }
    assert!(Anchor::read("{\"note\":\"x\"}").is_err());
}

#[test]
fn every_word_stands_in_the_documentation() {
    let page = include_str!("../../../../docs/audit.md");
    for code in Code::ALL {
        assert!(page.contains(&format!("`{}`", code.as_str())), "{code} in docs/audit.md");
    }
}
