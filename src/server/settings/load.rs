//! Reads `Leptos.toml`, lays the environment over it, and checks the result. Called once, before anything else.
//!
//! What is wrong is named: the key, the variable, the line. A value is never quoted: it may be a secret.

use super::Settings;
use crate::server::failure::Failure;
use leptos::config::{LeptosOptions, get_config_from_str};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// In the working directory; may be absent.
const FILE: &str = "Leptos.toml";
/// What is granted has to end.
const MOST_GRANTED_HOURS: u32 = 24 * 31;
/// More is a slip of the pen.
const MOST_WORKERS: usize = 1024;
const PREFIX: &str = "CMS_MESSAGES__";
const FRAMEWORK: &str = "[package.metadata.leptos]";
/// The variables with names of their own: they yield to the long name.
const SHORT: [(&str, &str); 2] = [("DATABASE_URL", "url"), ("MIGRATE_DATABASE_URL", "migrate_url")];

/// The settings of this process.
///
/// # Errors
/// The first thing that is wrong, named.
pub fn load() -> Result<Settings, Failure> {
    from(&file()?, std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect())
}

/// What the framework wants to know, from the last block of the file and `LEPTOS_*`.
///
/// # Errors
/// When a value there has the wrong type.
pub fn leptos_options() -> Result<LeptosOptions, Failure> {
    let text = file()?;
    let defaults =
        format!("{FRAMEWORK}\noutput-name = \"cms-messages\"\nsite-root = \"target/site\"\nsite-pkg-dir = \"pkg\"\nhash-files = true\n");
    let text = if text.lines().any(|line| line.starts_with(FRAMEWORK)) { text } else { defaults };
    get_config_from_str(&text).map_err(|error| Failure(format!("{FILE} or LEPTOS_*: {error}")))
}

/// Whether there is a configuration at all: without one there is no policy either.
#[must_use]
pub fn has_file() -> bool {
    std::path::Path::new(FILE).exists()
}

fn file() -> Result<String, Failure> {
    match std::fs::read_to_string(FILE) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Failure(format!("{FILE} cannot be read: {error}"))),
    }
}

fn from(text: &str, environment: BTreeMap<String, String>) -> Result<Settings, Failure> {
    let mut tables = parse(text)?;
    tables.remove("package");
    refuse_unknown(&tables)?;
    for (name, key) in SHORT {
        if let Some(value) = secret(&environment, name)? {
            set(&mut tables, "database", key, Value::String(value))?;
        }
    }
    for (name, value) in environment.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
        let (table, key, value) = override_of(name, value, &environment)?;
        set(&mut tables, &table, &key, value)?;
    }
    let settings =
        Settings::deserialize(Value::Table(tables)).map_err(|error| Failure(format!("{FILE}: {}", without_value(error.message()))))?;
    checked(settings)
}

fn parse(text: &str) -> Result<Table, Failure> {
    text.parse().map_err(|error: toml::de::Error| {
        // its own Display quotes the line
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        Failure(format!("{FILE}, line {}: {}", before.matches('\n').count().saturating_add(1), error.message()))
    })
}

/// Each key on its own, so that the message can say which table it stands in.
fn refuse_unknown(tables: &Table) -> Result<(), Failure> {
    for (table, keys) in tables {
        let Some(keys) = keys.as_table() else {
            return Err(Failure(format!("{FILE}: unknown key `{table}` outside of any table")));
        };
        if let Err(error) = only(table, Table::new()) {
            return Err(Failure(format!("{FILE}: unknown table [{table}]: {error}")));
        }
        for (key, value) in keys {
            let one = Table::from_iter([(key.clone(), value.clone())]);
            only(table, one).map_err(|error| Failure(format!("{FILE}, [{table}] {key}: {error}")))?;
        }
    }
    Ok(())
}

fn only(table: &str, keys: Table) -> Result<Settings, String> {
    Settings::deserialize(Value::Table(Table::from_iter([(table.to_owned(), Value::Table(keys))])))
        .map_err(|error| without_value(error.message()))
}

/// `invalid type: string "…", expected u32` would quote what may be a secret.
fn without_value(message: &str) -> String {
    match message.rsplit_once(", expected ") {
        Some((found, expected)) if found.starts_with("invalid ") => format!("expected {expected}"),
        _ => message.to_owned(),
    }
}

fn set(tables: &mut Table, table: &str, key: &str, value: Value) -> Result<(), Failure> {
    match tables.entry(table).or_insert_with(|| Value::Table(Table::new())) {
        Value::Table(keys) => {
            keys.insert(key.to_owned(), value);
            Ok(())
        }
        _ => Err(Failure(format!("{FILE}: `{table}` is not a table"))),
    }
}

