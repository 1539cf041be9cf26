//! Whether an admin has read this conversation: a button that is there only then, and behind it when, and for what kind of
//! reason. Native popover, so it works without script; who read, and the case, is never told.

use super::{
    icon::Icon,
    timestamp::{TimeFormat, Timestamp},
};
use crate::{
    domain::{ids::ConversationId, review::ReviewNotice},
    server_fns::reviews::get_conversation_reviews,
    ui::browser::moment::when_rendered,
};
use leptos::prelude::*;

/// The button and what it opens; nothing for a conversation that nobody has reviewed.
#[component]
pub fn ReviewNotices(
    /// Which conversation.
    conversation: ConversationId,
) -> impl IntoView {
    let notices = Resource::new(move || conversation, get_conversation_reviews);
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                when_rendered().await;
                // what cannot be asked for now is asked for when the conversation is opened again
                let notices = notices.await.unwrap_or_default();
                (!notices.is_empty()).then(|| view! { <Told notices/> })
            })}
        </Suspense>
    }
}

#[component]
fn Told(notices: Vec<ReviewNotice>) -> impl IntoView {
    let rows = notices.into_iter().map(|notice| {
        let pages = match notice.pages_read {
            1 => "1 page".to_owned(),
            pages => format!("{pages} pages"),
        };
        let taken = match notice.times_taken {
            0 => None,
            1 => Some("a copy was taken away, ".to_owned()),
            times => Some(format!("a copy was taken away {times} times, ")),
        };
        let once = notice.first_read_at == notice.last_read_at;
        view! {
            <li>
                <strong>{notice.category.words()}</strong>
                <span>
                    "Read by an administrator, " {pages} ", " {taken}
                    <Timestamp at=Signal::stored(notice.first_read_at) format=TimeFormat::Seconds/>
                    {(!once)
                        .then(|| {
                            view! {
                                " to "
                                <Timestamp at=Signal::stored(notice.last_read_at) format=TimeFormat::Seconds/>
                            }
                        })}
                </span>
            </li>
        }
    });
    view! {
        <div class="conversation-actions">
            <button class="button review_notices-button" data-kind="quiet" type="button" popovertarget="reviews">
                <Icon name="eye"/>
                <span>"Reviewed"</span>
            </button>
            <section class="review_notices" id="reviews" popover="auto" aria-labelledby="reviews_title">
                <h2 id="reviews_title">"This conversation was reviewed"</h2>
                <ul>{rows.collect_view()}</ul>
                <p>"Your organisation keeps the reason and the names of those who asked and agreed. Each page that was read is recorded."</p>
            </section>
        </div>
    }
}
