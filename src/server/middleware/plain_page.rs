//! A page for people where the application itself cannot be shown. It needs nothing but itself: no script, no file, and the
//! few rules of its look inside, which its content policy knows by their digest.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderValue;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// The colours and sizes of the application, and what this page needs of its rules.
const STYLE: &str = concat!(include_str!("../../../style/tokens.css"), include_str!("plain_page.css"));

static STYLE_DIGEST: LazyLock<String> = LazyLock::new(|| STANDARD.encode(Sha256::digest(STYLE)));

/// Whether the page has a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// It has none.
    None,
    /// One that is sent to us.
    Ours,
}

/// What the page may do: look like ours (CSP 3, hash-source), and post its form.
#[must_use]
pub fn content_policy(form: Form) -> HeaderValue {
    let target = match form {
        Form::None => "'none'",
        Form::Ours => "'self'",
    };
    let digest = STYLE_DIGEST.as_str();
    let policy = format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action {target}; frame-ancestors 'none'");
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
}

/// The page. Both texts are plain; `extra` is finished HTML.
#[must_use]
pub fn html(detail: &str, request_id: &str, extra: &str) -> String {
    let (detail, request_id) = (escape(detail), escape(request_id));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Messages</title><style>{STYLE}</style></head><body><main><h1>{detail}</h1>{extra}\
         <p><a href=\"/messages\">Back to the messages</a></p><p><small>Request {request_id}</small></p></main></body></html>\n"
    )
}

/// Text as HTML.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{Form, STYLE, content_policy, escape, html};
    use base64::{Engine, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};

    #[test]
    fn text_stays_text() {
        assert_eq!(escape("<a href='x'>\"&"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;");
    }

    #[test]
    fn the_policy_admits_the_style_of_the_page_and_no_other() {
        assert!(!STYLE.contains('<'), "it would end the element");
        let page = html("Not now.", "1", "");
        let (_, rest) = page.split_once("<style>").expect("a style");
        let (style, _) = rest.split_once("</style>").expect("its end");
        let digest = STANDARD.encode(Sha256::digest(style));
        let policy = content_policy(Form::None);
        assert!(policy.to_str().is_ok_and(|policy| policy.contains(&format!("style-src 'sha256-{digest}';"))), "{policy:?}");
    }
}