/// `CMS_MESSAGES__TABLE__KEY` as its table, its key, and its value in the type that the key has.
fn override_of(name: &str, text: &str, environment: &BTreeMap<String, String>) -> Result<(String, String, Value), Failure> {
    let unknown = || Failure(format!("{name}: there is no such setting"));
    let (table, key) = name.strip_prefix(PREFIX).and_then(|path| path.split_once("__")).ok_or_else(unknown)?;
    let (table, key) = (table.to_lowercase(), key.to_lowercase());
    let text = match key.strip_suffix("_file") {
        // where no setting is called so, it is the file that holds the secret
        Some(secret_key) if candidate(&table, &key, text).is_err() => {
            let long = name.strip_suffix("_FILE").unwrap_or(name);
            if environment.contains_key(long) {
                return Err(Failure(format!("{long} and {name} are both set")));
            }
            return candidate(&table, secret_key, &read_secret(name, text)?)
                .map(|value| (table, secret_key.to_owned(), value))
                .map_err(|error| Failure(format!("{name}: {error}")));
        }
        _ => text,
    };
    match candidate(&table, &key, text) {
        Ok(value) => Ok((table, key, value)),
        Err(error) => Err(Failure(format!("{name}: {error}"))),
    }
}

/// The first reading of the text that the key's type takes: as it stands, as a TOML value, as a list with commas.
fn candidate(table: &str, key: &str, text: &str) -> Result<Value, String> {
    let plain = Value::String(text.to_owned());
    let fits = |value: &Value| only(table, Table::from_iter([(key.to_owned(), value.clone())]));
    let Err(error) = fits(&plain) else { return Ok(plain) };
    let typed = format!("value = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    let items = text.split(',').map(|item| Value::String(item.trim().to_owned())).filter(|item| item.as_str() != Some(""));
    let list = Value::Array(items.collect());
    typed.into_iter().chain([list]).find(|value| fits(value).is_ok()).ok_or(error)
}

fn secret(environment: &BTreeMap<String, String>, name: &str) -> Result<Option<String>, Failure> {
    let file = format!("{name}_FILE");
    match (environment.get(name), environment.get(&file)) {
        (Some(_), Some(_)) => Err(Failure(format!("{name} and {file} are both set"))),
        (Some(value), None) => Ok(Some(value.clone())),
        (None, Some(path)) => read_secret(&file, path).map(Some),
        (None, None) => Ok(None),
    }
}

fn read_secret(name: &str, path: &str) -> Result<String, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
        Err(error) => Err(Failure(format!("{name}: the file cannot be read: {error}"))),
    }
}

