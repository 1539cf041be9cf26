//! The settings: Leptos.toml, then the environment (`load`). An unknown key is an error at the start, with its name.
//!
//! The types here are the whole of it, with the defaults; `Leptos.toml` shows each key with a comment. Secrets are not
//! shown by `Debug`.

mod load;

pub use load::{has_file, leptos_options, load};

use crate::domain::{
    policy::Policy,
    review::ReviewMode,
    session::{self, CmsFrame},
};
use serde::Deserialize;
use std::{fmt, net::SocketAddr, path::PathBuf};

/// Everything that can be configured.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
pub struct Settings {
    /// Where and how it serves.
    pub server: Server,
    /// Postgres.
    pub database: Database,
    /// How long people stay signed in.
    pub sessions: Sessions,
    /// Rates and sizes.
    pub limits: LimitSettings,
    /// Who may write to whom.
    pub policy: Policy,
    /// The CMS around the module.
    pub cms: Cms,
    /// How the audit log is sealed.
    pub audit: Audit,
}

/// `[audit]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// The file with the private keys that sign, one a line. Without one, nothing is sealed.
    pub key_file: Option<PathBuf>,
    /// Checkpoints are also appended to this file, a line of JSON each: outside the database, where who changes that
    /// does not reach.
    pub anchor_file: Option<PathBuf>,
    /// And told to the local syslog.
    pub anchor_syslog: bool,
    /// At most so often.
    pub anchor_every_seconds: u32,
    /// Whether admins may read other people's conversations, and whether a second one has to agree.
    pub review: ReviewMode,
    /// For so long an approved review may be read.
    pub review_grant_hours: u32,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            key_file: None,
            anchor_file: None,
            anchor_syslog: false,
            anchor_every_seconds: 60,
            review: ReviewMode::default(),
            review_grant_hours: 8,
        }
    }
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// How browsers reach it; decides the cookie's prefix and `Secure`, and the allowed origin.
    pub public_url: String,
    /// The second address, for `/metrics`.
    pub metrics_addr: SocketAddr,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Threads that answer requests; 0 is as many as half of the processors.
    pub worker_threads: usize,
}

impl Server {
    /// Threads that answer requests, where there are so many processors. PostgreSQL, which has most of the work, and the
    /// hashing of passwords have the others; a thread that has to be woken costs more than what it takes over.
    #[must_use]
    pub fn workers(&self, processors: usize) -> usize {
        if self.worker_threads == 0 { (processors / 2).max(1) } else { self.worker_threads }
    }

    /// What stands before the path of a link: the public URL, else the address that is listened on.
    #[must_use]
    pub fn origin(&self, site_addr: SocketAddr) -> String {
        if self.public_url.is_empty() { format!("http://{site_addr}") } else { self.public_url.clone() }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            public_url: String::new(),
            metrics_addr: SocketAddr::from(([127, 0, 0, 1], 3002)),
            trusted_proxies: Vec::new(),
            worker_threads: 0,
        }
    }
}

/// `[database]`
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `DATABASE_URL`.
    pub url: String,
    /// `MIGRATE_DATABASE_URL`: the owner of the tables, where it differs.
    pub migrate_url: Option<String>,
    /// Connections of one process.
    pub max_connections: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: String::new(), migrate_url: None, max_connections: 10 }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // the URLs hold passwords
        f.debug_struct("Database").field("max_connections", &self.max_connections).finish_non_exhaustive()
    }
}

/// `[sessions]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// Signed out after so many hours without a request.
    pub idle_hours: u32,
    /// Signed out after so many days in any case.
    pub absolute_days: u32,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { idle_hours: 7 * 24, absolute_days: 30 }
    }
}

/// `[limits]`; 0 switches one off.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Tries to sign in, per account.
    pub sign_ins_per_minute_account: u32,
    /// Tries to sign in, per address.
    pub sign_ins_per_minute_address: u32,
    /// Messages, per user.
    pub sends_per_minute: u32,
    /// People searches, per user.
    pub searches_per_minute: u32,
    /// Requests, per user (per address when signed out).
    pub requests_per_second: u32,
    /// Live streams of one user.
    pub streams_per_user: u32,
    /// Live streams of the process.
    pub streams_total: u32,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            sign_ins_per_minute_account: 10,
            sign_ins_per_minute_address: 60,
            sends_per_minute: 120,
            searches_per_minute: 60,
            requests_per_second: 50,
            streams_per_user: 8,
            streams_total: 20_000,
        }
    }
}

/// `[cms]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cms {
    /// The name in titles and on the sign-in page.
    pub name: String,
    /// What helps somebody who cannot sign in.
    pub help: String,
    /// The other entries of the navigation.
    pub links: Vec<CmsLink>,
}

impl Default for Cms {
    fn default() -> Self {
        Self { name: "CMS".into(), help: "Your administrator can make you a link to set a new password.".into(), links: Vec::new() }
    }
}

impl Cms {
    /// What pages show of it.
    #[must_use]
    pub fn frame(&self) -> CmsFrame {
        let link = |link: &CmsLink| session::CmsLink { label: link.label.clone(), href: link.href.clone(), icon: link.icon.clone() };
        CmsFrame { name: self.name.clone(), help: self.help.clone(), links: self.links.iter().map(link).collect() }
    }
}

/// One entry of the navigation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CmsLink {
    /// The word below the icon.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// One of the icons of `public/icons.svg`, without its prefix.
    pub icon: String,
}
