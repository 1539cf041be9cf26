//! `/api/v1` for the CMS and for other programs: thin handlers over the services that the browser's half uses too.
//!
//! The OpenAPI document is made of the handlers themselves ([`document`]), so it cannot describe another interface than
//! the one that answers. Who may do what is decided in the services, what a request has passed before in `middleware`.

pub mod admin_import;
pub mod admin_users;
pub mod audit;
pub mod audit_log;
pub mod changes;
pub mod conversations;
pub mod docs;
pub mod events;
pub mod extract;
pub mod messages;
pub mod openapi;
pub mod own_sessions;
pub mod policy;
pub mod receipts;
pub mod review_exports;
pub mod reviews;
pub mod session;
pub mod unread;
pub mod users;

use crate::server::{middleware::body, state::AppState};
use axum::{Router, middleware::from_fn, routing::get};
use serde_json::Value;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouter},
    routes,
};

/// Where it is mounted.
pub const PREFIX: &str = "/api/v1";

/// The handlers, relative to [`PREFIX`].
pub fn router() -> Router<AppState> {
    operations().split_for_parts().0.route("/openapi.json", get(docs::document))
}

/// What the handlers say of themselves, with the refusals that hold for all of them.
#[must_use]
pub fn document() -> Value {
    openapi::complete(operations().split_for_parts().1)
}

fn operations() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::base())
        .routes(takes_json(routes!(session::sign_in)))
        .routes(routes!(session::sign_out))
        .routes(routes!(session::me))
        .routes(routes!(own_sessions::list, own_sessions::end_others))
        .routes(routes!(own_sessions::end))
        .routes(routes!(users::search))
        .routes(takes_json(routes!(conversations::open)))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::get))
        .routes(routes!(messages::page))
        .routes(takes_json(routes!(messages::send)))
        .routes(takes_json(routes!(receipts::delivered)))
        .routes(takes_json(routes!(receipts::delivered_many)))
        .routes(takes_json(routes!(receipts::read)))
        .routes(routes!(unread::count))
        .routes(routes!(changes::since))
        .routes(routes!(audit::checkpoint))
        .routes(routes!(audit_log::list))
        .routes(takes_json(routes!(audit_log::export)))
        .routes(takes_json(routes!(reviews::request)))
        .routes(routes!(reviews::list))
        .routes(routes!(reviews::get))
        .routes(takes_json(routes!(reviews::approve)))
        .routes(takes_json(routes!(reviews::refuse)))
        .routes(routes!(reviews::end))
        .routes(routes!(reviews::conversations))
        .routes(routes!(reviews::messages))
        .routes(routes!(reviews::notices))
        .routes(routes!(review_exports::request))
        .routes(routes!(review_exports::list))
        .routes(takes_json(routes!(review_exports::release)))
        .routes(takes_json(routes!(review_exports::refuse)))
        .routes(routes!(review_exports::archive))
        .routes(routes!(admin_users::list))
        .routes(takes_json(routes!(admin_users::create)))
        .routes(routes!(admin_users::get))
        .routes(takes_json(routes!(admin_users::change)))
        .routes(routes!(admin_users::sessions))
        .routes(routes!(admin_users::sign_out_everywhere))
        .routes(routes!(admin_users::end_session))
        .routes(routes!(admin_users::link))
        .routes(takes_people(routes!(admin_import::import)))
        .routes(routes!(events::stream))
        .routes(routes!(policy::current))
        .routes(takes_json(routes!(policy::apply)))
        .routes(routes!(policy::history))
        .routes(routes!(policy::explain))
        .routes(takes_json(routes!(policy::dry_run)))
}

/// These have a file of people as their body.
fn takes_people((schemas, paths, methods): UtoipaMethodRouter<AppState>) -> UtoipaMethodRouter<AppState> {
    (schemas, paths, methods.route_layer(from_fn(body::people_file)))
}

/// These operations have a JSON object as their body; a method that the path does not have is refused before that.
fn takes_json((schemas, paths, methods): UtoipaMethodRouter<AppState>) -> UtoipaMethodRouter<AppState> {
    (schemas, paths, methods.route_layer(from_fn(body::json)))
}
