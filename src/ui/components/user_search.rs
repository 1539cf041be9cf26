//! The search for a person: an ARIA combobox over a listbox. The focus stays in the field, `aria-activedescendant` walks.
//!
//! Whom the policy forbids stands there with the reason and cannot be chosen; a deactivated person opens to read only.

use super::{
    avatar::Avatar,
    icon::Icon,
    timestamp::{TimeFormat, Timestamp},
};
use crate::{
    domain::{
        highlight::highlight,
        user::{FoundUser, PeopleQuery, User},
    },
    error::Error,
    server_fns::users::search_users,
    ui::state::{
        inbox_store::InboxStore,
        patience::{PATIENCE, in_time},
        viewer::ViewerState,
    },
};
use leptos::{ev, html, leptos_dom::helpers::debounce, prelude::*, task::spawn_local};
use std::time::Duration;

const TYPING: Duration = Duration::from_millis(150);

#[derive(Clone, PartialEq)]
enum Answer {
    Nothing,
    Found(String, Vec<FoundUser>),
    Refused(String),
}

/// The search, in a dialog.
#[component]
pub fn UserSearch(
    /// Gets the person who was chosen.
    on_choose: Callback<FoundUser>,
    /// What went wrong with the last choice.
    #[prop(into)]
    trouble: Signal<Option<Error>>,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let answer = RwSignal::new(Answer::Nothing);
    let at = RwSignal::new(0_usize);
    let asked = StoredValue::new((0_u32, String::new()));
    let people = Memo::new(move |_| answer.with(|answer| if let Answer::Found(_, people) = answer { people.clone() } else { Vec::new() }));
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            let _ = field.focus();
        }
    });
    let look = move |text: String| {
        let q = text.trim().to_owned();
        // Enter asks at once, and the pause after typing ends later: the same question is asked again only if it failed
        let failed = answer.with_untracked(|answer| matches!(answer, Answer::Refused(_)));
        if asked.with_value(|(_, before)| *before == q) && !failed {
            return;
        }
        asked.update_value(|(turn, before)| (*turn, *before) = (turn.wrapping_add(1), q.clone()));
        let (turn, _) = asked.get_value();
        if q.is_empty() {
            answer.set(Answer::Nothing);
            return;
        }
        spawn_local(async move {
            let found = in_time(PATIENCE, search_users(q.clone())).await;
            // a later question has overtaken this one, or the dialog is gone
            if asked.try_with_value(|(now, _)| *now == turn) != Some(true) {
                return;
            }
            at.set(0);
            answer.set(match found {
                Ok(people) => Answer::Found(q, people),
                Err(error) => Answer::Refused(error.detail),
            });
        });
    };
    let mut look_soon = debounce(TYPING, look);
    // what was found says who may be written to by rules that have been replaced
    let policy_version = InboxStore::expect().policy_version;
    Effect::watch(
        move || policy_version.get(),
        move |_, _, _| {
            let (_, q) = asked.get_value();
            asked.update_value(|(_, before)| before.clear());
            if !q.is_empty() {
                look(q);
            }
        },
        false,
    );
    let choose = move |index: usize| {
        if let Some(person) = people.with_untracked(|people| people.get(index).cloned()).filter(|person| !is_closed(person)) {
            on_choose.run(person);
        }
    };
    let on_key = move |key: ev::KeyboardEvent| {
        let count = people.with_untracked(Vec::len);
        if key.is_composing() {
            return;
        }
        if key.key() == "Enter" {
            key.prevent_default();
            let text = event_target_value(&key);
            // whom the field does not ask for any more is nobody's choice
            if answer.with_untracked(|answer| matches!(answer, Answer::Found(q, _) if *q == text.trim())) {
                choose(at.get_untracked());
            } else {
                look(text);
            }
            return;
        }
        if count == 0 {
            return;
        }
        let here = at.get_untracked();
        let next = match key.key().as_str() {
            "ArrowDown" => here.saturating_add(1) % count,
            "ArrowUp" => here.checked_sub(1).unwrap_or(count.saturating_sub(1)),
            "PageDown" => count.saturating_sub(1),
            "PageUp" => 0,
            _ => return,
        };
        key.prevent_default();
        at.set(next);
        scroll_to(&option_id(next));
    };
    let active = move || people.with(|people| (!people.is_empty()).then(|| option_id(at.get())));
    let status = move || match (trouble.get(), answer.get()) {
        (Some(error), _) => error.detail,
        (None, Answer::Nothing) => "Type a name, a user name or a department.".to_owned(),
        (None, Answer::Refused(reason)) => reason,
        (None, Answer::Found(q, people)) => in_words(people.len(), &q),
    };
    view! {
        <form class="user_search" method="get" action="/messages/new" role="search" aria-label="People" on:submit=|submit| submit.prevent_default()>
            <div class="user_search-field">
                <Icon name="search"/>
                <label class="visually_hidden" for="user_search">
                    "Find a person by name, user name or department"
                </label>
                <input
                    class="field-control"
                    id="user_search"
                    node_ref=field
                    name="q"
                    type="text"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    maxlength=PeopleQuery::MAX.to_string()
                    role="combobox"
                    aria-expanded=move || people.with(|people| (!people.is_empty()).to_string())
                    aria-controls="user_search_list"
                    aria-activedescendant=active
                    aria-autocomplete="list"
                    aria-describedby="user_search_status"
                    on:input=move |input| look_soon(event_target_value(&input))
                    on:keydown=on_key
                />
            </div>
            <p class="user_search-count" id="user_search_status" role="status">
                {status}
            </p>
            <ul class="user_search-list" id="user_search_list" role="listbox" aria-label="People" tabindex="-1">
                {move || {
                    let q = answer.with(|answer| if let Answer::Found(q, _) = answer { q.clone() } else { String::new() });
                    people
                        .get()
                        .into_iter()
                        .enumerate()
                        .map(|(index, person)| {
                            let closed = is_closed(&person);
                            view! {
                                <li
                                    class="user_search-option"
                                    id=option_id(index)
                                    role="option"
                                    aria-selected=move || (at.get() == index).to_string()
                                    aria-disabled=closed.then_some("true")
                                    // the focus stays in the field
                                    on:mousedown=|press| press.prevent_default()
                                    on:click=move |_| {
                                        at.set(index);
                                        choose(index);
                                    }
                                >
                                    <Person person=person q=q.clone()/>
                                </li>
                            }
                        })
                        .collect_view()
                }}
            </ul>
            <div class="dialog-footer">
                <p class="dialog-keys">
                    <span>
                        <kbd>"↑"</kbd>
                        " "
                        <kbd>"↓"</kbd>
                        " choose"
                    </span>
                    <span>
                        <kbd>"Enter"</kbd>
                        " open the conversation"
                    </span>
                    <span>
                        <kbd>"Esc"</kbd>
                        " close"
                    </span>
                </p>
            </div>
        </form>
    }
}

