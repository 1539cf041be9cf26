//! What entries are looked for: days (UTC), a person, an action, a conversation.

use crate::{
    admin::form::{Choice, Field, Form, Problem},
    domain::audit::Action,
};
use leptos::prelude::*;

/// The form of the filters.
#[component]
pub fn Filters<'a>(
    /// What was asked.
    form: &'a Form,
) -> impl IntoView + use<> {
    let actions = Action::ALL.iter().map(|action| (action.as_str().to_owned(), words(action.as_str())));
    let actions = std::iter::once((String::new(), "All actions".to_owned())).chain(actions).collect::<Vec<_>>();
    view! {
        <form class="filter_bar" action="/admin/audit" role="search" aria-label="Filter audit entries">
            <Problem form/>
            <Field form name="from" label="From (UTC)" kind="date"/>
            <Field form name="until" label="To (UTC)" kind="date"/>
            <Field form name="person" label="Person" example="Anybody" maxlength=80usize/>
            <Choice form name="action" label="Action" options=actions/>
            <Field form name="conversation" label="Conversation" example="Any" maxlength=40usize/>
            <div class="cluster">
                <button class="button" data-kind="primary">
                    "Apply"
                </button>
                <a class="button" data-kind="quiet" href="/admin/audit">
                    "Reset"
                </a>
            </div>
        </form>
    }
}

/// What was done, in words: `message.sent` is "Message sent".
#[must_use]
pub fn words(action: &str) -> String {
    let exact = match action {
        "session.created" => "Signed in",
        "session.refused" => "Sign-in refused",
        "message.read" => "Read up to",
        "message.delivered" => "Delivered up to",
        _ => "",
    };
    if !exact.is_empty() {
        return exact.to_owned();
    }
    let words = action.replace(['.', '_'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn an_action_is_a_sentence_without_its_dot() {
        assert_eq!(words("message.sent"), "Message sent");
        assert_eq!(words("password_link.created"), "Password link created");
        assert_eq!(words("session.created"), "Signed in");
        assert_eq!(words(""), "");
    }
}
