//! `/admin/people`: who is known, as what, and whether they get in. What takes something away from somebody is asked once,
//! with its consequences in words, on a page of its own.

pub mod acts;
mod confirm;
pub mod import;
mod listing;
pub mod new;
mod one;

use super::{
    departments,
    done::Done,
    form::{Form, Id},
    screen::{Sheet, Tab, show},
};
use crate::{
    domain::{
        ids::UserId,
        user::Role,
        user_record::{UserChange, UserDetails, UserFilter, UserRecordPage},
    },
    error::{Code, Error},
    server::{
        context::Context,
        service::{user_records, users},
    },
};
use axum::response::{IntoResponse, Redirect, Response};

/// A page of people. Filters that cannot be understood are shown again, with the reason and without people.
pub async fn list(ctx: Context, form: Form) -> Response {
    let outcome = match listed(&ctx, &form).await {
        Ok((page, departments)) => Ok((form, Some(page), departments)),
        Err(error) if !error.fields.is_empty() && !error.fields.contains_key("cursor") => Ok((form.refused(error), None, Vec::new())),
        Err(error) => Err(error),
    };
    show(&ctx, Tab::People, outcome, |(form, page, departments)| listing::sheet(&form, page, departments)).await
}

async fn listed(ctx: &Context, form: &Form) -> Result<(UserRecordPage, Vec<String>), Error> {
    ctx.admin()?;
    let active = match form.given("state").as_deref() {
        None => None,
        Some("active") => Some(true),
        Some("deactivated") => Some(false),
        Some(_) => return Err(Error::invalid("state", "Choose active or deactivated.")),
    };
    let filter = UserFilter {
        q: form.given("q"),
        department: form.given("department"),
        role: form.parsed("role", "Choose members or admins.")?,
        active,
    };
    let page = user_records::page(ctx, filter, None, form.given("cursor").as_deref()).await?;
    Ok((page, departments::known(ctx).await?))
}

/// One person.
pub async fn one(ctx: Context, id: Result<Id<UserId>, Error>, form: Form) -> Response {
    page_of(&ctx, id, None, Done::told_by(&form)).await
}

/// Why an act on a person was refused, and the form that was typed for it, if there was one.
struct Refused {
    form: Option<Form>,
    error: Error,
}

/// Another name, department or role. Taking somebody the role of an admin is asked once.
pub async fn change(ctx: Context, id: Result<Id<UserId>, Error>, form: Form) -> Response {
    let details = match details(&ctx, &id).await {
        Ok(details) => details,
        Err(error) => return failed(&ctx, error).await,
    };
    let role = form.parsed("role", "Choose member or admin.");
    let demotes = details.record.user.role == Role::Admin && matches!(role, Ok(Some(Role::Member)));
    if demotes && !details.is_last_admin && form.given("confirmed").is_none() {
        return show(&ctx, Tab::People, Ok((details, form)), confirm::demote(is_self(&ctx, &id))).await;
    }
    let outcome = match role {
        Ok(role) => {
            let (display_name, department) = (Some(form.field("display_name")), Some(form.field("department")));
            let change = UserChange { display_name, department, role, active: None };
            users::change(&ctx, details.record.user.id, change).await.map(|_| ())
        }
        Err(error) => Err(error),
    };
    settle(&ctx, id, Some(form), outcome.map(|()| Done::Saved)).await
}

/// After a POST: to the person's page, or that page with the reason and what was typed.
async fn settle(ctx: &Context, id: Result<Id<UserId>, Error>, form: Option<Form>, outcome: Result<Done, Error>) -> Response {
    let user = id.as_ref().ok().map(|Id(user)| *user);
    match (outcome, user) {
        (Ok(done), Some(user)) => Redirect::to(&done.told_at(&path(user))).into_response(),
        (Ok(_), None) => failed(ctx, Error::not_found()).await,
        (Err(error), Some(_)) if matches!(error.code, Code::Invalid | Code::LastAdmin) => {
            page_of(ctx, id, Some(Refused { form, error }), None).await
        }
        (Err(error), _) => failed(ctx, error).await,
    }
}

async fn page_of(ctx: &Context, id: Result<Id<UserId>, Error>, refused: Option<Refused>, done: Option<Done>) -> Response {
    let outcome = shown(ctx, &id).await;
    show(ctx, Tab::People, outcome, move |shown| one::sheet(shown, refused, done)).await
}

async fn shown(ctx: &Context, id: &Result<Id<UserId>, Error>) -> Result<one::Shown, Error> {
    let details = details(ctx, id).await?;
    let sessions = user_records::sessions(ctx, details.record.user.id).await?;
    Ok(one::Shown { details, sessions, departments: departments::known(ctx).await?, is_self: is_self(ctx, id) })
}

async fn details(ctx: &Context, id: &Result<Id<UserId>, Error>) -> Result<UserDetails, Error> {
    ctx.admin()?;
    match id {
        Ok(Id(id)) => user_records::get(ctx, *id).await,
        Err(error) => Err(error.clone()),
    }
}

async fn failed(ctx: &Context, error: Error) -> Response {
    show(ctx, Tab::People, Err::<(), _>(error), |()| Sheet::new("", "", ())).await
}

fn is_self(ctx: &Context, id: &Result<Id<UserId>, Error>) -> bool {
    matches!((ctx.viewer(), id), (Ok(viewer), Ok(Id(id))) if viewer.id() == *id)
}

fn path(id: UserId) -> String {
    format!("/admin/people/{id}")
}

/// The word for a role.
fn role_word(role: Role) -> &'static str {
    match role {
        Role::Member => "Member",
        Role::Admin => "Admin",
    }
}

/// The roles for a choice, in words.
fn roles() -> Vec<(String, String)> {
    [Role::Member, Role::Admin].iter().map(|role| (role.as_str().to_owned(), role_word(*role).to_owned())).collect()
}
