//! The layers of ARCHITECTURE.md, read from the source: who may know whom, where SQL lives, where features are chosen.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A part of `src/`, which of our own modules it may name, and which crates it may not.
struct Layer {
    files: &'static str,
    ours: &'static [&'static str],
    not: &'static [&'static str],
}

/// The first that matches a file counts. What is not listed is free: `main`, `app`, the server's outer ring.
const LAYERS: &[Layer] = &[
    Layer { files: "error.rs", ours: &["error"], not: &["sqlx", "axum", "tokio"] },
    Layer {
        files: "domain/",
        ours: &["domain"],
        not: &["leptos", "leptos_router", "server_fn", "axum", "http", "sqlx", "tokio", "tracing", "web_sys", "js_sys", "wasm_bindgen"],
    },
    Layer {
        files: "ui/",
        ours: &["domain", "error", "server_fns", "ui", "browser", "answer"],
        not: &["sqlx", "axum", "tokio", "tracing", "leptos_axum"],
    },
    Layer {
        files: "admin/",
        ours: &[
            "admin",
            "domain",
            "error",
            "ui::components",
            "server::context",
            "server::service",
            "server::state",
            "server::middleware",
            "server::urlencoded",
        ],
        not: &["sqlx", "tokio", "leptos_axum", "leptos_router", "server_fn"],
    },
    Layer {
        files: "server_fns/",
        ours: &["domain", "error", "server_fns", "server::context", "server::service", "server::cookie"],
        not: &["sqlx", "axum", "tokio", "http"],
    },
    Layer {
        files: "server/proof/",
        ours: &["domain", "server::proof"],
        not: &["leptos", "axum", "http", "sqlx", "tokio", "tracing", "getrandom"],
    },
    Layer {
        files: "server/db/",
        ours: &["domain", "error", "server::db", "server::failure", "server::proof"],
        not: &["leptos", "axum", "http"],
    },
    Layer {
        files: "server/service/",
        ours: &[
            "domain",
            "error",
            "server::service",
            "server::db",
            "server::context",
            "server::state",
            "server::auth",
            "server::operator",
            "server::live",
            "server::grouping",
            "server::proof",
            "server::jobs::fan_out",
            "server::jobs::anchor",
        ],
        not: &["leptos", "leptos_axum", "axum", "http", "tower", "tower_http", "server_fn", "serde_json"],
    },
    Layer { files: "server/auth/", ours: &["domain", "error", "server::auth"], not: &["leptos", "axum", "sqlx"] },
];

/// Whatever the layer, these files never name these of our modules.
const NEVER: &[(&str, &str)] = &[
    ("server/rest/", "server::db"),
    ("server/forms/", "server::db"),
    ("server/forms/", "server::rest"),
    ("server/rest/", "server::forms"),
    ("server/middleware/", "server::db"),
    ("server/", "ui"),
    ("server/", "browser"),
    ("main.rs", "ui"),
];

/// SQL lives in `server/db`; these hold a pool, a connection or a transaction of it, and no statement.
const KNOW_SQLX: &[&str] = &[
    "server/db/",
    "server/state.rs",
    "server/operator.rs",
    "server/failure.rs",
    "server/start.rs",
    "server/jobs/",
    "server/live/",
    // several statements in one transaction, which is theirs to begin and to commit
    "server/service/administrators.rs",
    "server/service/users.rs",
    "server/service/import.rs",
    "server/service/policy.rs",
    // one call for many requests
    "server/service/groups.rs",
];

/// Where features may be chosen; `#[cfg(test)]` and `#[cfg_attr]` are not asked.
const CHOOSE_FEATURES: &[&str] = &["lib.rs"];

