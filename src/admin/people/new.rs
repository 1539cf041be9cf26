//! Adding a person: the form, and the link with which they get in.

use super::{confirm, failed, roles};
use crate::{
    admin::{
        departments::{self, DEPARTMENTS, Departments},
        form::{Choice, Field, Form, Problem},
        screen::{Sheet, Tab, show},
    },
    domain::profile::{Profile, RawProfile},
    error::{Code, Error},
    server::{context::Context, service::users},
};
use axum::response::Response;
use leptos::prelude::*;

/// The form.
pub async fn form(ctx: Context) -> Response {
    let outcome = departments::known(&ctx).await.map(|known| (Form::of([("role", "member".to_owned())]), known));
    show(&ctx, Tab::People, outcome, |(form, known)| sheet(form, known)).await
}

/// A new person and their link; refused, the form comes back.
pub async fn create(ctx: Context, form: Form) -> Response {
    match invited(&ctx, &form).await {
        Ok(invited) => {
            let origin = ctx.state.settings.server.origin(ctx.state.leptos.site_addr);
            show(&ctx, Tab::People, Ok(invited), move |(user, link)| confirm::link(&user, link, &origin)).await
        }
        Err(error) if error.code == Code::Invalid => {
            let outcome = departments::known(&ctx).await.map(|known| (form.refused(error), known));
            show(&ctx, Tab::People, outcome, |(form, known)| sheet(form, known)).await
        }
        Err(error) => failed(&ctx, error).await,
    }
}

async fn invited(ctx: &Context, form: &Form) -> Result<(crate::domain::user::User, users::Link), Error> {
    ctx.admin()?;
    let field = |name: &str| form.field(name);
    let (username, display_name, department) = (field("username"), field("display_name"), field("department"));
    let (role, email, external_id) = (field("role"), field("email"), field("external_id"));
    let profile = Profile::parse(RawProfile {
        username: &username,
        display_name: &display_name,
        department: &department,
        role: &role,
        email: &email,
        external_id: &external_id,
    })?;
    users::invite(ctx, profile).await
}

fn sheet(form: Form, departments: Vec<String>) -> Sheet {
    let error = form.error().cloned();
    let body = {
        let form = &form;
        view! {
            <form class="section stack people_ask" action="/admin/people/new" method="post">
                <Problem form/>
                <Field form name="display_name" label="Name" required=true maxlength=120usize/>
                <Field
                    form
                    name="username"
                    label="User name"
                    hint="They sign in with it: a-z, 0-9, '.', '_' and '-'. It is not changed here later."
                    required=true
                    maxlength=64usize
                />
                <Field form name="department" label="Department" maxlength=120usize list=DEPARTMENTS/>
                <Departments known=departments/>
                <Choice form name="role" label="Role" options=roles()/>
                <Field form name="email" label="E-mail" kind="email" hint="Colleagues never see it." maxlength=254usize/>
                <Field form name="external_id" label="External id" hint="How another system knows them; an import recognises them by it." maxlength=200usize/>
                <div class="cluster">
                    <button class="button" data-kind="primary">
                        "Add, and make a link"
                    </button>
                    <a class="button" data-kind="quiet" href="/admin/people">
                        "Cancel"
                    </a>
                </div>
            </form>
        }
        .into_any()
    };
    Sheet::new("Add a person", "They get in by a one-time link, with which they set their password.", body).refused(error.as_ref())
}
