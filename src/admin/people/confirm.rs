//! The pages that ask once: what is about to happen to whom, what that means, yes or back. And the page of a link.

use super::{Form, path, role_word};
use crate::{
    admin::{screen::Sheet, words::Moment},
    domain::{
        user::{Role, User},
        user_record::UserDetails,
    },
    server::service::users::Link,
    ui::components::icon::Icon,
};
use leptos::prelude::*;

/// Before somebody's access ends.
pub(super) fn deactivate(details: UserDetails, is_self: bool) -> Sheet {
    let user = details.record.user;
    if details.is_last_admin {
        return last_admin(&user, "deactivated");
    }
    let mut consequences = vec![
        "They are signed out everywhere within five seconds, and cannot sign in.",
        "Links that were made for them open nothing any more, and programs that act as them lose their access for good.",
        "Their conversations stay, and nobody can write to them.",
        "You can activate them again; they then sign in with the password they had.",
    ];
    if is_self {
        consequences.insert(0, "This is you: you are signed out at once, and only another admin can let you in again.");
    }
    ask(&user, format!("Deactivate {}?", user.display_name), consequences, "deactivate", "Deactivate", Vec::new())
}

/// Before somebody is signed out everywhere.
pub(super) fn sign_out(details: UserDetails, sessions: usize, is_self: bool) -> Sheet {
    let user = details.record.user;
    let mut consequences = vec![
        "All their browsers are signed out within five seconds; texts that were not sent yet are kept only until then.",
        "They can sign in again at once with their password. Programs that act as them go on.",
    ];
    if is_self {
        consequences.insert(0, "This is you: this browser is signed out, too.");
    }
    let title = match sessions {
        1 => format!("End the session of {}?", user.display_name),
        sessions => format!("End the {sessions} sessions of {}?", user.display_name),
    };
    ask(&user, title, consequences, "sign_out", "Sign out everywhere", Vec::new())
}

/// Before an admin becomes a member; what else was changed in the form goes with it.
pub(super) fn demote(is_self: bool) -> impl FnOnce((UserDetails, Form)) -> Sheet + Send {
    move |(details, form)| {
        let user = details.record.user;
        let mut consequences = vec![
            "They can no longer administer people, look into the audit log, or review. What they have begun as an admin stays recorded.",
            "They stay signed in as a member.",
        ];
        if is_self {
            consequences.insert(0, "This is you: you leave the administration at once, and only another admin can make you one again.");
        }
        let kept = ["display_name", "department"].map(|name| (name, form.field(name)));
        let kept = kept.into_iter().chain([("role", Role::Member.as_str().to_owned()), ("confirmed", "yes".to_owned())]).collect();
        ask(&user, format!("Make {} a member?", user.display_name), consequences, "", "Make them a member", kept)
    }
}

/// The link, for this moment alone.
pub(super) fn link(user: &User, link: Link, origin: &str) -> Sheet {
    let (until, url) = (link.expires_at, link.url(origin));
    let back = path(user.id);
    let name = user.display_name.clone();
    let body = view! {
        <section class="section stack people_ask" aria-label="For them alone">
            <p>
                "Give it to " <bdi>{name}</bdi>
                " alone, in a way that nobody else reads: whoever opens it sets the password and is them from then on."
            </p>
            <div class="field">
                <label for="link">"One-time link"</label>
                <input class="field-control" id="link" readonly=true value=url aria-describedby="link_hint"/>
                <p class="field-hint" id="link_hint">
                    "It works once, until " <Moment at=until/> ". Using it ends their sessions; a newer one ends it. It is not shown again."
                </p>
            </div>
            <div class="cluster">
                <a class="button" href=back>
                    "Done"
                </a>
            </div>
        </section>
    };
    Sheet::new("A link to set a password", "Nobody keeps this link: the database knows only its digest.", body)
}

/// Why not.
fn last_admin(user: &User, done: &'static str) -> Sheet {
    let (back, name) = (path(user.id), user.display_name.clone());
    let body = view! {
        <section class="section stack people_ask" role="alert">
            <p class="field-error">
                <Icon name="alert"/>
                <span>
                    <bdi>{name}</bdi> {format!(" is the last admin who can sign in, and cannot be {done}: nobody could administer any more.")}
                </span>
            </p>
            <p>"Make somebody else an admin first."</p>
            <div class="cluster">
                <a class="button" href="/admin/people?role=member&state=active">
                    "Choose somebody"
                </a>
                <a class="button" data-kind="quiet" href=back>
                    "Back"
                </a>
            </div>
        </section>
    };
    Sheet::new("This cannot be done", "", body)
}

fn ask(
    user: &User,
    title: String,
    consequences: Vec<&'static str>,
    act: &'static str,
    word: &'static str,
    kept: Vec<(&'static str, String)>,
) -> Sheet {
    let back = path(user.id);
    let action = if act.is_empty() { back.clone() } else { format!("{back}/{act}") };
    let department = if user.department.is_empty() { "no department" } else { user.department.as_str() };
    let who = format!("{}, {}, {department}", user.username, role_word(user.role));
    let items = consequences.into_iter().map(|sentence| view! { <li>{sentence}</li> }).collect_view();
    let hidden = kept.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
    let body = view! {
        <section class="section stack people_ask" aria-label="What this means">
            <p class="field-hint">
                <bdi>{who}</bdi>
            </p>
            <ul class="people_consequences">{items}</ul>
            <form class="cluster" action=action method="post">
                {hidden}
                <button class="button" data-kind="danger">
                    {word}
                </button>
                <a class="button" href=back>
                    "Cancel"
                </a>
            </form>
        </section>
    };
    Sheet::new(title, "", body)
}
