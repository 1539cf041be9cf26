//! Who is signed in, the frame around the page, leaving, the own password.

use crate::{
    domain::{
        session::{CmsFrame, Session},
        user::User,
    },
    error::{Code, Error},
};
use leptos::{prelude::*, server_fn::codec::Json};

/// The viewer, their totals and the CMS around the module. Errors: `unauthenticated`.
#[server(prefix = "/rpc", endpoint = "get_session", input = Json, output = Json)]
pub async fn get_session() -> Result<Session, Error> {
    Err(Error::new(Code::Unavailable))
}

/// The CMS around the module; works signed out.
#[server(prefix = "/rpc", endpoint = "get_frame", input = Json, output = Json)]
pub async fn get_frame() -> Result<CmsFrame, Error> {
    Err(Error::new(Code::Unavailable))
}

/// Ends this session. Ending it twice does no harm.
#[server(prefix = "/rpc", endpoint = "sign_out", input = Json, output = Json)]
pub async fn sign_out() -> Result<(), Error> {
    Err(Error::new(Code::Unavailable))
}

/// Sets the viewer's password and ends their other sessions. Errors: `invalid` with the field.
#[server(prefix = "/rpc", endpoint = "change_password", input = Json, output = Json)]
pub async fn change_password(current: String, new: String) -> Result<(), Error> {
    let _ = (current, new);
    Err(Error::new(Code::Unavailable))
}

/// Whose password a one-time link sets. Errors: `not_found` when it was used, has expired, or never was.
#[server(prefix = "/rpc", endpoint = "get_password_link", input = Json, output = Json)]
pub async fn get_password_link(token: String) -> Result<User, Error> {
    let _ = token;
    Err(Error::new(Code::Unavailable))
}
