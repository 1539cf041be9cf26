//! `application/x-www-form-urlencoded`, strictly: the usual parser replaces what is not UTF-8, and a text that was
//! replaced is not the text that somebody wrote.

use std::collections::BTreeMap;

/// Whether this decodes to UTF-8.
#[must_use]
pub fn is_utf8(encoded: &[u8]) -> bool {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let nibble = |digit: u8| char::from(digit).to_digit(16).unwrap_or_default();
                decoded.push(u8::try_from(nibble(*high) * 16 + nibble(*low)).unwrap_or_default());
                rest = after;
            }
            _ => decoded.push(*first),
        }
    }
    std::str::from_utf8(&decoded).is_ok()
}

/// The fields of a form; of a repeated one the last. `None` when it is not UTF-8.
#[must_use]
pub fn fields(encoded: &[u8]) -> Option<BTreeMap<String, String>> {
    is_utf8(encoded).then(|| form_urlencoded::parse(encoded).into_owned().collect())
}

#[cfg(test)]
mod tests {
    use super::{fields, is_utf8};

    #[test]
    fn what_is_not_utf8_is_refused_instead_of_replaced() {
        assert!(is_utf8(b"q=%C3%A9+a%2"));
        assert!(!is_utf8(b"q=%E9"));
        assert!(!is_utf8(b"q=\xff"));
        assert_eq!(fields(b"body=a%0D%0Ab&action=send").map(|f| f["body"].clone()).as_deref(), Some("a\r\nb"));
        assert_eq!(fields(b"body=%ff"), None);
    }
}
