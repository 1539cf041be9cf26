//! The own password, and the one-time link that sets one.
//!
//! A new password ends the sessions that the old one began, and the one that it is set from goes on under another token:
//! whoever has a copy of the cookie is out with everybody else. Trying the current password is slowed like signing in:
//! somebody at an unlocked screen must not find it out.

use crate::{
    domain::user::User,
    error::Error,
    server::{
        auth::{
            password::{self, Password},
            token::{self, Token},
        },
        context::{Context, Credential},
        db,
    },
};

/// A session under its new token.
pub struct Renewed {
    /// The cookie's value.
    pub token: String,
    /// How long the browser may keep it.
    pub max_age_seconds: i64,
}

/// Sets the viewer's password, ends their other sessions, and renews this one; `None` for a program, whose token stays.
/// Errors: `invalid` with the field, `rate_limited`.
pub async fn change_password(ctx: &Context, current: String, new: String) -> Result<Option<Renewed>, Error> {
    let viewer = ctx.viewer()?;
    let new = Password::parse("new_password", &new)?;
    ctx.state.limits.check_sign_in(&viewer.user.username, ctx.address)?;

    let account =
        db::read(&ctx.state.pool, |mut connection| async move { db::user::account(&mut connection, &viewer.user.username).await }).await?;
    let was = account.and_then(|account| account.password_hash);
    if !password::verify(current, was.clone()).await? {
        return Err(Error::invalid("current_password", "This is not your current password."));
    }
    let hash = password::hash(new).await?;
    let keep = match &viewer.credential {
        Credential::Session { token_sha256 } => Some(token_sha256.clone()),
        Credential::Token { .. } => None,
    };
    let token = Token::generate()?;
    let (user, state, renewed) = (viewer.id(), ctx.state.clone(), token.digest());
    let changed = ctx
        .state
        .transaction(async move {
            let mut transaction = state.pool.begin().await?;
            if !db::password_link::set_password(&mut transaction, user, was.as_deref(), &hash, keep.as_deref()).await? {
                return Ok(None);
            }
            let left = match &keep {
                Some(old) => db::session::renew(&mut transaction, old, &renewed).await?,
                None => None,
            };
            transaction.commit().await?;
            state.believed.forget();
            Ok(Some(left))
        })
        .await?;
    match changed {
        // somebody else set another one in between
        None => Err(Error::invalid("current_password", "This is not your current password.")),
        Some(None) => Ok(None),
        Some(Some(max_age_seconds)) => {
            let token = token.reveal();
            ctx.state.limits.strangers.made(&token);
            Ok(Some(Renewed { token, max_age_seconds }))
        }
    }
}

/// Whose link this is. Errors: `not_found` when it is unknown, used, expired, or its owner has left.
pub async fn link_owner(ctx: &Context, link: &str) -> Result<User, Error> {
    let digest = &token::digest(link);
    db::read(&ctx.state.pool, |mut connection| async move { db::password_link::owner(&mut connection, digest).await })
        .await?
        .ok_or_else(Error::not_found)
}

/// Sets the password of the link's owner, ends all their sessions, uses the link up. Errors: as [`link_owner`], `invalid`.
pub async fn set_password(ctx: &Context, link: &str, new: String) -> Result<(), Error> {
    // before the costly hash: a guessed link must not cost us a core
    link_owner(ctx, link).await?;
    let hash = password::hash(Password::parse("new_password", &new)?).await?;
    let (digest, state) = (token::digest(link), ctx.state.clone());
    ctx.state
        .transaction(async move {
            let mut transaction = state.pool.begin().await?;
            let Some(user) = db::password_link::take(&mut transaction, &digest).await? else { return Err(Error::not_found()) };
            if !db::password_link::set_password(&mut transaction, user, None, &hash, None).await? {
                return Err(Error::not_found());
            }
            transaction.commit().await?;
            state.believed.forget();
            Ok(())
        })
        .await
}
