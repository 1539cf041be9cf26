//! The server functions under `/rpc`: found in their registry, run with the request's parts as context.
//!
//! Not the framework's own handler: that one answers a request that accepts HTML with a redirect to its `Referer`, and
//! quotes unknown paths. Plain forms have routes of their own here (`forms`), so a server function is only ever a fetch.

use crate::{
    error::{Code, Error},
    server::{context::Begun, cookie, middleware::body, state::AppState},
};
use axum::{
    Router,
    extract::{Request, State},
    middleware::from_fn,
    response::Response,
    routing::{MethodFilter, on},
};
use http::header;
use leptos::{
    prelude::{Owner, provide_context},
    reactive::computed::ScopedFuture,
};
use leptos_axum::ResponseOptions;
use server_fn::axum::{get_server_fn_service, server_fn_paths};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Its cookie goes with its session.
const SIGN_OUT: &str = "/rpc/sign_out";

/// One route per registered server function; each takes JSON.
pub fn router() -> Router<AppState> {
    server_fn_paths().fold(Router::new(), |router, (path, method)| {
        let Ok(method) = MethodFilter::try_from(method) else { return router };
        router.route(path, on(method, call).route_layer(from_fn(body::json)))
    })
}

async fn call(State(state): State<AppState>, request: Request) -> Result<Response, Error> {
    let signs_out = request.uri().path() == SIGN_OUT;
    let service = get_server_fn_service(request.uri().path(), request.method().clone());
    let mut service = service.ok_or_else(Error::not_found)?;
    let (parts, body) = request.into_parts();
    let options = ResponseOptions::default();
    let begun = Arc::new(AtomicBool::new(false));
    let asked = begun.clone();
    let owner = Owner::new();
    let mut response = {
        let options = options.clone();
        let run = move || {
            provide_context(Begun(begun.clone()));
            provide_context(parts.clone());
            provide_context(options);
            let request = Request::from_parts(parts, body);
            ScopedFuture::new(async move { service.run(request).await })
        };
        owner.with(run).await
    };
    if !asked.load(Ordering::Relaxed) {
        // the arguments were not what the function takes: the framework has a word for that which is the browser's here
        return Err(Error::new(Code::Invalid));
    }
    let mut set = options.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(status) = set.status {
        *response.status_mut() = status;
    }
    response.headers_mut().extend(std::mem::take(&mut set.headers));
    if let (true, Some(cookie)) = (signs_out && response.status().is_success(), cookie::remove(&state.settings.server)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
