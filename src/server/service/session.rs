//! Signing in and out, and who stands behind a cookie or a bearer token.
//!
//! An unknown name, a deactivated person and a wrong password get the same answer after the same time. Tries are slowed
//! per account and per address, never locked: nobody can lock a colleague out.

use super::groups;
use crate::{
    domain::{lookalike, session::Me, user::User},
    error::{Code, Error},
    server::{
        auth::{
            password,
            token::{self, Token},
        },
        context::{Context, Credential, Viewer},
        db::{
            self,
            credential::{Owner, Shown},
        },
        state::AppState,
    },
};
use std::{fmt, time::Instant};

/// What somebody typed to sign in.
pub struct SignIn {
    /// Any case.
    pub username: String,
    /// As typed.
    pub password: String,
    /// What the browser calls itself.
    pub user_agent: String,
}

/// A sign-in that succeeded.
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// The cookie's value: always a new one, so that a token planted before signing in is worth nothing.
    pub token: String,
    /// How long the browser may keep it.
    pub max_age_seconds: i64,
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedIn").field("user", &self.user.id).finish_non_exhaustive()
    }
}

/// What a request carries to prove who sent it.
#[derive(Debug, Clone, Copy)]
pub enum Presented<'a> {
    /// The session cookie's value.
    Cookie(&'a str),
    /// The bearer token of a program.
    Bearer(&'a str),
}

impl<'a> Presented<'a> {
    /// As it came.
    #[must_use]
    pub fn text(self) -> &'a str {
        match self {
            Self::Cookie(text) | Self::Bearer(text) => text,
        }
    }
}

/// Begins a session. Errors: `unauthenticated`, `rate_limited`, `unavailable`.
pub async fn sign_in(ctx: &Context, attempt: SignIn) -> Result<SignedIn, Error> {
    // Postgres takes no NUL in a text: such a name is nobody's
    let username = attempt.username.trim().to_lowercase().replace('\0', " ");
    ctx.state.limits.check_sign_in(&username, ctx.address)?;

    let account = db::read(&ctx.state.pool, |mut connection| {
        let username = &username;
        async move { db::user::account(&mut connection, username).await }
    })
    .await?;
    let (user, hash) = account.map_or((None, None), |account| (Some(account.user), account.password_hash));
    let right = password::verify(attempt.password, hash.clone()).await?;

    if let (true, Some(user), Some(password_hash)) = (right, &user, hash) {
        let lifetime_days = i32::try_from(ctx.state.settings.sessions.absolute_days).unwrap_or(i32::MAX);
        let token = Token::generate()?;
        let session = db::session::NewSession {
            user: user.id,
            token_sha256: token.digest(),
            password_hash,
            lifetime_days,
            user_agent: printable(&attempt.user_agent),
        };
        if db::session::insert(&mut *ctx.state.connection().await?, &session).await? {
            let max_age_seconds = i64::from(lifetime_days).saturating_mul(24 * 60 * 60);
            let token = token.reveal();
            ctx.state.limits.strangers.made(&token);
            return Ok(SignedIn { user: user.clone(), token, max_age_seconds });
        }
    }
    db::session::refuse(&mut *ctx.state.connection().await?, user.map(|user| user.id)).await?;
    Err(Error { detail: "User name and password do not match.".into(), ..Error::new(Code::Unauthenticated) })
}

/// Ends the session that the request came with. Errors: `forbidden` for a program's token, which ends by `token revoke`.
pub async fn sign_out(ctx: &Context) -> Result<(), Error> {
    let viewer = ctx.viewer()?;
    let Credential::Session { token_sha256 } = &viewer.credential else {
        return Err(Error { detail: "A program's token ends when it is revoked.".into(), ..Error::new(Code::Forbidden) });
    };
    db::keyed(&ctx.state.pool, |mut connection| async move { db::session::end(&mut connection, token_sha256).await }).await?;
    ctx.state.believed.forget();
    Ok(())
}

/// The viewer, their totals, and where their feed stands.
pub async fn me(ctx: &Context) -> Result<Me, Error> {
    let viewer = ctx.viewer()?;
    db::read(&ctx.state.pool, |mut connection| async move { db::session::standing(&mut connection, viewer.user.clone()).await }).await
}

/// Who presents this, as the database has them now or had them less than a second ago ([`believed`](crate::server::believed)).
/// `None`: unknown, expired, revoked, or deactivated.
pub async fn resolve(state: &AppState, presented: Presented<'_>) -> Result<Option<Viewer>, Error> {
    let shown = match presented {
        Presented::Cookie(text) => Shown::Session { token_sha256: token::digest(text), idle_hours: state.settings.sessions.idle_hours },
        Presented::Bearer(text) => Shown::Token { token_sha256: token::digest(text) },
    };
    let digest = shown.digest().to_vec();
    let owner = match state.believed.owner(&shown, Instant::now()) {
        Ok(owner) => Some(owner),
        Err(question) => {
            let owner = groups::caller(state, shown.clone()).await?;
            owner.inspect(|owner| state.believed.keep(&shown, question, owner))
        }
    };
    Ok(owner.map(|Owner { user, token }| Viewer {
        user,
        credential: token.map_or(Credential::Session { token_sha256: digest }, |id| Credential::Token { id }),
    }))
}

/// What a browser calls itself, as far as it can be shown.
fn printable(user_agent: &str) -> String {
    user_agent.chars().filter(|c| !c.is_control() && !lookalike::is_unseen(*c)).take(200).collect()
}