/// What stands in one option, or on one button of the plain page.
#[component]
pub fn Person(
    /// Who.
    person: FoundUser,
    /// What was searched for.
    q: String,
) -> impl IntoView {
    let FoundUser { user, cannot_write_reason, .. } = person;
    let name = marked(&user.display_name, &q);
    let username = marked(&user.username, &q);
    let department = Some(user.department.clone()).filter(|department| !department.is_empty()).map(|department| {
        let department = marked(&department, &q);
        view! {
            <bdi>{department}</bdi>
            " · "
        }
    });
    let note = note(&user);
    view! {
        <Avatar user=user/>
        <span>
            <bdi class="user_search-name">{name}</bdi>
            " "
            <br/>
            <span class="user_search-detail">{department} <bdi>{username}</bdi></span>
        </span>
        <span class="user_search-note">{note}</span>
        {cannot_write_reason
            .map(|reason| {
                view! {
                    <span class="user_search-reason">
                        <Icon name="lock"/>
                        <bdi>{reason}</bdi>
                    </span>
                }
            })}
    }
}

/// Found, but not to be chosen: the policy forbids it. Deactivated people are found only where there is history to read,
/// and so is who has a conversation already.
#[must_use]
pub fn is_closed(person: &FoundUser) -> bool {
    !person.can_write && person.user.active && !person.has_history
}

fn note(user: &User) -> Option<AnyView> {
    let last = InboxStore::expect()
        .inbox
        .with_untracked(|inbox| inbox.conversations().iter().find(|row| row.peer.id == user.id).map(|row| row.last_activity_at));
    let viewer = ViewerState::expect().user;
    match last {
        Some(at) => Some(view! { <Timestamp at=at format=TimeFormat::Recent class=""/> }.into_any()),
        None if !user.department.is_empty() && user.department == viewer.department => Some("Your department".into_any()),
        None => None,
    }
}

fn marked(text: &str, q: &str) -> Vec<AnyView> {
    highlight(text, q)
        .into_iter()
        .map(|piece| if piece.matched { view! { <mark>{piece.text}</mark> }.into_any() } else { piece.text.into_any() })
        .collect()
}

/// How many people a search found.
#[must_use]
pub fn in_words(count: usize, q: &str) -> String {
    match count {
        0 => format!("Nobody matches “{q}”. Every word must begin a name, a user name or a department."),
        1 => format!("1 person for “{q}”"),
        _ => format!("{count} people for “{q}”"),
    }
}

fn option_id(index: usize) -> String {
    format!("user_{index}")
}

fn scroll_to(id: &str) {
    if let Some(option) = document().get_element_by_id(id) {
        option.scroll_into_view_with_bool(false);
    }
}
