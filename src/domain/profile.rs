//! What an administrator writes down about a person, checked: the command line and the import make it, `service::users` stores it.
//!
//! User names are folded to lower case; names lose what surrounds them, have one kind of space, and are kept in NFC. No name may
//! hold what nobody sees, or read as somebody else's (`lookalike`): people know each other by them.

use super::{lookalike, user::Role};
use unicode_normalization::UnicodeNormalization;

/// One field was refused, with the sentence for whoever filled it in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    /// The field's name.
    pub field: &'static str,
    /// The sentence.
    pub reason: String,
}

/// A person as an administrator describes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// `a-z`, `0-9`, `.`, `_`, `-`; at most 64 characters.
    pub username: String,
    /// 1 to 120 characters.
    pub display_name: String,
    /// At most 120 characters; may be empty.
    pub department: String,
    /// Member or admin.
    pub role: Role,
    /// Never shown to colleagues.
    pub email: Option<String>,
    /// How another system knows them.
    pub external_id: Option<String>,
}

/// The same, as somebody typed it.
#[derive(Debug, Clone, Copy, Default)]
pub struct RawProfile<'a> {
    /// Any case.
    pub username: &'a str,
    /// As on the screen.
    pub display_name: &'a str,
    /// May be empty.
    pub department: &'a str,
    /// `member` or `admin`.
    pub role: &'a str,
    /// Empty: none.
    pub email: &'a str,
    /// Empty: none.
    pub external_id: &'a str,
}

impl Profile {
    /// Checks every field; the first that is not right is named.
    ///
    /// # Errors
    /// The field and the reason. The reason does not quote what was typed.
    pub fn parse(raw: RawProfile<'_>) -> Result<Self, Refused> {
        Ok(Self {
            username: username(raw.username)?,
            display_name: display_name(raw.display_name)?,
            department: department(raw.department)?,
            role: raw.role.trim().parse().map_err(|reason| Refused { field: "role", reason })?,
            email: email(raw.email)?,
            external_id: Some(text("external_id", raw.external_id, 0, 200)?).filter(|id| !id.is_empty()),
        })
    }
}

/// A user name in the one form that is stored and compared.
///
/// # Errors
/// When it could be nobody's.
pub fn username(typed: &str) -> Result<String, Refused> {
    let folded = typed.trim().to_lowercase();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let begins = folded.chars().next().is_some_and(fits);
    if begins && folded.len() <= 64 && folded.chars().all(|c| fits(c) || matches!(c, '.' | '_' | '-')) {
        return Ok(folded);
    }
    Err(Refused {
        field: "username",
        reason: "a user name has 1 to 64 of the characters a-z, 0-9, '.', '_' and '-', and begins with a letter or digit".into(),
    })
}

/// The name on the screens, in the one form that is stored.
///
/// # Errors
/// When it is empty, too long, or could read as another one.
pub fn display_name(typed: &str) -> Result<String, Refused> {
    honest("display_name", text("display_name", typed, 1, 120)?)
}

/// A department in the one form that is stored; empty for none.
///
/// # Errors
/// When it is too long, or could read as another one.
pub fn department(typed: &str) -> Result<String, Refused> {
    honest("department", text("department", typed, 0, 120)?)
}

/// The form in which names and departments are stored and compared: whatever kind of space was typed, and however many, and
/// however letters were composed.
#[must_use]
pub fn in_one_form(typed: &str) -> String {
    typed.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect()
}

fn honest(field: &'static str, name: String) -> Result<String, Refused> {
    if lookalike::misleads(&name) {
        return Err(Refused {
            field,
            reason: "it mixes letters of several scripts that look alike, and could read as another name".into(),
        });
    }
    Ok(name)
}

