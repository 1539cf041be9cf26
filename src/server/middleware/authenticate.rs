//! Who asks: the session cookie or a program's bearer token becomes a `Context`, which the handlers, the server functions
//! and the render of a page all find in the request.
//!
//! An unknown, expired or revoked credential is nobody; a database that cannot be asked is 503, never "signed out".

use crate::{
    error::Error,
    server::{
        context::Context,
        cookie,
        middleware::{client_address, request_id},
        service::session::{self, Presented},
        state::AppState,
    },
};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};

/// Puts the context into the request.
pub async fn layer(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    match identify(&state, &mut request).await {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// The same for a handler that found out by itself that it needs to know.
///
/// # Errors
/// `unavailable` when the database cannot be asked, `rate_limited` when too many credentials from there were nobody's.
pub async fn identify(state: &AppState, request: &mut Request) -> Result<(), Error> {
    let server = &state.settings.server;
    let address = client_address::of(request.extensions().get(), request.headers(), &server.trusted_proxies);
    let caller = match presented(request.headers(), cookie::read(server, request.headers())) {
        Some(presented) => {
            // whoever invents credentials is slowed before they cost anything
            let admitted = state.limits.strangers.admit(address, presented.text())?;
            let caller = session::resolve(state, presented).await?;
            state.limits.strangers.settle(&admitted, caller.is_some());
            caller
        }
        None => None,
    };
    let context = Context { state: state.clone(), caller, address, request_id: request_id::of(request.extensions()) };
    request.extensions_mut().insert(context);
    Ok(())
}

/// Looks again, when some time has passed since the first look.
///
/// # Errors
/// `unauthenticated` when the access has ended meanwhile, `unavailable` when the database cannot be asked.
pub async fn again(request: &mut Request) -> Result<(), Error> {
    let Some(before) = request.extensions().get::<Context>().cloned() else { return Ok(()) };
    identify(&before.state, request).await?;
    match request.extensions().get::<Context>() {
        Some(now) if before.caller.is_some() => now.viewer().map(|_| ()),
        _ => Ok(()),
    }
}

/// A program that names a token means it: the cookie is not asked then. Other schemes belong to a proxy in front of us.
fn presented<'a>(headers: &'a HeaderMap, cookie: Option<&'a str>) -> Option<Presented<'a>> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match authorization.and_then(|value| value.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(Presented::Bearer(token.trim())),
        _ => cookie.map(Presented::Cookie),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_bearer_token_goes_before_the_cookie_even_when_it_is_wrong() {
        let mut headers = HeaderMap::new();
        assert!(matches!(presented(&headers, Some("c")), Some(Presented::Cookie("c"))));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("bearer t"));
        assert!(matches!(presented(&headers, Some("c")), Some(Presented::Bearer("t"))));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic dTpw"));
        assert!(matches!(presented(&headers, Some("c")), Some(Presented::Cookie("c"))));
    }
}
