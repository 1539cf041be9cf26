//! One review: how it came to stand as it does, and what the viewer can do about it.

use super::{export, names, path, reading_path};
use crate::{
    admin::{
        form::{Form, Problem, TextArea},
        screen::Sheet,
        words::{Moment, number},
    },
    domain::{
        review::{REASON_MAX, Review, ReviewMode, ReviewScope, ReviewState},
        review_export::ReviewExport,
        user::User,
    },
    ui::components::icon::Icon,
};
use leptos::prelude::*;

const LEAD: &str = "Each step is an audit entry. Both participants are told that their conversation was read, when, and for what kind of \
                    reason; not by whom.";

pub(super) fn sheet(review: Review, exports: Vec<ReviewExport>, viewer: Option<User>, hours: u32, form: Form) -> Sheet {
    let is_reader = viewer.is_some_and(|viewer| viewer.id == review.requested_by.id);
    let title = format!("Review {}", review.case_id);
    let error = form.error().cloned();
    let (of_export, form) = form.split(export::FORM);
    let taking = export::section(&review, exports, is_reader, &of_export);
    let can = what_can_be_done(&review, is_reader, hours, &form);
    let body = view! {
        <div class="page-columns" data-even>
            {facts(&review)}
            <section class="section" aria-labelledby="next">
                {can}
            </section>
            {taking}
        </div>
    };
    Sheet::new(title, LEAD, body).refused(error.as_ref())
}

/// Whose, when, why, and the steps so far.
pub(super) fn facts(review: &Review) -> impl IntoView + use<> {
    let scope = match review.scope {
        ReviewScope::UserId(_) => "All conversations of ",
        ReviewScope::ConversationId(_) => "The conversation of ",
    };
    let (from, until) = (review.from, review.until);
    view! {
        <section class="section" aria-labelledby="steps">
            <header>
                <h2 id="steps">{review.state.words()}</h2>
                <p>
                    {scope} {names(&review.people)} ", sent from " <Moment at=from/> " to " <Moment at=until/>
                </p>
            </header>
            <ol class="review_steps">{steps(review)}</ol>
            <p class="field-hint">{review.category.words()}</p>
            <blockquote class="review_quote">
                <p dir="auto">{review.reason.clone()}</p>
            </blockquote>
        </section>
    }
}

fn steps(review: &Review) -> impl IntoView + use<> {
    let state = review.state;
    let asked = view! {
        <li data-done>
            <Icon name="check"/>
            <div>
                <strong>"Requested"</strong>
                <span>
                    <bdi>{review.requested_by.display_name.clone()}</bdi> ", " <Moment at=review.requested_at/>
                </span>
            </div>
        </li>
    };
    let decided = match (&review.decided_by, review.decided_at) {
        (Some(by), Some(at)) => {
            let what = match (state, review.mode) {
                (ReviewState::Refused, _) => "Refused",
                (_, ReviewMode::Dual) => "Approved by a second person",
                _ => "Granted without a second person",
            };
            let note = review.decision_note.clone().map(|note| view! { " " <span dir="auto">{format!("“{note}”")}</span> });
            view! {
                <li data-done>
                    <Icon name=if state == ReviewState::Refused { "close" } else { "check" }/>
                    <div>
                        <strong>{what}</strong>
                        <span>
                            <bdi>{by.display_name.clone()}</bdi> ", " <Moment at=at/>
                        </span>
                        {note}
                    </div>
                </li>
            }
            .into_any()
        }
        _ => view! {
            <li aria-current=(state == ReviewState::Requested).then_some("step")>
                <Icon name="clock"/>
                <div>
                    <strong>{if state == ReviewState::Withdrawn { "Withdrawn before a decision" } else { "Waits for a second person" }}</strong>
                    <span>"Nobody approves a request of their own."</span>
                </div>
            </li>
        }
        .into_any(),
    };
    let reading = review.expires_at.map(|expires| {
        let pages = match review.pages_read {
            0 => "No page has been read.".to_owned(),
            1 => "1 page has been read.".to_owned(),
            pages => format!("{} pages have been read.", number(pages)),
        };
        let until = match review.ended_at {
            Some(ended) => view! { "Ended " <Moment at=ended/> ". " }.into_any(),
            None => view! { "Until " <Moment at=expires/> ", then it closes by itself. " }.into_any(),
        };
        view! {
            <li aria-current=(state == ReviewState::Open).then_some("step") data-done={state != ReviewState::Open}>
                <Icon name="eye"/>
                <div>
                    <strong>"Reading"</strong>
                    <span>{until} {pages}</span>
                </div>
            </li>
            <li data-done=review.pages_read.gt(&0)>
                <Icon name="bell"/>
                <div>
                    <strong>"Participants told"</strong>
                    <span>"In the details of their conversation, from the first page that is read."</span>
                </div>
            </li>
        }
    });
    view! {
        {asked}
        {decided}
        {reading}
    }
}

