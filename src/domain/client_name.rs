//! What a client is called in a list of sessions: "Firefox on Windows" instead of its `User-Agent`. Anybody can claim to be
//! any browser: it helps people to know their own sessions again, and nothing is decided by it.

use super::lookalike;

/// The most characters of a client that is not known here.
const MAX: usize = 80;

/// Browsers by the word with which they name themselves. Most name others as well: the first that is found is the one.
const BROWSERS: [(&str, &str); 14] = [
    ("EdgiOS", "Edge"),
    ("EdgA", "Edge"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("HeadlessChrome", "Chrome"),
    ("Chromium", "Chromium"),
    ("Chrome", "Chrome"),
    ("Version", "Safari"),
    ("Safari", "Safari"),
];

/// Systems by a word in the first brackets. A telephone names what it descends from, too.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("X11", "Unix"),
];

/// A browser and its system in a few words. Of what is not known, the first characters that can be seen, and nothing that
/// would turn the text around; empty when there are none.
#[must_use]
pub fn client_name(user_agent: &str) -> String {
    known(user_agent).unwrap_or_else(|| as_it_says(user_agent))
}

fn known(user_agent: &str) -> Option<String> {
    let (system, products) = user_agent.strip_prefix("Mozilla/5.0 (")?.split_once(')')?;
    let named = |word: &str| products.split_whitespace().any(|product| product.split('/').next() == Some(word));
    let browser = BROWSERS.iter().find(|(word, _)| named(word)).map(|(_, name)| *name)?;
    Some(match SYSTEMS.iter().find(|(word, _)| system.contains(word)) {
        Some((_, system)) => format!("{browser} on {system}"),
        None => browser.to_owned(),
    })
}

fn as_it_says(user_agent: &str) -> String {
    let spaced = user_agent.split_whitespace().collect::<Vec<_>>().join(" ");
    spaced.chars().filter(|c| !c.is_control() && !lookalike::is_unseen(*c)).take(MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::{MAX, client_name};

    #[test]
    fn browsers_are_called_what_people_call_them() {
        let of = |system: &str, products: &str| client_name(&format!("Mozilla/5.0 ({system}) {products}"));
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (system, products, name) in [
            ("Windows NT 10.0; Win64; x64; rv:128.0", "Gecko/20100101 Firefox/128.0".into(), "Firefox on Windows"),
            ("X11; Linux x86_64", format!("{webkit} Chrome/126.0.0.0 Safari/537.36"), "Chrome on Linux"),
            ("X11; Linux x86_64", format!("{webkit} HeadlessChrome/126.0.0.0 Safari/537.36"), "Chrome on Linux"),
            ("X11; CrOS x86_64 14541.0.0", format!("{webkit} Chrome/126.0.0.0 Safari/537.36"), "Chrome on ChromeOS"),
            ("Windows NT 10.0; Win64; x64", format!("{webkit} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0"), "Edge on Windows"),
            ("Windows NT 10.0", format!("{webkit} Chrome/126.0.0.0 Safari/537.36 OPR/111.0.0.0"), "Opera on Windows"),
            ("Macintosh; Intel Mac OS X 10_15_7", format!("{webkit} Version/17.5 Safari/605.1.15"), "Safari on macOS"),
            ("iPhone; CPU iPhone OS 17_5 like Mac OS X", format!("{webkit} Version/17.5 Mobile/15E148 Safari/604.1"), "Safari on iPhone"),
            ("iPhone; CPU iPhone OS 17_5 like Mac OS X", format!("{webkit} CriOS/126.0 Mobile/15E148 Safari/604.1"), "Chrome on iPhone"),
            ("iPad; CPU OS 17_5 like Mac OS X", format!("{webkit} FxiOS/127.0 Mobile/15E148 Safari/605.1.15"), "Firefox on iPad"),
            ("Linux; Android 14; SM-S918B", format!("{webkit} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile"), "Samsung Internet on Android"),
            ("Android 14; Mobile; rv:127.0", "Gecko/127.0 Firefox/127.0".into(), "Firefox on Android"),
            ("Haiku", "Gecko/20100101 Firefox/128.0".into(), "Firefox"),
        ] {
            assert_eq!(of(system, &products), name, "{system} {products}");
        }
    }

    #[test]
    fn what_is_not_known_speaks_for_itself_and_turns_nothing_around() {
        assert_eq!(client_name("curl/8.9.1"), "curl/8.9.1");
        assert_eq!(client_name("Intranet \u{202e}robot\t/1\u{200b}.0\0 \u{2066}x"), "Intranet robot /1.0 x");
        assert_eq!(client_name(" \u{202e}\u{200f} ").trim(), "");
        assert_eq!(client_name(""), "");
        assert_eq!(client_name(&"é".repeat(500)), "é".repeat(MAX));
        // nothing of ours is made of a part of a word, or of what stands in other brackets
        for odd in ["Mozilla/5.0", "Mozilla/5.0 (Windows NT 10.0", "Mozilla/5.0 (Windows) NotFirefox/1 (Firefox/1)", "Firefox/1 on Windows"]
        {
            assert_eq!(client_name(odd), odd);
        }
    }
}
