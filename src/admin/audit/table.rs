//! The entries, newest first. What an entry names can be followed: the person, the conversation, the review.

use super::{details::Details, filters::words, link};
use crate::{
    admin::{
        form::Form,
        table::{Column, DataTable, NoRows, Pages, Row},
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
    let (Some(newest), Some(oldest)) = (items.first(), items.last()) else {
        return view! { <NoRows icon="audit" title="No such entries" words="Nothing that was done matches these filters." all="/admin/audit"/> }
            .into_any();
    };
    let caption = format!("Entries {} to {}, newest first, times in UTC.", number(newest.id), number(oldest.id));
    let first = form.given("cursor").map(|_| ("Newest", link(form, &[])));
    let next = next_cursor.map(|cursor| ("Older", link(form, &[("cursor", cursor)])));
    let columns = vec![
        Column::line("Entry"),
        Column::line("Time"),
        Column::line("Actor"),
        Column::line("Action"),
        Column::wide("Details"),
        Column::line("Conversation"),
        Column::line("Proof"),
    ];
    let rows = items.into_iter().map(|entry| row(form, &names, entry)).collect();
    view! {
        <DataTable id="entries" caption columns rows/>
        <Pages label="Pages of entries" first next/>
    }
    .into_any()
}

fn row(form: &Form, names: &BTreeMap<UserId, String>, entry: AuditEntry) -> Row {
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
            <span class="proof_mark" title=format!("Leaf {}", number(leaf))>
                <Icon name="check"/>
                "Sealed"
            </span>
        }
        .into_any(),
        None => view! {
            <span class="proof_mark" data-sealed="no">
                <Icon name="clock"/>
                "Next seal"
            </span>
        }
        .into_any(),
    };
    let details = view! { <Details entry=&entry names/> }.into_any();
    Row::named(number(entry.id))
        .cell(view! { <Moment at=entry.at/> })
        .cell(actor)
        .cell(view! { <strong>{words(&entry.action)}</strong> })
        .cell(details)
        .cell(conversation)
        .cell(sealed)
}
