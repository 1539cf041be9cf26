//! One person: what they are called and may do, where they are signed in, and what can be done about it.

use super::{Refused, path, roles};
use crate::{
    admin::{
        departments::{DEPARTMENTS, Departments},
        done::{Done, DoneNotice},
        form::{Choice, Field, Form, Problem},
        screen::Sheet,
        table::{Column, DataTable, Row},
        words::Moment,
    },
    domain::{
        client_name::client_name,
        user::User,
        user_record::{UserDetails, UserRecord, UserSession},
    },
    ui::components::icon::Icon,
};
use leptos::prelude::*;

/// What the screen shows beside what was refused or done.
pub(super) struct Shown {
    pub(super) details: UserDetails,
    pub(super) sessions: Vec<UserSession>,
    pub(super) departments: Vec<String>,
    pub(super) is_self: bool,
}

pub(super) fn sheet(shown: Shown, refused: Option<Refused>, done: Option<Done>) -> Sheet {
    let Shown { details, sessions, departments, is_self } = shown;
    let UserDetails { record, is_last_admin, tokens } = details;
    let user = record.user.clone();
    let error = refused.as_ref().map(|refused| refused.error.clone());
    let done = done.and_then(|done| done.sentence(&user, sessions.len())).map(|sentence| view! { <DoneNotice sentence/> });
    let (form, problem) = match refused {
        None => (of(&user), None),
        Some(Refused { form: Some(form), error }) => (form.refused(error), None),
        Some(Refused { form: None, error }) => (of(&user), Some(error.detail)),
    };
    let title = user.display_name.clone();
    let action = view! {
        <a class="button" data-kind="quiet" href="/admin/people">
            <Icon name="back" turns=true/>
            "All people"
        </a>
    };
    let problem = problem.map(|detail| {
        view! {
            <p class="field-error" role="alert">
                <Icon name="alert"/>
                {detail}
            </p>
        }
    });
    let body = view! {
        {done}
        {problem}
        <div class="page-columns" data-even>
            {profile(&user, &form, is_last_admin)}
            <div class="stack">
                {facts(record, tokens)}
                {access(&user, is_last_admin, is_self)}
            </div>
        </div>
        {signed_in(&user, sessions)}
        <Departments known=departments/>
    };
    Sheet::new(title, "", body).with_action(action).refused(error.as_ref())
}

/// The form as it stands.
fn of(user: &User) -> Form {
    Form::of([
        ("display_name", user.display_name.clone()),
        ("department", user.department.clone()),
        ("role", user.role.as_str().to_owned()),
    ])
}

fn profile(user: &User, form: &Form, is_last_admin: bool) -> impl IntoView + use<> {
    let role_hint = if is_last_admin {
        "The last admin who can sign in stays one: make somebody else an admin first, who counts once they have a password."
    } else {
        "Admins administer people, look into the audit log, and review."
    };
    view! {
        <section class="section" aria-labelledby="profile">
            <header>
                <h2 id="profile">"Profile"</h2>
                <p>"Whoever writes with them sees a change at once."</p>
            </header>
            <form class="stack" action=path(user.id) method="post">
                <Problem form/>
                <Field form name="display_name" label="Name" required=true maxlength=120usize/>
                <Field form name="department" label="Department" maxlength=120usize list=DEPARTMENTS/>
                <Choice form name="role" label="Role" options=roles() hint=role_hint/>
                <div class="cluster">
                    <button class="button" data-kind="primary">
                        "Save"
                    </button>
                </div>
            </form>
        </section>
    }
}

fn facts(record: UserRecord, tokens: i64) -> impl IntoView {
    let UserRecord { user, email, external_id, has_password, created_at, deactivated_at } = record;
    let gone = deactivated_at.map(|at| {
        view! {
            <div>
                <dt>"Deactivated"</dt>
                <dd>
                    <Moment at=at/>
                </dd>
            </div>
        }
    });
    view! {
        <section class="section" aria-labelledby="facts">
            <header>
                <h2 id="facts">"Account"</h2>
            </header>
            <dl class="people_facts">
                <div>
                    <dt>"User name"</dt>
                    <dd>
                        <bdi>{user.username}</bdi>
                    </dd>
                </div>
                <div>
                    <dt>"E-mail"</dt>
                    <dd>
                        <bdi>{email.unwrap_or_else(|| "none".to_owned())}</bdi>
                    </dd>
                </div>
                <div>
                    <dt>"External id"</dt>
                    <dd>
                        <bdi>{external_id.unwrap_or_else(|| "none".to_owned())}</bdi>
                    </dd>
                </div>
                <div>
                    <dt>"Password"</dt>
                    <dd>{if has_password { "set" } else { "not set yet" }}</dd>
                </div>
                <div>
                    <dt>"Programs"</dt>
                    <dd>{tokens}</dd>
                </div>
                <div>
                    <dt>"Known since"</dt>
                    <dd>
                        <Moment at=created_at/>
                    </dd>
                </div>
                {gone}
            </dl>
        </section>
    }
}

