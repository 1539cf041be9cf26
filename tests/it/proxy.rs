//! The configuration that operators are given for the proxy in front.

/// The directives of this name in docs/nginx.conf, without comments.
fn directives(name: &str) -> Vec<String> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/nginx.conf");
    let text = std::fs::read_to_string(file).expect("the file");
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(|rest| rest.trim_end_matches(';').to_owned())).collect()
}

#[test]
fn the_proxys_log_holds_no_link_and_nothing_that_was_looked_for() {
    let logs = directives("access_log");
    assert!(!logs.is_empty() && logs.iter().all(|log| log.ends_with(" cms_messages")), "each log has our format: {logs:?}");
    let formats = directives("log_format");
    assert!(formats.len() == 1 && formats[0].starts_with("cms_messages "), "{formats:?}");
    for telling in [
        "request ",
        "request'",
        "request\"",
        "request_uri",
        "uri",
        "args",
        "arg_",
        "query_string",
        "http_referer",
        "http_cookie",
        "request_body",
    ] {
        assert!(!formats[0].contains(&format!("${telling}")), "${telling} would be logged");
    }
}

#[test]
fn what_a_client_claims_about_its_address_is_not_passed_on() {
    let headers = directives("proxy_set_header");
    assert!(headers.contains(&"X-Forwarded-For $remote_addr".to_owned()), "{headers:?}");
    assert!(headers.contains(&"Host $host".to_owned()), "{headers:?}");
}
