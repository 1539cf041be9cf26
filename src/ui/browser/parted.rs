//! Who has signed out in this browser, as the server says in a cookie for scripts (`server/cookie.rs`).

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::HtmlDocument;

/// As it is called behind https, and without.
const NAMES: [&str; 2] = ["__Host-cms_parted", "cms_parted"];

/// The id of the person; nobody, where nobody has.
#[must_use]
pub fn who() -> Option<String> {
    let cookies = html()?.cookie().ok()?;
    let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, value)| NAMES.contains(name) && !value.is_empty()).map(|(_, value)| value.to_owned())
}

/// Nothing is left of them here.
pub fn is_done() {
    let Some(html) = html() else { return };
    for name in NAMES {
        let secure = if name.starts_with("__Host-") { "; Secure" } else { "" };
        let _ = html.set_cookie(&format!("{name}=; Path=/; Max-Age=0; SameSite=Strict{secure}"));
    }
}

fn html() -> Option<HtmlDocument> {
    document().dyn_into().ok()
}
