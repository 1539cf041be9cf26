//! `/admin/people/import`: a file, what it would do, then exactly that. The file stays with the browser: the page of the
//! preview carries it back, with the digest of what was shown.

mod preview;

use super::failed;
use crate::{
    admin::{
        done::DoneNotice,
        form::Form,
        screen::{Sheet, Tab, show},
        words::number,
    },
    domain::people_import::Imported,
    error::{Code, Error},
    server::{
        context::Context,
        service::import::{self, ImportError},
        state::AppState,
    },
};
use axum::{
    extract::{FromRequest, Multipart, Request},
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;

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
                "text" => text = as_it_was(&bytes),
                "digest" => agreed = String::from_utf8(bytes.to_vec()).ok().filter(|digest| !digest.is_empty()),
                _ => {}
            }
        }
        let file = if file.is_empty() { text } else { file };
        if file.len() > import::MAX_BYTES { Err(Error::new(Code::TooLarge)) } else { Ok(Self { file, agreed }) }
    }
}

/// A text without what browsers make of its line ends on the way: a file that was small enough stays so.
fn as_it_was(sent: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(sent.len());
    let mut bytes = sent.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if !(byte == b'\r' && bytes.peek() == Some(&b'\n')) {
            text.push(byte);
        }
    }
    text
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
    show(ctx, Tab::People, outcome, move |preview| preview::sheet(preview, &file, viewer, outdated)).await
}

fn start(done: Option<Imported>, error: Option<Error>) -> Sheet {
    let done = done.map(|done| {
        let sentence =
            format!("Imported: {} new, {} changed, {} as they were.", count(done.created), count(done.changed), count(done.unchanged));
        view! { <DoneNotice sentence/> }
    });
    let reason = error.as_ref().map(|error| view! { <p class="field-error" role="alert">{error.detail.clone()}</p> });
    let body = view! {
        {done}
        {reason}
        {form_with(String::new())}
    };
    let lead = "Somebody is recognised by their external id, else by their user name. All rows are imported, or none; nothing is written before you agree.";
    Sheet::new("Import people", lead, body).refused(error.as_ref())
}

/// Where a file is chosen or its text written; a text that was sent and is not right stands there to be mended.
fn form_with(text: String) -> impl IntoView {
    let to_be_mended = !text.is_empty();
    let rows = if to_be_mended { "16" } else { "6" };
    view! {
        <form
            class="section stack people_ask"
            data-wide=to_be_mended
            action="/admin/people/import"
            method="post"
            enctype="multipart/form-data"
        >
            <div class="field">
                <label for="file">{if to_be_mended { "Another CSV file" } else { "CSV file" }}</label>
                <input class="field-control people_file" id="file" name="file" type="file" accept=".csv,text/csv" aria-describedby="file_hint"/>
                <p class="field-hint" id="file_hint">
                    "In UTF-8, at most 1 MiB, with the header "
                    <code>"username,display_name,department,role,email,external_id,password"</code>
                    ". The last three may be empty; passwords have to be: people set theirs by a link."
                </p>
            </div>
            <div class="field">
                <label for="text">{if to_be_mended { "Or mend its text here" } else { "Or its text" }}</label>
                <textarea class="field-control people_text" id="text" name="text" rows=rows wrap="off" spellcheck="false">
                    // HTML drops one line break right after the tag
                    {format!("\n{text}")}
                </textarea>
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
    }
}

/// How many, in words for the screen.
fn count(of: usize) -> String {
    number(i64::try_from(of).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::as_it_was;

    #[test]
    fn a_text_comes_back_without_the_line_ends_of_the_form() {
        assert_eq!(as_it_was(b"a,b\r\nc\rd\n\r\n"), b"a,b\nc\rd\n\n");
        assert_eq!(as_it_was(b"\r"), b"\r");
    }
}
