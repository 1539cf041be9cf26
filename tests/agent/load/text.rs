//! The texts that are sent, each with its number, and how they are found again in an event: by their bytes, without parsing.

use crate::http::find;

/// A text has as many bytes as this; the bound writes as many.
pub const TEXT: usize = 200;
const BODY: &[u8] = b"\"body\":\"";
const FILLER: &str = "two colleagues write. ";

/// The text with this number; nothing in it is escaped in JSON.
pub fn of(number: u64) -> String {
    let mut text = format!("{number:012} ");
    while text.len() < TEXT {
        text.push_str(FILLER);
    }
    text.truncate(TEXT - 1);
    text.push('.');
    text
}

/// The numbers of an event's messages; `None` for a text that nobody sent.
pub fn numbers(event: &[u8]) -> impl Iterator<Item = Option<u64>> + '_ {
    let mut rest = event;
    std::iter::from_fn(move || {
        rest = rest.get(find(rest, BODY)? + BODY.len()..)?;
        Some(number_of(rest))
    })
}

/// The number of the text that begins here, when it is exactly that text.
fn number_of(json: &[u8]) -> Option<u64> {
    let number = std::str::from_utf8(json.get(..12)?).ok()?.parse().ok()?;
    (json.get(..TEXT)? == of(number).as_bytes() && json.get(TEXT) == Some(&b'"')).then_some(number)
}

/// The number behind this name.
pub fn field(json: &[u8], name: &[u8]) -> Option<i64> {
    let digits = json.get(find(json, name)? + name.len()..)?;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(digits.get(..end)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_altered_in_one_byte_is_none() {
        let json = |text: &str| format!("{text}\",\"sent_at\":0");
        let whole = of(123);
        assert_eq!((whole.len(), number_of(json(&whole).as_bytes())), (TEXT, Some(123)));
        assert_eq!(number_of(json(&whole.replace("two", "tow")).as_bytes()), None);
        assert_eq!(number_of(json(whole.trim_end_matches('.')).as_bytes()), None);
        assert_eq!(number_of(json(&(whole + "!")).as_bytes()), None);
    }

    #[test]
    fn numbers_are_found_by_their_names() {
        assert_eq!(field(b"{\"last_seq\":12,\"seq\":3}", b"\"seq\":"), Some(3));
        assert_eq!(field(b"{\"last_seq\":12,\"seq\":3}", b"\"read_seq\":"), None);
    }

    #[test]
    fn every_message_of_an_event_is_looked_at() {
        let event = format!("{{\"messages\":[{{\"body\":\"{}\"}},{{\"body\":\"hello\"}},{{\"body\":\"{}\"}}]}}", of(7), of(8));
        assert_eq!(numbers(event.as_bytes()).collect::<Vec<_>>(), [Some(7), None, Some(8)]);
    }
}
