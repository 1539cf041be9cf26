//! For the few GETs that leave a record in somebody's name: they have to be meant. A link on another site, a prefetch or a
//! picture must not make an admin read what they did not ask for.

use crate::error::{Code, Error};
use axum::extract::FromRequestParts;
use http::{HeaderMap, Method, request::Parts};

/// This request came from a page of ours, from a program, or was typed.
#[derive(Debug, Clone, Copy)]
pub struct Deliberate;

impl<S: Sync> FromRequestParts<S> for Deliberate {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        // who asks for the head reads nothing, and is not to be written down as who did
        if parts.method == Method::HEAD {
            return Err(Error::new(Code::MethodNotAllowed));
        }
        if is_deliberate(&parts.headers) { Ok(Self) } else { Err(Error::new(Code::CrossSiteRequest)) }
    }
}

fn is_deliberate(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|given| given.as_bytes() == value.as_bytes());
    let elsewhere = is("sec-fetch-site", "cross-site") || is("sec-fetch-site", "same-site");
    // the last two are what older browsers say
    let ahead = ["sec-purpose", "purpose", "x-purpose", "x-moz"].iter().any(|name| headers.get(*name).is_some());
    !elsewhere && !ahead
}

#[cfg(test)]
mod tests {
    use super::is_deliberate;
    use http::{HeaderMap, HeaderName, HeaderValue};

    #[test]
    fn a_link_on_another_site_and_a_prefetch_are_not_meant() {
        let with = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))])
        };
        assert!(is_deliberate(&HeaderMap::new()), "a program");
        assert!(is_deliberate(&with("sec-fetch-site", "same-origin")));
        assert!(is_deliberate(&with("sec-fetch-site", "none")), "typed, or a bookmark");
        assert!(!is_deliberate(&with("sec-fetch-site", "cross-site")));
        assert!(!is_deliberate(&with("sec-fetch-site", "same-site")));
        for (name, value) in
            [("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("x-purpose", "preview"), ("x-moz", "prefetch")]
        {
            assert!(!is_deliberate(&with(name, value)), "{name}");
        }
    }
}
