//! `messages.csv`: the messages for people, in a form that a spreadsheet opens and does not run (RFC 4180, UTF-8 with a byte
//! order mark, without which a spreadsheet takes the letters for others).
//!
//! A cell that begins like a formula gets an apostrophe in front. Which bytes begin a cell is not ours to say: where the
//! semicolon separates, a line is cut elsewhere, and quotes that stand before do not help. So what follows a sign that
//! might separate counts as a beginning, too. `messages.jsonl` has the texts as they are.

use super::{lines::Message, manifest::Person};
use crate::domain::ids::UserId;
use std::{borrow::Cow, collections::BTreeMap};

const HEADER: [&str; 10] = ["conversation", "number", "sent_at", "from", "from_name", "to", "to_name", "delivered_at", "read_at", "text"];

/// Writes the rows of some people.
#[derive(Debug, Clone)]
pub struct Table {
    names: BTreeMap<UserId, [String; 2]>,
}

impl Table {
    /// With these people's names.
    #[must_use]
    pub fn of(people: &[Person]) -> Self {
        let names = people.iter().map(|person| (person.id, [person.username.clone(), person.display_name.clone()]));
        Self { names: names.collect() }
    }

    /// What stands above the rows.
    #[must_use]
    pub fn beginning() -> Vec<u8> {
        let mut out = "\u{feff}".as_bytes().to_vec();
        row(&mut out, HEADER.map(Cow::Borrowed));
        out
    }

    /// Appends the row of a message. An empty text is one that was erased.
    pub fn write(&self, message: &Message, out: &mut Vec<u8>) {
        let [from, from_name] = self.named(message.sender_id);
        let [to, to_name] = self.named(message.recipient_id);
        let moment = |at: Option<crate::domain::time::Timestamp>| Cow::Owned(at.map(|at| at.to_string()).unwrap_or_default());
        row(
            out,
            [
                Cow::Owned(message.conversation_id.to_string()),
                Cow::Owned(message.seq.to_string()),
                moment(Some(message.sent_at)),
                from,
                from_name,
                to,
                to_name,
                moment(message.delivered_at),
                moment(message.read_at),
                Cow::Borrowed(message.body.as_deref().unwrap_or_default()),
            ],
        );
    }

    fn named(&self, id: UserId) -> [Cow<'_, str>; 2] {
        match self.names.get(&id) {
            Some([username, name]) => [Cow::Borrowed(username), Cow::Borrowed(name)],
            None => [Cow::Owned(id.to_string()), Cow::Borrowed("")],
        }
    }
}

/// Every cell in quotes, whatever is in it.
fn row<const N: usize>(out: &mut Vec<u8>, cells: [Cow<'_, str>; N]) {
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        out.push(b'"');
        out.extend(defused(cell).replace('"', "\"\"").into_bytes());
        out.push(b'"');
    }
    out.extend(b"\r\n");
}

/// The text of a cell with an apostrophe before whatever a spreadsheet might take for the beginning of a formula.
#[must_use]
pub fn defused(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let (mut copied, mut begins) = (0, true);
    for (at, c) in text.char_indices() {
        if begins && starts_a_formula(c) {
            out.push_str(text.get(copied..at).unwrap_or_default());
            out.push('\'');
            copied = at;
            // a tab both starts one and separates
        }
        begins = separates(c) || begins && is_passed_over(c);
    }
    if copied == 0 && out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// The signs of OWASP's list, as they are, in their full width, and small.
fn starts_a_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠' | '﹦' | '﹢' | '﹣' | '﹫' | '−')
}

/// What might separate cells or rows, wherever the file is opened.
fn separates(c: char) -> bool {
    matches!(c, ',' | ';' | '\t' | '|' | '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// What a spreadsheet may take away at the beginning of a cell.
fn is_passed_over(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '"' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
}
