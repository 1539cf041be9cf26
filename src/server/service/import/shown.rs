//! What an import would do, as it is shown before; and its digest, by which an import can be held to it. Both are made of
//! the same plan that the import carries out.

use super::{ImportRow, plan::Fate};
use crate::{
    domain::{
        ids::UserId,
        people_import::{ChangedUser, FieldChange, ImportPreview, ImportedUser, LineError},
        profile::Profile,
    },
    server::{auth::token, db::import::KnownUser},
};

/// Nothing, because of these.
pub(super) fn refused(errors: Vec<LineError>) -> ImportPreview {
    ImportPreview { errors, ..ImportPreview::default() }
}

/// The fate of each row, for people.
pub(super) fn preview(rows: &[ImportRow], hashes: &[Option<String>], fates: &[Fate]) -> ImportPreview {
    let mut preview = ImportPreview { digest: Some(digest(rows, hashes, fates)), ..ImportPreview::default() };
    for ((row, hash), fate) in rows.iter().zip(hashes).zip(fates) {
        match fate {
            Fate::New { profile } => preview.created.push(created(row.line, profile, hash.is_some())),
            Fate::Known { user, profile, columns } if !columns.is_empty() || hash.is_some() => {
                preview.changed.push(changed(row.line, user, profile, columns, hash.is_some()));
            }
            Fate::Known { .. } => preview.unchanged = preview.unchanged.saturating_add(1),
        }
    }
    preview
}

/// Of everything that would be written, where, and instead of what: SHA-256 in hex. Each part stands behind its length, so
/// that no two plans read alike.
pub(super) fn digest(rows: &[ImportRow], hashes: &[Option<String>], fates: &[Fate]) -> String {
    let mut text = String::new();
    let mut put = |part: &str| text.push_str(&format!("{}:{part},", part.len()));
    for ((row, hash), fate) in rows.iter().zip(hashes).zip(fates) {
        put(&row.line.to_string());
        put(if hash.is_some() { "password" } else { "" });
        match fate {
            Fate::New { profile } => {
                put("new");
                fields_of(profile).iter().for_each(|(_, value)| put(value));
            }
            Fate::Known { user, profile, columns } => {
                put(&user.id.to_string());
                for FieldChange { field, from, to } in differences(user, profile, columns) {
                    put(&field);
                    put(&from);
                    put(&to);
                }
            }
        }
    }
    token::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn created(line: u64, profile: &Profile, has_password: bool) -> ImportedUser {
    ImportedUser {
        line,
        username: profile.username.clone(),
        display_name: profile.display_name.clone(),
        department: profile.department.clone(),
        role: profile.role,
        email: profile.email.clone(),
        external_id: profile.external_id.clone(),
        has_password,
    }
}

fn changed(line: u64, user: &KnownUser, profile: &Profile, columns: &[&'static str], new_password: bool) -> ChangedUser {
    ChangedUser {
        line,
        id: UserId(user.id),
        username: user.username.clone(),
        display_name: user.display_name.clone(),
        fields: differences(user, profile, columns),
        new_password,
    }
}

fn differences(user: &KnownUser, profile: &Profile, columns: &[&'static str]) -> Vec<FieldChange> {
    let before = [
        user.username.as_str(),
        user.display_name.as_str(),
        user.department.as_str(),
        user.role.as_str(),
        user.email.as_deref().unwrap_or_default(),
        user.external_id.as_deref().unwrap_or_default(),
    ];
    let both = fields_of(profile).into_iter().zip(before);
    both.filter(|((field, _), _)| columns.contains(field))
        .map(|((field, to), from)| FieldChange { field: field.to_owned(), from: from.to_owned(), to: to.to_owned() })
        .collect()
}

fn fields_of(profile: &Profile) -> [(&'static str, &str); 6] {
    [
        ("username", &profile.username),
        ("display_name", &profile.display_name),
        ("department", &profile.department),
        ("role", profile.role.as_str()),
        ("email", profile.email.as_deref().unwrap_or_default()),
        ("external_id", profile.external_id.as_deref().unwrap_or_default()),
    ]
}
