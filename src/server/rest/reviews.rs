//! Reviews: asking, deciding, ending, reading; and what the two of a conversation are told.

use super::extract::{Body, Id, Query};
use crate::{
    domain::{
        ids::{ConversationId, Seq},
        review::{
            Review, ReviewCategory, ReviewId, ReviewList, ReviewNotice, ReviewRequest, ReviewScope, ReviewedConversations, ReviewedPage,
        },
        time::Timestamp,
    },
    error::Error,
    server::{
        context::Context,
        middleware::deliberate::Deliberate,
        service::{
            review_reading,
            reviews::{self, Answer},
        },
    },
};
use axum::{Json, extract::FromRequestParts, extract::RawPathParams};
use http::{StatusCode, request::Parts};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The review's id in the path. Malformed is 404, like unknown.
pub struct OfReview(pub(super) ReviewId);

impl<S: Send + Sync> FromRequestParts<S> for OfReview {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        named(parts, state, "id").await.map(Self)
    }
}

/// The conversation's id behind it.
pub struct OfConversation(ConversationId);

impl<S: Send + Sync> FromRequestParts<S> for OfConversation {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        named(parts, state, "conversation_id").await.map(Self)
    }
}

pub(super) async fn named<S: Send + Sync, T: std::str::FromStr>(parts: &mut Parts, state: &S, name: &str) -> Result<T, Error> {
    let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Error::not_found())?;
    params.iter().find(|(key, _)| *key == name).and_then(|(_, value)| value.parse().ok()).ok_or_else(Error::not_found)
}

/// What is asked for, and why.
#[derive(Deserialize, ToSchema)]
pub struct NewReview {
    /// Where the organisation keeps the matter.
    #[schema(min_length = 1, max_length = 100)]
    case_id: String,
    /// What the two are told.
    category: ReviewCategory,
    /// What the deciding person reads.
    #[schema(min_length = 20, max_length = 2000)]
    reason: String,
    /// All conversations of one person, or one conversation.
    scope: ReviewScope,
    /// What was sent not before …
    from: Timestamp,
    /// … and before this.
    until: Timestamp,
}

/// What is said to a decision.
#[derive(Deserialize, ToSchema)]
pub struct ReviewDecision {
    /// Kept with the decision.
    #[schema(max_length = 2000)]
    pub(super) note: Option<String>,
}

/// Which part of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReviewsQuery {
    /// 50 unless given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Where a page begins.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReadingQuery {
    /// Above this seq; from the beginning of the period unless given.
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<Seq>,
}

/// What the two are told.
#[derive(Serialize, ToSchema)]
pub struct ReviewNotices {
    /// The last one first.
    pub items: Vec<ReviewNotice>,
}

/// Request a review
///
/// For admins. With `[audit] review = "dual"` another admin has to approve it; with `"single"` it is granted at once.
#[utoipa::path(post, path = "/admin/reviews", tag = "audit", operation_id = "request_review", request_body = NewReview,
    responses((status = 201, description = "It was asked for.", body = Review)),
    extensions(("x-errors" = json!(["forbidden", "not_found"]))))]
pub async fn request(ctx: Context, Body(body): Body<NewReview>) -> Result<(StatusCode, Json<Review>), Error> {
    ctx.admin()?;
    let NewReview { case_id, category, reason, scope, from, until } = body?;
    let review = reviews::request(&ctx, ReviewRequest { case_id, category, reason, scope, from, until }).await?;
    Ok((StatusCode::CREATED, Json(review)))
}

/// Reviews
///
/// For admins. Newest first, but those of which the viewer is the matter.
#[utoipa::path(get, path = "/admin/reviews", tag = "audit", operation_id = "list_reviews", params(ReviewsQuery),
    responses((status = 200, description = "A part of the reviews.", body = ReviewList)),
    extensions(("x-errors" = json!(["malformed_request", "invalid", "forbidden"]))))]
pub async fn list(ctx: Context, Query(query): Query<ReviewsQuery>) -> Result<Json<ReviewList>, Error> {
    ctx.admin()?;
    let ReviewsQuery { limit, cursor } = query?;
    Ok(Json(reviews::list(&ctx, limit, cursor.as_deref()).await?))
}

/// One review
#[utoipa::path(get, path = "/admin/reviews/{id}", tag = "audit", operation_id = "get_review",
    params(("id" = uuid::Uuid, Path, description = "The review.")),
    responses((status = 200, description = "How it stands.", body = Review)),
    extensions(("x-errors" = json!(["forbidden", "not_found"]))))]
pub async fn get(ctx: Context, id: Result<OfReview, Error>) -> Result<Json<Review>, Error> {
    ctx.admin()?;
    Ok(Json(reviews::get(&ctx, id?.0).await?))
}

