//! The entries, newest first. What an entry names can be followed: the person, the conversation.

use super::{filters::words, link};
use crate::{
    admin::{
        form::Form,
        words::{Moment, number},
    },
    domain::{
        audit_log::{AuditEntry, AuditPage},
        ids::UserId,
    },
    ui::components::icon::Icon,
};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// A page of the log.
#[component]
pub fn Entries<'a>(
    /// The filters.
    form: &'a Form,
    /// What they find.
    page: AuditPage,
) -> impl IntoView + use<> {
    let AuditPage { items, names, next_cursor, .. } = page;
    let older = next_cursor.map(|cursor| link(form, &[("cursor", cursor)]));
    let newest = form.given("cursor").map(|_| link(form, &[]));
    if items.is_empty() {
        return view! {
            <div class="empty_state">
                <Icon name="audit"/>
                <h2>"No such entries"</h2>
                <p>"Nothing that was done matches these filters."</p>
            </div>
        }
        .into_any();
    }
    let caption = match (items.first(), items.last()) {
        (Some(first), Some(last)) => format!("Entries {} to {}, newest first, times in UTC.", number(first.id), number(last.id)),
        _ => String::new(),
    };
    let rows = items.into_iter().map(|entry| row(form, &names, entry)).collect_view();
    view! {
        <div class="audit_table-scroll" role="region" aria-labelledby="entries" tabindex="0">
            <table class="audit_table">
                <caption id="entries">
                    <span>{caption}</span>
                </caption>
                <thead>
                    <tr>
                        <th scope="col">"Entry"</th>
                        <th scope="col">"Time"</th>
                        <th scope="col">"Actor"</th>
                        <th scope="col">"Action"</th>
                        <th scope="col">"Details"</th>
                        <th scope="col">"Conversation"</th>
                        <th scope="col">"Proof"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <nav class="cluster" aria-label="Pages of entries">
            {newest
                .map(|newest| {
                    view! {
                        <a class="button" href=newest>
                            "Newest"
                        </a>
                    }
                })}
            {older
                .map(|older| {
                    view! {
                        <a class="button" href=older>
                            "Older"
                            <Icon name="next" turns=true/>
                        </a>
                    }
                })}
        </nav>
    }
    .into_any()
}

fn row(form: &Form, names: &BTreeMap<UserId, String>, entry: AuditEntry) -> impl IntoView + use<> {
    let actor = match entry.actor_id {
        Some(id) => {
            let name = names.get(&id).cloned().unwrap_or_else(|| id.to_string());
            view! {
                <a href=link(form, &[("person", id.to_string())])>
                    <bdi>{name}</bdi>
                </a>
            }
            .into_any()
        }
        None => "the system".into_any(),
    };
    let conversation = entry.conversation_id.map(|id| {
        let short = id.to_string().chars().take(8).collect::<String>();
        view! {
            <a href=link(form, &[("conversation", id.to_string())]) title=id.to_string()>
                <code>{short}</code>
            </a>
        }
    });
    let sealed = match entry.leaf {
        Some(leaf) => view! {
            <span class="audit_table-sealed" title=format!("Leaf {}", number(leaf))>
                <Icon name="check"/>
                "Sealed"
            </span>
        }
        .into_any(),
        None => view! {
            <span class="audit_table-sealed" data-sealed="no">
                <Icon name="clock"/>
                "Next seal"
            </span>
        }
        .into_any(),
    };
    let details = details(names, &entry);
    view! {
        <tr>
            <th scope="row">{number(entry.id)}</th>
            <td class="audit_table-time">
                <Moment at=entry.at/>
            </td>
            <td class="audit_table-actor">{actor}</td>
            <td class="audit_table-action">{words(&entry.action)}</td>
            <td class="audit_table-details">{details}</td>
            <td>{conversation}</td>
            <td>{sealed}</td>
        </tr>
    }
}

/// Object and details in a line, people by their names. What only a program reads (digests) stays out.
fn details(names: &BTreeMap<UserId, String>, entry: &AuditEntry) -> AnyView {
    let named = |text: &str| text.parse().ok().and_then(|id| names.get(&id)).cloned();
    let mut parts: Vec<(String, String)> = Vec::new();
    if let Some(object) = &entry.object {
        let kind = if entry.action.starts_with("message.") { "message" } else { "" };
        parts.push((kind.to_owned(), named(object).unwrap_or_else(|| object.clone())));
    }
    for (key, value) in entry.details.as_object().into_iter().flatten() {
        if value.is_null() || key == "digest" {
            continue;
        }
        let key = key.strip_suffix("_id").unwrap_or(key).replace('_', " ");
        let written = match value.as_str() {
            Some(text) => named(text).unwrap_or_else(|| text.to_owned()),
            None => value.to_string(),
        };
        parts.push((key, written));
    }
    let parts = parts.into_iter().enumerate().map(|(place, (key, value))| {
        view! {
            {(place > 0).then_some(", ")}
            {(!key.is_empty()).then(|| format!("{key} "))}
            <bdi>{value}</bdi>
        }
    });
    parts.collect_view().into_any()
}
