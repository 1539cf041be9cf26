//! The question who may do what to whom, and its answer with the rule that decides.

use crate::{
    admin::{
        form::{Choice, Field, Form},
        words::in_utc,
    },
    domain::policy::{
        PolicyAction,
        report::{Because, Explanation},
    },
};
use leptos::prelude::*;

/// The form, and the answer when one was asked for.
#[component]
pub fn Explain<'a>(
    /// What was asked.
    form: &'a Form,
    /// What came of it.
    explanation: Option<Explanation>,
) -> impl IntoView + use<> {
    let options =
        [PolicyAction::Send, PolicyAction::Open, PolicyAction::Find].map(|action| (action.as_str().to_owned(), verb(action).to_owned()));
    view! {
        <form class="policy_explain" action="/admin/policy#explain">
            <Field form name="from" label="From (user name)" maxlength=64usize/>
            <Choice form name="action" label="May they" options=options.into()/>
            <Field form name="to" label="To (user name)" maxlength=64usize/>
            <button class="button">"Explain"</button>
        </form>
        {explanation.map(answer)}
    }
}

fn verb(action: PolicyAction) -> &'static str {
    match action {
        PolicyAction::Find => "find",
        PolicyAction::Open => "open a conversation with",
        PolicyAction::Send => "write to",
    }
}

fn answer(told: Explanation) -> impl IntoView {
    let may = if told.allowed { "may" } else { "may not" };
    let why = because(&told);
    let reason = told.reason.clone().map(|reason| {
        view! {
            <p>
                "They read: " <q dir="auto">{reason}</q>
            </p>
        }
    });
    view! {
        <div class="policy_answer" data-allowed=told.allowed.to_string() role="status">
            <p dir="auto">
                <strong>
                    {super::person(&told.from)} {format!(" {may} {} ", verb(told.action))} {super::person(&told.to)} "."
                </strong>
            </p>
            <p dir="auto">{why}</p>
            {reason}
        </div>
    }
}

fn because(told: &Explanation) -> String {
    match told.because {
        Because::Deactivated => "Because that person has been deactivated.".to_owned(),
        Because::Answer => {
            let until = told.answer_until.map(|until| format!(", until {}", in_utc(until))).unwrap_or_default();
            format!("Because they were written to and may answer for 30 days{until}, whatever the rules say.")
        }
        Because::Rule => {
            let (place, name) = (told.place.unwrap_or_default(), told.rule.clone().unwrap_or_default());
            format!("Because of rule {place}, {name}: the first that matches.")
        }
        Because::NoRule => "Because no rule matches.".to_owned(),
    }
}
