//! `/admin/policy`: who may write to whom. The rules in force in plain words, why a decision falls as it does, the history;
//! and below `/edit` the draft of other rules, which is tried before it can be applied.

mod draft;
mod editor;
mod effect;
mod explain;
mod history;
mod rules;

use super::{
    departments,
    done::DoneNotice,
    form::Form,
    screen::{Sheet, Tab, show},
};
use crate::{
    domain::{
        policy::{
            PolicyAction,
            report::{Explanation, PolicyVersion, PolicyVersions},
        },
        user::User,
    },
    error::{Code, Error},
    server::{
        context::Context,
        service::policy::{self, NewPolicy},
    },
    ui::components::icon::Icon,
};
use axum::response::{IntoResponse, Redirect, Response};
use draft::{Draft, Step};
use editor::{Editor, Shown};
use explain::Explain;
use history::History;
use leptos::prelude::*;
use rules::Rules;

const LEAD: &str = "The first rule that matches decides. Without a match people may write to each other, and whoever was written to may \
                    answer for 30 days.";
const PATH: &str = "/admin/policy";
const EDIT: &str = "/admin/policy/edit";

/// What the first screen shows.
struct Standing {
    form: Form,
    current: PolicyVersion,
    versions: PolicyVersions,
    explanation: Option<Explanation>,
}

/// The rules in force, their history, and the answer to who may write to whom.
pub async fn overview(ctx: Context, form: Form) -> Response {
    let outcome = standing(&ctx, form).await;
    show(&ctx, Tab::Policy, outcome, overview_sheet).await
}

async fn standing(ctx: &Context, form: Form) -> Result<Standing, Error> {
    let current = policy::current(ctx).await?;
    let before = form.parsed("before", "This is no version.")?;
    let versions = policy::history(ctx, before, Some(10)).await?;
    let (form, explanation) = match asked(ctx, &form).await {
        Ok(explanation) => (form, explanation),
        // a name is to blame
        Err(error) if !error.fields.is_empty() => (form.refused(error), None),
        Err(error) => return Err(error),
    };
    Ok(Standing { form, current, versions, explanation })
}

async fn asked(ctx: &Context, form: &Form) -> Result<Option<Explanation>, Error> {
    let (Some(from), Some(to)) = (form.given("from"), form.given("to")) else { return Ok(None) };
    let action = form.parsed("action", "Choose what they would do.")?.unwrap_or(PolicyAction::Send);
    policy::explain_by_name(ctx, &from, &to, action).await.map(Some)
}

fn overview_sheet(standing: Standing) -> Sheet {
    let Standing { form, current, versions, explanation } = standing;
    let status = form.error().cloned();
    let action = view! {
        <a class="button" data-kind="primary" href=EDIT>
            <Icon name="settings"/>
            "Change the rules"
        </a>
    };
    let version = current.version;
    let applied = form.given("applied").filter(|applied| *applied == version.to_string());
    let done = applied.map(|_| view! { <DoneNotice sentence=format!("Version {version} is in force, for everybody, from now on.")/> });
    let body = view! {
        {done}
        <section class="section" aria-labelledby="in_force">
            <h2 id="in_force">{format!("In force: version {version}")}</h2>
            <Rules rules=current.rules.unwrap_or_default()/>
        </section>
        <section class="section" aria-labelledby="explain">
            <h2 id="explain">"Who may write to whom, and why"</h2>
            <Explain form=&form explanation/>
        </section>
        <section class="section" aria-labelledby="history">
            <h2 id="history">"History"</h2>
            <History versions current=version/>
        </section>
    };
    Sheet::new("Policy", LEAD, body).with_action(action).refused(status.as_ref())
}

/// Where other rules are written: those in force to begin with, or those of an older version.
pub async fn edit(ctx: Context, form: Form) -> Response {
    let outcome = with_departments(&ctx, begin(&ctx, &form).await).await;
    show(&ctx, Tab::Policy, outcome, editor_sheet).await
}

async fn begin(ctx: &Context, form: &Form) -> Result<Shown, Error> {
    let current = policy::current(ctx).await?;
    let draft = match form.parsed::<i64>("version", "This is no version.")? {
        None => Draft::of(current.rules.unwrap_or_default(), current.version),
        Some(number) => {
            let older = policy::version(ctx, number).await?;
            let rules = older.rules.ok_or_else(Error::not_found)?;
            Draft { restored_from: Some(number), ..Draft::of(rules, current.version) }
        }
    };
    Ok(Shown { draft, ..Shown::default() })
}

/// One step on a draft. Whatever is refused on the way, the draft comes back as it was typed.
pub async fn step(ctx: Context, form: Form) -> Response {
    let (draft, step) = (Draft::read(&form), Step::read(&form));
    let outcome = match ctx.admin() {
        Err(error) => Err(error),
        Ok(_) => match take(&ctx, draft.clone(), step).await {
            Ok(Taken::Applied(version)) => return Redirect::to(&format!("{PATH}?applied={version}")).into_response(),
            Ok(Taken::Shown(shown)) => Ok(*shown),
            Err(error) => Ok(Shown { draft, error: Some(error), ..Shown::default() }),
        },
    };
    let outcome = with_departments(&ctx, outcome).await;
    show(&ctx, Tab::Policy, outcome, editor_sheet).await
}

async fn with_departments(ctx: &Context, shown: Result<Shown, Error>) -> Result<Shown, Error> {
    Ok(Shown { departments: departments::known(ctx).await?, ..shown? })
}

enum Taken {
    Applied(i64),
    Shown(Box<Shown>),
}

async fn take(ctx: &Context, draft: Draft, step: Step) -> Result<Taken, Error> {
    let seen = draft.tried.clone();
    let draft = draft.after(step);
    let shown = |shown: Shown| Ok(Taken::Shown(Box::new(shown)));
    if !matches!(step, Step::Try | Step::Apply) {
        return shown(Shown { draft, ..Shown::default() });
    }
    let effect = policy::dry_run(ctx, draft.rules()).await?;
    let now = policy::fingerprint(effect.policy_version, draft.rules());
    // only what was looked at is applied: these rules, in place of those in force
    if step == Step::Try || seen != now {
        let moved_on = step == Step::Apply;
        let draft = Draft { expected_version: effect.policy_version, tried: now, ..draft };
        return shown(Shown { draft, effect: Some(effect), moved_on, ..Shown::default() });
    }
    let new = NewPolicy {
        rules: draft.rules(),
        note: draft.note.clone(),
        expected_version: draft.expected_version,
        restored_from: draft.restored_from,
    };
    match policy::apply(ctx, new).await {
        Ok(applied) => Ok(Taken::Applied(applied.version)),
        Err(error) if error.code == Code::PolicyChanged => {
            shown(Shown { draft: Draft { tried: String::new(), ..draft }, error: Some(error), ..Shown::default() })
        }
        Err(error) => Err(error),
    }
}

fn editor_sheet(shown: Shown) -> Sheet {
    let status = shown.error.clone();
    let title = if shown.draft.restored_from.is_some() { "Restore older rules" } else { "Change the rules" };
    Sheet::new(title, "Nothing is changed until you apply it. First you see what it would do.", view! { <Editor shown/> })
        .refused(status.as_ref())
}

/// A person, as screens name them.
fn person(user: &User) -> impl IntoView + use<> {
    view! { <bdi>{user.display_name.clone()}</bdi> }
}
