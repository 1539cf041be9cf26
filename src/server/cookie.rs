//! The session cookie: its name, and the headers that set and remove it.
//!
//! Behind https it is `__Host-…`: `Secure`, of this host and path alone, so that no neighbouring site can plant one.

use crate::{
    error::{Code, Error},
    server::settings::Server,
};
use http::{HeaderMap, HeaderValue, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

/// The cookie's name on this server.
#[must_use]
pub fn name(server: &Server) -> &'static str {
    if is_secure(server) { "__Host-cms_session" } else { "cms_session" }
}

/// Sets it for so many seconds. `None` for a token that is no token.
#[must_use]
pub fn set(server: &Server, token: &str, max_age_seconds: i64) -> Option<HeaderValue> {
    let secure = if is_secure(server) { "; Secure" } else { "" };
    let name = name(server);
    HeaderValue::from_str(&format!("{name}={token}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Lax{secure}")).ok()
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

/// The token in the request's cookie.
#[must_use]
pub fn read<'a>(server: &Server, headers: &'a HeaderMap) -> Option<&'a str> {
    let name = name(server);
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
        assert_eq!(remove(&Server::default()).expect("a header"), "cms_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    }
}
