//! The form that asks for a review.

use crate::{
    admin::{
        day::Edge,
        form::{Choice, Field, Form, Problem, TextArea},
        screen::Sheet,
    },
    domain::{
        review::{CASE_ID_MAX, REASON_MAX, ReviewCategory, ReviewMode, ReviewRequest},
        time::Timestamp,
    },
    error::Error,
    server::{context::Context, service::reviews},
};
use leptos::prelude::*;

/// What the form asks for. Days are whole days in UTC, the last one included.
pub(super) async fn wanted(ctx: &Context, form: &Form) -> Result<ReviewRequest, Error> {
    ctx.admin()?;
    let person = form.given("person").ok_or_else(|| Error::invalid("person", "Say whose conversations."))?;
    let scope = reviews::scope(ctx, &person, form.given("peer").as_deref()).await?;
    let category = form.given("category").and_then(|word| word.parse::<ReviewCategory>().ok());
    let category = category.ok_or_else(|| Error::invalid("category", "Choose what kind of reason it is: the two are told."))?;
    Ok(ReviewRequest {
        case_id: form.field("case_id"),
        category,
        reason: form.field("reason"),
        scope,
        from: day(form, "from", Edge::Begin)?,
        until: day(form, "until", Edge::End)?,
    })
}

fn day(form: &Form, name: &'static str, edge: Edge) -> Result<Timestamp, Error> {
    form.day(name, edge)?.ok_or_else(|| Error::invalid(name, "Say which day, like 2026-11-22."))
}

pub(super) fn sheet(form: Form, policy: ReviewMode) -> Sheet {
    let lead = match policy {
        ReviewMode::Dual => "You will not see anything before another admin has agreed.",
        _ => "It is granted at once, and each page you open is recorded in your name.",
    };
    let categories = ReviewCategory::ALL.iter().map(|category| (category.as_str().to_owned(), category.words().to_owned()));
    let categories: Vec<_> = std::iter::once((String::new(), "Choose one".to_owned())).chain(categories).collect();
    let error = form.error().cloned();
    let body = {
        let form = &form;
        view! {
            <form class="section stack review_request" action="/admin/reviews/new" method="post">
                <Problem form/>
                <div class="review_pair">
                    <Field form name="person" label="Person" hint="A user name, or a name that only one person has." required=true maxlength=80usize/>
                    <Field
                        form
                        name="peer"
                        label="Their conversation with"
                        hint="Leave it empty for all conversations of the person."
                        maxlength=80usize
                    />
                </div>
                <div class="review_pair">
                    <Field form name="from" label="First day (UTC)" kind="date" required=true/>
                    <Field form name="until" label="Last day (UTC)" kind="date" required=true/>
                </div>
                <div class="review_pair">
                    <Field form name="case_id" label="Case" hint="Where the matter is kept." required=true maxlength=CASE_ID_MAX/>
                    <Choice form name="category" label="Kind of reason" options=categories hint="The two participants are told this."/>
                </div>
                <TextArea
                    form
                    name="reason"
                    label="Reason"
                    hint="At least 20 characters. It is kept for good; whoever decides reads it, the participants do not."
                    required=true
                    maxlength=REASON_MAX
                />
                <div class="cluster">
                    <button class="button" data-kind="primary">
                        {if policy == ReviewMode::Dual { "Send the request" } else { "Begin the review" }}
                    </button>
                    <a class="button" data-kind="quiet" href="/admin/reviews">
                        "Cancel"
                    </a>
                </div>
            </form>
        }
        .into_any()
    };
    Sheet::new("Request a review", lead, body).refused(error.as_ref())
}
