//! What changes state must come from our own pages: `Sec-Fetch-Site` and `Origin` tell (they cannot be forged by a page).
//!
//! Programs send neither header and pass: they hold no cookie that another site could borrow. Sign-in is covered too, so
//! that nobody is signed in as somebody else. Behind a proxy that changes `Host`, `[server] public_url` names the origin.

use crate::{
    error::{Code, Error},
    server::settings::Server,
};
use axum::response::{IntoResponse, Response};
use tower_http::csrf::{CsrfLayer, ProtectionError};

/// How a refusal is answered.
pub type Refuse = fn(ProtectionError) -> Response;

/// The layer for this server.
pub fn layer(server: &Server) -> CsrfLayer<Refuse> {
    let layer = CsrfLayer::new();
    let layer = match layer.clone().add_trusted_origin(origin(&server.public_url)) {
        Ok(trusting) => trusting,
        // no public_url: the request's own host is the only origin
        Err(_) => layer,
    };
    layer.with_rejection_response(refuse as Refuse)
}

fn refuse(_: ProtectionError) -> Response {
    Error::new(Code::CrossSiteRequest).into_response()
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> &str {
    let Some(after_scheme) = url.find("://").map(|at| at.saturating_add(3)) else { return url };
    let end = url.bytes().skip(after_scheme).position(|byte| byte == b'/').map_or(url.len(), |at| after_scheme.saturating_add(at));
    url.get(..end).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn an_origin_has_no_path() {
        assert_eq!(origin("https://cms.example:8443/messages/"), "https://cms.example:8443");
        assert_eq!(origin("https://cms.example"), "https://cms.example");
        assert_eq!(origin(""), "");
    }
}
