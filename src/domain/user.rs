//! A person, and the search for people: folding of names, the query, how names are shortened for an avatar.

use super::ids::UserId;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

/// What a user may do beyond writing to colleagues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Role {
    /// Writes and reads their own conversations.
    Member,
    /// Also administers people, and reviews with a recorded reason.
    Admin,
}

impl Role {
    /// The word in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "member" => Ok(Self::Member),
            "admin" => Ok(Self::Admin),
            _ => Err("the role is either member or admin".into()),
        }
    }
}

/// A person as colleagues see them: never an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct User {
    /// Stable for ever.
    pub id: UserId,
    /// The short name they sign in with.
    pub username: String,
    /// The name on the screens.
    pub display_name: String,
    /// May be empty.
    pub department: String,
    /// Member or admin.
    pub role: Role,
    /// Deactivated people keep their history and receive nothing.
    pub active: bool,
}

impl User {
    /// One or two letters for the avatar: first and last word of the name in scripts with capitals, one grapheme in others.
    #[must_use]
    pub fn initials(&self) -> String {
        initials(&self.display_name)
    }

    /// One of six quiet tones, from the id; the name always stands beside it.
    #[must_use]
    pub fn tone(&self) -> u8 {
        let sum = self.id.0.as_bytes().iter().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)));
        u8::try_from(sum % 6).unwrap_or_default().saturating_add(1)
    }
}

/// A person found by search, with what the policy says about writing to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FoundUser {
    /// The person.
    #[serde(flatten)]
    pub user: User,
    /// Whether a conversation with them can be opened and written to.
    pub can_write: bool,
    /// The reason in the organisation's words when it cannot.
    pub cannot_write_reason: Option<String>,
    /// Whether the two have written to each other: that can be read in any case.
    #[serde(default)]
    pub has_history: bool,
}

fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic));
    let Some(first) = words.next() else { return name.graphemes(true).next().unwrap_or("?").to_owned() };
    let cased = first.chars().any(|c| c.is_uppercase() || c.is_lowercase());
    let letter = |word: &str| word.graphemes(true).next().unwrap_or_default().to_uppercase();
    match words.next_back() {
        Some(last) if cased => format!("{}{}", letter(first), letter(last)),
        _ => letter(first),
    }
}

/// Folds accents and capitals away: NFKD, marks dropped where a letter stands before them in a script with capitals,
/// lower case, everything that is no letter, digit, mark, `.`, `_` or `-` a space. Used for the stored tokens and for the query alike.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut cased = false;
    for c in text.nfkd() {
        if is_combining_mark(c) {
            // marks carry the vowels of Devanagari or Tamil: they stay where they are no accents
            if !cased {
                folded.push(c);
            }
        } else if c.is_alphanumeric() || matches!(c, '.' | '_' | '-') {
            cased = c.is_uppercase() || c.is_lowercase();
            folded.extend(c.to_lowercase());
        } else if !matches!(c, '\'' | '’') {
            cased = false;
            folded.push(' ');
        }
    }
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The stored search text of a person: each folded token of name, user name and department after a space, so that
/// "a token begins with" is one `LIKE '% token%'`.
#[must_use]
pub fn search_text(display_name: &str, username: &str, department: &str) -> String {
    let mut tokens: Vec<String> = Vec::new();
    for part in [display_name, username, department] {
        for word in fold(part).split(' ') {
            tokens.push(word.to_owned());
            tokens.extend(word.split(['.', '_', '-']).filter(|piece| *piece != word).map(str::to_owned));
        }
    }
    tokens.retain(|token| !token.is_empty());
    tokens.iter().fold(String::new(), |text, token| text + " " + token)
}

/// What somebody typed to find a person: at least one letter or digit, at most 80 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleQuery {
    folded: String,
}

impl PeopleQuery {
    /// The most characters that are looked at.
    pub const MAX: usize = 80;

    /// # Errors
    /// A sentence for the user when there is nothing to look for, or far too much.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > Self::MAX {
            return Err(format!("Search for at most {} characters.", Self::MAX));
        }
        let folded = fold(text);
        if folded.is_empty() {
            return Err("Type at least one letter of a name.".into());
        }
        Ok(Self { folded })
    }

    /// The folded query as one text, for exact matches and similarity.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// One `LIKE` pattern per token: each must begin some token of the person.
    #[must_use]
    pub fn patterns(&self) -> Vec<String> {
        self.folded.split(' ').map(|token| format!("% {}%", token.replace('_', "\\_"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{PeopleQuery, fold, initials, search_text};

    #[test]
    fn names_are_found_without_accents_and_capitals() {
        assert_eq!(fold("Émilie Gauthier-Benoît"), "emilie gauthier-benoit");
        assert_eq!(fold("D’Souza"), "dsouza");
        assert_eq!(fold("ДМИТРИЙ"), fold("дмитрии"));
    }

    #[test]
    fn vowels_of_scripts_without_capitals_are_no_accents() {
        assert_ne!(fold("राजेश"), fold("रजश"));
    }

    #[test]
    fn every_part_of_a_user_name_is_a_token() {
        assert_eq!(search_text("Asha Verma", "asha.v", "Planning"), " asha verma asha.v asha v planning");
    }

    #[test]
    fn a_query_is_a_pattern_per_token() {
        let query = PeopleQuery::parse(" Asha  plan_ ").expect("valid");
        assert_eq!(query.patterns(), ["% asha%", "% plan\\_%"]);
        assert!(PeopleQuery::parse(" %! ").is_err());
    }

    #[test]
    fn initials_follow_the_script() {
        assert_eq!(initials("Ravi Venkataraghavan Subrahmanyam"), "RS");
        assert_eq!(initials("田中 美咲"), "田");
        assert_eq!(initials("प्रिया जोशी"), "प्रि");
        assert_eq!(initials("7"), "7");
    }
}