fn email(typed: &str) -> Result<Option<String>, Refused> {
    let email = text("email", typed, 0, 254)?;
    if email.is_empty() {
        return Ok(None);
    }
    let right = email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && (host.contains('.') || host == "localhost"))
        && !email.contains(char::is_whitespace);
    if right { Ok(Some(email)) } else { Err(Refused { field: "email", reason: "this is not an e-mail address".into() }) }
}

fn text(field: &'static str, typed: &str, least: usize, most: usize) -> Result<String, Refused> {
    if typed.chars().any(|c| c.is_control()) {
        return Err(Refused { field, reason: "it holds control characters".into() });
    }
    let text = in_one_form(typed);
    let length = text.chars().count();
    if length < least {
        return Err(Refused { field, reason: "it is empty".into() });
    }
    if length > most {
        return Err(Refused { field, reason: format!("it has {length} characters; at most {most} are stored") });
    }
    if lookalike::hides_something(&text) {
        return Err(Refused { field, reason: "it holds characters that nobody sees".into() });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: RawProfile<'_> = RawProfile {
        username: " Asha.V ",
        display_name: " Asha Verma ",
        department: "Planning",
        role: "member",
        email: "",
        external_id: "",
    };

    #[test]
    fn a_profile_is_stored_in_one_form() {
        let profile = Profile::parse(RIGHT).expect("valid");
        assert_eq!((profile.username.as_str(), profile.display_name.as_str()), ("asha.v", "Asha Verma"));
        assert_eq!((profile.email, profile.external_id), (None, None));
        let composed = Profile::parse(RawProfile { display_name: "E\u{301}milie", ..RIGHT }).expect("valid");
        assert_eq!(composed.display_name, "Émilie");
        let spaced = Profile::parse(RawProfile { display_name: "Asha\u{a0}\u{3000} Verma", ..RIGHT }).expect("valid");
        assert_eq!(spaced.display_name, "Asha Verma");
    }

    #[test]
    fn a_name_that_could_read_as_another_one_is_refused() {
        for name in ["Asha\u{202e}amreV", "As\u{200b}ha Verma", "Asha Verma\u{3164}", "\u{410}sha Verma", "Asha V\u{435}rma"] {
            let refused = |raw| Profile::parse(raw).expect_err(name).field;
            assert_eq!(refused(RawProfile { display_name: name, ..RIGHT }), "display_name", "{name:?}");
            assert_eq!(refused(RawProfile { department: name, ..RIGHT }), "department", "{name:?}");
            // a user name is ASCII: nothing of this fits into one
            assert_eq!(refused(RawProfile { username: name, ..RIGHT }), "username", "{name:?}");
        }
        for name in ["Дмитрий Соколов", "प्रिया जोशी", "שרה כהן", "田中 美咲"] {
            assert!(Profile::parse(RawProfile { display_name: name, department: name, ..RIGHT }).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_field_that_is_wrong_is_named() {
        let field = |raw: RawProfile<'_>| Profile::parse(raw).expect_err("refused").field;
        let (too_long, far_too_long) = ("a".repeat(65), "x".repeat(201));
        for username in ["", ".a", "a b", "ä", &too_long] {
            assert_eq!(field(RawProfile { username, ..RIGHT }), "username", "{username:?}");
        }
        for display_name in ["", " ", "a\nb", "a\u{202e}b", &far_too_long] {
            assert_eq!(field(RawProfile { display_name, ..RIGHT }), "display_name", "{display_name:?}");
        }
        assert_eq!(field(RawProfile { role: "root", ..RIGHT }), "role");
        for email in ["asha", "@b.c", "@localhost", "asha@host", "a b@c.d"] {
            assert_eq!(field(RawProfile { email, ..RIGHT }), "email", "{email}");
        }
        for email in ["asha@b.c", "asha@localhost"] {
            assert_eq!(Profile::parse(RawProfile { email, ..RIGHT }).map(|profile| profile.email), Ok(Some(email.to_owned())));
        }
        assert_eq!(field(RawProfile { external_id: &far_too_long, ..RIGHT }), "external_id");
    }
}
