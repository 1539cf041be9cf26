//! What is taken away of a review: asking for it, deciding, taking it.

use super::{
    extract::Body,
    reviews::{OfReview, ReviewDecision, named},
};
use crate::{
    domain::review_export::{ExportId, ReviewExport},
    error::Error,
    server::{
        context::Context,
        middleware::attachment::{ARCHIVE, attachment, of_length},
        service::{review_exports, reviews::Answer},
    },
};
use axum::{Json, extract::FromRequestParts, response::Response};
use http::{StatusCode, request::Parts};
use serde::Serialize;
use utoipa::ToSchema;

/// The export's id behind that of the review. Malformed is 404, like unknown.
pub struct OfExport(ExportId);

impl<S: Send + Sync> FromRequestParts<S> for OfExport {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        named(parts, state, "export_id").await.map(Self)
    }
}

/// The exports of a review.
#[derive(Serialize, ToSchema)]
pub struct ReviewExports {
    /// The newest first.
    pub items: Vec<ReviewExport>,
}

/// The bytes of a tar file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it only says what the bytes are")]
pub struct ReviewArchive(Vec<u8>);

/// Ask to take a review away
///
/// For who asked for the review, while it is open. Where the review needed a second person another admin has to release it;
/// else it is released at once.
#[utoipa::path(post, path = "/admin/reviews/{id}/exports", tag = "audit", operation_id = "request_review_export",
    params(("id" = uuid::Uuid, Path, description = "The review.")),
    responses((status = 201, description = "It was asked for.", body = ReviewExport)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "invalid"]))))]
pub async fn request(ctx: Context, id: Result<OfReview, Error>) -> Result<(StatusCode, Json<ReviewExport>), Error> {
    ctx.admin()?;
    Ok((StatusCode::CREATED, Json(review_exports::request(&ctx, id?.0).await?)))
}

/// Exports of a review
#[utoipa::path(get, path = "/admin/reviews/{id}/exports", tag = "audit", operation_id = "list_review_exports",
    params(("id" = uuid::Uuid, Path, description = "The review.")),
    responses((status = 200, description = "The newest first.", body = ReviewExports)),
    extensions(("x-errors" = json!(["forbidden", "not_found"]))))]
pub async fn list(ctx: Context, id: Result<OfReview, Error>) -> Result<Json<ReviewExports>, Error> {
    ctx.admin()?;
    Ok(Json(ReviewExports { items: review_exports::list(&ctx, id?.0).await? }))
}

/// Release an export
///
/// For another admin than the one who asked. It covers what is sealed at this moment, whatever happens later.
#[utoipa::path(post, path = "/admin/reviews/{id}/exports/{export_id}/release", tag = "audit", operation_id = "release_review_export",
    request_body = ReviewDecision,
    params(("id" = uuid::Uuid, Path, description = "The review."), ("export_id" = uuid::Uuid, Path, description = "The export.")),
    responses((status = 200, description = "It may be taken.", body = ReviewExport)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "review_settled"]))))]
pub async fn release(
    ctx: Context,
    id: Result<OfReview, Error>,
    export: Result<OfExport, Error>,
    Body(body): Body<ReviewDecision>,
) -> Result<Json<ReviewExport>, Error> {
    ctx.admin()?;
    Ok(Json(review_exports::decide(&ctx, id?.0, export?.0, Answer::Approve, body?.note).await?))
}

/// Refuse an export
///
/// For another admin than the one who asked.
#[utoipa::path(post, path = "/admin/reviews/{id}/exports/{export_id}/refuse", tag = "audit", operation_id = "refuse_review_export",
    request_body = ReviewDecision,
    params(("id" = uuid::Uuid, Path, description = "The review."), ("export_id" = uuid::Uuid, Path, description = "The export.")),
    responses((status = 200, description = "It may not be taken.", body = ReviewExport)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "review_settled"]))))]
pub async fn refuse(
    ctx: Context,
    id: Result<OfReview, Error>,
    export: Result<OfExport, Error>,
    Body(body): Body<ReviewDecision>,
) -> Result<Json<ReviewExport>, Error> {
    ctx.admin()?;
    Ok(Json(review_exports::decide(&ctx, id?.0, export?.0, Answer::Refuse, body?.note).await?))
}

/// Take an export
///
/// For who asked for it, once it was released, while the review is open. That it is taken is written down (`export.taken`)
/// before it is read, so this is no GET, and the two of each conversation are told. The file has the messages as JSON Lines
/// and as CSV, their proofs, and a signed manifest (`cms-messages audit verify` checks it offline); taken again it is the same.
/// The first time it takes a while to begin.
#[utoipa::path(post, path = "/admin/reviews/{id}/exports/{export_id}/archive", tag = "audit", operation_id = "take_review_export",
    params(("id" = uuid::Uuid, Path, description = "The review."), ("export_id" = uuid::Uuid, Path, description = "The export.")),
    responses((status = 200, description = "A tar file.", content_type = "application/x-tar", body = ReviewArchive)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "invalid"]))))]
pub async fn archive(ctx: Context, id: Result<OfReview, Error>, export: Result<OfExport, Error>) -> Result<Response, Error> {
    ctx.admin()?;
    let archive = review_exports::take(&ctx, id?.0, export?.0).await?;
    let (bytes, name) = (archive.bytes, format!("review-{}.tar", archive.review));
    Ok(of_length(attachment(axum::body::Body::from_stream(archive.into_stream()), ARCHIVE, &name), bytes))
}
