//! The unread totals of the viewer.

use crate::{
    domain::unread::Unread,
    error::Error,
    server::{context::Context, db},
};

/// Unread messages, and the conversations that hold them.
///
/// # Errors
/// `unauthenticated`.
pub async fn count(ctx: &Context) -> Result<Unread, Error> {
    let viewer = ctx.viewer()?.id();
    db::read(&ctx.state.pool, |mut db| async move { db::unread::count(&mut db, viewer).await }).await
}
