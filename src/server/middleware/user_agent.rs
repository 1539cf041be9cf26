//! What a client calls itself: shown to the person whose session it is, decided by nothing.

use http::{HeaderMap, header};

/// As sent; empty when it says nothing.
#[must_use]
pub fn of(headers: &HeaderMap) -> String {
    headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}
