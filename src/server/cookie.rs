//! The cookies: the session, and who has signed out here. Their names, and the headers that set and remove them.
//!
//! Behind https they are `__Host-…`: `Secure`, of this host and path alone, so that no neighbouring site can plant one.

use crate::{
    domain::ids::UserId,
    error::{Code, Error},
    server::settings::Server,
};
use http::{HeaderMap, HeaderValue, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

/// So long is remembered who has signed out, in seconds: until the sign-in page comes alive, be it after the holidays.
const PARTED: i64 = 30 * 24 * 60 * 60;

/// The name of the session cookie on this server.
#[must_use]
pub fn name(server: &Server) -> &'static str {
    if is_secure(server) { "__Host-cms_session" } else { "cms_session" }
}

/// Sets the session for so many seconds. `None` for a token that is no token.
#[must_use]
pub fn set(server: &Server, token: &str, max_age_seconds: i64) -> Option<HeaderValue> {
    header(server, name(server), token, max_age_seconds, "HttpOnly; SameSite=Lax")
}

/// Sets it with the answer of the server function that is being run.
///
/// # Errors
/// `internal` for a token that is no token, and outside of a server function.
pub fn renew(server: &Server, token: &str, max_age_seconds: i64) -> Result<(), Error> {
    let (answer, cookie) = (use_context::<ResponseOptions>(), set(server, token, max_age_seconds));
    let (Some(answer), Some(cookie)) = (answer, cookie) else { return Err(Error::new(Code::Internal)) };
    answer.insert_header(header::SET_COOKIE, cookie);
    Ok(())
}

/// Removes it.
#[must_use]
pub fn remove(server: &Server) -> Option<HeaderValue> {
    set(server, "", 0)
}

/// Says who has signed out: for the script of the sign-in page, which forgets what they had typed and then this. A page that
/// was not alive yet could not do so itself.
#[must_use]
pub fn set_parted(server: &Server, user: UserId) -> Option<HeaderValue> {
    header(server, parted_name(server), &user.to_string(), PARTED, "SameSite=Strict")
}

/// Forgets that, if it was this person: they are back, and what they type from now on is wanted.
#[must_use]
pub fn remove_parted(server: &Server, headers: &HeaderMap, user: UserId) -> Option<HeaderValue> {
    let name = parted_name(server);
    let is_back = find(name, headers).is_some_and(|parted| parted == user.to_string());
    is_back.then(|| header(server, name, "", 0, "SameSite=Strict")).flatten()
}

/// The token in the request's cookie.
#[must_use]
pub fn read<'a>(server: &Server, headers: &'a HeaderMap) -> Option<&'a str> {
    find(name(server), headers)
}

fn parted_name(server: &Server) -> &'static str {
    if is_secure(server) { "__Host-cms_parted" } else { "cms_parted" }
}

fn header(server: &Server, name: &str, value: &str, max_age_seconds: i64, rest: &str) -> Option<HeaderValue> {
    let secure = if is_secure(server) { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{name}={value}; Path=/; Max-Age={max_age_seconds}; {rest}{secure}")).ok()
}

fn find<'a>(name: &str, headers: &'a HeaderMap) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value)
}

fn is_secure(server: &Server) -> bool {
    server.public_url.starts_with("https://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; xcms_session=no; cms_session=yes"));
        assert_eq!(read(&Server::default(), &headers), Some("yes"));
        let https = Server { public_url: "https://cms.example".into(), ..Server::default() };
        assert_eq!(read(&https, &headers), None);
    }

    #[test]
    fn behind_https_it_is_secure_and_of_this_host() {
        let https = Server { public_url: "https://cms.example".into(), ..Server::default() };
        let value = set(&https, "t", 60).expect("a header");
        assert_eq!(value, "__Host-cms_session=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        let value = set_parted(&https, UserId(uuid::Uuid::nil())).expect("a header");
        assert_eq!(value, "__Host-cms_parted=00000000-0000-0000-0000-000000000000; Path=/; Max-Age=2592000; SameSite=Strict; Secure");
        assert_eq!(remove(&Server::default()).expect("a header"), "cms_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    }
}
