//! What makes one text read as another: characters that nobody sees, or that turn others around, and letters of one script
//! that look like those of another (Unicode TR 36 and 39). Names and addresses of links are judged by it; texts are not:
//! they stand in `<bdi>`, where they turn nothing but themselves around.

/// The scripts with letters that look like Latin ones, and Latin itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
    /// Armenian, Coptic, Lisu, Cherokee.
    Other,
}

/// Letters that are drawn like a Latin one.
const LIKE_LATIN: &str = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαινορυχ\
    АВЕЅІЈКМНОРСТУХҮԌԚԜаеѕіјорсухүһԁԛԝӏ";

/// Whether nobody sees this character, or it has no form of its own. Spaces are none of these.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{8e2}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{600}'..='\u{605}' | '\u{890}'..='\u{891}' | '\u{180b}'..='\u{180f}'
        // zero width, marks of direction, overrides and isolates, invisible operators
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        // empty Braille and Hangul, variation selectors, the byte order mark, annotations, what stands for nothing
        | '\u{2800}' | '\u{3164}' | '\u{ffa0}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}'
        | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        // for private use; tags and more variation selectors
        | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}')
}

/// Whether this character turns what stands around it around.
#[must_use]
pub fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether something in this name is unseen. The joiners are letters' business in scripts without capitals (Hindi,
/// Persian): between two such letters they may stand.
#[must_use]
pub fn hides_something(name: &str) -> bool {
    let mut before: Option<char> = None;
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        let joins =
            matches!(c, '\u{200c}' | '\u{200d}') && before.is_some_and(can_be_joined) && rest.peek().copied().is_some_and(can_be_joined);
        if is_unseen(c) && !joins {
            return true;
        }
        before = Some(c);
    }
    false
}

fn can_be_joined(c: char) -> bool {
    let is_mark = unicode_normalization::char::is_combining_mark(c);
    !c.is_ascii() && (is_mark || c.is_alphabetic()) && !c.is_uppercase() && !c.is_lowercase()
}

/// Whether this reads as something else: letters of two scripts in one word, or beside Latin words one that only looks
/// like one.
#[must_use]
pub fn misleads(text: &str) -> bool {
    let words = || text.split(|c: char| !c.is_alphanumeric() && !unicode_normalization::char::is_combining_mark(c));
    let scripts = |word: &str| {
        word.chars().filter_map(script).fold(Vec::new(), |mut found, script| {
            if !found.contains(&script) {
                found.push(script);
            }
            found
        })
    };
    let has_latin = words().any(|word| scripts(word).contains(&Script::Latin));
    words().any(|word| match scripts(word).as_slice() {
        [] | [Script::Latin] => false,
        [_] => has_latin && word.chars().filter(|c| c.is_alphabetic()).all(|c| LIKE_LATIN.contains(c)),
        _ => true,
    })
}

fn script(c: char) -> Option<Script> {
    if !c.is_alphabetic() {
        return None;
    }
    match c {
        'A'..='Z'
        | 'a'..='z'
        | '\u{aa}'..='\u{2af}'
        | '\u{1e00}'..='\u{1eff}'
        | '\u{2c60}'..='\u{2c7f}'
        | '\u{a720}'..='\u{a7ff}'
        | '\u{ff21}'..='\u{ff5a}' => Some(Script::Latin),
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some(Script::Greek),
        '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{a640}'..='\u{a69f}' => Some(Script::Cyrillic),
        '\u{530}'..='\u{58f}' | '\u{2c80}'..='\u{2cff}' | '\u{a4d0}'..='\u{a4ff}' | '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}' => {
            Some(Script::Other)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_found() {
        for unseen in [
            "a\u{200b}b",
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{ad}b",
            "\u{3164}",
            "\u{2800}",
            "a\u{feff}",
            "a\u{e0041}",
            "a\u{fe0f}",
            "a\u{2029}b",
        ] {
            assert!(hides_something(unseen), "{unseen:?}");
        }
        // a joiner between Latin letters joins nothing
        assert!(hides_something("as\u{200d}ha") && hides_something("asha\u{200c}") && hides_something("\u{200d}"));
        for name in ["प्रिया जोशी", "क्\u{200d}ष", "می\u{200c}خواهم", "田中 美咲", "Siân O’Neill-Ødegård", "Zoë 2", "שרה", "أحمد"]
        {
            assert!(!hides_something(name), "{name:?}");
        }
    }

    #[test]
    fn letters_of_two_scripts_in_one_word_mislead() {
        // Cyrillic а, Greek ο, Cyrillic Ѕ; then whole words of lookalikes beside Latin ones
        for fake in [
            "\u{430}sha",
            "Bikr\u{430}m Rao",
            "R\u{3bf}hini",
            "\u{405}uresh",
            "Омкаr",
            "\u{420}\u{430}\u{443} Verma",
            "Asha \u{412}\u{415}\u{420}",
        ] {
            assert!(misleads(fake), "{fake:?}");
        }
        for name in [
            "Дмитрий Соколов",
            "Дмитрий Sokolov",
            "Отдел IT",
            "Ελένη Παππά",
            "Ελένη (Eleni)",
            "田中 Misaki",
            "प्रिया Joshi",
            "Раура",
            "Émilie D’Souza",
            "Łukasz",
        ] {
            assert!(!misleads(name), "{name:?}");
        }
    }
}
