//! The screens of admins under `/admin`: rendered by the server as whole pages, without a script, so nothing of them is
//! downloaded by anybody else.
//!
//! A screen is a handler of three steps: read the [`Form`](form::Form), call a service (which asks for an admin), and
//! [`show`](screen::show) what came of it. A POST that was accepted redirects to a GET; one that was refused shows its screen
//! again with the reason and what was typed. Who may what is decided in the services.

pub mod audit;
mod day;
pub mod departments;
pub mod done;
pub mod form;
pub mod people;
pub mod policy;
pub mod reviews;
pub mod screen;
pub mod table;
pub mod words;

use crate::server::{middleware::body, state::AppState};
use axum::{
    Router,
    middleware::from_fn,
    response::Redirect,
    routing::{MethodRouter, get, post},
};

/// Every screen.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/admin", get(|| async { Redirect::to("/admin/audit") }))
        .route("/admin/audit", get(audit::list))
        .route("/admin/audit/export", takes_form(post(audit::export)))
        .route("/admin/people", get(people::list))
        .route("/admin/people/new", get(people::new::form).merge(takes_form(post(people::new::create))))
        .route("/admin/people/import", get(people::import::form).merge(takes_people(post(people::import::submit))))
        .route("/admin/people/{id}", get(people::one).merge(takes_form(post(people::change))))
        .route("/admin/people/{id}/deactivate", get(people::acts::ask_deactivate).merge(takes_form(post(people::acts::deactivate))))
        .route("/admin/people/{id}/activate", takes_form(post(people::acts::activate)))
        .route("/admin/people/{id}/sign_out", get(people::acts::ask_sign_out).merge(takes_form(post(people::acts::sign_out))))
        .route("/admin/people/{id}/sessions/{session_id}/end", takes_form(post(people::acts::end_session)))
        .route("/admin/people/{id}/link", takes_form(post(people::acts::link)))
        .route("/admin/policy", get(policy::overview))
        .route("/admin/policy/edit", get(policy::edit).merge(takes_form(post(policy::step))))
        .route("/admin/reviews", get(reviews::list))
        .route("/admin/reviews/new", get(reviews::new).merge(takes_form(post(reviews::create))))
        .route("/admin/reviews/{id}", get(reviews::one))
        .route("/admin/reviews/{id}/decide", takes_form(post(reviews::decide)))
        .route("/admin/reviews/{id}/end", takes_form(post(reviews::end)))
        .route("/admin/reviews/{id}/exports", takes_form(post(reviews::export::ask)))
        .route("/admin/reviews/{id}/exports/{export_id}/decide", takes_form(post(reviews::export::decide)))
        .route("/admin/reviews/{id}/exports/{export_id}/archive", takes_form(post(reviews::export::take)))
        .route("/admin/reviews/{id}/conversations", get(reviews::conversations))
        .route("/admin/reviews/{id}/conversations/{conversation_id}", get(reviews::read))
}

/// This takes a form with a file of people in it.
fn takes_people(methods: MethodRouter<AppState>) -> MethodRouter<AppState> {
    methods.route_layer(from_fn(body::people_form))
}

/// These take a plain form, and nothing else.
fn takes_form(methods: MethodRouter<AppState>) -> MethodRouter<AppState> {
    methods.route_layer(from_fn(body::form))
}
