//! The text of a message as nodes: plain text and links, never HTML.
//!
//! Only what leads to a web page or a mailbox becomes a link (http, https, mailto); everything else stays text, so that no
//! message can carry a script. The nodes, put together, are the text itself, character for character. An address that reads as
//! another one (`lookalike`) stays text, too: nobody should follow it by mistake.

use super::lookalike;
use linkify::{LinkFinder, LinkKind};

/// A piece of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// As it was written.
    Text(String),
    /// An address that can be followed.
    Link {
        /// Where it leads.
        href: String,
        /// As it was written.
        label: String,
    },
}

/// Finds the links of a text.
#[must_use]
pub fn nodes(text: &str) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for span in LinkFinder::new().spans(text) {
        let label = span.as_str().to_owned();
        match (span.kind().and_then(|kind| href(kind, &label)), nodes.last_mut()) {
            (Some(href), _) => nodes.push(Node::Link { href, label }),
            (None, Some(Node::Text(before))) => before.push_str(&label),
            (None, _) => nodes.push(Node::Text(label)),
        }
    }
    nodes
}

fn href(kind: &LinkKind, label: &str) -> Option<String> {
    if label.chars().any(lookalike::is_unseen) || lookalike::misleads(host(label)) {
        return None;
    }
    match kind {
        LinkKind::Email => Some(format!("mailto:{label}")),
        LinkKind::Url => {
            let (scheme, _) = label.split_once(':')?;
            let followed = ["http", "https", "mailto"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
            followed.then(|| label.to_owned())
        }
        _ => None,
    }
}

/// Where an address leads to: what decides whom one trusts.
fn host(label: &str) -> &str {
    let after_scheme = label.split_once("://").map_or(label, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Node, nodes};
    use proptest::prelude::*;

    fn links(text: &str) -> Vec<String> {
        let link = |node| if let Node::Link { href, .. } = node { Some(href) } else { None };
        nodes(text).into_iter().filter_map(link).collect()
    }

    #[test]
    fn addresses_of_pages_and_mailboxes_become_links() {
        assert_eq!(
            links("see https://cms.example/plans?day=19#a, or http://a.example."),
            ["https://cms.example/plans?day=19#a", "http://a.example"]
        );
        assert_eq!(links("HTTPS://A.example (https://b.example/x_(y))"), ["HTTPS://A.example", "https://b.example/x_(y)"]);
        assert_eq!(links("write to desk@port.example"), ["mailto:desk@port.example"]);
    }

    #[test]
    fn no_other_scheme_becomes_a_link() {
        for text in [
            "javascript:alert(1)",
            "javascript://a.example/%0aalert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "ftp://a.example",
            "vbscript://x.example",
            "www.a.example",
        ] {
            assert_eq!(links(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn an_address_that_reads_as_another_one_is_no_link() {
        for text in [
            "https://\u{202e}moc.live//:sptth",
            "https://cms.exa\u{200b}mple/x",
            "https://\u{430}pple.example/sign_in",
            "https://desk@p\u{43e}rt.example/x",
            "desk@p\u{43e}rt.example",
        ] {
            assert_eq!(links(text), Vec::<String>::new(), "{text:?}");
        }
        assert_eq!(
            links("https://ru.wikipedia.example/wiki/Рим https://почта.example/"),
            ["https://ru.wikipedia.example/wiki/Рим", "https://почта.example/"]
        );
    }

    #[test]
    fn markup_stays_text() {
        let text = "<img src=x onerror=alert(1)> & <b>";
        assert_eq!(nodes(text), [Node::Text(text.to_owned())]);
        assert_eq!(links("\"https://a.example/\"onclick=x"), ["https://a.example/"]);
    }

    proptest! {
        #[test]
        fn the_nodes_together_are_the_text(text in "(\\PC|https?://|mailto:|javascript:|[a-z]{1,4}@[a-z]{1,4}\\.[a-z]{2}|\n| ){0,40}") {
            let labels: String = nodes(&text).into_iter().map(|node| match node { Node::Text(label) | Node::Link { label, .. } => label }).collect();
            prop_assert_eq!(labels, text);
        }

        #[test]
        fn every_link_has_a_harmless_scheme(text in "(\\PC|[a-z]{2,10}://|[a-z]{2,10}:|\\.example| ){0,40}") {
            for href in links(&text) {
                let scheme = href.split(':').next().unwrap_or_default().to_ascii_lowercase();
                prop_assert!(["http", "https", "mailto"].contains(&scheme.as_str()), "{}", href);
            }
        }
    }
}
