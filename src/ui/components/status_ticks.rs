//! How far a message has come, told by shape: one tick, two ticks, two ticks cut out of a capsule. The word is always there.

use crate::domain::message::Status;
use leptos::prelude::*;

/// A status that the server knows, or one that only this browser knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// On its way, not answered yet.
    Sending,
    /// Not begun: waits for the network, or for one before it.
    Queued,
    /// Perhaps stored: the answer was lost, and it is being tried again.
    Unconfirmed,
    /// It is not stored.
    Failed,
    /// Committed; delivered; read.
    Known(Status),
}

impl From<Status> for Tick {
    fn from(status: Status) -> Self {
        Self::Known(status)
    }
}

impl Tick {
    /// The value of `data-status`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Queued => "queued",
            Self::Unconfirmed => "unconfirmed",
            Self::Failed => "failed",
            Self::Known(status) => status.as_str(),
        }
    }

    /// The word on the screen.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Sending => "Sending",
            Self::Queued => "Waiting",
            Self::Unconfirmed => "Not confirmed, trying again",
            Self::Failed => "Not sent",
            Self::Known(status) => status.word(),
        }
    }

    /// The drawing, inside of a `viewBox` of 20 by 14.
    #[must_use]
    pub fn drawing(self) -> &'static str {
        match self {
            Self::Sending => r#"<circle cx="10" cy="7" r="5.5"/>"#,
            Self::Queued => r#"<circle cx="10" cy="7" r="5.5"/><path d="M10 4v3.2l2 1.3"/>"#,
            Self::Unconfirmed => r#"<circle cx="10" cy="7" r="5.5" stroke-dasharray="3 2.6"/>"#,
            Self::Failed => r#"<circle cx="10" cy="7" r="5.5"/><path d="M10 4v3.3M10 9.7v.1"/>"#,
            Self::Known(Status::Sent) => r#"<path d="M5.5 7.5 8.5 10.5 14.5 4"/>"#,
            Self::Known(Status::Delivered) => r#"<path d="M2 7.5 5 10.5 11 4M9.2 10 9.7 10.5 15.7 4"/>"#,
            Self::Known(Status::Read) => {
                r#"<rect width="20" height="14" rx="7"/><path d="M4 7.4 6.3 9.7 10.6 4.9M9.3 9.2 9.8 9.7 14.6 4.9"/>"#
            }
        }
    }
}

/// The ticks. `word` is the class of the word: hidden in the inbox, visible beside the newest own message; without one
/// there is no word, because it stands beside the ticks already.
#[component]
pub fn StatusTicks(
    /// What to draw.
    #[prop(into)]
    status: Signal<Tick>,
    /// The class of the word.
    #[prop(optional, into)]
    word: Option<&'static str>,
) -> impl IntoView {
    view! {
        <span class="status_ticks" data-status=move || status.get().as_str()>
            <svg viewBox="0 0 20 14" aria-hidden="true" inner_html=move || status.get().drawing()></svg>
            {word.map(|class| view! { <span class=class>{move || status.get().word()}</span> })}
        </span>
    }
}
