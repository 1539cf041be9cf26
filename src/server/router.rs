//! Every route of the server, and what a request passes on its way there, from the outside to the inside. Read with the
//! drawing in `middleware`.

use crate::{
    admin,
    error::{Code, Error},
    server::{
        assets, forms, health,
        middleware::{attachment, authenticate, catch_panic, cross_site, problem, request_id, security_headers, signed_in, trace},
        pages, rest, rpc,
        state::AppState,
    },
};
use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    routing::get,
};
use tower::ServiceBuilder;
use tower_http::compression::{
    CompressionLayer,
    predicate::{DefaultPredicate, NotForContentType, Predicate},
};

/// The whole application.
pub fn router(state: AppState) -> Router {
    let cross_site = cross_site::layer(&state.settings.server);
    let authenticate = from_fn_with_state(state.clone(), authenticate::layer);

    let for_programs = Router::new()
        .nest(rest::PREFIX, rest::router().fallback(not_found))
        .route("/api/docs", get(rest::docs::page))
        .route("/api/docs.css", get(rest::docs::style))
        .merge(rpc::router())
        .method_not_allowed_fallback(method_not_allowed)
        .layer(ServiceBuilder::new().layer(authenticate.clone()).layer(from_fn(signed_in::for_programs)).layer(cross_site.clone()));
    let for_people = Router::new()
        .merge(pages::router())
        .merge(forms::router())
        .merge(admin::router())
        .method_not_allowed_fallback(method_not_allowed)
        .layer(
            ServiceBuilder::new()
                .layer(cross_site)
                .layer(from_fn(forms::kept::layer))
                .layer(authenticate)
                .layer(from_fn(signed_in::for_people)),
        );

    let routes = Router::new()
        .merge(for_programs)
        .merge(for_people)
        .merge(health::router())
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(assets::fallback);
    around(routes, state)
}

/// What every request passes, whatever answers it.
pub fn around(routes: Router<AppState>, state: AppState) -> Router {
    // in one piece: each `layer` of a router is a boxed service, which is copied with all those below it for each request
    let passed = ServiceBuilder::new()
        .layer(from_fn(request_id::layer))
        .layer(from_fn_with_state(state.clone(), trace::layer))
        .layer(from_fn_with_state(state.clone(), security_headers::layer))
        .layer(from_fn(problem::layer))
        .layer(catch_panic::layer())
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(NotForContentType::const_new(attachment::ARCHIVE))));
    routes.layer(passed).with_state(state)
}

async fn not_found() -> Error {
    Error::not_found()
}

async fn method_not_allowed() -> Error {
    Error::new(Code::MethodNotAllowed)
}