fn checked(mut settings: Settings) -> Result<Settings, Failure> {
    let url = settings.server.public_url.trim_end_matches('/').to_owned();
    let is_origin = |rest: &str| !rest.is_empty() && !rest.contains(['/', '?', '#', '@', ' ']);
    if !url.is_empty() && !["https://", "http://"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(is_origin)) {
        return Err(Failure::new("[server] public_url: it must be like https://messages.example.org, without a path"));
    }
    settings.server.public_url = url;
    let at_least_one = [
        ("[database] max_connections", settings.database.max_connections),
        ("[audit] anchor_every_seconds", settings.audit.anchor_every_seconds),
        ("[audit] review_grant_hours", settings.audit.review_grant_hours),
        ("[sessions] idle_hours", settings.sessions.idle_hours),
        ("[sessions] absolute_days", settings.sessions.absolute_days),
    ];
    if let Some((key, _)) = at_least_one.iter().find(|(_, value)| *value == 0) {
        return Err(Failure(format!("{key}: it must be at least 1")));
    }
    if settings.server.worker_threads > MOST_WORKERS {
        return Err(Failure(format!("[server] worker_threads: it must be at most {MOST_WORKERS}")));
    }
    if settings.audit.review_grant_hours > MOST_GRANTED_HOURS {
        return Err(Failure(format!("[audit] review_grant_hours: it must be at most {MOST_GRANTED_HOURS}, a month")));
    }
    let is_link = |href: &str| href.starts_with('/') || href.starts_with("https://") || href.starts_with("http://");
    if settings.cms.links.iter().any(|link| !is_link(&link.href)) {
        return Err(Failure::new("[[cms.links]] href: it must begin with /, https:// or http://"));
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::{Settings, from};

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
        from(text, environment.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()).map_err(|failure| failure.0)
    }

    #[test]
    fn without_a_file_there_are_defaults() {
        let settings = load("", &[]).expect("defaults");
        assert_eq!((settings.limits.sends_per_minute, settings.sessions.idle_hours), (120, 168));
        assert_eq!([1, 2, 3, 16].map(|processors| settings.server.workers(processors)), [1, 1, 1, 8]);
    }

    #[test]
    fn as_many_threads_answer_as_are_asked_for() {
        let settings = load("[server]\nworker_threads = 3", &[]).expect("valid");
        assert_eq!([1, 16].map(|processors| settings.server.workers(processors)), [3, 3]);
        assert_eq!(load("[server]\nworker_threads = 5000", &[]).map(drop), Err("[server] worker_threads: it must be at most 1024".into()));
    }

    #[test]
    fn the_environment_wins_over_the_file_in_the_type_of_the_key() {
        let text = "[limits]\nsends_per_minute = 5\n[cms]\nname = \"Port\"\n[package.metadata.leptos]\noutput-name = \"x\"";
        let environment = [
            ("CMS_MESSAGES__LIMITS__SENDS_PER_MINUTE", "0"),
            ("CMS_MESSAGES__CMS__NAME", "1234"),
            ("CMS_MESSAGES__SERVER__METRICS_ADDR", "127.0.0.1:9999"),
            ("CMS_MESSAGES__SERVER__TRUSTED_PROXIES", "10.0.0.1, ::1"),
            ("CMS_MESSAGES__AUDIT__KEY_FILE", "/etc/audit.key"),
            ("CMS_MESSAGES__POLICY__RULES", "[{ name = \"closed\", effect = \"deny\" }]"),
            ("DATABASE_URL", "postgres://a@b/c"),
            ("UNRELATED", "x"),
        ];
        let settings = load(text, &environment).expect("valid");
        assert_eq!((settings.limits.sends_per_minute, settings.cms.name.as_str()), (0, "1234"));
        assert_eq!(settings.audit.key_file.as_deref(), Some(std::path::Path::new("/etc/audit.key")));
        assert_eq!(settings.server.metrics_addr.port(), 9999);
        assert_eq!(settings.server.trusted_proxies.len(), 2);
        assert_eq!(settings.policy.rules.len(), 1);
        assert_eq!(settings.database.url, "postgres://a@b/c");
        assert!(!format!("{settings:?}").contains("postgres"));
    }

    #[test]
    fn an_unknown_key_is_named_wherever_it_stands() {
        for (text, environment, names) in [
            ("[limits]\nsend_per_minute = 5", vec![], vec!["[limits]", "send_per_minute"]),
            ("[limit]\nsends_per_minute = 5", vec![], vec!["[limit]"]),
            ("sends_per_minute = 5", vec![], vec!["sends_per_minute"]),
            ("[[policy.rules]]\nname = \"a\"\neffect = \"deny\"\nform = {}", vec![], vec!["[policy]", "form"]),
            ("[[cms.links]]\nlabel = \"a\"\nhref = \"/\"\nicon = \"x\"\nicno = \"y\"", vec![], vec!["[cms]", "icno"]),
            ("", vec![("CMS_MESSAGES__LIMITS__SEND_PER_MINUTE", "5")], vec!["CMS_MESSAGES__LIMITS__SEND_PER_MINUTE"]),
            ("", vec![("CMS_MESSAGES__NOTHING", "5")], vec!["CMS_MESSAGES__NOTHING"]),
            ("", vec![("CMS_MESSAGES__LIMITS__SENDS_PER_MINUTE", "many")], vec!["CMS_MESSAGES__LIMITS__SENDS_PER_MINUTE"]),
        ] {
            let error = load(text, &environment).expect_err(text);
            for name in names {
                assert!(error.contains(name), "{error:?} names {name}");
            }
        }
    }

    #[test]
    fn no_message_quotes_a_value() {
        for text in ["[database]\nurl = \"hunter2", "[database]\nmax_connections = \"hunter2\"", "[database]\nurls = \"hunter2\""] {
            let error = load(text, &[]).expect_err(text);
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(load("a = 1\n[database]\nurl =", &[]).expect_err("syntax").contains("line 3"));
    }

    #[test]
    fn a_secret_may_stand_in_a_file() {
        let path = std::env::temp_dir().join(format!("cms-messages-secret-{}", std::process::id()));
        std::fs::write(&path, "postgres://secret@host/db\n").expect("written");
        let file = path.to_str().expect("utf-8");
        for name in ["DATABASE_URL_FILE", "CMS_MESSAGES__DATABASE__URL_FILE"] {
            assert_eq!(load("", &[(name, file)]).expect("read").database.url, "postgres://secret@host/db");
        }
        let both = load("", &[("DATABASE_URL", "postgres://x"), ("DATABASE_URL_FILE", file)]).expect_err("both");
        assert!(both.contains("DATABASE_URL_FILE"));
        std::fs::remove_file(&path).expect("removed");
        let absent = load("", &[("DATABASE_URL_FILE", file)]).expect_err("absent");
        assert!(absent.contains("DATABASE_URL_FILE") && !absent.contains("secret@"));
    }

    #[test]
    fn a_public_url_is_an_origin_and_a_limit_of_zero_is_off() {
        assert_eq!(load("[server]\npublic_url = \"https://a.example/\"", &[]).expect("valid").server.public_url, "https://a.example");
        for text in ["[server]\npublic_url = \"a.example\"", "[server]\npublic_url = \"https://a.example/x\"", "[sessions]\nidle_hours = 0"]
        {
            assert!(load(text, &[]).is_err(), "{text}");
        }
    }

    #[test]
    fn the_file_that_comes_along_is_right() {
        load(include_str!("../../../Leptos.toml"), &[]).expect("valid");
    }
}
