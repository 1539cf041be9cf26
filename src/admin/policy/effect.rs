//! What a draft would do: pairs of people, conversations that exist, and what is probably not meant.

use crate::{
    admin::{
        table::{Column, DataTable, Row},
        words::number,
    },
    domain::{
        policy::{
            PolicyAction,
            difference::{Class, ClassChange, PairCount},
            report::{AffectedSide, ConversationEffects, DryRun},
        },
        user::Role,
    },
    ui::components::icon::Icon,
};
use leptos::prelude::*;

/// The result of a dry run.
#[component]
pub fn Effects(
    /// Of this one.
    effect: DryRun,
) -> impl IntoView {
    let DryRun { pairs, classes, classes_left_off, conversations, problems, .. } = effect;
    let counts = [("find each other", pairs.find), ("open a conversation", pairs.open), ("write", pairs.send)];
    let counts: Vec<String> = counts.into_iter().flat_map(|(what, count)| counted(what, count)).collect();
    let counts = if counts.is_empty() { vec!["For nobody anything would be decided otherwise.".to_owned()] } else { counts };
    let problems = (!problems.is_empty()).then(|| {
        let problems = problems.into_iter().map(|problem| {
            view! {
                <li>
                    <code>{problem.rule}</code>
                    ": "
                    <bdi>{problem.detail}</bdi>
                </li>
            }
        });
        view! {
            <div class="policy_problems">
                <h3>
                    <Icon name="alert"/>
                    "Probably not meant"
                </h3>
                <ul>{problems.collect_view()}</ul>
            </div>
        }
    });
    view! {
        <ul class="policy_counts">
            {counts.into_iter().map(|count| view! { <li>{count}</li> }).collect_view()} {of_conversations(&conversations)}
        </ul>
        {problems}
        {table(classes, classes_left_off)}
        {sides(conversations.items)}
    }
}

fn counted(what: &str, count: PairCount) -> Vec<String> {
    let pairs = |pairs: i64| if pairs == 1 { "1 pair".to_owned() } else { format!("{} pairs", number(pairs)) };
    let mut told = Vec::new();
    if count.denied > 0 {
        told.push(format!("{} of people could no longer {what}.", pairs(count.denied)));
    }
    if count.allowed > 0 {
        told.push(format!("{} of people could {what} who cannot now.", pairs(count.allowed)));
    }
    told
}

fn of_conversations(effects: &ConversationEffects) -> impl IntoView + use<> {
    let conversations =
        |number_of: i64| if number_of == 1 { "1 conversation".to_owned() } else { format!("{} conversations", number(number_of)) };
    let told = match (effects.become_read_only, effects.become_writable) {
        (0, 0) => vec!["No conversation that exists would be affected.".to_owned()],
        (closed, opened) => {
            let closed = (closed > 0).then(|| format!("In {} somebody could no longer write.", conversations(closed)));
            let opened = (opened > 0).then(|| format!("In {} somebody could write again.", conversations(opened)));
            closed.into_iter().chain(opened).collect()
        }
    };
    told.into_iter().map(|told| view! { <li>{told}</li> }).collect_view()
}

fn class(class: &Class) -> String {
    let role = match class.role {
        Role::Member => "Members",
        Role::Admin => "Admins",
    };
    match &class.department {
        Some(department) => format!("{role} in {department}"),
        None => format!("{role} elsewhere"),
    }
}

fn verb(action: PolicyAction) -> &'static str {
    match action {
        PolicyAction::Find => "find",
        PolicyAction::Open => "open",
        PolicyAction::Send => "write",
    }
}

fn table(classes: Vec<ClassChange>, left_off: i64) -> Option<impl IntoView> {
    if classes.is_empty() {
        return None;
    }
    let rows = classes.into_iter().map(|change| {
        let outcome = if change.allowed { "allowed" } else { "not allowed" };
        let rule = |rule: Option<String>| rule.unwrap_or_else(|| "no rule".to_owned());
        let rules = view! {
            <code>{rule(change.rule_before)}</code>
            " → "
            <code>{rule(change.rule_after)}</code>
        };
        Row::named(view! { <bdi>{class(&change.from)}</bdi> })
            .cell(view! { <bdi>{class(&change.to)}</bdi> })
            .cell(verb(change.action))
            .cell(outcome)
            .cell(rules)
            .cell(number(change.pairs))
    });
    let more = if left_off > 0 { format!(" {} more are not shown.", number(left_off)) } else { String::new() };
    let columns = vec![
        Column::text("From"),
        Column::text("To"),
        Column::line("Action"),
        Column::line("Then"),
        Column::text("Rule"),
        Column::number("Pairs"),
    ];
    Some(view! { <DataTable id="classes" caption=format!("Between whom, the most pairs first.{more}") columns rows=rows.collect()/> })
}

fn sides(items: Vec<AffectedSide>) -> Option<impl IntoView> {
    if items.is_empty() {
        return None;
    }
    let items = items.into_iter().map(|side| {
        let what = if side.can_write { " could write again to " } else { " could no longer write to " };
        view! {
            <li dir="auto">
                {super::person(&side.from)}
                {what}
                {super::person(&side.to)}
            </li>
        }
    });
    Some(view! {
        <details class="policy_sides">
            <summary>"The first conversations that would be affected"</summary>
            <ul>{items.collect_view()}</ul>
        </details>
    })
}
