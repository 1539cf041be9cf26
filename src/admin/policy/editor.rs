//! The draft as a form. Each button is one step; the first is the one that Enter presses, and it only shows what the draft
//! would do. Applying is offered beside what was shown.

use super::{draft::Draft, effect::Effects};
use crate::{
    admin::departments::{DEPARTMENTS, Departments},
    domain::{
        policy::{Effect, MAX_NAME, MAX_REASON, MAX_RULES, PartyPattern, PolicyAction, Rule, report::DryRun},
        user::Role,
    },
    error::{Code, Error},
    ui::components::icon::Icon,
};
use leptos::prelude::*;

/// What the screen shows.
#[derive(Debug, Default)]
pub struct Shown {
    /// As it was typed.
    pub draft: Draft,
    /// Why the last step was refused.
    pub error: Option<Error>,
    /// What it would do, when that was asked.
    pub effect: Option<DryRun>,
    /// The draft or the rules in force have changed since this was shown.
    pub moved_on: bool,
    /// The departments that there are.
    pub departments: Vec<String>,
}

/// The form.
#[component]
pub fn Editor(
    /// What there is to show.
    shown: Shown,
) -> impl IntoView {
    let Shown { draft, error, effect, moved_on, departments } = shown;
    let last = draft.rules.len().saturating_sub(1);
    let may_add = draft.rules.len() < MAX_RULES;
    let rules = draft.rules.iter().enumerate().map(|(place, rule)| fieldset(place, last, rule, error.as_ref())).collect_view();
    let none = draft.rules.is_empty().then(|| view! { <p class="field-hint">"No rules: everybody may write to everybody."</p> });
    let alert = error.as_ref().map(|error| {
        let advice = if error.code == Code::PolicyChanged { " See what yours would do in place of theirs." } else { "" };
        view! {
            <p class="field-error" role="alert">
                {error.detail.clone()}
                {advice}
            </p>
        }
    });
    let note_reason = reason(error.as_ref(), "note");
    let effects = effect.map(|effect| {
        let lead = if moved_on {
            "Something has changed since you looked. This is what your rules would do now; nothing was applied."
        } else {
            "Nothing is changed yet."
        };
        view! {
            <section class="section policy_effect" aria-labelledby="effect" id="result">
                <h2 id="effect">"What it would do"</h2>
                <p role="status">{lead}</p>
                <Effects effect/>
                <div class="cluster">
                    <button class="button" data-kind="primary" name="step" value="apply">
                        "Apply these rules"
                    </button>
                    <a class="button" data-kind="quiet" href="/admin/policy">
                        "Leave it as it is"
                    </a>
                </div>
            </section>
        }
    });
    view! {
        <form class="policy_editor" action="/admin/policy/edit" method="post" autocomplete="off">
            // Enter in a field presses the first button of a form
            <button class="visually_hidden" name="step" value="try" tabindex="-1">
                "See what it would do"
            </button>
            <input type="hidden" name="expected_version" value=draft.expected_version.to_string()/>
            <input type="hidden" name="restored_from" value=draft.restored_from.map(|from| from.to_string()).unwrap_or_default()/>
            <input type="hidden" name="tried" value=draft.tried.clone()/>
            {alert}
            {none}
            <ol class="policy_draft">{rules}</ol>
            <div class="cluster">
                <button class="button" name="step" value="add" disabled=!may_add>
                    <Icon name="plus"/>
                    "Add a rule"
                </button>
            </div>
            <div class="field">
                <label for="note">"Why (for the history)"</label>
                <input
                    class="field-control"
                    id="note"
                    name="note"
                    maxlength="500"
                    value=draft.note.clone()
                    aria-invalid=note_reason.is_some().then_some("true")
                    aria-describedby=note_reason.is_some().then_some("note_reason")
                />
                {note_reason.map(|reason| view! { <p class="field-error" id="note_reason">{reason}</p> })}
            </div>
            <div class="cluster">
                <button class="button" data-kind=effects.is_none().then_some("primary") name="step" value="try">
                    "See what it would do"
                </button>
                <a class="button" data-kind="quiet" href="/admin/policy">
                    "Back to the rules in force"
                </a>
            </div>
            {effects}
            <Departments known=departments/>
        </form>
    }
}

