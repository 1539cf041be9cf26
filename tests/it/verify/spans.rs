//! Where the values of a line of JSON stand: just enough of a reader to put another value in the place of one and leave
//! every other byte as it was.

use std::ops::Range;

/// A value that is no object and no array, and the key before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    pub key: String,
    pub at: Range<usize>,
}

/// All of them, in their order. The line is well-formed.
pub fn scalars(line: &str) -> Vec<Scalar> {
    let bytes = line.as_bytes();
    let (mut found, mut key, mut at) = (Vec::new(), String::new(), 0);
    while at < bytes.len() {
        let end = match bytes[at] {
            b'"' => string_end(bytes, at),
            b'{' | b'}' | b'[' | b']' | b',' | b':' => {
                at += 1;
                continue;
            }
            _ => (at..bytes.len()).find(|end| matches!(bytes[*end], b',' | b'}' | b']')).unwrap_or(bytes.len()),
        };
        if bytes.get(end) == Some(&b':') {
            key = line[at + 1..end - 1].to_owned();
        } else {
            found.push(Scalar { key: key.clone(), at: at..end });
        }
        at = end;
    }
    found
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

#[test]
fn values_are_found_where_they_stand() {
    let line = r#"{"a":1,"b":{"c":"x\"}","d":[true,null]}}"#;
    let found: Vec<_> = scalars(line).into_iter().map(|scalar| (scalar.key, &line[scalar.at])).collect();
    let expected = [("a", "1"), ("c", r#""x\"}""#), ("d", "true"), ("d", "null")];
    assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value)));
}