fn access(user: &User, is_last_admin: bool, is_self: bool) -> impl IntoView + use<> {
    let base = path(user.id);
    let what = match (user.active, is_last_admin) {
        (false, _) => view! {
            <form action=format!("{base}/activate") method="post">
                <button class="button" data-kind="primary">
                    "Activate"
                </button>
            </form>
        }
        .into_any(),
        (true, true) => {
            view! { <p class="field-hint">"This is the last admin who can sign in, and cannot be deactivated: make somebody else an admin first, who counts once they have a password."</p> }
                .into_any()
        }
        (true, false) => view! {
            <a class="button" data-kind="danger" href=format!("{base}/deactivate")>
                {if is_self { "Deactivate yourself…" } else { "Deactivate…" }}
            </a>
        }
        .into_any(),
    };
    let link = user.active.then(|| {
        view! {
            <form action=format!("{base}/link") method="post">
                <button class="button">"Make a link to set a password"</button>
            </form>
        }
    });
    view! {
        <section class="section" aria-labelledby="access">
            <header>
                <h2 id="access">"Access"</h2>
                <p>{if user.active { "They may sign in." } else { "They cannot sign in, and nobody can write to them. Their history stays." }}</p>
            </header>
            <div class="cluster">{link} {what}</div>
        </section>
    }
}

fn signed_in(user: &User, sessions: Vec<UserSession>) -> impl IntoView + use<> {
    let base = path(user.id);
    let everywhere = (!sessions.is_empty()).then(|| {
        view! {
            <a class="button" data-kind="danger" href=format!("{base}/sign_out")>
                "Sign out everywhere…"
            </a>
        }
    });
    let list = if sessions.is_empty() {
        view! { <p class="field-hint">"They are signed in nowhere."</p> }.into_any()
    } else {
        let rows = sessions.into_iter().map(|session| row(&base, session)).collect();
        let columns = vec![
            Column::text("Browser"),
            Column::line("Signed in"),
            Column::line("Last used"),
            Column::line("Ends by"),
            Column::act("What can be done"),
        ];
        view! { <DataTable id="signed_in" caption="Sessions" columns rows/> }.into_any()
    };
    view! {
        <section class="section" aria-labelledby="sessions">
            <header>
                <h2 id="sessions">"Signed in"</h2>
                <p>"A session ends within five seconds, with its live stream."</p>
            </header>
            {list}
            <div class="cluster">{everywhere}</div>
        </section>
    }
}

fn row(base: &str, session: UserSession) -> Row {
    let UserSession { id, created_at, last_seen_at, expires_at, user_agent } = session;
    let action = format!("{base}/sessions/{id}/end");
    let (name, raw) = (client_name(&user_agent), user_agent);
    let name = if name.is_empty() { "unknown".to_owned() } else { name };
    // what it says of itself in full, where that is something else
    let browser = if raw.is_empty() || raw == name {
        view! { <bdi>{name}</bdi> }.into_any()
    } else {
        view! {
            <details>
                <summary>
                    <bdi>{name}</bdi>
                </summary>
                <p>
                    "It calls itself: " <bdi>{raw}</bdi>
                </p>
            </details>
        }
        .into_any()
    };
    let named = view! {
        {browser}
        <code class="people_session">{id.clone()}</code>
    };
    let end = view! {
        <form action=action method="post">
            <button class="button">"End" <span class="visually_hidden">" session " {id}</span></button>
        </form>
    };
    Row::named(named)
        .cell(view! { <Moment at=created_at/> })
        .cell(view! { <Moment at=last_seen_at/> })
        .cell(view! { <Moment at=expires_at/> })
        .cell(end)
}
