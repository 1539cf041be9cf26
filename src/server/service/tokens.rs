//! The tokens of programs. Authorised by type: an [`Operator`] is never made from a request.

use super::users::{Done, Whom, find};
use crate::{
    error::Error,
    server::{
        auth::token::Token,
        db::{self, api_token::ListedToken},
        operator::Operator,
    },
};
use uuid::Uuid;

/// A token with which a program acts as this user; shown once.
pub async fn create(operator: &Operator, username: &str) -> Result<(Uuid, Token), Error> {
    let mut connection = operator.pool.acquire().await?;
    let user = find(&mut connection, &Whom::from(username)).await?;
    let token = Token::generate()?;
    let id = db::api_token::insert(&mut connection, user.id, &token.digest())
        .await?
        .ok_or_else(|| Error::invalid("username", "This person is deactivated: activate them first."))?;
    Ok((id, token))
}

/// Every valid token, oldest first.
pub async fn list(operator: &Operator) -> Result<Vec<ListedToken>, Error> {
    db::read(&operator.pool, |mut connection| async move { db::api_token::list(&mut connection).await }).await
}

/// Takes a program its access.
pub async fn revoke(operator: &Operator, id: Uuid) -> Result<Done, Error> {
    let revoked = db::keyed(&operator.pool, |mut connection| async move { db::api_token::revoke(&mut connection, id).await }).await?;
    match revoked {
        Some(true) => Ok(Done::Now),
        Some(false) => Ok(Done::Already),
        None => Err(Error { detail: "There is no token with this id.".into(), ..Error::not_found() }),
    }
}
