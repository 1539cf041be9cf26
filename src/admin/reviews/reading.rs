//! The reading view: other people's messages, marked as recorded for as long as they are in sight. Nobody's side is "own",
//! nothing can be written, nothing is moved.

use super::{names, one, path};
use crate::{
    admin::{
        screen::Sheet,
        table::Pages,
        words::{in_utc, number},
    },
    domain::{
        ids::ConversationId,
        message::Message,
        review::{Review, ReviewedConversations, ReviewedPage},
        time::Timestamp,
        user::User,
    },
    ui::components::icon::Icon,
};
use leptos::prelude::*;

const LEAD: &str = "Only what was sent within the period of the review. What is outside of it was not loaded.";

/// The conversations of a reviewed person.
pub(super) fn conversations(review: Review, part: ReviewedConversations) -> Sheet {
    let ReviewedConversations { items, next_cursor } = part;
    let base = format!("{}/conversations", path(review.id));
    let next = next_cursor.map(|cursor| ("More", format!("{base}?cursor={cursor}")));
    let empty = items.is_empty().then(|| view! { <p>"This person has no conversation that you may read."</p> });
    let rows = items.into_iter().map(|conversation| {
        let messages = match conversation.messages {
            0 => "no messages in the period".to_owned(),
            1 => "1 message in the period".to_owned(),
            several => format!("{} messages in the period", number(several)),
        };
        view! {
            <li class="review_row">
                <h2>
                    <a href=format!("{base}/{}", conversation.id)>{names(&conversation.people)}</a>
                </h2>
                <p class="field-hint">{messages}</p>
            </li>
        }
    });
    let body = view! {
        <div class="page-columns">
            {one::facts(&review)}
            <section class="review_reader" aria-labelledby="reading">
                {recording(&review)}
                <ul class="review_list">{rows.collect_view()}</ul>
                {empty}
                <Pages label="Pages of conversations" first=None next/>
            </section>
        </div>
    };
    Sheet::new(format!("Review {}", review.case_id), "Whom the person writes with. Choosing one opens its first page.", body)
        .with_action(back(&review))
}

/// A page of a conversation.
pub(super) fn sheet(review: Review, conversation: ConversationId, page: ReviewedPage) -> Sheet {
    let ReviewedPage { read_id, people, items, next_after } = page;
    let here = format!("{}/conversations/{conversation}", path(review.id));
    let first = items.first().is_some_and(|message| message.seq.0 > 1).then(|| {
        view! {
            <a class="button" href=here.clone()>
                "First page of the period"
            </a>
        }
    });
    let next = next_after.map(|after| {
        view! {
            <a class="button" data-kind="primary" href=format!("{here}?after={after}")>
                "Next page"
                <Icon name="next" turns=true/>
            </a>
        }
    });
    let pages = (first.is_some() || next.is_some()).then(|| {
        view! {
            <nav class="cluster review_pages" aria-label="Pages of the conversation">
                {first}
                {next}
            </nav>
        }
    });
    let end_of_period = next_after.is_none().then_some(" This is the end of the period.");
    let empty = items.is_empty().then(|| view! { <p class="message_list-start">"Nothing was sent here within the period."</p> });
    let label = format!("Messages, read only, recorded as reading {read_id}");
    let body = view! {
        <div class="page-columns">
            {one::facts(&review)}
            <section class="review_reader" aria-labelledby="reading">
                {recording(&review)}
                <div class="review_messages" role="group" aria-label=label>
                    {days(&people, items)}
                    {empty}
                </div>
                <div class="message_list-closed">
                    <Icon name="lock"/>
                    <div>
                        <strong>"Reading only."</strong>
                        {format!("This page is reading {} of the record.", number(read_id))}
                        {end_of_period}
                    </div>
                </div>
                {pages}
            </section>
        </div>
    };
    Sheet::new(format!("Review {}", review.case_id), LEAD, body).with_action(back(&review))
}

/// To the steps of the review.
fn back(review: &Review) -> impl IntoView + use<> {
    view! {
        <a class="button" data-kind="quiet" href=path(review.id)>
            <Icon name="back" turns=true/>
            "The review"
        </a>
    }
}

/// The sentence that stays while one reads, and the way out.
fn recording(review: &Review) -> impl IntoView + use<> {
    let until = review.expires_at.map(|expires| format!(" Open until {}.", in_utc(expires)));
    view! {
        <div class="review_recording">
            <span class="review_recording-light" aria-hidden="true"></span>
            <p>
                <strong id="reading">"You are reading other people’s messages, and this is being recorded."</strong>
                " Every page you open is an audit entry in your name."
                {until}
            </p>
            {one::end(review, "End the review")}
        </div>
    }
}

/// The messages, day by day (UTC).
fn days(people: &[User], items: Vec<Message>) -> impl IntoView + use<> {
    let mut days: Vec<(String, Vec<Message>)> = Vec::new();
    for message in items {
        let day = message.sent_at.date();
        match days.last_mut() {
            Some((last, messages)) if *last == day => messages.push(message),
            _ => days.push((day, vec![message])),
        }
    }
    let people = people.to_vec();
    days.into_iter()
        .map(move |(day, messages)| {
            let id = format!("day_{day}");
            let (labelled_by, datetime) = (id.clone(), day.clone());
            let rows = messages.into_iter().map(|message| row(&people, message)).collect_view();
            view! {
                <section class="message_list-day" aria-labelledby=labelled_by>
                    <h3 class="message_list-date" id=id>
                        <time datetime=datetime>{day}</time>
                    </h3>
                    <ol>{rows}</ol>
                </section>
            }
        })
        .collect_view()
}

fn row(people: &[User], message: Message) -> impl IntoView + use<> {
    let name = people.iter().find(|user| user.id == message.sender_id).map(|user| user.display_name.clone());
    let seq = message.seq;
    view! {
        <li class="message_bubble" id=format!("seq_{seq}") data-from="peer">
            <p class="review_sender">
                <bdi>{name.unwrap_or_default()}</bdi> {format!(" · {seq}")}
            </p>
            <div class="message_bubble-body">
                <bdi class="message_bubble-text" dir="auto">
                    {message.body}
                </bdi>
            </div>
            <dl class="review_times">
                {time("Sent", Some(message.sent_at))} {time("Delivered", message.delivered_at)} {time("Read", message.read_at)}
            </dl>
        </li>
    }
}

fn time(word: &'static str, at: Option<Timestamp>) -> impl IntoView {
    let moment = match at {
        Some(at) => view! { <time datetime=at.to_string()>{in_utc(at)}</time> }.into_any(),
        None => "not yet".into_any(),
    };
    view! {
        <div>
            <dt>{word}</dt>
            <dd>{moment}</dd>
        </div>
    }
}
