//! The audit log for admins: a page of entries, and a part of it to take away as JSON Lines.

use super::extract::{Body, Query};
use crate::{
    domain::{audit::Action, audit_log::AuditPage, ids::ConversationId, time::Timestamp},
    error::Error,
    server::{
        context::Context,
        service::audit_log::{self, Asked},
    },
};
use axum::{
    Json,
    body::{Body as AnswerBody, Bytes},
    response::{IntoResponse, Response},
};
use futures_util::TryStreamExt;
use http::header;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Which entries; everything that is given has to hold.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// A user's id or user name, or the beginnings of a name that at most 50 people have: what was done by them, or to them.
    #[param(max_length = 80)]
    person: Option<String>,
    /// A word like `message.sent`.
    action: Option<String>,
    /// Not before.
    #[param(value_type = Option<String>, format = "date-time")]
    from: Option<Timestamp>,
    /// Before.
    #[param(value_type = Option<String>, format = "date-time")]
    until: Option<Timestamp>,
    /// In this conversation.
    #[param(value_type = Option<String>, format = "uuid")]
    conversation_id: Option<ConversationId>,
    /// 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which entries; everything that is given has to hold. An empty object means all.
#[derive(Deserialize, ToSchema)]
pub struct AuditExport {
    /// A user's id or user name, or the beginnings of a name that at most 50 people have: what was done by them, or to them.
    #[schema(max_length = 80)]
    person: Option<String>,
    /// A word like `message.sent`.
    action: Option<String>,
    /// Not before.
    from: Option<Timestamp>,
    /// Before.
    until: Option<Timestamp>,
    /// In this conversation.
    conversation_id: Option<ConversationId>,
}

/// Audit entries
///
/// For admins. Newest first, with how far the log is sealed. Entries do not hold the text of messages.
#[utoipa::path(get, path = "/admin/audit/entries", tag = "audit", operation_id = "list_audit_entries", params(AuditQuery),
    responses((status = 200, description = "A part of the log.", body = AuditPage)),
    extensions(("x-errors" = json!(["malformed_request", "invalid", "forbidden"]))))]
pub async fn list(ctx: Context, Query(query): Query<AuditQuery>) -> Result<Json<AuditPage>, Error> {
    ctx.admin()?;
    let AuditQuery { person, action, from, until, conversation_id, limit, cursor } = query?;
    let asked = Asked { person, action: action.map(|word| known(&word)).transpose()?, from, until, conversation: conversation_id };
    Ok(Json(audit_log::page(&ctx, asked, limit, cursor.as_deref()).await?))
}

/// Export audit entries
///
/// For admins. The entries that match as JSON Lines, newest first, none that came after this export itself: it is an entry
/// (`audit.exported`), so this is no GET.
#[utoipa::path(post, path = "/admin/audit/export", tag = "audit", operation_id = "export_audit_entries", request_body = AuditExport,
    responses((status = 200, description = "One entry a line.", content_type = "application/jsonl", body = String)),
    extensions(("x-errors" = json!(["forbidden"]))))]
pub async fn export(ctx: Context, Body(body): Body<AuditExport>) -> Result<Response, Error> {
    ctx.admin()?;
    let AuditExport { person, action, from, until, conversation_id } = body?;
    let asked = Asked { person, action: action.map(|word| known(&word)).transpose()?, from, until, conversation: conversation_id };
    let entries = audit_log::export(&ctx, asked).await?;
    let lines = entries.map_ok(|entries| {
        let lines = entries.iter().filter_map(|entry| serde_json::to_string(entry).ok());
        Bytes::from(lines.map(|line| line + "\n").collect::<String>())
    });
    Ok(([(header::CONTENT_TYPE, "application/jsonl; charset=utf-8")], AnswerBody::from_stream(lines)).into_response())
}

fn known(word: &str) -> Result<Action, Error> {
    Action::ALL.iter().find(|action| action.as_str() == word).copied().ok_or_else(|| Error::invalid("action", "This is no action."))
}
