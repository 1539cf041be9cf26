//! The search for people.

use super::extract::Query;
use crate::{
    domain::user::FoundUser,
    error::Error,
    server::{context::Context, service::people},
};
use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What is looked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// Beginnings of names, of the user name or of the department; accents and capitals do not matter.
    #[param(min_length = 1, max_length = 80)]
    q: String,
    /// 20 unless given.
    #[param(minimum = 1, maximum = 20)]
    limit: Option<i64>,
}

/// Who was found.
#[derive(Serialize, ToSchema)]
pub struct FoundUsers {
    /// The best match first.
    pub items: Vec<FoundUser>,
}

/// Search people
///
/// Never the viewer, never people whom the policy hides; `can_write` says whether a conversation can be opened.
#[utoipa::path(get, path = "/users", tag = "people", operation_id = "search_users", params(Search),
    responses((status = 200, description = "The people found.", body = FoundUsers)),
    extensions(("x-errors" = json!(["malformed_request", "invalid"]))))]
pub async fn search(ctx: Context, Query(query): Query<Search>) -> Result<Json<FoundUsers>, Error> {
    let Search { q, limit } = query?;
    Ok(Json(FoundUsers { items: people::search(&ctx, &q, limit).await? }))
}
