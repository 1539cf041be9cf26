//! Who is signed in, the frame around the page, leaving, the own password.

use crate::{
    domain::{
        session::{CmsFrame, Session},
        user::User,
    },
    error::Error,
    server_fns::client::PageClient,
};
use leptos::{prelude::*, server_fn::codec::Json};

/// The viewer, their totals and the CMS around the module. Errors: `unauthenticated`.
#[server(client = PageClient, prefix = "/rpc", endpoint = "get_session", input = Json, output = Json)]
pub async fn get_session() -> Result<Session, Error> {
    let ctx = crate::server::context::Context::current()?;
    let me = crate::server::service::session::me(&ctx).await?;
    Ok(Session { me, cms: ctx.state.settings.cms.frame() })
}

/// The CMS around the module; works signed out.
#[server(client = PageClient, prefix = "/rpc", endpoint = "get_frame", input = Json, output = Json)]
pub async fn get_frame() -> Result<CmsFrame, Error> {
    let ctx = crate::server::context::Context::current()?;
    Ok(ctx.state.settings.cms.frame())
}

/// Ends this session. Ending it twice does no harm.
#[server(client = PageClient, prefix = "/rpc", endpoint = "sign_out", input = Json, output = Json)]
pub async fn sign_out() -> Result<(), Error> {
    let ctx = crate::server::context::Context::current()?;
    crate::server::service::session::sign_out(&ctx).await
}

/// Sets the viewer's password, ends their other sessions, and renews the cookie of this one. Errors: `invalid` with the field.
#[server(client = PageClient, prefix = "/rpc", endpoint = "change_password", input = Json, output = Json)]
pub async fn change_password(current: String, new: String) -> Result<(), Error> {
    let ctx = crate::server::context::Context::current()?;
    let renewed = crate::server::service::passwords::change_password(&ctx, current, new).await?;
    renewed.map_or(Ok(()), |renewed| crate::server::cookie::renew(&ctx.state.settings.server, &renewed.token, renewed.max_age_seconds))
}

/// Whose password a one-time link sets. Errors: `not_found` when it was used, has expired, or never was.
#[server(client = PageClient, prefix = "/rpc", endpoint = "get_password_link", input = Json, output = Json)]
pub async fn get_password_link(token: String) -> Result<User, Error> {
    let ctx = crate::server::context::Context::current()?;
    crate::server::service::passwords::link_owner(&ctx, &token).await
}
