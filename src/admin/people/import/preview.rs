//! What an import would do, before anybody agrees to it: what is wrong by line, who would change and how, who would be new.

use super::{count, form_with};
use crate::{
    admin::{
        people::{path, role_word},
        screen::Sheet,
        table::{Column, DataTable, Row, stated},
    },
    domain::{
        ids::UserId,
        people_import::{ChangedUser, ImportPreview, ImportedUser, LineError},
    },
    error::{Code, Error},
    ui::components::icon::Icon,
};
use leptos::prelude::*;

/// The most rows of a kind that a page shows; the numbers and the digest are of all.
const SHOWN: usize = 500;

/// The page. `outdated`: what was agreed to could not be done.
pub(super) fn sheet(preview: ImportPreview, file: &[u8], viewer: Option<UserId>, outdated: Option<Error>) -> Sheet {
    let ImportPreview { created, changed, unchanged, errors, digest } = preview;
    let wrong = !errors.is_empty();
    let status = outdated.clone().or_else(|| wrong.then(|| Error::new(Code::Invalid)));
    let alert = outdated.map(|error| view! { <p class="field-error" role="alert">{error.detail}</p> });
    let nothing = created.is_empty() && changed.is_empty();
    let summary = if wrong {
        format!("{} to be mended first. Nothing has been imported.", lines(errors.len()))
    } else if nothing {
        format!("Nothing: {} are known just so.", count(unchanged))
    } else {
        format!(
            "{} new, {} changed, {} as they are. Nothing has been written yet.",
            count(created.len()),
            count(changed.len()),
            count(unchanged)
        )
    };
    let own = changed.iter().any(|user| Some(user.id) == viewer && user.fields.iter().any(|field| field.field == "role"));
    let own = own.then(|| {
        view! {
            <p class="field-error" role="alert">
                <Icon name="alert"/>
                "This file takes you your own role: you leave the administration with it."
            </p>
        }
    });
    let agree = digest.filter(|_| !nothing).map(|digest| agree(digest, file, created.len(), changed.len()));
    // what is not UTF-8 would come back as something else
    let mend = wrong.then(|| form_with(String::from_utf8(file.to_vec()).unwrap_or_default()));
    let body = view! {
        {alert}
        <p role="status">{summary}</p>
        {own}
        {wrong.then(|| errors_table(errors))}
        {(!changed.is_empty()).then(|| changed_table(changed))}
        {(!created.is_empty()).then(|| created_table(created))}
        {agree}
        {mend}
    };
    let (title, lead) = if wrong {
        ("This file is not right yet", "All rows are imported, or none.")
    } else {
        ("What this import would do", "Look at it, then agree, or leave it.")
    };
    Sheet::new(title, lead, body).refused(status.as_ref())
}

fn agree(digest: String, file: &[u8], created: usize, changed: usize) -> impl IntoView + use<> {
    let text = String::from_utf8_lossy(file).into_owned();
    view! {
        <form class="cluster" action="/admin/people/import" method="post" enctype="multipart/form-data">
            <input type="hidden" name="digest" value=digest/>
            <input type="hidden" name="text" value=text/>
            <button class="button" data-kind="primary">
                {format!("Import: {} new, {} changed", count(created), count(changed))}
            </button>
            <a class="button" href="/admin/people/import">
                "Another file"
            </a>
        </form>
    }
}

fn errors_table(errors: Vec<LineError>) -> impl IntoView {
    let caption = caption("What is not right", errors.len());
    let rows = errors.into_iter().take(SHOWN).map(|LineError { line, reason }| Row::named(line).cell(reason));
    view! { <DataTable id="errors" caption columns=vec![Column::line("Line"), Column::text("Reason")] rows=rows.collect()/> }
}

fn changed_table(changed: Vec<ChangedUser>) -> impl IntoView {
    let caption = caption("Who would change", changed.len());
    let rows = changed.into_iter().take(SHOWN).map(|user| {
        let ChangedUser { line, id, username, display_name, fields, .. } = user;
        let fields = fields.into_iter().map(|field| {
            let shown = |text: String| if text.is_empty() { "nothing".to_owned() } else { text };
            view! {
                <li>
                    {words(&field.field)} ": " <del><bdi>{shown(field.from)}</bdi></del> " → " <ins><bdi>{shown(field.to)}</bdi></ins>
                </li>
            }
        });
        let person = view! {
            <a href=path(id)>
                <bdi>{display_name}</bdi>
            </a>
            " "
            <bdi>{username}</bdi>
        };
        Row::named(line).cell(person).cell(view! { <ul class="people_changes">{fields.collect_view()}</ul> })
    });
    let columns = vec![Column::line("Line"), Column::text("Person"), Column::text("What")];
    view! { <DataTable id="changed" caption columns rows=rows.collect()/> }
}

fn created_table(created: Vec<ImportedUser>) -> impl IntoView {
    let caption = caption("Who would be new", created.len());
    let rows = created.into_iter().take(SHOWN).map(|user| {
        Row::named(user.line)
            .cell(stated(user.display_name))
            .cell(stated(user.username))
            .cell(stated(user.department))
            .cell(role_word(user.role))
            .cell(user.email.and_then(stated))
    });
    let columns = vec![
        Column::line("Line"),
        Column::text("Name"),
        Column::line("User name"),
        Column::text("Department"),
        Column::line("Role"),
        Column::text("E-mail"),
    ];
    view! { <DataTable id="created" caption columns rows=rows.collect()/> }
}

/// What a table shows; how much of it, when that is not all.
fn caption(what: &str, all: usize) -> String {
    if all > SHOWN { format!("{what}, the first {} of {}", count(SHOWN), count(all)) } else { what.to_owned() }
}

fn lines(of: usize) -> String {
    if of == 1 { "1 line has".to_owned() } else { format!("{} lines have", count(of)) }
}

fn words(field: &str) -> &'static str {
    match field {
        "username" => "User name",
        "display_name" => "Name",
        "department" => "Department",
        "role" => "Role",
        "email" => "E-mail",
        _ => "External id",
    }
}
