//! That each file has one form only, and that a spreadsheet runs nothing of it.

use super::{
    lines::{Message, Proof},
    manifest::{self, Checkpoint, Counts, FORMAT, File, Manifest, NAMED, VERSION},
    outside::{Outside, Subtree},
    table::{Table, defused},
    tar,
};
use crate::{
    domain::{
        ids::{ConversationId, UserId},
        review::{ReviewCategory, ReviewId, ReviewScope},
        time::Timestamp,
    },
    server::proof::{
        bundle::Hex,
        canonical::{Details, Entry},
        note::{self, PrivateKey},
        tree::{self, Frontier, Hash},
    },
};
use proptest::prelude::*;
use std::borrow::Cow;
use uuid::Uuid;

fn at() -> Timestamp {
    Timestamp::parse("2026-11-22T09:30:00.123456Z").expect("valid")
}

fn message(body: &str) -> Message {
    Message {
        conversation_id: ConversationId(Uuid::from_u128(9)),
        seq: 3,
        sender_id: UserId(Uuid::from_u128(1)),
        recipient_id: UserId(Uuid::from_u128(2)),
        sent_at: at(),
        delivered_at: Some(at()),
        read_at: None,
        body: Some(body.into()),
        body_salt: Some(Hex(vec![0xab; 32])),
        body_digest: Hex(vec![1; 32]),
    }
}

#[test]
fn no_cell_begins_like_a_formula_wherever_the_file_is_cut() {
    let unchanged = ["", "hello", "2026-11-22", "a=b", "a - b", "x@example.org", "1 + 1", "'=1", "नमस्ते", "\u{1f600}", "a\nb", "a;b"];
    for text in unchanged {
        assert_eq!(defused(text), Cow::Borrowed(text));
    }
    for (text, expected) in [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("＝1", "'＝1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠A1", "'＠A1"),
        ("﹦1", "'﹦1"),
        ("−1", "'−1"),
        ("  =1", "  '=1"),
        ("\u{a0}=1", "\u{a0}'=1"),
        ("\u{feff}=1", "\u{feff}'=1"),
        ("\u{202e}=1", "\u{202e}'=1"),
        ("\"=1", "\"'=1"),
        // where the semicolon separates, and where a line ends
        ("hello;=cmd|' /C calc'!A0", "hello;'=cmd|' /C calc'!A0"),
        ("a,\"=1", "a,\"'=1"),
        ("a\t=1", "a\t'=1"),
        ("a|=1", "a|'=1"),
        ("a\n=1", "a\n'=1"),
        ("a\u{2028}=1", "a\u{2028}'=1"),
        ("a; \"+1", "a; \"'+1"),
        ("==1", "'==1"),
    ] {
        assert_eq!(defused(text), expected, "{text:?}");
    }
}

#[test]
fn a_row_is_quoted_and_names_people() {
    let people = [manifest::Person { id: UserId(Uuid::from_u128(1)), username: "asha".into(), display_name: "=Asha \"A\"".into() }];
    let mut row = Vec::new();
    Table::of(&people).write(&message("one, \"two\"\n=three"), &mut row);
    let expected = "\"00000000-0000-0000-0000-000000000009\",\"3\",\"2026-11-22T09:30:00.123456Z\",\"asha\",\"'=Asha \"\"A\"\"\",\
                    \"00000000-0000-0000-0000-000000000002\",\"\",\"2026-11-22T09:30:00.123456Z\",\"\",\"one, \"\"two\"\"\n'=three\"\r\n";
    assert_eq!(String::from_utf8(row).expect("UTF-8"), expected);
    assert!(Table::beginning().starts_with("\u{feff}\"conversation\",\"number\"".as_bytes()));
}