#[test]
fn every_layer_knows_only_what_stands_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut files = 0;
    for file in rust_files(&root) {
        let name = file.strip_prefix(&root).expect("below src").to_str().expect("UTF-8").replace('\\', "/");
        found.extend(violations(&name, &fs::read_to_string(&file).expect("readable")));
        files += 1;
    }
    assert!(files > 50, "only {files} files were read");
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_forbidden_import_is_found_however_it_is_written() {
    let cases = [
        ("domain/user.rs", "use crate::error::Error;", "error"),
        ("domain/user.rs", "use leptos::prelude::*;", "leptos"),
        ("domain/user.rs", "fn f() -> crate::server::state::AppState { loop {} }", "server::state"),
        ("server/db/user.rs", "use crate::{domain::ids::UserId, server::{db, service::people}};", "server::service"),
        ("server/db/user.rs", "use super::super::service::people;", "server::service"),
        ("server/service/people.rs", "use axum::Json;", "axum"),
        ("server/proof/tree.rs", "use crate::server::db::audit;", "server::db"),
        ("server/proof/note.rs", "fn f() { getrandom::fill(&mut []); }", "getrandom"),
        ("server/service/people.rs", "use super::super::rest;", "server::rest"),
        ("server/service/people.rs", "fn f() { sqlx::query(\"select 1\"); }", "sqlx"),
        ("server/rest/users.rs", "use crate::server::{\n    db::{self, user},\n    service,\n};", "server::db"),
        ("server/forms/messages.rs", "use crate::server::{rest::extract::Id, service};", "server::rest"),
        ("admin/audit.rs", "use crate::server::db::audit_search;", "server::db"),
        ("admin/audit.rs", "use crate::ui::state::viewer;", "ui::state"),
        ("server/router.rs", "use crate::ui::pages;", "ui"),
        ("server/router.rs", "fn f<T>(of: T) -> impl Send + use<T> { crate::ui::pages::f(of) }", "ui"),
        ("ui/pages/inbox.rs", "use crate::server::service::messages;", "server::service"),
        ("ui/pages/inbox.rs", "#[cfg(feature = \"ssr\")]\nfn f() {}", "cfg"),
        ("server/mod.rs", "#[cfg(any(test, feature = \"hydrate\"))]\nfn f() {}", "cfg"),
    ];
    for (file, source, named) in cases {
        let found = violations(file, source);
        assert!(found.iter().any(|line| line.contains(named)), "{file}: {source}: {found:?}");
    }
    let innocent = [
        (
            "domain/user.rs",
            "//! leptos::prelude, crate::error\nuse super::ids::UserId; // sqlx::query\nconst S: &str = \"use crate::error::Error;\";",
        ),
        ("domain/user.rs", "#[cfg(test)]\nmod tests { use super::*; use crate::domain::ids::UserId; }"),
        ("domain/user.rs", "fn all<T>(of: T) -> impl Iterator<Item = T> + use<T> { std::iter::once(of); loop {} }"),
        ("domain/user.rs", "fn life<'a>(text: &'a str) -> char { '\"' }"),
        ("server/db/user.rs", "use crate::{domain::ids::UserId, server::db};\nuse sqlx::PgConnection;"),
        ("server/service/people.rs", "use crate::server::{context::Context, db};"),
        ("ui/pages/inbox.rs", "use crate::{browser, domain::user::User, ui::components};"),
    ];
    for (file, source) in innocent {
        assert_eq!(violations(file, source), Vec::<String>::new(), "{source}");
    }
}

/// What begins without anybody being signed in, and what leaves the question to what it calls.
const ASK_NOBODY: &[&str] = &["sign_in", "link_owner", "set_password", "of_known"];

/// One with fewer arguments: its only call of the database is another one's.
fn calls_one_that_asks(body: &str) -> bool {
    !body.contains("db::") && ["change(caller, ", "create(caller, "].iter().any(|call| body.contains(call))
}

#[test]
fn every_service_function_asks_who_calls() {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server/service");
    let (mut asking, mut silent) = (0, Vec::new());
    for file in rust_files(&services) {
        let source = fs::read_to_string(&file).expect("readable");
        for function in source.split("\npub async fn ").skip(1) {
            let name = function.split(['(', '<']).next().unwrap_or_default();
            let (signature, body) = function.split_once(" {\n").expect("a body");
            let body = body.split("\n}\n").next().unwrap_or_default();
            let knows = ["ctx: &Context", "caller: &impl Administers", "caller: &C"].iter().any(|caller| signature.contains(caller));
            let asks = ["ctx.viewer()?", "ctx.admin()?", ".administrator()?"].iter().any(|asks| body.contains(asks));
            match (knows, asks || calls_one_that_asks(body)) {
                (true, true) => asking += 1,
                (true, false) if !ASK_NOBODY.contains(&name) => silent.push(name.to_owned()),
                // without a context there is an operator, which no request can make; `resolve` finds out who calls
                (false, _) => assert!(signature.contains("&Operator") || name == "resolve", "{name} knows nobody"),
                _ => {}
            }
        }
    }
    assert!(asking > 10, "only {asking} functions ask");
    assert_eq!(silent, Vec::<String>::new(), "these do not ask who calls");
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn violations(file: &str, source: &str) -> Vec<String> {
    let tokens = tokens(source);
    let mut found = Vec::new();
    for path in paths(&tokens) {
        let (ours, path) = resolve(file, path);
        let name = path.join("::");
        let is = |module: &str| name == module || name.starts_with(&format!("{module}::"));
        let layer = LAYERS.iter().find(|layer| file.starts_with(layer.files));
        let first = path.first().map_or("", String::as_str);
        let forbidden = if ours {
            // a whole module is named by who goes on to a part of it (`use crate::server::{…}` was taken apart before)
            layer.is_some_and(|layer| !layer.ours.iter().any(|module| is(module)))
                || NEVER.iter().any(|(files, module)| file.starts_with(files) && is(module))
        } else {
            layer.is_some_and(|layer| layer.not.contains(&first))
                || (first == "sqlx" && !KNOW_SQLX.iter().any(|known| file.starts_with(known)))
        };
        if forbidden {
            found.push(format!("src/{file} must not know {name}"));
        }
    }
    let chooses = tokens.windows(4).any(|w| w[..3] == ["#", "[", "cfg"] || w[..4] == ["#", "!", "[", "cfg"]);
    let only_tests = tokens.windows(6).filter(|w| w[..4] == ["#", "[", "cfg", "("]).all(|w| w[4..6] == ["test", ")"]);
    if chooses && !only_tests && !CHOOSE_FEATURES.contains(&file) {
        found.push(format!("src/{file} must not choose by #[cfg]"));
    }
    found
}

/// Every path of two or more segments, imports taken apart into one path each.
fn paths(tokens: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        // `use<'a, T>` in a type names what it captures, no path
        if tokens[at] == "use" && tokens.get(at + 1).is_some_and(|next| next != "<") {
            at += 1;
            tree(tokens, &mut at, &[], &mut found);
        } else if is_name(&tokens[at]) && tokens.get(at + 1).is_some_and(|next| next == "::") && (at == 0 || tokens[at - 1] != "::") {
            let mut path = vec![tokens[at].clone()];
            while tokens.get(at + 1).is_some_and(|next| next == "::") && tokens.get(at + 2).is_some_and(|name| is_name(name)) {
                path.push(tokens[at + 2].clone());
                at += 2;
            }
            found.push(path);
            at += 1;
        } else {
            at += 1;
        }
    }
    found
}

