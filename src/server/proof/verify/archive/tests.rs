//! What each thing that is wrong with the export of a review is called. Whoever makes the wrong ones here has the key of the
//! manifest: everything is hashed and signed anew, but for the tree, which others have seen.

use super::*;
use crate::{
    domain::{
        ids::{ConversationId, UserId},
        review::{ReviewCategory, ReviewId, ReviewScope},
        time::Timestamp,
    },
    server::proof::{
        archive::{
            CHECKPOINT, MANIFEST, MESSAGES, Measure, PROOF, README, README_TEXT, SIGNATURE, TABLE,
            lines::{Message, Proof},
            manifest::{self, Checkpoint, Conversation, Counts, FORMAT, File, Manifest, NAMED, Person, VERSION},
            outside::Outside,
            table::Table,
            tar,
        },
        bundle::Hex,
        canonical::{Details, Entry},
        note::{self, PrivateKey},
        tree::{self, Frontier},
        verify::Anchor,
    },
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

const SALT: [u8; 32] = [7; 32];

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn thread() -> ConversationId {
    ConversationId(Uuid::from_u128(9))
}

fn minute(n: i64) -> Timestamp {
    Timestamp::from_unix_micros(1_700_000_000_000_000 + n * 60_000_000).expect("a moment")
}

fn key(seed: u8) -> PrivateKey {
    PrivateKey::new("messages.example.org", &[seed; 32]).expect("a name")
}

fn digest(body: &str) -> Vec<u8> {
    Sha256::new().chain_update(SALT).chain_update(body).finalize().to_vec()
}

fn entry(id: i64, at: i64, who: u128, action: &str, object: i64, details: &str) -> Entry {
    Entry {
        id,
        at: minute(at),
        actor_id: Some(user(who)),
        action: action.into(),
        conversation_id: Some(thread()),
        object: Some(object.to_string()),
        details: Details::of(details),
    }
}

fn sent(id: i64, at: i64, from: u128, to: u128, seq: i64, body: &str) -> Entry {
    let details = format!("{{\"digest\": \"{}\", \"recipient_id\": \"{}\"}}", Hex(digest(body)), user(to));
    entry(id, at, from, "message.sent", seq, &details)
}

fn message(at: i64, from: u128, to: u128, seq: i64, body: &str, [delivered, read]: [Option<i64>; 2]) -> Message {
    Message {
        conversation_id: thread(),
        seq,
        sender_id: user(from),
        recipient_id: user(to),
        sent_at: minute(at),
        delivered_at: delivered.map(minute),
        read_at: read.map(minute),
        body: Some(body.into()),
        body_salt: Some(Hex(SALT.to_vec())),
        body_digest: Hex(digest(body)),
    }
}

/// An export in the making, and the key that signs its manifest.
struct Specimen {
    entries: Vec<(Entry, bool)>,
    proof: Option<Vec<Proof>>,
    messages: Vec<Message>,
    people: Vec<Person>,
    manifest: Manifest,
    table: Option<String>,
    note: String,
    signs: PrivateKey,
}

impl Specimen {
    /// Two people, messages 2 and 3 of four in the scope, and how far both had got.
    fn good() -> Self {
        let entries = vec![
            (sent(1, 0, 1, 2, 1, "before"), false),
            (sent(2, 10, 1, 2, 2, "=two"), true),
            (entry(3, 11, 2, "message.delivered", 2, "{}"), true),
            (entry(4, 12, 2, "message.read", 2, "{}"), true),
            (sent(5, 13, 2, 1, 3, "three"), true),
            (sent(6, 50, 1, 2, 4, "after"), false),
            (entry(7, 51, 1, "message.delivered", 4, "{}"), true),
        ];
        let tree: Frontier = entries.iter().map(|(entry, _)| tree::leaf_hash(&entry.to_bytes())).collect();
        let checkpoint = note::Checkpoint { origin: "messages.example.org".into(), size: tree.size(), root: tree.root() };
        let person = |n, name: &str| Person { id: user(n), username: name.into(), display_name: name.into() };
        let manifest = Manifest {
            format: FORMAT.into(),
            v: VERSION,
            review_id: ReviewId(Uuid::from_u128(5)),
            case_id: "C-1".into(),
            category: ReviewCategory::Complaint,
            scope: ReviewScope::ConversationId(thread()),
            from: minute(5),
            until: minute(40),
            reader_id: user(8),
            checkpoint: Checkpoint { origin: checkpoint.origin.clone(), size: tree.size(), root: Hex(tree.root().0.to_vec()) },
            keys: vec![key(1).public().to_string()],
            conversations: vec![Conversation { id: thread(), user_low: user(1), user_high: user(2), first_seq: 2, last_seq: 3 }],
            people: vec![person(1, "asha"), person(2, "bikram")],
            counts: Counts { messages: 2, receipts: 3 },
            files: Vec::new(),
        };
        Self {
            entries,
            proof: None,
            messages: vec![message(10, 1, 2, 2, "=two", [Some(11), Some(12)]), message(13, 2, 1, 3, "three", [Some(51), None])],
            people: manifest.people.clone(),
            manifest,
            table: None,
            note: checkpoint.sign(&[key(1)]),
            signs: key(1),
        }
    }

    fn proof(&self) -> Vec<Proof> {
        let (mut outside, mut lines) = (Outside::default(), Vec::new());
        for (entry, within) in &self.entries {
            if *within {
                let (place, before) = outside.inside();
                lines.extend(before.into_iter().map(Proof::Outside));
                lines.push(Proof::Entry(Box::new(entry.clone()), place));
            } else {
                outside.leaf(tree::leaf_hash(&entry.to_bytes()));
            }
        }
        lines.extend(outside.end().into_iter().map(Proof::Outside));
        lines
    }

    fn files(mut self) -> Vec<(&'static str, Vec<u8>)> {
        let (mut proof, mut jsonl, mut csv) = (Vec::new(), Vec::new(), Table::beginning());
        for line in self.proof.take().unwrap_or_else(|| self.proof()) {
            line.write(&mut proof).expect("written");
            proof.push(b'\n');
        }
        for message in &self.messages {
            message.write(&mut jsonl).expect("written");
            jsonl.push(b'\n');
            Table::of(&self.people).write(message, &mut csv);
        }
        let csv = self.table.map_or(csv, String::into_bytes);
        let named = [README_TEXT.as_bytes().to_vec(), self.note.into_bytes(), proof, jsonl, csv];
        self.manifest.files = NAMED
            .iter()
            .zip(&named)
            .map(|(name, content)| {
                let (bytes, hash) = Measure::of(content);
                File { name: (*name).into(), bytes, sha256: Hex(hash.to_vec()) }
            })
            .collect();
        let text = self.manifest.to_text().expect("written").into_bytes();
        let signature = note::sign_text(&manifest::signed_text("messages.example.org", &text), &[self.signs]).into_bytes();
        let [readme, checkpoint, proof, jsonl, csv] = named;
        vec![
            (README, readme),
            (MANIFEST, text),
            (SIGNATURE, signature),
            (CHECKPOINT, checkpoint),
            (PROOF, proof),
            (MESSAGES, jsonl),
            (TABLE, csv),
        ]
    }

    fn bytes(self) -> Vec<u8> {
        framed(&self.files())
    }
}

fn framed(files: &[(&'static str, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in files {
        out.extend(tar::header(name, content.len() as u64));
        out.extend(content);
        out.extend(tar::padding(content.len() as u64));
    }
    out.extend(tar::END);
    out
}

fn codes(bytes: &[u8], trust: &Trust) -> Vec<&'static str> {
    let mut found = Vec::new();
    // however it comes
    for step in [1, 7, 512, bytes.len()] {
        let mut verifier = ArchiveVerifier::new();
        bytes.chunks(step).for_each(|some| verifier.take(some));
        let report = verifier.finish(trust).expect("an export");
        let mut codes: Vec<_> = report.findings.kept().iter().map(|finding| finding.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        found.push(codes);
    }
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{found:?}");
    found.pop().unwrap_or_default()
}

fn found(change: impl FnOnce(&mut Specimen)) -> Vec<&'static str> {
    let mut specimen = Specimen::good();
    change(&mut specimen);
    codes(&specimen.bytes(), &Trust::default())
}

#[test]
fn what_goes_together_raises_no_alarm() {
    assert_eq!(found(|_| {}), Vec::<&str>::new());
    let anchor = Anchor::read(&Specimen::good().note).expect("a note");
    let trust = Trust { anchors: anchor, keys: vec![key(1).public()], ..Trust::default() };
    assert_eq!(codes(&Specimen::good().bytes(), &trust), Vec::<&str>::new());
    assert!(ArchiveVerifier::is_one(&Specimen::good().bytes()) && !ArchiveVerifier::is_one(b"{\"action\":"));
    // erased: that it was said stays proven
    let erased = |specimen: &mut Specimen| {
        specimen.messages[0].body = None;
        specimen.messages[0].body_salt = None;
    };
    assert_eq!(found(erased), Vec::<&str>::new());
    let said = |specimen: Specimen| {
        let mut verifier = ArchiveVerifier::new();
        verifier.take(&specimen.bytes());
        verifier.finish(&Trust::default()).expect("an export").cautions.concat().contains("texts of 1 messages are gone")
    };
    let mut without = Specimen::good();
    erased(&mut without);
    assert!(said(without) && !said(Specimen::good()));
}

#[test]
fn each_wrong_thing_has_its_word() {
    type Change = fn(&mut Specimen);
    let cases: &[(Change, &[&str])] = &[
        (|s| s.messages[0].body = Some("other".into()), &["message.text"]),
        (|s| (s.messages[0].body, s.messages[0].body_digest) = (Some("other".into()), Hex(digest("other"))), &["message.differs"]),
        (|s| s.messages[0].sent_at = minute(11), &["message.differs"]),
        // somebody else has written it
        (|s| (s.messages[0].sender_id, s.messages[0].recipient_id) = (user(2), user(1)), &["message.differs"]),
        (|s| s.messages[0].read_at = None, &["receipt.differs"]),
        (|s| s.messages[1].read_at = Some(minute(52)), &["receipt.differs"]),
        (|s| drop(s.messages.pop()), &["archive.manifest", "message.missing", "message.seq"]),
        (|s| s.messages.swap(0, 1), &["message.seq"]),
        (|s| s.messages[1].conversation_id = ConversationId(Uuid::from_u128(10)), &["message.missing", "message.seq", "scope.foreign"]),
        (|s| s.table = Some("\"text\"\r\n".into()), &["archive.table"]),
        (|s| s.manifest.people[0].display_name = "Other".into(), &["archive.table"]),
        (|s| s.manifest.people.swap(0, 1), &["archive.manifest"]),
        (|s| s.manifest.counts.receipts = 2, &["archive.manifest"]),
        (|s| s.manifest.conversations[0].last_seq = 2, &["archive.manifest", "message.seq", "message.stray", "scope.foreign"]),
        (|s| s.manifest.reader_id = user(1), &["scope.foreign"]),
        (|s| s.manifest.scope = ReviewScope::UserId(user(3)), &["scope.foreign"]),
        (|s| s.manifest.from = minute(11), &["archive.manifest", "message.stray", "scope.foreign"]),
        (|s| s.manifest.checkpoint.size = 8, &["checkpoint.note"]),
        (|s| s.manifest.keys.push(key(2).public().to_string()), &["key"]),
        (|s| s.manifest.keys = vec!["x".into()], &["archive.signature", "checkpoint.signature", "key"]),
        (|s| s.signs = key(2), &["archive.signature", "key"]),
        (|s| s.note = s.note.replacen("\n7\n", "\n8\n", 1), &["checkpoint.signature"]),
    ];
    let wrong = cases.iter().enumerate().filter_map(|(nth, (change, expected))| {
        let found = found(change);
        (found != *expected).then(|| format!("{nth}: {found:?} instead of {expected:?}"))
    });
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_entries_are_those_that_were_signed() {
    // another text with its own digest, everything made to fit: the root does not
    let rewritten = |s: &mut Specimen| {
        s.entries[1].0 = sent(2, 10, 1, 2, 2, "never said");
        s.messages[0] = message(10, 1, 2, 2, "never said", [Some(11), Some(12)]);
    };
    assert_eq!(found(rewritten), ["checkpoint.root"]);
    let of = |change: fn(&mut Vec<Proof>)| {
        found(|s| {
            let mut proof = s.proof();
            change(&mut proof);
            s.proof = Some(proof);
        })
    };
    assert_eq!(of(|proof| drop(proof.remove(0))), ["leaf.order"], "a hash is gone");
    assert_eq!(of(|proof| drop(proof.pop())), ["archive.manifest", "checkpoint.root", "receipt.differs"], "the last entry is gone");
    assert_eq!(of(|proof| proof.swap(1, 2)), ["leaf.order"]);
    assert_eq!(of(|proof| proof.push(proof[1].clone())), ["archive.manifest", "entry.twice", "leaf.order"]);
    let foreign = of(|proof| {
        if let Proof::Entry(entry, _) = &mut proof[1] {
            entry.action = "user.changed".into();
        }
    });
    assert_eq!(foreign, ["archive.manifest", "checkpoint.root", "message.stray", "scope.foreign"]);
    // who has the tree's key, too, has to be told by an anchor, or by the key that was published
    let mut specimen = Specimen::good();
    rewritten(&mut specimen);
    let tree: Frontier = specimen.entries.iter().map(|(entry, _)| tree::leaf_hash(&entry.to_bytes())).collect();
    specimen.manifest.checkpoint.root = Hex(tree.root().0.to_vec());
    specimen.note = note::Checkpoint { origin: "messages.example.org".into(), size: tree.size(), root: tree.root() }.sign(&[key(1)]);
    let bytes = specimen.bytes();
    assert_eq!(codes(&bytes, &Trust::default()), Vec::<&str>::new());
    let anchors = Anchor::read(&Specimen::good().note).expect("a note");
    assert_eq!(codes(&bytes, &Trust { anchors, keys: Vec::new(), ..Trust::default() }), ["anchor.root"]);
    let others = Trust { anchors: Vec::new(), keys: vec![key(3).public()], ..Trust::default() };
    assert_eq!(codes(&bytes, &others), ["key.foreign"]);
}

#[test]
fn the_files_are_those_that_the_manifest_names() {
    let good = Specimen::good().files();
    for place in 0..good.len() {
        let mut files = good.clone();
        let at = files[place].1.len() / 2;
        files[place].1[at] ^= 1;
        assert!(!codes(&framed(&files), &Trust::default()).is_empty(), "{}", files[place].0);
        let mut files = good.clone();
        files[place].1.push(b'\n');
        assert!(!codes(&framed(&files), &Trust::default()).is_empty(), "{}", files[place].0);
        let mut files = good.clone();
        files.remove(place);
        if place > 0 {
            assert!(codes(&framed(&files), &Trust::default()).contains(&"archive.form"), "{place} is gone");
        }
    }
    let mut readme = good.clone();
    readme[0].1[0] = b'X';
    assert_eq!(codes(&framed(&readme), &Trust::default()), ["archive.file"]);
    let whole = framed(&good);
    assert_eq!(codes(&[whole.clone(), vec![0]].concat(), &Trust::default()), ["archive.form"]);
    assert_eq!(codes(&whole[..whole.len() - 1], &Trust::default()), ["archive.form"]);
    let mut filled = whole;
    filled[512 + README_TEXT.len()] = 1;
    assert!(codes(&filled, &Trust::default()).contains(&"archive.form"), "something between two files");
    assert!(ArchiveVerifier::new().finish(&Trust::default()).is_none());
}