proptest! {
    /// Read again as any of the programs would that separate by one of these signs, no cell runs.
    #[test]
    fn nothing_runs_whatever_was_written(text in "[=+@\t\r\n;,|\"' a\u{ff1d}\u{feff}-]{0,12}") {
        let mut row = Vec::new();
        Table::of(&[]).write(&message(&text), &mut row);
        let row = String::from_utf8(row).expect("UTF-8");
        for separator in [',', ';', '\t', '|', '\n', '\r'] {
            for cell in row.split(separator) {
                let begins = cell.trim_start_matches(['"', '\u{feff}', ' ']);
                prop_assert!(!begins.starts_with(['=', '+', '-', '@', '\u{ff1d}']), "{cell:?} of {row:?}");
            }
        }
    }

    /// The entries of the scope and the hashes around them are the whole tree, and do not depend on where one began to look.
    #[test]
    fn the_scope_and_what_is_around_it_are_the_tree(size in 1_u64..200, scope in proptest::collection::btree_set(0_u64..200, 0..20)) {
        let leaves: Vec<Hash> = (0..size).map(|n| tree::leaf_hash(&n.to_be_bytes())).collect();
        let first = scope.iter().next().copied().unwrap_or(size).min(size);
        let mut tellings = Vec::new();
        for begin in [0, first / 2, first] {
            let before: Frontier = leaves.iter().take(begin as usize).copied().collect();
            let (mut outside, mut again, mut told) = (Outside::after(&before), Frontier::new(), Vec::new());
            prop_assert_eq!(outside.next(), begin);
            for place in begin..size {
                if scope.contains(&place) {
                    let (at, gathered) = outside.inside();
                    prop_assert_eq!(at, place);
                    told.extend(gathered.iter().map(|subtree| (subtree.from, subtree.leaves, subtree.hash)));
                    told.push((at, 1, leaves[place as usize]));
                } else {
                    outside.leaf(leaves[place as usize]);
                }
            }
            told.extend(outside.end().iter().map(|subtree| (subtree.from, subtree.leaves, subtree.hash)));
            for (from, leaves, hash) in &told {
                prop_assert_eq!(*from, again.size());
                prop_assert!(again.append_subtree(*leaves, *hash));
            }
            prop_assert_eq!((again.size(), again.root()), (size, tree::root(&leaves)));
            tellings.push(told);
        }
        prop_assert!(tellings.windows(2).all(|pair| pair[0] == pair[1]));
        // a few hashes for each entry, whatever the size
        prop_assert!(tellings[0].len() <= (scope.len() + 1) * 17);
    }
}

#[test]
fn a_subtree_stands_only_where_it_can() {
    let hash = tree::leaf_hash(b"x");
    let mut tree = Frontier::new();
    assert!(tree.append_subtree(2, hash));
    assert!(!tree.append_subtree(4, hash), "it would begin at 4");
    assert!(!tree.append_subtree(3, hash) && !tree.append_subtree(0, hash), "no power of two");
    assert!(tree.append_subtree(2, hash) && tree.append_subtree(4, hash));
    assert_eq!(tree.size(), 8);
}

#[test]
fn a_line_comes_back_as_it_was_and_nothing_else_is_one() {
    let mut line = Vec::new();
    let erased = Message { body: None, body_salt: None, ..message("") };
    for message in [message("a \"text\"\n\u{1f600}"), erased] {
        line.clear();
        message.write(&mut line).expect("written");
        assert_eq!(Message::from_bytes(&line), Ok(message));
    }
    let text = String::from_utf8(line.clone()).expect("UTF-8");
    for (from, to) in [("\"seq\":3", "\"seq\": 3"), ("\"seq\":3", "\"seq\":3,\"seq\":3"), ("\"body\":null,", ""), ("0101", "0G01")] {
        let bad = text.replacen(from, to, 1);
        assert!(bad != text && Message::from_bytes(bad.as_bytes()).is_err(), "{bad}");
    }

    let entry = Entry {
        id: 7,
        at: at(),
        actor_id: Some(UserId(Uuid::from_u128(1))),
        action: "message.sent".into(),
        conversation_id: None,
        object: Some(",\"leaf\":".into()),
        details: Details::of("{\"digest\": \"00\"}"),
    };
    let subtree = Subtree { from: 8, leaves: 4, hash: tree::leaf_hash(b"x") };
    for proof in [Proof::Entry(Box::new(entry.clone()), 5), Proof::Outside(subtree)] {
        line.clear();
        proof.write(&mut line).expect("written");
        assert_eq!(Proof::from_bytes(&line), Ok(proof));
        let text = String::from_utf8(line.clone()).expect("UTF-8");
        for (from, to) in
            [("\"leaf\":5", "\"leaf\":05"), ("\"leaf\":5", "\"leaf\":-5"), ("\"from\":8", "\"from\":8.0"), ("{\"", "{ \""), ("}", "")]
        {
            let bad = text.replacen(from, to, 1);
            assert!(bad == text || Proof::from_bytes(bad.as_bytes()).is_err(), "{bad}");
        }
    }
    line.clear();
    Proof::Entry(Box::new(entry.clone()), 5).write(&mut line).expect("written");
    let data = [&line[..line.len() - ",\"leaf\":5}".len()], b"}"].concat();
    assert_eq!(data, entry.to_bytes(), "the line begins with what its leaf is the hash of");
}

