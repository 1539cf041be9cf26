//! `/admin/audit`: who did what, to whom, when, and how far it is sealed. The entries that are shown can be taken away as
//! JSON Lines; that is an entry, so it is a POST.

mod details;
mod filters;
mod seal;
mod table;

use super::{
    day::Edge,
    form::Form,
    screen::{Sheet, Tab, show},
};
use crate::{
    domain::{audit::Action, audit_log::AuditPage},
    error::Error,
    server::{
        context::Context,
        middleware::attachment::attachment,
        service::audit_log::{self, Asked},
    },
    ui::components::icon::Icon,
};
use axum::{
    body::{Body, Bytes},
    response::Response,
};
use filters::Filters;
use futures_util::TryStreamExt;
use leptos::prelude::*;
use seal::Seal;
use table::Entries;

const LEAD: &str = "Who did what, to whom, when. Entries are added and never changed; they do not hold the text of messages.";

/// The filters, by the names of their fields.
const FILTERS: [&str; 5] = ["person", "action", "from", "until", "conversation"];

/// A page of entries. Filters that cannot be understood are shown again, with the reason and without entries.
pub async fn list(ctx: Context, form: Form) -> Response {
    let cursor = form.given("cursor");
    let outcome = match asked(&form) {
        Ok(asked) => audit_log::page(&ctx, asked, None, cursor.as_deref()).await,
        Err(error) => ctx.admin().and(Err(error)),
    };
    let outcome = match outcome {
        Ok(page) => Ok((form, Some(page))),
        // a field is to blame
        Err(error) if !error.fields.is_empty() && !error.fields.contains_key("cursor") => Ok((form.refused(error), None)),
        Err(error) => Err(error),
    };
    show(&ctx, Tab::Audit, outcome, |(form, page)| sheet(form, page)).await
}

/// The entries that match, one JSON object a line. They are read as the client takes them.
pub async fn export(ctx: Context, form: Form) -> Response {
    let entries = match asked(&form) {
        Ok(asked) => audit_log::export(&ctx, asked).await,
        Err(error) => ctx.admin().and(Err(error)),
    };
    match entries {
        Ok(entries) => {
            let body = Body::from_stream(entries.map_ok(|entries| lines(&entries)));
            attachment(body, "application/jsonl; charset=utf-8", "audit-entries.jsonl")
        }
        Err(error) => show(&ctx, Tab::Audit, Err::<(), _>(error), |()| Sheet::new("", "", ())).await,
    }
}

/// One JSON object a line.
fn lines<T: serde::Serialize>(items: &[T]) -> Bytes {
    let mut lines = Vec::new();
    for item in items {
        // what we made ourselves can be written
        if serde_json::to_writer(&mut lines, item).is_ok() {
            lines.push(b'\n');
        }
    }
    lines.into()
}

fn asked(form: &Form) -> Result<Asked, Error> {
    let action = form.given("action").map(|word| {
        let known = Action::ALL.iter().find(|action| action.as_str() == word);
        known.copied().ok_or_else(|| Error::invalid("action", "This is no action."))
    });
    Ok(Asked {
        person: form.given("person"),
        action: action.transpose()?,
        from: form.day("from", Edge::Begin)?,
        until: form.day("until", Edge::End)?,
        conversation: form.parsed("conversation", "This is no conversation: copy its id from an entry.")?,
    })
}

fn sheet(form: Form, page: Option<AuditPage>) -> Sheet {
    let hidden = FILTERS
        .iter()
        .filter_map(|name| form.given(name).map(|value| view! { <input type="hidden" name=*name value=value/> }))
        .collect_view();
    let action = view! {
        <form action="/admin/audit/export" method="post">
            {hidden}
            <button class="button">
                <Icon name="download"/>
                "Export these entries"
            </button>
        </form>
    };
    let exportable = page.is_some();
    let status = form.error().cloned();
    let filters = view! { <Filters form=&form/> };
    let body = view! {
        {page.as_ref().map(|page| view! { <Seal seal=page.seal.clone()/> })}
        {filters}
        {page.map(|page| view! { <Entries form=&form page/> })}
    };
    Sheet::new("Audit log", LEAD, body).with_action(exportable.then_some(action)).refused(status.as_ref())
}

/// The address of the log with some of these filters set otherwise.
fn link(form: &Form, other: &[(&str, String)]) -> String {
    let kept = FILTERS.iter().filter(|name| !other.iter().any(|(set, _)| set == *name)).filter_map(|name| Some((*name, form.given(name)?)));
    let all: Vec<(&str, String)> = kept.chain(other.iter().map(|(name, value)| (*name, value.clone()))).collect();
    match serde_urlencoded::to_string(all) {
        Ok(query) if !query.is_empty() => format!("/admin/audit?{query}"),
        _ => "/admin/audit".to_owned(),
    }
}
