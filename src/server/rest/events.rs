//! The live stream: server-sent events, resumable by change number from any instance.

use super::{extract::Query, messages::Place};
use crate::{
    domain::ids::Seq,
    error::Error,
    server::{
        context::Context,
        live::stream::{Frames, Handover},
        service::live,
    },
};
use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use utoipa::IntoParams;

/// From where.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct From {
    /// The last `change_no` that the client has; without one the stream begins at now. `Last-Event-ID` goes before it.
    #[param(value_type = Option<i64>, minimum = 0)]
    since: Option<Place>,
}

/// Live stream
///
/// `ready` first, `change` for each conversation that looks different (its `id` is the cursor to resume from, at any
/// instance), `bye` before the server goes away, a comment at least every 20 s, which is also an event `beat`.
#[utoipa::path(get, path = "/events", tag = "conversations", operation_id = "live_stream",
    params(From, ("Last-Event-ID" = Option<i64>, Header, description = "The cursor, as browsers send it when they come back.")),
    responses((status = 200, description = "Events, until somebody leaves.", content_type = "text/event-stream", body = String)),
    extensions(("x-errors" = json!(["malformed_request", "invalid"]))))]
pub async fn stream(ctx: Context, headers: HeaderMap, Query(query): Query<From>) -> Result<Response, Error> {
    let since = query?.since.map(|place| Seq::from(place).0);
    let resumed = match headers.get("last-event-id").map(HeaderValue::to_str) {
        None | Some(Ok("")) => None,
        Some(text) => Some(cursor(text.unwrap_or_default())?),
    };
    let beginning = live::begin(&ctx, resumed.or(since)).await?;
    // the body that the layers see is empty: they have nothing to do with what follows, and would only take room beside it
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Handover::new(Frames::new(ctx, beginning)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // nginx would collect events until its buffer is full
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn cursor(text: &str) -> Result<i64, Error> {
    let number = text.parse::<i64>().ok().filter(|number| *number >= 0);
    number.ok_or_else(|| Error::invalid("Last-Event-ID", "This is no change number."))
}
