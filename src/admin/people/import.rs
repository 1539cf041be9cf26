//! `/admin/people/import`: a file, what it would do, then exactly that. The file stays with the browser: the page of the
//! preview carries it back, with the digest of what was shown.

use super::failed;
use crate::{
    admin::{
        form::Form,
        screen::{Sheet, Tab, show},
        words::number,
    },
    domain::{
        ids::UserId,
        people_import::{ChangedUser, ImportPreview, Imported, ImportedUser, LineError},
    },
    error::{Code, Error},
    server::{
        context::Context,
        service::import::{self, ImportError},
        state::AppState,
    },
    ui::components::icon::Icon,
};
use axum::{
    extract::{FromRequest, Multipart, Request},
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;

/// The most rows of a kind that a page shows; the numbers and the digest are of all.
const SHOWN: usize = 500;

/// What was sent: a file, or a text that was pasted or comes back from the preview; and what was agreed to.
pub struct Upload {
    file: Vec<u8>,
    agreed: Option<String>,
}

impl FromRequest<AppState> for Upload {
    type Rejection = Error;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Error> {
        let malformed = || Error::new(Code::MalformedRequest);
        let mut parts = Multipart::from_request(request, state).await.map_err(|_| malformed())?;
        let (mut file, mut text, mut agreed) = (Vec::new(), Vec::new(), None);
        while let Some(part) = parts.next_field().await.map_err(|_| malformed())? {
            let name = part.name().unwrap_or_default().to_owned();
            let bytes = part.bytes().await.map_err(|_| malformed())?;
            match name.as_str() {
                "file" => file = bytes.to_vec(),
                "text" => text = bytes.to_vec(),
                "digest" => agreed = String::from_utf8(bytes.to_vec()).ok().filter(|digest| !digest.is_empty()),
                _ => {}
            }
        }
        let file = if file.is_empty() { text } else { file };
        if file.len() > import::MAX_BYTES { Err(Error::new(Code::TooLarge)) } else { Ok(Self { file, agreed }) }
    }
}

/// The form; after an import what it came to.
pub async fn form(ctx: Context, form: Form) -> Response {
    let done = || {
        let number = |name: &str| form.given(name)?.parse().ok();
        Some(Imported { created: number("created")?, changed: number("changed")?, unchanged: number("unchanged")? })
    };
    let outcome = ctx.admin().map(|_| done());
    show(&ctx, Tab::People, outcome, |done| start(done, None)).await
}

/// Shows what the file would do; with the digest of that, does it.
pub async fn submit(ctx: Context, upload: Result<Upload, Error>) -> Response {
    let Upload { file, agreed } = match upload {
        Ok(upload) if upload.file.is_empty() => {
            let outcome = ctx.admin().map(|_| Error::invalid("file", "Choose a file, or paste its text."));
            return show(&ctx, Tab::People, outcome, |error| start(None, Some(error))).await;
        }
        Ok(upload) => upload,
        Err(error) => return failed(&ctx, ctx.admin().err().unwrap_or(error)).await,
    };
    if let Some(agreed) = agreed {
        match import::import(&ctx, &file, Some(&agreed), |_, _| ()).await {
            Ok(Imported { created, changed, unchanged }) => {
                let done = format!("/admin/people/import?created={created}&changed={changed}&unchanged={unchanged}");
                return Redirect::to(&done).into_response();
            }
            // people have changed meanwhile: what it would do now is shown below
            Err(ImportError::Lines(_)) => return preview(&ctx, file, Some(Error::new(Code::PreviewOutdated))).await,
            Err(ImportError::Failed(error)) if error.code == Code::PreviewOutdated => return preview(&ctx, file, Some(error)).await,
            Err(ImportError::Failed(error)) => return failed(&ctx, error).await,
        }
    }
    preview(&ctx, file, None).await
}

async fn preview(ctx: &Context, file: Vec<u8>, outdated: Option<Error>) -> Response {
    let outcome = import::preview(ctx, &file).await;
    let viewer = ctx.viewer().map(|viewer| viewer.id()).ok();
    show(ctx, Tab::People, outcome, move |preview| what_it_would_do(preview, &file, viewer, outdated)).await
}

fn start(done: Option<Imported>, error: Option<Error>) -> Sheet {
    let reason = error.as_ref().map(|error| view! { <p class="field-error" role="alert">{error.detail.clone()}</p> });
    let done = done.map(|done| {
        view! {
            <p class="people_done" role="status">
                <Icon name="check"/>
                {format!("Imported: {} new, {} changed, {} as they were.", count(done.created), count(done.changed), count(done.unchanged))}
            </p>
        }
    });
    let body = view! {
        {done}
        <form class="section stack people_ask" action="/admin/people/import" method="post" enctype="multipart/form-data">
            {reason}
            <div class="field">
                <label for="file">"CSV file"</label>
                <input class="field-control people_file" id="file" name="file" type="file" accept=".csv,text/csv" aria-describedby="file_hint"/>
                <p class="field-hint" id="file_hint">
                    "In UTF-8, at most 1 MiB, with the header "
                    <code>"username,display_name,department,role,email,external_id,password"</code>
                    ". The last three may be empty; passwords have to be: people set theirs by a link."
                </p>
            </div>
            <div class="field">
                <label for="text">"Or its text"</label>
                <textarea class="field-control" id="text" name="text" rows="6" spellcheck="false"></textarea>
            </div>
            <div class="cluster">
                <button class="button" data-kind="primary">
                    "Show what it would do"
                </button>
                <a class="button" data-kind="quiet" href="/admin/people">
                    "Cancel"
                </a>
            </div>
        </form>
    };
    let lead = "Somebody is recognised by their external id, else by their user name. All rows are imported, or none; nothing is written before you agree.";
    Sheet::new("Import people", lead, body).refused(error.as_ref())
}

fn what_it_would_do(preview: ImportPreview, file: &[u8], viewer: Option<UserId>, outdated: Option<Error>) -> Sheet {
    let ImportPreview { created, changed, unchanged, errors, digest } = preview;
    let wrong = !errors.is_empty();
    let status = outdated.clone().or_else(|| wrong.then(|| Error::new(Code::Invalid)));
    let alert = outdated.map(|error| view! { <p class="field-error" role="alert">{error.detail}</p> });
    let summary = if wrong {
        format!("{} to mend first. Nothing would be imported.", things(errors.len()))
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
    let nothing = created.is_empty() && changed.is_empty();
    let agree = digest.filter(|_| !nothing).map(|digest| agree(digest, file, created.len(), changed.len()));
    let body = view! {
        {alert}
        <p role="status">{summary}</p>
        {own}
        {wrong.then(|| errors_table(errors))}
        {(!changed.is_empty()).then(|| changed_table(changed))}
        {(!created.is_empty()).then(|| created_table(created))}
        {agree}
        <div class="cluster">
            <a class="button" href="/admin/people/import">
                "Another file"
            </a>
        </div>
    };
    Sheet::new("What this import would do", "Look at it, then agree, or leave it.", body).refused(status.as_ref())
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
        </form>
    }
}

fn errors_table(errors: Vec<LineError>) -> impl IntoView {
    let more = more(errors.len());
    let rows = errors.into_iter().take(SHOWN).map(|LineError { line, reason }| {
        view! {
            <tr>
                <th scope="row">{line}</th>
                <td>{reason}</td>
            </tr>
        }
    });
    view! {
        <div class="people_table-scroll" role="region" aria-labelledby="errors" tabindex="0">
            <table class="people_table">
                <caption id="errors">"What is not right" {more}</caption>
                <thead>
                    <tr>
                        <th scope="col">"Line"</th>
                        <th scope="col">"Reason"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

fn changed_table(changed: Vec<ChangedUser>) -> impl IntoView {
    let more = more(changed.len());
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
        view! {
            <tr>
                <th scope="row">{line}</th>
                <td>
                    <a href=super::path(id)>
                        <bdi>{display_name}</bdi>
                    </a>
                    " "
                    <bdi>{username}</bdi>
                </td>
                <td>
                    <ul class="people_changes">{fields.collect_view()}</ul>
                </td>
            </tr>
        }
    });
    view! {
        <div class="people_table-scroll" role="region" aria-labelledby="changed" tabindex="0">
            <table class="people_table">
                <caption id="changed">"Who would change" {more}</caption>
                <thead>
                    <tr>
                        <th scope="col">"Line"</th>
                        <th scope="col">"Person"</th>
                        <th scope="col">"What"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

fn created_table(created: Vec<ImportedUser>) -> impl IntoView {
    let more = more(created.len());
    let rows = created.into_iter().take(SHOWN).map(|user| {
        view! {
            <tr>
                <th scope="row">{user.line}</th>
                <td>
                    <bdi>{user.display_name}</bdi>
                </td>
                <td>
                    <bdi>{user.username}</bdi>
                </td>
                <td>
                    <bdi>{user.department}</bdi>
                </td>
                <td>{super::role_word(user.role)}</td>
                <td>
                    <bdi>{user.email}</bdi>
                </td>
            </tr>
        }
    });
    view! {
        <div class="people_table-scroll" role="region" aria-labelledby="created" tabindex="0">
            <table class="people_table">
                <caption id="created">"Who would be new" {more}</caption>
                <thead>
                    <tr>
                        <th scope="col">"Line"</th>
                        <th scope="col">"Name"</th>
                        <th scope="col">"User name"</th>
                        <th scope="col">"Department"</th>
                        <th scope="col">"Role"</th>
                        <th scope="col">"E-mail"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

fn more(all: usize) -> Option<String> {
    (all > SHOWN).then(|| format!(", the first {} of {}", count(SHOWN), count(all)))
}

fn count(of: usize) -> String {
    number(i64::try_from(of).unwrap_or(i64::MAX))
}

fn things(of: usize) -> String {
    if of == 1 { "1 line has something".to_owned() } else { format!("{} lines have something", count(of)) }
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
