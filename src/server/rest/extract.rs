//! What the handlers take out of a request: ids of the path, the query, the JSON object. In two steps, so that "not JSON"
//! (400), "no such id" (404) and "a field is wrong" (422) stay apart, in this order.
//!
//! Reasons name our fields and never quote what was sent.

use crate::{
    domain::ids::{ClientId, ConversationId, UserId},
    error::{Code, Error},
    server::{middleware::body::JsonObject, urlencoded},
};
use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use serde::de::DeserializeOwned;
use std::{fmt::Display, str::FromStr};

/// The conversation's id in the path. Malformed is 404, like unknown and not one's own.
pub struct Id(pub ConversationId);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        of_path(parts, state, "id").await.map(Self).ok_or_else(Error::not_found)
    }
}

/// The message's key in the path; judged after the conversation's id.
pub struct Key(pub Result<ClientId, Error>);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let key = of_path(parts, state, "client_id").await;
        Ok(Self(key.ok_or_else(|| Error::invalid("client_id", "The key of a message is a UUID."))))
    }
}

/// The user's id in the path. Malformed is 404, like unknown.
pub struct OfUser(pub UserId);

impl<S: Send + Sync> FromRequestParts<S> for OfUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        of_path(parts, state, "id").await.map(Self).ok_or_else(Error::not_found)
    }
}

/// The name of a session in the path; an unknown one is 404.
pub struct OfSession(pub String);

impl<S: Send + Sync> FromRequestParts<S> for OfSession {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        of_path(parts, state, "session_id").await.map(Self).ok_or_else(Error::not_found)
    }
}

async fn of_path<S: Send + Sync, T: FromStr>(parts: &mut Parts, state: &S, name: &str) -> Option<T> {
    let params = RawPathParams::from_request_parts(parts, state).await.ok()?;
    params.iter().find(|(key, _)| *key == name).and_then(|(_, value)| value.parse().ok())
}

/// The query, judged after the ids of the path.
pub struct Query<T>(pub Result<T, Error>);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let query = parts.uri.query().unwrap_or_default();
        if !urlencoded::is_utf8(query.as_bytes()) {
            return Err(Error::new(Code::MalformedRequest));
        }
        let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        Ok(Self(serde_path_to_error::deserialize(pairs).map_err(|error| refused(&error))))
    }
}

/// The JSON object of the body, judged after the ids of the path.
pub struct Body<T>(pub Result<T, Error>);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Body<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let Some(JsonObject(object)) = parts.extensions.remove() else { return Err(Error::new(Code::Internal)) };
        Ok(Self(serde_path_to_error::deserialize(object).map_err(|error| refused(&error))))
    }
}

/// Which field, and whether it is missing, unknown or wrong.
fn refused<E: Display>(error: &serde_path_to_error::Error<E>) -> Error {
    let place = error.path().to_string();
    let place = if place == "." { "" } else { place.as_str() };
    let cause = error.inner().to_string();
    let missing = cause.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match missing {
        Some(field) if place.is_empty() => Error::invalid(field, "This is missing."),
        Some(field) => Error::invalid(&format!("{place}.{field}"), "This is missing."),
        None if cause.starts_with("unknown field `") => Error::invalid(place, "This is not known here."),
        None => Error::invalid(if place.is_empty() { "body" } else { place }, "This has the wrong type or is out of range."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Seq;
    use serde::Deserialize;
    use serde_json::{Value, json};

    #[derive(Debug, Deserialize)]
    struct Item {
        _up_to_seq: Seq,
    }

    #[derive(Debug, Deserialize)]
    struct Wanted {
        _items: Vec<Item>,
    }

    fn field(value: Value) -> String {
        let error = serde_path_to_error::deserialize::<_, Wanted>(value).map_err(|error| refused(&error)).expect_err("refused");
        error.fields.into_iter().map(|(name, reason)| format!("{name}: {reason}")).collect()
    }

    #[test]
    fn the_field_is_named_and_its_value_is_not_quoted() {
        assert_eq!(field(json!({})), "_items: This is missing.");
        assert_eq!(field(json!({"_items": [{}]})), "_items[0]._up_to_seq: This is missing.");
        let wrong = field(json!({"_items": [{"_up_to_seq": "secret"}]}));
        assert_eq!(wrong, "_items[0]._up_to_seq: This has the wrong type or is out of range.");
    }
}
