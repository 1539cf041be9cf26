//! The messages of a conversation, and sending one.

use super::extract::{Body, Id, Key, Query};
use crate::{
    domain::{
        ids::Seq,
        message::Message,
        page::{MessagePage, PageAt},
        time::Timestamp,
    },
    error::Error,
    server::{
        context::Context,
        service::{
            messages::{self, SendMessage},
            of_known,
        },
    },
};
use axum::{Json, response::IntoResponse};
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Which messages: at most one of `before`, `after`, `around` and `at`; without one the newest.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Window {
    /// 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// The nearest below this seq.
    #[param(value_type = Option<i64>, minimum = 0)]
    before: Option<Place>,
    /// The nearest above this seq.
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<Place>,
    /// Half of the page before this seq, filled up from the other side.
    #[param(value_type = Option<i64>, minimum = 0)]
    around: Option<Place>,
    /// Around the first message sent at or after this moment, else the newest.
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<String>,
}

/// 0..2^63-1.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
pub struct Place(i64);

impl TryFrom<u64> for Place {
    type Error = std::num::TryFromIntError;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        i64::try_from(number).map(Self)
    }
}

impl From<Place> for Seq {
    fn from(place: Place) -> Self {
        Self(place.0)
    }
}

impl Window {
    fn place(&self) -> Result<PageAt, Error> {
        let at = match &self.at {
            Some(at) => Some(Timestamp::parse(at).map_err(|_| Error::invalid("at", "This is no RFC 3339 time."))?),
            None => None,
        };
        let places = [
            ("before", self.before.map(|place| PageAt::Before(place.into()))),
            ("after", self.after.map(|place| PageAt::After(place.into()))),
            ("around", self.around.map(|place| PageAt::Around(place.into()))),
            ("at", at.map(PageAt::At)),
        ];
        let mut given = places.into_iter().filter_map(|(name, place)| place.map(|place| (name, place)));
        let place = given.next().map_or(PageAt::Newest, |(_, place)| place);
        match given.next() {
            Some((name, _)) => Err(Error::invalid(name, "Give only one of before, after, around and at.")),
            None => Ok(place),
        }
    }
}

/// The text.
#[derive(Deserialize, ToSchema)]
pub struct NewMessage {
    /// 1 to 4,000 characters after trimming and normalising (NFC, `\n` as the only line break).
    #[schema(min_length = 1)]
    body: String,
}

/// Messages
///
/// Ascending by seq, without gaps. Reading this marks nothing as delivered or read. A seq beyond the ends gives the
/// nearest page.
#[utoipa::path(get, path = "/conversations/{id}/messages", tag = "messages", operation_id = "get_messages",
    params(("id" = uuid::Uuid, Path, description = "The conversation."), Window),
    responses((status = 200, description = "A part of the history.", body = MessagePage)),
    extensions(("x-errors" = json!(["malformed_request", "not_found", "invalid"]))))]
pub async fn page(ctx: Context, Id(id): Id, Query(query): Query<Window>) -> Result<Json<MessagePage>, Error> {
    let asked = query.and_then(|window| window.place().map(|place| (place, window.limit)));
    let (place, limit) = of_known(&ctx, id, asked).await?;
    Ok(Json(messages::page(&ctx, id, place, limit).await?))
}

/// Send
///
/// `client_id` is a UUIDv7 that the client makes before the first try and keeps until it has an answer: the same key with
/// the same text is the same message, however often it is sent. Another text under the same key is 409.
#[utoipa::path(put, path = "/conversations/{id}/messages/{client_id}", tag = "messages", operation_id = "send_message", request_body = NewMessage,
    params(("id" = uuid::Uuid, Path, description = "The conversation."), ("client_id" = uuid::Uuid, Path, description = "The key of this message.")),
    responses((status = 201, description = "Written.", body = Message), (status = 200, description = "An earlier try has written it.", body = Message)),
    extensions(("x-errors" = json!(["not_found", "invalid", "idempotency_conflict", "policy_denied"]))))]
pub async fn send(ctx: Context, Id(id): Id, Key(key): Key, Body(body): Body<NewMessage>) -> Result<impl IntoResponse, Error> {
    let asked = key.and_then(|client_id| body.map(|new| SendMessage { conversation_id: id, client_id, body: new.body }));
    let sent = messages::send(&ctx, of_known(&ctx, id, asked).await?).await?;
    Ok((if sent.replayed { StatusCode::OK } else { StatusCode::CREATED }, Json(sent.message)))
}
