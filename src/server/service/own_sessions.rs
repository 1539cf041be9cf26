//! Where the viewer is signed in, and ending what they do not know.
//!
//! A program may do this for its owner, as it may set their password: what it ends takes an access away and gives none, and
//! it reads no more than the owner sees. No session is its own, so it may end them all; its token ends by `token revoke`.

use crate::{
    domain::{session::OwnSession, user_record::UserSession},
    error::Error,
    server::{
        context::{Context, Credential, Viewer},
        db,
    },
};

/// The viewer's sessions, the one that asks first, then the last used first; at most 200.
///
/// # Errors
/// `unauthenticated`.
pub async fn list(ctx: &Context) -> Result<Vec<OwnSession>, Error> {
    let viewer = ctx.viewer()?;
    let (user, current) = (viewer.id(), current(viewer).map(db::user_session::name));
    let idle = db::session::idle(ctx.state.settings.sessions.idle_hours);
    let found = db::read(&ctx.state.pool, |mut db| async move { db::user_session::list(&mut db, user, idle, 200).await }).await?;
    let own = |session: UserSession| OwnSession { is_current: current.as_ref() == Some(&session.id), session };
    let mut sessions: Vec<_> = found.into_iter().map(own).collect();
    sessions.sort_by_key(|session| !session.is_current);
    Ok(sessions)
}

/// Ends one of the viewer's other sessions; its live stream ends within seconds. Doing it twice is `not_found` the second time.
///
/// # Errors
/// `not_found` for a session that is not the viewer's, or has ended; `invalid` for the one that asks.
pub async fn end(ctx: &Context, session: String) -> Result<(), Error> {
    let viewer = ctx.viewer()?;
    if current(viewer).is_some_and(|current| db::user_session::name(current) == session) {
        return Err(Error::invalid("session_id", "You are asking from this session. Sign out to end it."));
    }
    let (user, state) = (viewer.id(), ctx.state.clone());
    let work = async move {
        let mut connection = state.connection().await?;
        let ended = db::user_session::end(&mut connection, user, &session, Some(user), SIGNED_OUT).await;
        // an end whose answer was lost may have been one
        state.believed.forget();
        if ended? { Ok(()) } else { Err(Error::not_found()) }
    };
    ctx.state.transaction(work).await
}

/// Ends all sessions of the viewer but the one that asks; how many that were.
///
/// # Errors
/// `unauthenticated`.
pub async fn end_others(ctx: &Context) -> Result<u64, Error> {
    let viewer = ctx.viewer()?;
    let (user, current, state) = (viewer.id(), current(viewer).map(<[u8]>::to_vec), ctx.state.clone());
    let work = async move {
        let mut connection = state.connection().await?;
        let ended = db::session::end_all(&mut connection, &[user.0], current.as_deref(), Some(user), SIGNED_OUT).await;
        state.believed.forget();
        Ok(ended?)
    };
    ctx.state.transaction(work).await
}

/// The reason in the audit log, as for signing out where one is.
const SIGNED_OUT: &str = "signed_out";

/// The digest of the session that asks; a program has none.
fn current(viewer: &Viewer) -> Option<&[u8]> {
    match &viewer.credential {
        Credential::Session { token_sha256 } => Some(token_sha256),
        Credential::Token { .. } => None,
    }
}
