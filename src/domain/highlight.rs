//! Which parts of a name a search matched: the beginnings of words, without regard to accents and capitals.

use super::user::fold;

/// A piece of a text, and whether it matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The text itself, as it was written.
    pub text: String,
    /// Whether the search found this.
    pub matched: bool,
}

/// Cuts a text into pieces; together they are the text again.
#[must_use]
pub fn highlight(text: &str, q: &str) -> Vec<Piece> {
    let query = fold(q);
    let tokens: Vec<&str> = query.split(' ').filter(|token| !token.is_empty()).collect();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = text;
    let mut word_begins = true;
    while let Some(next) = rest.chars().next() {
        let length = if word_begins { tokens.iter().filter_map(|token| prefix(rest, token)).max() } else { None };
        let taken = length.unwrap_or(next.len_utf8());
        let (piece, after) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        push(&mut pieces, piece, length.is_some());
        word_begins = piece.chars().next_back().is_none_or(|last| !last.is_alphanumeric() && !is_mark(last));
        rest = after;
    }
    pieces
}

/// How many bytes at the beginning of `text` fold to exactly this token.
fn prefix(text: &str, token: &str) -> Option<usize> {
    let mut end = 0_usize;
    let mut length = None;
    for c in text.chars() {
        end = end.saturating_add(c.len_utf8());
        let folded = fold(text.get(..end)?);
        if folded == token {
            // goes on over the marks that belong to the last letter
            length = Some(end);
        } else if length.is_some() || !token.starts_with(&folded) {
            break;
        }
    }
    length
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

fn push(pieces: &mut Vec<Piece>, text: &str, matched: bool) {
    match pieces.last_mut() {
        Some(last) if last.matched == matched => last.text.push_str(text),
        _ => pieces.push(Piece { text: text.to_owned(), matched }),
    }
}

#[cfg(test)]
mod tests {
    use super::highlight;
    use proptest::prelude::*;

    fn marked(text: &str, q: &str) -> String {
        highlight(text, q).into_iter().map(|piece| if piece.matched { format!("[{}]", piece.text) } else { piece.text }).collect()
    }

    #[test]
    fn beginnings_of_words_are_marked() {
        assert_eq!(marked("Priya Krishnan", "pri"), "[Pri]ya Krishnan");
        assert_eq!(marked("anna.prikhodko", "pri"), "anna.[pri]khodko");
        assert_eq!(marked("Joseph Mathew", "ma jo"), "[Jo]seph [Ma]thew");
        assert_eq!(marked("Priya", "iya"), "Priya");
    }

    #[test]
    fn accents_and_capitals_do_not_matter() {
        assert_eq!(marked("Émilie Gauthier-Benoît", "emil benoit"), "[Émil]ie Gauthier-[Benoît]");
        assert_eq!(marked("E\u{301}milie", "e"), "[E\u{301}]milie");
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_text(text in "\\PC{0,40}", q in "\\PC{0,10}") {
            let joined: String = highlight(&text, &q).into_iter().map(|piece| piece.text).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
