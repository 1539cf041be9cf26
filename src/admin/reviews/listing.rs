//! The reviews, newest first.

use super::{names, path};
use crate::{
    admin::{screen::Sheet, words::Moment},
    domain::review::{Review, ReviewList, ReviewMode, ReviewScope, ReviewState},
    ui::components::icon::Icon,
};
use leptos::prelude::*;

const LEAD: &str = "Reading other people’s messages needs a reason and an end. Each step and each page is an audit entry, and both \
                    participants are told.";

pub(super) fn sheet(reviews: ReviewList, policy: ReviewMode) -> Sheet {
    let ReviewList { items, next_cursor } = reviews;
    let policy_says = match policy {
        ReviewMode::Off => {
            "This organisation has switched reviews off: nobody reads other people’s conversations, also not under an older review."
        }
        ReviewMode::Single => "A review is granted at once to whoever gives a reason.",
        ReviewMode::Dual => "A review has to be approved by another admin than the one who asks.",
    };
    let action = (policy != ReviewMode::Off).then(|| {
        view! {
            <a class="button" data-kind="primary" href="/admin/reviews/new">
                <Icon name="plus"/>
                "Request a review"
            </a>
        }
    });
    let older = next_cursor.map(|cursor| {
        view! {
            <a class="button" href=format!("/admin/reviews?cursor={cursor}")>
                "Older"
                <Icon name="next" turns=true/>
            </a>
        }
    });
    let list = if items.is_empty() {
        view! {
            <div class="empty_state">
                <Icon name="eye"/>
                <h2>"No reviews"</h2>
                <p>"Nobody has asked to read other people’s conversations."</p>
            </div>
        }
        .into_any()
    } else {
        view! {
            <ul class="review_list">{items.into_iter().map(row).collect_view()}</ul>
            <nav class="cluster" aria-label="Pages of reviews">
                {older}
            </nav>
        }
        .into_any()
    };
    let body = view! {
        <p class="field-hint">{policy_says}</p>
        {list}
    };
    Sheet::new("Reviews", LEAD, body).with_action(action)
}

fn row(review: Review) -> impl IntoView {
    let whose = match review.scope {
        ReviewScope::UserId(_) => "All conversations of ",
        ReviewScope::ConversationId(_) => "",
    };
    let href = path(review.id);
    let (open, waits) = (review.state == ReviewState::Open, review.state == ReviewState::Requested);
    view! {
        <li class="review_row" data-open=open data-waits=waits>
            <h2>
                <a href=href>
                    <bdi>{review.case_id}</bdi>
                </a>
            </h2>
            <p>
                {whose} {names(&review.people)} ", " {review.category.words()}
            </p>
            <p class="field-hint">
                "Requested by " <bdi>{review.requested_by.display_name}</bdi> ", " <Moment at=review.requested_at/>
            </p>
            <p class="review_row-state">{review.state.words()}</p>
        </li>
    }
}
