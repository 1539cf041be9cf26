//! Where the viewer is signed in, and ending what they do not know: plain forms, answered in place once the page is
//! hydrated.

use super::{Refused, reason};
use crate::{
    domain::{client_name::client_name, form::FormFlash, session::OwnSession},
    error::{Code, Error},
    server_fns::own_sessions::{end_other_sessions, end_own_session, get_own_sessions},
    ui::{
        browser::{moment::when_rendered, page},
        components::{icon::Icon, timestamp::Timestamp},
    },
};
use leptos::{ev, prelude::*, task::spawn_local};
use leptos_router::hooks::use_query_map;

const ENDED: &str = "That session has ended.";
const ENDED_ALREADY: &str = "That session had ended already.";
const ENDED_OTHERS: &str = "You are signed out everywhere else.";

/// The list, and its buttons.
#[component]
pub(super) fn OwnSessions() -> impl IntoView {
    let loaded = Resource::new(|| (), |()| get_own_sessions());
    view! {
        <section class="section" aria-labelledby="sessions">
            <header>
                <h2 id="sessions" tabindex="-1">
                    "Where you are signed in"
                </h2>
                <p>"Sign out what you do not know, then set a new password. A session ends within five seconds."</p>
            </header>
            <Suspense>
                {move || Suspend::new(async move {
                    when_rendered().await;
                    match loaded.await {
                        Ok(sessions) => view! { <List sessions/> }.into_any(),
                        Err(error) => view! { <Refused reason=reason(&error)/> }.into_any(),
                    }
                })}
            </Suspense>
        </section>
    }
}

#[component]
fn List(sessions: Vec<OwnSession>) -> impl IntoView {
    let sessions = RwSignal::new(sessions);
    let flash = SharedValue::new(|| use_context::<FormFlash>().unwrap_or_default()).into_inner();
    let refused = RwSignal::new(flash.reason_of("sessions"));
    let done = RwSignal::new(use_query_map().with_untracked(|query| match query.get("ended").as_deref() {
        Some("one") => Some(ENDED),
        Some("others") => Some(ENDED_OTHERS),
        _ => None,
    }));
    let busy = RwSignal::new(false);
    let begins = move || {
        let free = !busy.get_untracked();
        if free {
            busy.set(true);
            refused.set(None);
            done.set(None);
        }
        free
    };
    let ends = move |outcome: Result<&'static str, Error>| {
        busy.set(false);
        match outcome {
            Ok(sentence) => {
                done.set(Some(sentence));
                // the button that had it is gone
                page::focus("sessions");
            }
            Err(error) => refused.set(Some(reason(&error))),
        }
    };
    let on_end = Callback::new(move |id: String| {
        if !begins() {
            return;
        }
        spawn_local(async move {
            let outcome = match end_own_session(id.clone()).await {
                Ok(()) => Ok(ENDED),
                Err(error) if error.code == Code::NotFound => Ok(ENDED_ALREADY),
                Err(error) => Err(error),
            };
            if outcome.is_ok() {
                sessions.update(|sessions| sessions.retain(|own| own.session.id != id));
            }
            ends(outcome);
        });
    });
    let on_end_others = move |submit: ev::SubmitEvent| {
        submit.prevent_default();
        if !begins() {
            return;
        }
        spawn_local(async move {
            let outcome = end_other_sessions().await.map(|_| ENDED_OTHERS);
            if outcome.is_ok() {
                sessions.update(|sessions| sessions.retain(|own| own.is_current));
            }
            ends(outcome);
        });
    };
    let others = Memo::new(move |_| sessions.with(|sessions| sessions.iter().any(|own| !own.is_current)));
    view! {
        <div>
            <div role="status">
                {move || {
                    done.get()
                        .map(|sentence| {
                            view! {
                                <p class="done_notice">
                                    <Icon name="check"/>
                                    <span>{sentence}</span>
                                </p>
                            }
                        })
                }}
                {move || refused.get().map(|reason| view! { <Refused reason/> })}
            </div>
            <ul>
                <For each=move || sessions.get() key=|own| own.session.id.clone() let:own>
                    <Row own on_end/>
                </For>
            </ul>
        </div>
        {move || {
            others
                .get()
                .then(|| {
                    view! {
                        <form class="cluster" action="/settings/sessions/end_others" method="post" on:submit=on_end_others>
                            <button class="button" data-kind="danger">
                                "Sign out everywhere else"
                            </button>
                        </form>
                    }
                })
        }}
    }
}

#[component]
fn Row(own: OwnSession, on_end: Callback<String>) -> impl IntoView {
    let OwnSession { session, is_current } = own;
    let name = match client_name(&session.user_agent) {
        name if name.is_empty() => "Unknown browser".to_owned(),
        name => name,
    };
    let times = format!("session_{}", session.id);
    let end = (!is_current).then(|| {
        let (id, action) = (session.id.clone(), format!("/settings/sessions/{}/end", session.id));
        let on_submit = move |submit: ev::SubmitEvent| {
            submit.prevent_default();
            on_end.run(id.clone());
        };
        view! {
            <form action=action method="post" on:submit=on_submit>
                // two of the same browser differ by their times
                <button class="button" aria-describedby=times.clone()>
                    "Sign out"
                    <span class="visually_hidden">" " <bdi>{name.clone()}</bdi></span>
                </button>
            </form>
        }
    });
    view! {
        <li class="field_row">
            <div>
                <p class="field_row-name">
                    <bdi>{name}</bdi>
                    {is_current.then(|| view! { " " <span class="settings-here">"This browser"</span> })}
                </p>
                <p class="field-hint" id=times>
                    "Signed in "
                    <Timestamp at=Signal::stored(session.created_at)/>
                    " · last used "
                    <Timestamp at=Signal::stored(session.last_seen_at)/>
                </p>
            </div>
            {end}
        </li>
    }
}
