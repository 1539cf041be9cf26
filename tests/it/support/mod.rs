//! What the tests stand on: a database of their own, people, and short words for what people do.

#![allow(dead_code, reason = "each test uses its part")]

pub mod backup;
pub mod checker;
pub mod database;
pub mod instances;
pub mod person;
pub mod program;
pub mod server;
pub mod wire;

use cms_messages::{
    domain::policy::{Effect, PartyPattern, Policy, PolicyAction, Rule},
    server::{
        db::pool::Pool,
        settings::{LimitSettings, Settings},
        state::{AppState, Rules},
    },
};
use database::TestDatabase;
use leptos::config::LeptosOptions;
use person::Person;

/// A database and a server's state on it: no limits, no policy, unless a test asks for them.
pub struct Office {
    /// Keeps the database alive.
    pub database: TestDatabase,
    /// What services work with.
    pub state: AppState,
}

impl Office {
    /// A fresh one.
    pub async fn new() -> Self {
        Self::with(settings()).await
    }

    /// A fresh one with these rules.
    pub async fn with_policy(policy: Policy) -> Self {
        Self::with(Settings { policy, ..settings() }).await
    }

    /// A fresh one with these settings.
    pub async fn with(settings: Settings) -> Self {
        Self::with_files(settings, leptos_options()).await
    }

    /// The same with a site.
    pub async fn with_files(settings: Settings, files: LeptosOptions) -> Self {
        Self::on(TestDatabase::new().await, settings, files)
    }

    /// On a database that is there already.
    pub fn on(database: TestDatabase, settings: Settings, files: LeptosOptions) -> Self {
        let state = AppState::new(settings.clone(), files, database.pool(8), Rules::new(settings.policy, 0));
        Self { database, state }
    }

    /// The same database, seen by another instance of the server.
    pub fn another_instance(&self) -> AppState {
        state(self.state.settings.clone(), self.database.pool(8))
    }

    /// A new member of the department "Planning", signed in.
    pub async fn person(&self, username: &str) -> Person {
        self.person_in(username, "Planning").await
    }

    /// A new member of this department, signed in.
    pub async fn person_in(&self, username: &str, department: &str) -> Person {
        Person::new(&self.state, username, department).await
    }

    /// How many rows the statement counts.
    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&*self.state.pool).await.expect("the statement counts")
    }
}

/// A file for an import; a row has user name, name, department, role, e-mail, external id and password.
pub fn people_file<T: AsRef<str>>(rows: &[[T; 7]]) -> Vec<u8> {
    let mut file = String::from("username,display_name,department,role,email,external_id,password\n");
    for row in rows {
        let cells = row.iter().map(|cell| format!("\"{}\"", cell.as_ref().replace('"', "\"\"")));
        file += &(cells.collect::<Vec<_>>().join(",") + "\n");
    }
    file.into_bytes()
}

/// Settings without limits.
pub fn settings() -> Settings {
    let limits = LimitSettings {
        sign_ins_per_minute_account: 0,
        sign_ins_per_minute_address: 0,
        sends_per_minute: 0,
        searches_per_minute: 0,
        requests_per_second: 0,
        streams_per_user: 0,
        streams_total: 0,
    };
    Settings { limits, ..Settings::default() }
}

/// A server's state on this pool.
pub fn state(settings: Settings, pool: Pool) -> AppState {
    AppState::new(settings.clone(), leptos_options(), pool, Rules::new(settings.policy, 0))
}

/// A site without files.
pub fn leptos_options() -> LeptosOptions {
    LeptosOptions::builder().output_name("cms-messages").build()
}

/// A policy in which nobody but its own people may open conversations with "Audit" or write to it.
pub fn audit_is_closed() -> Policy {
    let audit = PartyPattern { role: None, department: Some("Audit".into()) };
    let rule = |name: &str, from, effect| Rule {
        name: name.into(),
        from,
        to: audit.clone(),
        actions: vec![PolicyAction::Open, PolicyAction::Send],
        effect,
        reason: "Internal Audit takes no messages.".into(),
    };
    Policy {
        rules: vec![
            rule("audit_among_itself", audit.clone(), Effect::Allow),
            rule("audit_is_closed", PartyPattern::default(), Effect::Deny),
        ],
    }
}
