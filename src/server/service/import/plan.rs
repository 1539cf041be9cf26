//! What becomes of each row: pure, so that every case is a test. Called inside the import's transaction.

use super::ImportRow;
use crate::{
    domain::{people_import::LineError, profile::Profile},
    server::db::import::KnownUser,
};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a box for each row would cost more than the room that the new ones do not use")]
pub(super) enum Fate {
    /// Somebody new.
    New {
        /// As they will be.
        profile: Profile,
    },
    /// Somebody known.
    Known {
        /// As they are.
        user: KnownUser,
        /// As they will be; keeps the external id when the row has none.
        profile: Profile,
        /// What differs.
        columns: Vec<&'static str>,
    },
}

/// The same user twice in a file: the second line is wrong.
pub(super) fn duplicates(rows: &[ImportRow]) -> Vec<LineError> {
    let mut seen: HashMap<(&str, &str), u64> = HashMap::new();
    let mut errors = Vec::new();
    for row in rows {
        let mut keys = vec![("username", row.profile.username.as_str())];
        keys.extend(row.profile.external_id.as_deref().map(|id| ("external_id", id)));
        for (field, value) in keys {
            if let Some(first) = seen.insert((field, value), row.line) {
                errors.push(LineError { line: row.line, reason: format!("{field}: the same user is already in line {first}") });
                seen.insert((field, value), first);
            }
        }
    }
    errors
}

/// The fate of each row, in their order.
pub(super) fn plan(rows: &[ImportRow], known: &[KnownUser]) -> Result<Vec<Fate>, Vec<LineError>> {
    let by_external_id: HashMap<&str, &KnownUser> = known.iter().filter_map(|user| Some((user.external_id.as_deref()?, user))).collect();
    let by_username: HashMap<&str, &KnownUser> = known.iter().map(|user| (user.username.as_str(), user)).collect();
    let same_id = |row: &ImportRow| row.profile.external_id.as_deref().and_then(|id| by_external_id.get(id).copied());
    // who is recognised by external id may change their user name, and so leaves it to another row
    let recognised: HashSet<Uuid> = rows.iter().filter_map(same_id).map(|user| user.id).collect();

    let mut errors = Vec::new();
    let mut fates = Vec::with_capacity(rows.len());
    for row in rows {
        let namesake = by_username.get(row.profile.username.as_str()).copied().filter(|user| !recognised.contains(&user.id));
        let wrong = |reason: &str| LineError { line: row.line, reason: reason.to_owned() };
        match (same_id(row), namesake) {
            (Some(_), Some(_)) => errors.push(wrong("username: it belongs to somebody else")),
            (None, Some(user)) if row.profile.external_id.is_some() && user.external_id.is_some() => {
                errors.push(wrong("username: it belongs to somebody with another external id"));
            }
            (Some(user), None) | (None, Some(user)) => fates.push(known_as(user, row)),
            (None, None) => fates.push(Fate::New { profile: row.profile.clone() }),
        }
    }
    if errors.is_empty() { Ok(fates) } else { Err(errors) }
}

fn known_as(user: &KnownUser, row: &ImportRow) -> Fate {
    let mut profile = row.profile.clone();
    profile.external_id = profile.external_id.or_else(|| user.external_id.clone());
    let columns = [
        ("username", user.username != profile.username),
        ("display_name", user.display_name != profile.display_name),
        ("department", user.department != profile.department),
        ("role", user.role != profile.role.as_str()),
        ("email", user.email != profile.email),
        ("external_id", user.external_id != profile.external_id),
    ];
    Fate::Known {
        user: user.clone(),
        profile,
        columns: columns.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::profile::RawProfile;

    fn row(line: u64, username: &str, external_id: &str) -> ImportRow {
        let raw = RawProfile { username, display_name: "Name", department: "Yard", role: "member", email: "", external_id };
        ImportRow { line, profile: Profile::parse(raw).expect("valid"), password: None }
    }

    fn known(id: u128, username: &str, external_id: Option<&str>) -> KnownUser {
        KnownUser {
            id: Uuid::from_u128(id),
            external_id: external_id.map(str::to_owned),
            username: username.into(),
            display_name: "Name".into(),
            department: "Yard".into(),
            role: "member".into(),
            email: None,
            active: true,
            password_hash: None,
        }
    }

    fn columns(fate: &Fate) -> (u128, Vec<&str>) {
        match fate {
            Fate::New { .. } => (0, vec![]),
            Fate::Known { user, columns, .. } => (user.id.as_u128(), columns.clone()),
        }
    }

    #[test]
    fn the_second_line_of_the_same_user_is_named() {
        let errors = duplicates(&[row(2, "a", "1"), row(3, "b", ""), row(4, "A", "2"), row(5, "c", "1")]);
        assert_eq!(errors.iter().map(|error| error.line).collect::<Vec<_>>(), [4, 5]);
        assert!(errors.iter().all(|error| error.reason.contains("line 2")));
    }

    #[test]
    fn the_external_id_recognises_somebody_before_the_user_name() {
        let fates =
            plan(&[row(2, "new-name", "1"), row(3, "b", ""), row(4, "c", "")], &[known(1, "a", Some("1")), known(2, "b", Some("2"))]);
        let fates = fates.expect("planned");
        assert_eq!(fates.iter().map(columns).collect::<Vec<_>>(), [(1, vec!["username"]), (2, vec![]), (0, vec![])]);
    }

    #[test]
    fn user_names_may_be_swapped_and_handed_on() {
        let people = [known(1, "a", Some("1")), known(2, "b", Some("2"))];
        let swapped = plan(&[row(2, "b", "1"), row(3, "a", "2")], &people).expect("planned");
        assert_eq!(swapped.iter().map(columns).collect::<Vec<_>>(), [(1, vec!["username"]), (2, vec!["username"])]);
        let handed_on = plan(&[row(2, "z", "1"), row(3, "a", "9")], &people).expect("planned");
        assert_eq!(handed_on.iter().map(columns).collect::<Vec<_>>(), [(1, vec!["username"]), (0, vec![])]);
    }

    #[test]
    fn a_user_name_of_somebody_else_is_refused() {
        let people = [known(1, "a", Some("1")), known(2, "b", Some("2")), known(3, "c", None)];
        for wrong in [row(7, "b", "1"), row(7, "c", "1"), row(7, "a", "9")] {
            assert_eq!(plan(&[wrong], &people).expect_err("refused").first().map(|error| error.line), Some(7));
        }
        let adopted = plan(&[row(7, "c", "3")], &people).expect("planned");
        assert_eq!(adopted.first().map(columns), Some((3, vec!["external_id"])));
    }
}