fn reason(error: Option<&Error>, field: &str) -> Option<String> {
    error.and_then(|error| error.fields.get(field)).cloned()
}

fn fieldset(place: usize, last: usize, rule: &Rule, error: Option<&Error>) -> impl IntoView + use<> {
    let why = |field: &str| reason(error, &format!("rules[{place}].{field}"));
    let id = |name: &str| format!("r{place}_{name}");
    let number = place.saturating_add(1);
    let effects = [("deny", "may not", Effect::Deny), ("allow", "may", Effect::Allow)].map(|(value, word, effect)| {
        view! {
            <option value=value selected=rule.effect == effect>
                {word}
            </option>
        }
    });
    let actions = PolicyAction::ALL.map(|action| {
        let word = match action {
            PolicyAction::Find => "find",
            PolicyAction::Open => "open a conversation with",
            PolicyAction::Send => "write to",
        };
        view! {
            <label class="policy_draft-action">
                <input type="checkbox" name=id(action.as_str()) value="on" checked=rule.actions.contains(&action)/>
                {word}
            </label>
        }
    });
    let no_action = why("actions").map(|why| view! { <p class="field-error">{why}</p> });
    let step = |step: &'static str, word: &'static str, is_possible: bool| {
        view! {
            <button class="button" data-kind="quiet" name="step" value=format!("{step}:{place}") disabled=!is_possible>
                {word}
                <span class="visually_hidden">{format!(" rule {number}")}</span>
            </button>
        }
    };
    let legend = if rule.name.trim().is_empty() { format!("Rule {number}") } else { format!("Rule {number}: {}", rule.name) };
    view! {
        <li>
            <fieldset class="section policy_draft-rule">
                <legend>
                    <bdi>{legend}</bdi>
                </legend>
                <div class="policy_draft-fields">
                    {text(id("name"), "Name", rule.name.clone(), MAX_NAME, why("name"))} {role(id("from_role"), "Who", &rule.from)}
                    {text(
                        id("from_department"),
                        "of the department",
                        rule.from.department.clone().unwrap_or_default(),
                        120,
                        why("from.department"),
                    )} <div class="field">
                        <label for=id("effect")>"may or may not"</label>
                        <select class="field-control" id=id("effect") name=id("effect")>
                            {effects.into_iter().collect_view()}
                        </select>
                    </div> <div class="field policy_draft-whole" role="group" aria-label=format!("Actions of rule {number}")>
                        <div class="policy_draft-actions">{actions.into_iter().collect_view()}</div>
                        {no_action}
                    </div> {role(id("to_role"), "whom", &rule.to)}
                    {text(id("to_department"), "of the department ", rule.to.department.clone().unwrap_or_default(), 120, why("to.department"))}
                    {text(id("reason"), "What they read when it is not allowed", rule.reason.clone(), MAX_REASON, why("reason"))}
                </div>
                <div class="cluster">
                    {step("up", "Move up", place > 0)} {step("down", "Move down", place < last)} {step("remove", "Remove", true)}
                </div>
            </fieldset>
        </li>
    }
}

fn role(id: String, label: &'static str, pattern: &PartyPattern) -> impl IntoView + use<> {
    let options = [("", "Everyone", None), ("member", "Members", Some(Role::Member)), ("admin", "Admins", Some(Role::Admin))];
    let options = options.map(|(value, word, role)| {
        view! {
            <option value=value selected=pattern.role == role>
                {word}
            </option>
        }
    });
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <select class="field-control" id=id.clone() name=id>
                {options.into_iter().collect_view()}
            </select>
        </div>
    }
}

fn text(id: String, label: &'static str, value: String, most: usize, reason: Option<String>) -> impl IntoView + use<> {
    let described_by = reason.is_some().then(|| format!("{id}_reason"));
    let is_department = label.starts_with("of the");
    let (any, list) = (is_department.then_some("any"), is_department.then_some(DEPARTMENTS));
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input
                class="field-control"
                id=id.clone()
                name=id
                value=value
                maxlength=most.to_string()
                placeholder=any
                list=list
                // Firefox shows no list where it is off
                autocomplete=list.map(|_| "on")
                aria-invalid=reason.is_some().then_some("true")
                aria-describedby=described_by.clone()
            />
            {reason.map(|reason| view! { <p class="field-error" id=described_by>{reason}</p> })}
        </div>
    }
}
