//! A checkpoint that somebody kept outside, as it comes back: by mail, from a syslog, typed from paper. What that does to the
//! ends of lines and of the file is undone; its signature tells whether it is still the note that was signed. What cannot be
//! read is refused with what exactly is wrong, by the line.

use crate::server::proof::{
    note::{self, DASH},
    tree::Hash,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;

/// A checkpoint that was kept outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    pub(super) note: String,
    pub(super) checkpoint: note::Checkpoint,
}

/// There is no checkpoint in this text, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no checkpoint in it: {0}")]
pub struct NoAnchor(String);

impl Anchor {
    /// A note as it was signed, or the lines of an anchor file, of which those that a crash has cut off are passed over.
    ///
    /// # Errors
    /// When there is none in it.
    pub fn read(text: &str) -> Result<Vec<Self>, NoAnchor> {
        #[derive(Deserialize)]
        struct Line {
            note: String,
        }
        let text = tidy(text);
        if let Some(anchor) = Self::of(&text) {
            return Ok(vec![anchor]);
        }
        // as a syslog keeps them, something may stand before the brace
        let json = text.lines().filter_map(|line| line.split_once('{').map(|(_, rest)| format!("{{{rest}")));
        let anchors: Vec<_> = json.filter_map(|json| Self::of(&serde_json::from_str::<Line>(&json).ok()?.note)).collect();
        if anchors.is_empty() { Err(NoAnchor(wrong(&text))) } else { Ok(anchors) }
    }

    fn of(note: &str) -> Option<Self> {
        let checkpoint = note::read_unverified(note).ok()?;
        Some(Self { note: note.to_owned(), checkpoint })
    }
}

/// Lines that end with one newline and no blanks, none empty at the beginning and the end: no note has anything else there.
fn tidy(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let mut tidy: String =
        text.trim_matches(['\n', ' ', '\t']).split('\n').flat_map(|line| [line.trim_end_matches([' ', '\t']), "\n"]).collect();
    if tidy == "\n" {
        tidy.clear();
    }
    tidy
}

/// What is wrong with a text that is none.
fn wrong(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return "it is empty".to_owned();
    }
    if lines.iter().any(|line| line.contains("{\"note\"")) {
        return "none of its lines like {\"note\": \"…\"} has a whole checkpoint".to_owned();
    }
    let number = |line: &str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    let root = |line: &str| STANDARD.decode(line).is_ok_and(|root| Hash::of_slice(&root).is_some());
    let looks_like_one =
        lines.iter().any(|line| line.starts_with('\u{2014}') || root(line)) || lines.get(1).is_some_and(|line| number(line));
    if !looks_like_one {
        return "neither a signed note nor lines like {\"note\": \"…\"}".to_owned();
    }
    if let Some((nth, _)) = (1..).zip(&lines).find(|(_, line)| line.contains(|c: char| c < ' ')) {
        return format!("line {nth} holds a control character");
    }
    let Some(empty) = lines.iter().position(|line| line.is_empty()) else {
        return "the empty line between the checkpoint and its signatures is missing".to_owned();
    };
    if empty != 3 {
        return format!("above its empty line a checkpoint has three lines (origin, size and root), and here are {empty}");
    }
    if !lines.first().is_some_and(|name| note::is_name(name)) {
        return "line 1 is no origin: that is a name without blanks".to_owned();
    }
    if !lines.get(1).is_some_and(|line| number(line)) {
        return "line 2 is not the number of entries".to_owned();
    }
    if !lines.get(2).is_some_and(|line| root(line)) {
        return "line 3 is no root: that is 32 bytes in base64".to_owned();
    }
    for (nth, line) in (5..).zip(lines.iter().skip(4)) {
        if line.is_empty() {
            return format!("line {nth} is empty, and there is more below it: behind the signatures nothing may stand");
        }
        let Some(rest) = line.strip_prefix(DASH) else {
            return format!(
                "line {nth} does not begin like a signature, with a long dash (—) and a blank: a line was broken in two, or the dash was replaced"
            );
        };
        if rest.split_once(' ').and_then(|(_, signature)| STANDARD.decode(signature).ok()).is_none_or(|bytes| bytes.len() < 5) {
            return format!("line {nth} is no whole signature: behind the dash stand a name and base64");
        }
    }
    "it is not written as a signed note is".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::proof::{
        note::{Checkpoint, PrivateKey},
        tree,
    };

    fn note() -> String {
        let key = |seed| PrivateKey::new("messages.example.org", &[seed; 32]).expect("a name");
        Checkpoint { origin: "messages.example.org".into(), size: 4711, root: tree::leaf_hash(b"x") }.sign(&[key(1), key(2)])
    }

    #[test]
    fn what_a_mail_does_to_a_note_is_undone_and_it_is_the_note_that_was_signed() {
        let note = note();
        let blanks = note.replace('\n', "  \n");
        for mailed in [
            note.clone(),
            note.trim_end().to_owned(),
            format!("{note}\n"),
            format!("{note}\n\n \n"),
            format!("\n{note}"),
            format!("\u{feff}{note}"),
            note.replace('\n', "\r\n"),
            format!("{}\r\n\r\n", note.replace('\n', "\r\n").trim_end()),
            blanks,
        ] {
            let anchors = Anchor::read(&mailed).unwrap_or_else(|wrong| panic!("{wrong}: {mailed:?}"));
            assert_eq!(anchors.iter().map(|anchor| &anchor.note).collect::<Vec<_>>(), [&note], "{mailed:?}");
        }
        let line = serde_json::json!({ "note": note }).to_string();
        let lines = Anchor::read(&format!("{line}\r\n{line}\r\n\r\n")).expect("anchors");
        assert!(lines.len() == 2 && lines.iter().all(|anchor| anchor.note == note));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_what_is_wrong() {
        let note = note();
        let line = serde_json::json!({ "note": note }).to_string();
        let signature = note.lines().nth(4).expect("a signature").to_owned();
        for (text, said) in [
            (String::new(), "it is empty"),
            ("\r\n \n".to_owned(), "it is empty"),
            ("id\tname\n1\tasha\n".to_owned(), "neither a signed note"),
            (line.replacen("4711", "four", 1), "has a whole checkpoint"),
            (note.replace("\n\n", "\n"), "empty line between"),
            (note.replace('\n', "\n\n"), "here are 1"),
            (note.replacen("4711", "4711\nmore", 1), "here are 4"),
            (note.replacen("messages.example.org\n", "messages example\n", 1), "line 1 is no origin"),
            (note.replacen("4711", "04711x", 1), "line 2 is not the number"),
            (note.replacen("=\n", "\n", 1), "line 3 is no root"),
            (note.replacen("\u{2014} ", "- ", 1), "line 5 does not begin like a signature"),
            (note.replacen(&signature, &signature.replacen("x", "x\n", 1), 1), "line 5 is no whole signature"),
            (format!("{note}\nsent from my phone\n"), "line 7 is empty, and there is more below it"),
            (format!("{note}-- \nasha\n"), "line 7 does not begin like a signature"),
            (note.replacen("4711", "4711\u{7}", 1), "line 2 holds a control character"),
            (note.replacen("4711", "04711", 1), "not written as a signed note"),
        ] {
            let wrong = Anchor::read(&text).expect_err(&text).to_string();
            assert!(wrong.starts_with("there is no checkpoint in it: ") && wrong.contains(said), "{wrong} instead of {said}: {text:?}");
        }
    }
}