fn example() -> Manifest {
    Manifest {
        format: FORMAT.into(),
        v: VERSION,
        review_id: ReviewId(Uuid::from_u128(5)),
        case_id: "TP-C-118".into(),
        category: ReviewCategory::Complaint,
        scope: ReviewScope::UserId(UserId(Uuid::from_u128(1))),
        from: at(),
        until: at(),
        reader_id: UserId(Uuid::from_u128(8)),
        checkpoint: Checkpoint { origin: "o".into(), size: 3, root: Hex(vec![1; 32]) },
        keys: Vec::new(),
        conversations: Vec::new(),
        people: Vec::new(),
        counts: Counts { messages: 1, receipts: 2 },
        files: NAMED.iter().map(|name| File { name: (*name).into(), bytes: 1, sha256: Hex(vec![2; 32]) }).collect(),
    }
}

#[test]
fn a_manifest_has_one_form_and_one_signature() {
    let text = example().to_text().expect("written");
    assert_eq!(Manifest::read(text.as_bytes()), Ok(example()));
    for (from, to) in [
        ("\"bytes\":1", "\"bytes\": 1"),
        ("README.txt", "README"),
        (FORMAT, "another"),
        ("}\n", "}"),
        ("\"v\":1", "\"v\":2"),
        ("{\"case_id\"", "{\"x\":1,\"case_id\""),
    ] {
        let bad = text.replacen(from, to, 1);
        assert!(bad != text && Manifest::read(bad.as_bytes()).is_err(), "{bad}");
    }
    let key = PrivateKey::new("o", &[1; 32]).expect("a name");
    let signed = manifest::signed_text("o", text.as_bytes());
    let note = note::sign_text(&signed, std::slice::from_ref(&key));
    assert_eq!(note::open_text(&note, &signed, &[key.public()]), Ok(vec![key.public()]));
    assert!(note::open_text(&note, &manifest::signed_text("o", b"other"), &[key.public()]).is_err());
    assert!(note::open(&note, &[key.public()]).is_err(), "it is no checkpoint");
    let other = PrivateKey::new("o", &[2; 32]).expect("a name");
    assert!(note::open_text(&note, &signed, &[other.public()]).is_err());
}

#[test]
fn a_header_is_what_every_tar_reads_and_nothing_else_is_one() {
    let header = tar::header("messages.csv", 700);
    assert!(header.starts_with(b"messages.csv\0") && header[124..136] == *b"00000001274\0" && header[257..265] == *b"ustar\x0000");
    // the sum, with blanks in the place of itself
    let sum: u64 = header.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) }).sum();
    assert_eq!(header[148..156], *format!("{sum:06o}\0 ").as_bytes());
    assert_eq!(tar::length(&header, "messages.csv"), Some(700));
    assert_eq!(tar::length(&header, "messages.jsonl"), None);
    for at in 0..tar::BLOCK {
        let mut changed = header;
        changed[at] ^= 1;
        assert!(tar::length(&changed, "messages.csv").is_none(), "{at}");
    }
    for bytes in [0, 1, 511, 512, 513, (1 << 33) - 1, 1 << 33, 1 << 40] {
        assert_eq!(tar::length(&tar::header("x", bytes), "x"), Some(bytes));
        assert_eq!(tar::with_frame(bytes), 512 + bytes + tar::padding(bytes).len() as u64);
    }
}