fn what_can_be_done(review: &Review, is_reader: bool, hours: u32, form: &Form) -> AnyView {
    let asker = review.requested_by.display_name.clone();
    match (review.state, is_reader) {
        (ReviewState::Requested, false) => view! {
            <header>
                <h2 id="next">"Your decision"</h2>
                <p>"Asked by " <bdi>{asker}</bdi> ". They alone will read, and each page they open is recorded."</p>
            </header>
            <form class="stack" action=format!("{}/decide", path(review.id)) method="post">
                <Problem form/>
                <TextArea form name="note" label="Your note, kept with the decision" maxlength=REASON_MAX/>
                <div class="cluster">
                    <button class="button" data-kind="primary" name="decision" value="approve">
                        {format!("Approve for {hours} {}", if hours == 1 { "hour" } else { "hours" })}
                    </button>
                    <button class="button" data-kind="danger" name="decision" value="refuse">
                        "Refuse"
                    </button>
                </div>
            </form>
        }
        .into_any(),
        (ReviewState::Requested, true) => view! {
            <header>
                <h2 id="next">"Another admin decides"</h2>
                <p>"Nothing can be read before. Tell them: this page is what they need."</p>
            </header>
            <Problem form/>
            {end(review, "Take the request back")}
        }
        .into_any(),
        (ReviewState::Open, true) => {
            let begin = match review.scope {
                ReviewScope::ConversationId(_) => "Read the conversation",
                _ => "Choose a conversation",
            };
            view! {
                <header>
                    <h2 id="next">"You may read"</h2>
                    <p>"Every page you open is an audit entry in your name, and the two participants are told that it was read."</p>
                </header>
                <Problem form/>
                <div class="cluster">
                    <a class="button" data-kind="primary" href=reading_path(review)>
                        <Icon name="eye"/>
                        {begin}
                    </a>
                    {end(review, "End the review")}
                </div>
            }
            .into_any()
        }
        (ReviewState::Open, false) => view! {
            <header>
                <h2 id="next">"Open for " <bdi>{asker}</bdi></h2>
                <p>"Only who asked reads. You can end it: what was read stays recorded, and nothing more can be."</p>
            </header>
            <Problem form/>
            {end(review, "End the review")}
        }
        .into_any(),
        _ => view! {
            <header>
                <h2 id="next">"This review is over"</h2>
                <p>"Nothing of it can be read any more. Reading again needs a new request."</p>
            </header>
            <Problem form/>
            <div class="cluster">
                <a class="button" href="/admin/reviews">
                    "All reviews"
                </a>
            </div>
        }
        .into_any(),
    }
}

/// Ends it, or takes it back.
pub(super) fn end(review: &Review, words: &'static str) -> impl IntoView + use<> {
    view! {
        <form action=format!("{}/end", path(review.id)) method="post">
            <button class="button" data-kind="danger">
                {words}
            </button>
        </form>
    }
}