/// Approve a review
///
/// For another admin than the one who asked. From now on it may be read for `[audit] review_grant_hours`.
#[utoipa::path(post, path = "/admin/reviews/{id}/approve", tag = "audit", operation_id = "approve_review", request_body = ReviewDecision,
    params(("id" = uuid::Uuid, Path, description = "The review.")),
    responses((status = 200, description = "It may be read.", body = Review)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "review_settled"]))))]
pub async fn approve(ctx: Context, id: Result<OfReview, Error>, Body(body): Body<ReviewDecision>) -> Result<Json<Review>, Error> {
    ctx.admin()?;
    Ok(Json(reviews::decide(&ctx, id?.0, Answer::Approve, body?.note).await?))
}

/// Refuse a review
///
/// For another admin than the one who asked.
#[utoipa::path(post, path = "/admin/reviews/{id}/refuse", tag = "audit", operation_id = "refuse_review", request_body = ReviewDecision,
    params(("id" = uuid::Uuid, Path, description = "The review.")),
    responses((status = 200, description = "It may not be read.", body = Review)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "review_settled"]))))]
pub async fn refuse(ctx: Context, id: Result<OfReview, Error>, Body(body): Body<ReviewDecision>) -> Result<Json<Review>, Error> {
    ctx.admin()?;
    Ok(Json(reviews::decide(&ctx, id?.0, Answer::Refuse, body?.note).await?))
}

/// End a review
///
/// Before its time is over, or while nobody has decided.
#[utoipa::path(post, path = "/admin/reviews/{id}/end", tag = "audit", operation_id = "end_review",
    params(("id" = uuid::Uuid, Path, description = "The review.")),
    responses((status = 200, description = "Nothing of it can be read any more.", body = Review)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "review_settled"]))))]
pub async fn end(ctx: Context, id: Result<OfReview, Error>) -> Result<Json<Review>, Error> {
    ctx.admin()?;
    Ok(Json(reviews::end(&ctx, id?.0).await?))
}

/// Conversations of a review
///
/// For who asked for it, while it is open. Looking is written down (`review.listed`).
#[utoipa::path(get, path = "/admin/reviews/{id}/conversations", tag = "audit", operation_id = "list_reviewed_conversations",
    params(("id" = uuid::Uuid, Path, description = "The review."), ReviewsQuery),
    responses((status = 200, description = "A part of those in its scope.", body = ReviewedConversations)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "malformed_request", "invalid", "cross_site_request"]))))]
pub async fn conversations(
    ctx: Context,
    id: Result<OfReview, Error>,
    Query(query): Query<ReviewsQuery>,
    deliberate: Result<Deliberate, Error>,
) -> Result<Json<ReviewedConversations>, Error> {
    ctx.admin()?;
    deliberate?;
    let (id, ReviewsQuery { limit, cursor }) = (id?.0, query?);
    Ok(Json(review_reading::conversations(&ctx, id, limit, cursor.as_deref()).await?))
}

/// Messages of a reviewed conversation
///
/// For who asked for the review, while it is open; only what was sent within its period. Each page is written down
/// (`review.read`) before it is read, the two are told, and no pointer moves.
#[utoipa::path(get, path = "/admin/reviews/{id}/conversations/{conversation_id}/messages", tag = "audit", operation_id = "read_reviewed_messages",
    params(("id" = uuid::Uuid, Path, description = "The review."), ("conversation_id" = uuid::Uuid, Path, description = "The conversation."), ReadingQuery),
    responses((status = 200, description = "At most 50 messages, ascending.", body = ReviewedPage)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "malformed_request", "invalid", "cross_site_request"]))))]
pub async fn messages(
    ctx: Context,
    id: Result<OfReview, Error>,
    conversation: Result<OfConversation, Error>,
    Query(query): Query<ReadingQuery>,
    deliberate: Result<Deliberate, Error>,
) -> Result<Json<ReviewedPage>, Error> {
    ctx.admin()?;
    deliberate?;
    let (id, conversation) = (id?.0, conversation?.0);
    let after = match query?.after {
        Some(after) if after.0 < 0 => return Err(Error::invalid("after", "Messages are numbered from 1.")),
        after => after.unwrap_or(Seq::NONE),
    };
    Ok(Json(review_reading::page(&ctx, id, conversation, after).await?))
}

/// Reviews of a conversation
///
/// What its two participants are told: that an admin has read it, when, and for what kind of reason.
#[utoipa::path(get, path = "/conversations/{id}/reviews", tag = "conversations", operation_id = "list_conversation_reviews",
    params(("id" = uuid::Uuid, Path, description = "The conversation.")),
    responses((status = 200, description = "The last one first.", body = ReviewNotices)),
    extensions(("x-errors" = json!(["not_found"]))))]
pub async fn notices(ctx: Context, Id(id): Id) -> Result<Json<ReviewNotices>, Error> {
    Ok(Json(ReviewNotices { items: review_reading::notices(&ctx, id).await? }))
}
