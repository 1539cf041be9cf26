//! Who has changed the rules when and why, and how each version differs from the one before.

use crate::{
    admin::words::Moment,
    domain::policy::{
        Policy,
        report::{PolicyVersion, PolicyVersions},
        words::{Difference, differences},
    },
};
use leptos::prelude::*;

/// A part of the history, newest first.
#[component]
pub fn History(
    /// Which part.
    versions: PolicyVersions,
    /// The version in force.
    current: i64,
) -> impl IntoView {
    let PolicyVersions { items, next_before } = versions;
    let older = items.iter().skip(1).map(Some).chain([None]);
    let is_last_part = next_before.is_none();
    let rows = items.iter().zip(older).map(|(version, older)| row(version, older, current, is_last_part)).collect_view();
    let older = next_before.map(|before| {
        view! {
            <a class="button" href=format!("/admin/policy?before={before}#history")>
                "Older versions"
            </a>
        }
    });
    view! {
        <ol class="policy_history" reversed>
            {rows}
        </ol>
        {older}
    }
}

fn row(version: &PolicyVersion, older: Option<&PolicyVersion>, current: i64, is_last_part: bool) -> impl IntoView + use<> {
    let number = version.version;
    let who = match &version.changed_by {
        Some(user) => super::person(user).into_any(),
        None => "the operator".into_any(),
    };
    let what = match (&version.rules, older.map(|older| &older.rules)) {
        (None, _) => "Rules of the configuration file, which were not written down.".to_owned(),
        (Some(_), Some(None)) => "The first rules that were written down.".to_owned(),
        (Some(after), Some(Some(before))) => told(before.clone(), after.clone()),
        (Some(after), None) if is_last_part => told(Vec::new(), after.clone()),
        // what it differs from stands on the next part
        (Some(after), None) => format!("{} rules.", after.len()),
    };
    let restored = version.restored_from.map(|from| format!("Restored from version {from}. "));
    let restore = (version.rules.is_some() && number != current).then(|| {
        view! {
            <a class="button" data-kind="quiet" href=format!("/admin/policy/edit?version={number}")>
                "Restore"
                <span class="visually_hidden">{format!(" version {number}")}</span>
            </a>
        }
    });
    let note = (!version.note.is_empty()).then(|| view! { <p class="policy_history-note" dir="auto">{version.note.clone()}</p> });
    view! {
        <li>
            <div>
                <p>
                    <strong>{format!("Version {number}")}</strong>
                    " by "
                    {who}
                    ", "
                    <Moment at=version.applied_at/>
                </p>
                <p>{restored} {what}</p>
                {note}
            </div>
            {restore}
        </li>
    }
}

fn told(before: Vec<crate::domain::policy::Rule>, after: Vec<crate::domain::policy::Rule>) -> String {
    let found = differences(&Policy { rules: before }, &Policy { rules: after });
    let told: Vec<String> = found.iter().map(Difference::sentence).collect();
    if told.is_empty() { "No rule differs.".to_owned() } else { format!("{}.", told.join(", ")) }
}
