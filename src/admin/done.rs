//! What an act has come to. Its word goes along in the address of the page that it leads to, which says so in a sentence, as
//! far as it is still so: an address can be kept, or written by somebody else.

use super::form::Form;
use crate::{domain::user::User, ui::components::icon::Icon};
use leptos::prelude::*;

/// What was done to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// Their name, department or role.
    Saved,
    /// They left.
    Deactivated,
    /// They came back.
    Activated,
    /// They are signed in nowhere.
    SignedOut,
    /// One of their browsers is signed out.
    SessionEnded,
}

impl Done {
    const ALL: [Self; 5] = [Self::Saved, Self::Deactivated, Self::Activated, Self::SignedOut, Self::SessionEnded];

    fn word(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Deactivated => "deactivated",
            Self::Activated => "activated",
            Self::SignedOut => "signed_out",
            Self::SessionEnded => "session_ended",
        }
    }

    /// The address of a page that says so.
    #[must_use]
    pub fn told_at(self, path: &str) -> String {
        format!("{path}?done={}", self.word())
    }

    /// What this address says was done.
    #[must_use]
    pub fn told_by(form: &Form) -> Option<Self> {
        let word = form.given("done")?;
        Self::ALL.into_iter().find(|done| done.word() == word)
    }

    /// In a sentence; nothing when it is not so (any more).
    #[must_use]
    pub fn sentence(self, user: &User, sessions: usize) -> Option<&'static str> {
        match self {
            Self::Saved => Some("Saved."),
            Self::Deactivated if !user.active => Some("Deactivated. They are signed out everywhere."),
            Self::Activated if user.active => Some("Activated. They may sign in again."),
            Self::SignedOut if sessions == 0 => Some("Signed out everywhere."),
            Self::SessionEnded => Some("That session has ended."),
            Self::Deactivated | Self::Activated | Self::SignedOut => None,
        }
    }
}

/// Says that something was done.
#[component]
pub fn DoneNotice(
    /// In a sentence.
    #[prop(into)]
    sentence: String,
) -> impl IntoView {
    view! {
        <p class="done_notice" role="status">
            <Icon name="check"/>
            {sentence}
        </p>
    }
}
