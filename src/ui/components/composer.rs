//! Where one writes: a plain form that works before and without script, and never loses a text.
//!
//! It is never disabled. Enter sends, Shift and Enter break the line, and never while an input method composes. What was
//! typed before the page came alive is read from the field and left there.

use super::icon::Icon;
use crate::{
    domain::{
        form::FormFlash,
        ids::ClientId,
        message::{MessageBody, grouped},
        thread::{Pending, PendingState},
    },
    ui::state::{drafts::Drafts, outbox::Outbox, thread::ThreadState},
};
use leptos::{
    ev, html,
    prelude::*,
    task::{spawn_local, tick},
    web_sys::HtmlTextAreaElement,
};

/// More lines than this scroll inside of the field.
const MAX_LINES: u32 = 10;
/// Farther from the end than this, what is pending may be out of sight.
const AWAY: f64 = 4.0;
/// What an input method's key reports where `isComposing` is not set (Safari).
const COMPOSING: u32 = 229;

/// The composer of the open conversation.
#[component]
pub fn Composer(
    /// Which one.
    state: ThreadState,
    /// The key of the plain form, made by the server for this page.
    form_key: ClientId,
    /// What was refused when the plain form was sent; taken, so that it does not come back later.
    flash: StoredValue<FormFlash>,
) -> impl IntoView {
    let (outbox, drafts) = (Outbox::expect(), Drafts::expect());
    let field = NodeRef::<html::Textarea>::new();
    let length = RwSignal::new(0);
    let reason = RwSignal::new(flash.with_value(|flash| flash.reason.clone()));
    let kept = flash.with_value(|flash| flash.field("body"));

    let on_change = move || {
        if let Some(field) = field.get_untracked() {
            let text = field.value();
            length.set(text.chars().count());
            drafts.set(state.id, &text);
            grow(&field);
        }
    };
    Effect::new(move |_| {
        let Some(field) = field.get() else { return };
        if field.value().is_empty() {
            field.set_value(&drafts.get(state.id));
        }
        on_change();
        flash.set_value(FormFlash::default());
    });
    let send = move || {
        let Some(field) = field.get_untracked() else { return };
        let text = field.value();
        if text.trim().is_empty() {
            return;
        }
        match MessageBody::parse(&text).and_then(|body| outbox.send(state.id, body)) {
            Ok(()) => {
                field.set_value("");
                reason.set(None);
                on_change();
                spawn_local(async move {
                    // the bubble stands by the next tick; what is written is seen
                    tick().await;
                    if state.to_newest().await.is_err() {
                        state.to_end();
                    }
                });
            }
            Err(why) => reason.set(Some(why)),
        }
    };
    let on_key = move |key: ev::KeyboardEvent| {
        if key.key() == "Enter" && !key.shift_key() && !key.is_composing() && key.key_code() != COMPOSING {
            key.prevent_default();
            send();
        }
    };
    let on_submit = move |submit: ev::SubmitEvent| {
        submit.prevent_default();
        send();
        if let Some(field) = field.get_untracked() {
            let _ = field.focus();
        }
    };
    // said here while the viewer looks at another part of the conversation
    let held = Memo::new(move |_| {
        let away = state.in_view.with(|(_, from_end)| *from_end > AWAY) || state.thread.with(|thread| !thread.follows());
        if away { held(&outbox.pending(state.id)) } else { String::new() }
    });
    let name = move || state.conversation.with(|conversation| conversation.peer.display_name.clone());
    let displayed = move || {
        let read = state.conversation.with(|conversation| conversation.read_seq);
        state.thread.with(|thread| thread.displayed_up_to(read)).to_string()
    };

    view! {
        <form
            class="composer"
            action=format!("/messages/{}", state.id)
            method="post"
            aria-label=move || format!("Write to {}", name())
            on:submit=on_submit
        >
            <input type="hidden" name="client_id" value=form_key.to_string() autocomplete="off"/>
            <input type="hidden" name="displayed_seq" value=displayed autocomplete="off"/>
            <label class="visually_hidden" for="composer_body">
                "Message to "
                {name}
            </label>
            <div class="composer-field">
                <textarea
                    id="composer_body"
                    name="body"
                    rows="1"
                    dir="auto"
                    enterkeyhint="send"
                    placeholder=move || format!("Write to {}", name())
                    aria-describedby="composer_hint"
                    aria-invalid=move || reason.with(|reason| reason.as_ref().map(|_| "true"))
                    node_ref=field
                    on:input=move |_| {
                        reason.set(None);
                        on_change();
                    }
                    on:keydown=on_key
                >
                    {kept}
                </textarea>
                <button class="button" data-kind="primary" type="submit" name="action" value="send">
                    "Send"
                    <Icon name="send" turns=true/>
                </button>
            </div>
            <div class="composer-hint" id="composer_hint">
                {move || match reason.get() {
                    Some(reason) => view! { <span class="field-error" role="alert" dir="auto">{reason}</span> }.into_any(),
                    None => view! {
                        <span class="composer-keys" data-scripted>
                            <kbd>"Enter"</kbd> " sends, " <kbd>"Shift"</kbd> " " <kbd>"Enter"</kbd> " for a new line"
                        </span>
                    }
                    .into_any(),
                }}
                <span class="composer-held" role="status">
                    {held}
                </span>
                <output for="composer_body" hidden=move || length.get() < MessageBody::NEAR_MAX>
                    {move || format!("{} of {}", grouped(length.get()), grouped(MessageBody::MAX))}
                </output>
                <noscript>
                    <button class="button" name="action" value="mark_as_read" formnovalidate>
                        "Mark as read up to here"
                    </button>
                </noscript>
            </div>
        </form>
    }
}

/// How those stand that are not confirmed; empty while all goes well.
fn held(pending: &[Pending]) -> String {
    let count = |is: fn(&PendingState) -> bool| pending.iter().filter(|one| is(&one.state)).count();
    let failed = count(|state| matches!(state, PendingState::Failed(_)));
    let in_doubt = count(|state| *state == PendingState::Unconfirmed);
    let waiting = count(|state| *state == PendingState::Waiting);
    let messages = |count| if count == 1 { "1 message".to_owned() } else { format!("{count} messages") };
    match (failed, in_doubt, waiting) {
        (0, 0, 0) => String::new(),
        (0, 0, waiting) => format!("Waiting to be sent: {}", messages(waiting)),
        (0, in_doubt, _) => format!("Not confirmed, trying again: {}", messages(in_doubt)),
        (failed, ..) => format!("Not sent: {}", messages(failed)),
    }
}

/// As many lines as the text needs. `field-sizing` does it where it is known; elsewhere the rows are counted.
fn grow(field: &HtmlTextAreaElement) {
    field.set_rows(1);
    while field.rows() < MAX_LINES && field.scroll_height() > field.client_height() {
        field.set_rows(field.rows().saturating_add(1));
    }
}
