//! Rules in plain words, in their order.

use crate::domain::policy::{Effect, Rule};
use leptos::prelude::*;

/// The rules of a version.
#[component]
pub fn Rules(
    /// In their order.
    rules: Vec<Rule>,
) -> impl IntoView {
    if rules.is_empty() {
        return view! { <p class="field-hint">"There are no rules: everybody may write to everybody."</p> }.into_any();
    }
    let rules = rules.into_iter().map(|rule| {
        let (effect, word) = match rule.effect {
            Effect::Allow => ("allow", "Allowed"),
            Effect::Deny => ("deny", "Not allowed"),
        };
        let sentence = rule.sentence();
        let reason = (!rule.reason.is_empty()).then(|| {
            view! {
                <p class="policy_rule-reason">
                    "They read: " <q dir="auto">{rule.reason.clone()}</q>
                </p>
            }
        });
        view! {
            <li class="policy_rule" data-effect=effect>
                <p>
                    <span class="policy_rule-effect">{word}</span>
                    <span dir="auto">{sentence}</span>
                </p>
                {reason}
                <code>{rule.name.clone()}</code>
            </li>
        }
    });
    view! { <ol class="policy_rules">{rules.collect_view()}</ol> }.into_any()
}
