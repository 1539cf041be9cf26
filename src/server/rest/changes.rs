//! The change feed.

use super::{extract::Query, messages::Place};
use crate::{
    domain::{change::Changes, ids::Seq},
    error::Error,
    server::{context::Context, service::changes},
};
use axum::Json;
use serde::Deserialize;
use utoipa::IntoParams;

/// Since when.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Since {
    /// The last `change_no` that the client has.
    #[param(value_type = i64, minimum = 0)]
    since: Place,
    /// 500 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
}

/// Changes
///
/// Every conversation whose `change_no` is greater, ascending. With `reset` the cursor comes from a future that was lost:
/// start from a fresh list.
#[utoipa::path(get, path = "/changes", tag = "conversations", operation_id = "get_changes", params(Since),
    responses((status = 200, description = "What looks different now.", body = Changes)),
    extensions(("x-errors" = json!(["malformed_request", "invalid"]))))]
pub async fn since(ctx: Context, Query(query): Query<Since>) -> Result<Json<Changes>, Error> {
    let Since { since, limit } = query?;
    Ok(Json(changes::since(&ctx, Seq::from(since).0, limit).await?))
}
