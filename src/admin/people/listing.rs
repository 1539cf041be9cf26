//! The list of people with its filters.

use super::{path, role_word, roles};
use crate::{
    admin::{
        form::{Choice, Field, Form, Problem},
        screen::Sheet,
        table::{Column, DataTable, NoRows, Pages, Row, stated},
    },
    domain::user_record::{UserRecord, UserRecordPage},
    ui::components::icon::Icon,
};
use leptos::prelude::*;

const LEAD: &str = "Who may sign in, as what. People are deactivated and never deleted: their history keeps its names.";

/// The filters, by the names of their fields.
const FILTERS: [&str; 4] = ["q", "department", "role", "state"];

pub(super) fn sheet(form: &Form, page: Option<UserRecordPage>, departments: Vec<String>) -> Sheet {
    let action = view! {
        <div class="cluster">
            <a class="button" href="/admin/people/import">
                "Import"
            </a>
            <a class="button" data-kind="primary" href="/admin/people/new">
                <Icon name="plus"/>
                "Add a person"
            </a>
        </div>
    };
    let error = form.error().cloned();
    let body = view! {
        {filters(form, departments)}
        {page.map(|page| people(form, page))}
    };
    Sheet::new("People", LEAD, body).with_action(action).refused(error.as_ref())
}

fn filters(form: &Form, departments: Vec<String>) -> impl IntoView + use<> {
    let any = |words: &str| (String::new(), words.to_owned());
    // a filter that somebody has followed a link to is not lost
    let chosen = form.given("department").filter(|chosen| !departments.contains(chosen));
    let departments = std::iter::once(any("All departments"))
        .chain(departments.into_iter().chain(chosen).map(|department| (department.clone(), department)))
        .collect::<Vec<_>>();
    let roles = std::iter::once(any("All roles")).chain(roles()).collect::<Vec<_>>();
    let states = vec![any("All states"), ("active".to_owned(), "Active".to_owned()), ("deactivated".to_owned(), "Deactivated".to_owned())];
    view! {
        <form class="filter_bar" action="/admin/people" role="search" aria-label="Filter people">
            <Problem form/>
            <Field form name="q" label="Name" kind="search" example="Anybody" maxlength=80usize/>
            <Choice form name="department" label="Department" options=departments/>
            <Choice form name="role" label="Role" options=roles/>
            <Choice form name="state" label="State" options=states/>
            <div class="cluster">
                <button class="button" data-kind="primary">
                    "Apply"
                </button>
                <a class="button" data-kind="quiet" href="/admin/people">
                    "Reset"
                </a>
            </div>
        </form>
    }
}

fn people(form: &Form, page: UserRecordPage) -> AnyView {
    let UserRecordPage { items, next_cursor } = page;
    if items.is_empty() {
        return view! { <NoRows icon="people" title="Nobody" words="Nobody matches these filters." all="/admin/people"/> }.into_any();
    }
    let first = form.given("cursor").map(|_| ("From the beginning", link(form, None)));
    let next = next_cursor.map(|cursor| ("More", link(form, Some(cursor))));
    let columns = vec![
        Column::line("Name"),
        Column::line("User name"),
        Column::text("Department"),
        Column::line("Role"),
        Column::line("State"),
        Column::text("E-mail"),
    ];
    view! {
        <DataTable id="people" caption="People by name" columns rows=items.into_iter().map(row).collect()/>
        <Pages label="Pages of people" first next/>
    }
    .into_any()
}

fn row(record: UserRecord) -> Row {
    let UserRecord { user, email, has_password, .. } = record;
    let state = match (user.active, has_password) {
        (false, _) => "Deactivated",
        (true, true) => "Active",
        (true, false) => "No password yet",
    };
    let name = view! {
        <a href=path(user.id)>
            <bdi>{user.display_name}</bdi>
        </a>
    };
    Row::named(name)
        .cell(view! { <bdi>{user.username}</bdi> })
        .cell(stated(user.department))
        .cell(role_word(user.role))
        .cell(state)
        .cell(email.and_then(stated))
        .quiet(!user.active)
}

/// The same list from another place on.
fn link(form: &Form, cursor: Option<String>) -> String {
    let kept = FILTERS.iter().filter_map(|name| Some((*name, form.given(name)?)));
    let all: Vec<(&str, String)> = kept.chain(cursor.map(|cursor| ("cursor", cursor))).collect();
    match serde_urlencoded::to_string(all) {
        Ok(query) if !query.is_empty() => format!("/admin/people?{query}"),
        _ => "/admin/people".to_owned(),
    }
}
