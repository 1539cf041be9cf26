//! Taking a review away: its part of the review's page, and what is done there.

use super::{after, path};
use crate::{
    admin::{
        form::{Form, Id, Problem, TextArea},
        words::{Moment, number},
    },
    domain::{
        review::{REASON_MAX, Review, ReviewId, ReviewState},
        review_export::{ExportId, ExportState, ReviewExport},
    },
    error::Error,
    server::{
        context::Context,
        middleware::attachment::{ARCHIVE, attachment, of_length},
        service::{review_exports, reviews::Answer},
    },
    ui::components::icon::Icon,
};
use axum::{
    body::Body,
    extract::{Path, rejection::PathRejection},
    response::Response,
};
use leptos::prelude::*;

/// Which form of the page it is.
pub(super) const FORM: &str = "export";

type Ids = Result<Path<(String, String)>, PathRejection>;

/// Asks for it.
pub async fn ask(ctx: Context, id: Result<Id<ReviewId>, Error>, form: Form) -> Response {
    let outcome = match &id {
        Ok(Id(id)) => review_exports::request(&ctx, *id).await.map(|export| export.review_id),
        Err(error) => ctx.admin().and(Err(error.clone())),
    };
    after(&ctx, id, form.about(FORM), outcome).await
}

/// A decision about that; refused, the page comes back with the note.
pub async fn decide(ctx: Context, ids: Ids, form: Form) -> Response {
    let ids = of(ids);
    let answer = match form.field("decision").as_str() {
        "release" => Ok(Answer::Approve),
        "refuse" => Ok(Answer::Refuse),
        _ => Err(Error::invalid("decision", "Say whether you release or refuse.")),
    };
    let outcome = match (&ids, answer) {
        (Ok((review, export)), Ok(answer)) => {
            let note = form.given("export_note");
            review_exports::decide(&ctx, *review, *export, answer, note).await.map(|export| export.review_id)
        }
        (Err(error), _) => ctx.admin().and(Err(error.clone())),
        (_, Err(error)) => ctx.admin().and(Err(error)),
    };
    after(&ctx, ids.map(|(review, _)| Id(review)), form.about(FORM), outcome).await
}

/// Takes it. That is written down before it is read.
pub async fn take(ctx: Context, ids: Ids, form: Form) -> Response {
    let ids = of(ids);
    let outcome = match &ids {
        Ok((review, export)) => review_exports::take(&ctx, *review, *export).await,
        Err(error) => ctx.admin().and(Err(error.clone())),
    };
    match outcome {
        Ok(archive) => {
            let (bytes, name) = (archive.bytes, format!("review-{}.tar", archive.review));
            of_length(attachment(Body::from_stream(archive.into_stream()), ARCHIVE, &name), bytes)
        }
        Err(error) => after(&ctx, ids.map(|(review, _)| Id(review)), form.about(FORM), Err(error)).await,
    }
}

fn of(ids: Ids) -> Result<(ReviewId, ExportId), Error> {
    let ids = ids.ok().and_then(|Path((review, export))| Some((review.parse().ok()?, export.parse().ok()?)));
    ids.ok_or_else(Error::not_found)
}

/// What was asked for, what came of it, and what the viewer can do about it; nothing where nothing can be and nothing was.
pub(super) fn section(review: &Review, exports: Vec<ReviewExport>, is_reader: bool, form: &Form) -> Option<AnyView> {
    let open = review.state == ReviewState::Open;
    if exports.is_empty() && !(open && is_reader) {
        return None;
    }
    let waits = exports.iter().any(|export| export.state == ExportState::Requested);
    let ask = (open && is_reader && !waits).then(|| {
        view! {
            <form action=format!("{}/exports", path(review.id)) method="post">
                <button class="button">
                    <Icon name="download"/>
                    {if exports.is_empty() { "Ask to take it away" } else { "Ask for a newer one" }}
                </button>
            </form>
        }
    });
    // a list of nothing is none
    let rows = (!exports.is_empty()).then(|| {
        let rows = exports.into_iter().map(|export| row(export, open, is_reader, form)).collect_view();
        view! { <ol class="review_steps">{rows}</ol> }
    });
    Some(
        view! {
            <section class="section review_exports" aria-labelledby="exports">
                <header>
                    <h2 id="exports">"Taken away"</h2>
                    <p>
                        "A copy of what lies in the scope, with proofs that it is what was sealed. Each time it is taken is an audit entry, and \
                        the participants are told."
                    </p>
                </header>
                <Problem form/>
                {rows}
                {ask}
            </section>
        }
        .into_any(),
    )
}

fn row(export: ReviewExport, open: bool, is_reader: bool, form: &Form) -> AnyView {
    let icon = match export.state {
        ExportState::Requested => "clock",
        ExportState::Released => "check",
        _ => "close",
    };
    let by = export.decided_by.clone().zip(export.decided_at).map(|(by, at)| {
        view! {
            <span>
                <bdi>{by.display_name}</bdi> ", " <Moment at=at/>
                {export.tree_size.map(|size| format!(", up to entry {} of the sealed log", number(size)))} ". "
            </span>
        }
    });
    let note = export.decision_note.clone().map(|note| view! { <span dir="auto">{format!("“{note}”")}</span> });
    let taken = export.last_taken_at.map(|at| {
        let times =
            if export.times_taken == 1 { "Taken once, ".to_owned() } else { format!("Taken {} times, last ", number(export.times_taken)) };
        view! { <span>{times} <Moment at=at/> ". "</span> }
    });
    let digest = export.manifest_sha256.clone().map(|digest| {
        view! {
            <span class="review_digest">
                "SHA-256 of its manifest: " <code>{digest}</code>
            </span>
        }
    });
    view! {
        <li
            aria-current=(export.state == ExportState::Requested).then_some("step")
            data-done={export.state == ExportState::Released}
        >
            <Icon name=icon/>
            <div>
                <strong>{export.state.words()}</strong>
                <span>
                    "Asked for by " <bdi>{export.requested_by.display_name.clone()}</bdi> ", " <Moment at=export.requested_at/> ". "
                </span>
                {by}
                {note}
                {taken}
                {digest}
                {what_can_be_done(&export, open, is_reader, form)}
            </div>
        </li>
    }
    .into_any()
}

fn what_can_be_done(export: &ReviewExport, open: bool, is_reader: bool, form: &Form) -> Option<AnyView> {
    let at = format!("{}/exports/{}", path(export.review_id), export.id);
    match (export.state, is_reader) {
        (ExportState::Requested, true) => Some(view! { <span>"Another admin decides on this page."</span> }.into_any()),
        (ExportState::Requested, false) => Some(
            view! {
                <form class="stack" action=format!("{at}/decide") method="post">
                    <TextArea form name="export_note" label="Your note, kept with the decision" maxlength=REASON_MAX/>
                    <div class="cluster">
                        {open
                            .then(|| {
                                view! {
                                    <button class="button" data-kind="primary" name="decision" value="release">
                                        "Release"
                                    </button>
                                }
                            })}
                        <button class="button" data-kind="danger" name="decision" value="refuse">
                            "Refuse to hand it out"
                        </button>
                    </div>
                </form>
            }
            .into_any(),
        ),
        (ExportState::Released, true) if open => Some(
            view! {
                <form action=format!("{at}/archive") method="post">
                    <button class="button" data-kind="primary">
                        <Icon name="download"/>
                        "Download"
                    </button>
                </form>
            }
            .into_any(),
        ),
        _ => None,
    }
}