/// One tree of a `use`: a path, a list in braces, or both.
fn tree(tokens: &[String], at: &mut usize, prefix: &[String], found: &mut Vec<Vec<String>>) {
    let mut path = prefix.to_vec();
    while let Some(token) = tokens.get(*at) {
        match token.as_str() {
            "::" => *at += 1,
            "{" => {
                *at += 1;
                while tokens.get(*at).is_some_and(|token| token != "}") {
                    tree(tokens, at, &path, found);
                    if tokens.get(*at).is_some_and(|token| token == ",") {
                        *at += 1;
                    }
                }
                *at += 1;
                return;
            }
            "," | "}" | ";" => break,
            "as" => *at += 2,
            name => {
                if name != "self" || path.is_empty() {
                    path.push(name.to_owned());
                }
                *at += 1;
            }
        }
    }
    found.push(path);
}

/// Whether the path is one of ours, and what it is from the root of the crate.
fn resolve(file: &str, path: Vec<String>) -> (bool, Vec<String>) {
    let mut module: Vec<String> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    let mut rest = path.into_iter().peekable();
    match rest.peek().map(String::as_str) {
        Some("crate") => {
            rest.next();
            (true, rest.collect())
        }
        Some("self" | "super") => {
            while let Some(step) = rest.next_if(|step| step == "self" || step == "super") {
                if step == "super" {
                    module.pop();
                }
            }
            module.extend(rest);
            (true, module)
        }
        _ => (false, rest.collect()),
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::` and single signs; without comments, texts and characters.
fn tokens(source: &str) -> Vec<String> {
    let chars: Vec<char> = source.chars().collect();
    let is = |at: usize, text: &str| text.chars().enumerate().all(|(n, c)| chars.get(at + n) == Some(&c));
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        if is(at, "//") {
            while chars.get(at).is_some_and(|c| *c != '\n') {
                at += 1;
            }
        } else if is(at, "/*") {
            while at < chars.len() && !is(at, "*/") {
                at += 1;
            }
            at += 2;
        } else if let Some(hashes) = raw_text(&chars, at) {
            let end: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
            at += hashes + 2;
            while at < chars.len() && !is(at, &end) {
                at += 1;
            }
            at += end.len();
        } else if c == '"' {
            at += 1;
            while chars.get(at).is_some_and(|c| *c != '"') {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if c == '\'' {
            // a character, or else a lifetime
            at += match (chars.get(at + 1), chars.get(at + 2)) {
                (Some('\\'), _) => 3 + chars.iter().skip(at + 3).position(|c| *c == '\'').unwrap_or(0),
                (_, Some('\'')) => 3,
                _ => 1,
            };
        } else if c.is_alphanumeric() || c == '_' {
            let name: String = chars.iter().skip(at).take_while(|c| c.is_alphanumeric() || **c == '_').collect();
            at += name.chars().count();
            found.push(name);
        } else if is(at, "::") {
            found.push("::".into());
            at += 2;
        } else {
            if !c.is_whitespace() {
                found.push(c.into());
            }
            at += 1;
        }
    }
    found
}

/// The number of `#` when a raw text begins here.
fn raw_text(chars: &[char], at: usize) -> Option<usize> {
    let before = at.checked_sub(1).and_then(|before| chars.get(before));
    if chars.get(at) != Some(&'r') || before.is_some_and(|c| c.is_alphanumeric() || *c == '_') {
        return None;
    }
    let hashes = chars.iter().skip(at + 1).take_while(|c| **c == '#').count();
    (chars.get(at + 1 + hashes) == Some(&'"')).then_some(hashes)
}
