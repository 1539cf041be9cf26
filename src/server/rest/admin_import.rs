//! Importing a file of people, and looking before at what it would do.

use super::extract::Query;
use crate::{
    domain::people_import::{ImportPreview, Imported, LineError},
    error::{Code, Error},
    server::{
        context::Context,
        service::import::{self, ImportError},
    },
};
use axum::{Json, body::Bytes};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// The most lines that a refusal names; a preview names them all.
const NAMED: usize = 100;

/// Whether to do it, and on what condition. A word that is not known is refused: whoever writes `dry_run` does not mean to
/// import.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// `true`: only say what it would do. Nothing is written.
    preview: Option<bool>,
    /// Of a preview: do it only if it still does just that.
    digest: Option<String>,
}

/// What it came to, or would.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum ImportAnswer {
    /// With `preview`.
    Preview(ImportPreview),
    /// It was done.
    Imported(Imported),
}

/// Import people
///
/// CSV with the header username,display_name,department,role,email,external_id,password (the last has to be empty here),
/// at most 1 MiB. Somebody who is known (by external id, else by user name) is updated. All rows or none: refused lines
/// stand in the refusal's fields, like line 7.
#[utoipa::path(post, path = "/admin/users/import", tag = "administration", operation_id = "import_users", params(ImportQuery),
    request_body(content = String, content_type = "text/csv", description = "The file, in UTF-8."),
    responses((status = 200, description = "What it came to; of a preview what it would do, errors by line.", body = ImportAnswer)),
    extensions(("x-errors" = json!(["forbidden", "preview_outdated"]))))]
pub async fn import(ctx: Context, Query(query): Query<ImportQuery>, file: Bytes) -> Result<Json<ImportAnswer>, Error> {
    ctx.admin()?;
    let ImportQuery { preview, digest } = query?;
    if preview == Some(true) {
        return Ok(Json(ImportAnswer::Preview(import::preview(&ctx, &file).await?)));
    }
    match import::import(&ctx, &file, digest.as_deref(), |_, _| ()).await {
        Ok(imported) => Ok(Json(ImportAnswer::Imported(imported))),
        Err(ImportError::Lines(errors)) => Err(refusal(&errors)),
        Err(ImportError::Failed(error)) => Err(error),
    }
}

fn refusal(errors: &[LineError]) -> Error {
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    for LineError { line, reason } in errors.iter().take(NAMED) {
        let reasons = fields.entry(format!("line {line}")).or_default();
        if !reasons.is_empty() {
            reasons.push_str("; ");
        }
        reasons.push_str(reason);
    }
    let detail = format!("Nothing was imported: {} things in the file are not right.", errors.len());
    Error { detail, fields, ..Error::new(Code::Invalid) }
}
