//! `/admin/reviews`: asking to read other people's conversations, agreeing to it, reading, taking away, ending it.

pub mod export;
mod listing;
mod one;
mod reading;
mod request;

use super::{
    form::{Form, Id},
    screen::{Sheet, Tab, show},
};
use crate::{
    domain::{
        ids::{ConversationId, Seq},
        review::{Review, ReviewId, ReviewMode, ReviewScope},
        review_export::ReviewExport,
    },
    error::{Code, Error},
    server::{
        context::Context,
        middleware::deliberate::Deliberate,
        service::{
            review_exports, review_reading,
            reviews::{self, Answer},
        },
    },
};
use axum::{
    extract::{Path, rejection::PathRejection},
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;

/// The reviews, newest first.
pub async fn list(ctx: Context, form: Form) -> Response {
    let policy = ctx.state.settings.audit.review;
    let outcome = reviews::list(&ctx, None, form.given("cursor").as_deref()).await;
    show(&ctx, Tab::Reviews, outcome, move |reviews| listing::sheet(reviews, policy)).await
}

/// The form of a request.
pub async fn new(ctx: Context, form: Form) -> Response {
    let policy = ctx.state.settings.audit.review;
    let outcome = match ctx.admin() {
        Ok(_) if policy == ReviewMode::Off => Err(switched_off()),
        Ok(_) => Ok(form),
        Err(error) => Err(error),
    };
    show(&ctx, Tab::Reviews, outcome, move |form| request::sheet(form, policy)).await
}

/// A request; refused, the form comes back.
pub async fn create(ctx: Context, form: Form) -> Response {
    let policy = ctx.state.settings.audit.review;
    let outcome = match request::wanted(&ctx, &form).await {
        Ok(request) => reviews::request(&ctx, request).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(review) => to(review.id),
        Err(error) => {
            let outcome = if error.code == Code::Invalid { Ok(form.refused(error)) } else { Err(error) };
            show(&ctx, Tab::Reviews, outcome, move |form| request::sheet(form, policy)).await
        }
    }
}

/// One review.
pub async fn one(ctx: Context, id: Result<Id<ReviewId>, Error>, form: Form) -> Response {
    let outcome = whole(&ctx, id).await;
    page(&ctx, outcome, form).await
}

/// A decision; refused, the page comes back with the note.
pub async fn decide(ctx: Context, id: Result<Id<ReviewId>, Error>, form: Form) -> Response {
    let answer = match form.field("decision").as_str() {
        "approve" => Ok(Answer::Approve),
        "refuse" => Ok(Answer::Refuse),
        _ => Err(Error::invalid("decision", "Say whether you approve or refuse.")),
    };
    let outcome = match (&id, answer) {
        (Ok(Id(id)), Ok(answer)) => reviews::decide(&ctx, *id, answer, form.given("note")).await.map(|review| review.id),
        (Ok(_), Err(error)) => ctx.admin().and(Err(error)),
        (Err(error), _) => ctx.admin().and(Err(error.clone())),
    };
    after(&ctx, id, form, outcome).await
}

/// The end of a review.
pub async fn end(ctx: Context, id: Result<Id<ReviewId>, Error>, form: Form) -> Response {
    let outcome = match &id {
        Ok(Id(id)) => reviews::end(&ctx, *id).await.map(|review| review.id),
        Err(error) => ctx.admin().and(Err(error.clone())),
    };
    after(&ctx, id, form, outcome).await
}

/// The conversations of a reviewed person.
pub async fn conversations(ctx: Context, id: Result<Id<ReviewId>, Error>, deliberate: Result<Deliberate, Error>, form: Form) -> Response {
    let outcome = match deliberate {
        Ok(_) => load(&ctx, id).await,
        Err(error) => ctx.admin().and(Err(error)),
    };
    let outcome = match outcome {
        Ok(review) => {
            let part = review_reading::conversations(&ctx, review.id, None, form.given("cursor").as_deref()).await;
            part.map(|part| (review, part))
        }
        Err(error) => Err(error),
    };
    show(&ctx, Tab::Reviews, outcome, |(review, part)| reading::conversations(review, part)).await
}

/// A page of a conversation. It is written down before it is read.
pub async fn read(
    ctx: Context,
    ids: Result<Path<(String, String)>, PathRejection>,
    deliberate: Result<Deliberate, Error>,
    form: Form,
) -> Response {
    let ids = ids.ok().and_then(|Path((review, conversation))| Some((review.parse().ok()?, conversation.parse().ok()?)));
    let outcome = match (ids, deliberate) {
        (_, Err(error)) => ctx.admin().and(Err(error)),
        (None, _) => ctx.admin().and(Err(Error::not_found())),
        (Some((review, conversation)), Ok(_)) => reading_page(&ctx, review, conversation, &form).await,
    };
    show(&ctx, Tab::Reviews, outcome, |(review, conversation, page)| reading::sheet(review, conversation, page)).await
}

async fn reading_page(
    ctx: &Context,
    review: ReviewId,
    conversation: ConversationId,
    form: &Form,
) -> Result<(Review, ConversationId, crate::domain::review::ReviewedPage), Error> {
    let after = form.parsed::<Seq>("after", "This is no place in a conversation.")?.unwrap_or(Seq::NONE);
    let page = review_reading::page(ctx, review, conversation, after).await?;
    Ok((reviews::get(ctx, review).await?, conversation, page))
}

async fn whole(ctx: &Context, id: Result<Id<ReviewId>, Error>) -> Result<(Review, Vec<ReviewExport>), Error> {
    let review = load(ctx, id).await?;
    let exports = review_exports::list(ctx, review.id).await?;
    Ok((review, exports))
}

async fn load(ctx: &Context, id: Result<Id<ReviewId>, Error>) -> Result<Review, Error> {
    ctx.admin()?;
    reviews::get(ctx, id?.0).await
}

/// After a POST: to the review, or its page with the reason.
async fn after(ctx: &Context, id: Result<Id<ReviewId>, Error>, form: Form, outcome: Result<ReviewId, Error>) -> Response {
    match outcome {
        Ok(review) => to(review),
        Err(error) if matches!(error.code, Code::Invalid | Code::Forbidden | Code::ReviewSettled) && ctx.admin().is_ok() => {
            let review = whole(ctx, id).await;
            page(ctx, review, form.refused(error)).await
        }
        Err(error) => show(ctx, Tab::Reviews, Err::<(), _>(error), |()| Sheet::new("", "", ())).await,
    }
}

async fn page(ctx: &Context, outcome: Result<(Review, Vec<ReviewExport>), Error>, form: Form) -> Response {
    let viewer = ctx.caller.as_ref().map(|viewer| viewer.user.clone());
    let hours = ctx.state.settings.audit.review_grant_hours;
    show(ctx, Tab::Reviews, outcome, move |(review, exports)| one::sheet(review, exports, viewer, hours, form)).await
}

fn to(review: ReviewId) -> Response {
    Redirect::to(&path(review)).into_response()
}

fn path(id: ReviewId) -> String {
    format!("/admin/reviews/{id}")
}

/// Where the reading of a review begins.
fn reading_path(review: &Review) -> String {
    match review.scope {
        ReviewScope::ConversationId(conversation) => format!("{}/conversations/{conversation}", path(review.id)),
        _ => format!("{}/conversations", path(review.id)),
    }
}

fn switched_off() -> Error {
    Error { detail: "This organisation has switched reviews off.".into(), ..Error::new(Code::Forbidden) }
}

/// Names in a sentence: "Asha Verma and Bikram Rao".
fn names(people: &[crate::domain::user::User]) -> impl IntoView + use<> {
    let names: Vec<String> = people.iter().map(|user| user.display_name.clone()).collect();
    names
        .into_iter()
        .enumerate()
        .map(|(place, name)| {
            view! {
                {(place > 0).then_some(" and ")}
                <bdi>{name}</bdi>
            }
        })
        .collect_view()
}
