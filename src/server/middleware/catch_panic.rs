//! A panic of one handler is one 500, not a lost connection. What it said is logged with the request id and goes nowhere else.

use crate::error::{Code, Error};
use axum::response::{IntoResponse, Response};
use std::any::Any;
use tower_http::catch_panic::CatchPanicLayer;

/// Turns a panic into `internal`.
#[must_use]
pub fn layer() -> CatchPanicLayer<fn(Box<dyn Any + Send>) -> Response> {
    CatchPanicLayer::custom(answer as fn(Box<dyn Any + Send>) -> Response)
}

fn answer(_: Box<dyn Any + Send>) -> Response {
    // the panic hook has logged where; its payload may hold a user's text and stays out of this line
    tracing::error!("a handler panicked");
    Error::new(Code::Internal).into_response()
}
