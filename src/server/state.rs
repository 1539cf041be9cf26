//! What the whole process shares: the pool, the settings, the policy in force, the limits. Cheap to clone.

use crate::{
    domain::policy::Policy,
    server::{limits::Limits, metrics::Metrics, permits::Permits, settings::Settings},
};
use leptos::config::LeptosOptions;
use sqlx::PgPool;
use std::sync::Arc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Shared by every request.
#[derive(Clone, axum::extract::FromRef)]
pub struct AppState {
    /// Connections that work as `cms_messages_app`.
    pub pool: PgPool,
    /// What Leptos.toml and the environment say.
    pub settings: Arc<Settings>,
    /// Who may write to whom.
    pub policy: Arc<PolicyInForce>,
    /// Rates per user and per address.
    pub limits: Arc<Limits>,
    /// Where the site's files are; for the framework.
    pub leptos: LeptosOptions,
    /// Units of work that outlive the request that began them; awaited when the server stops.
    pub tasks: TaskTracker,
    /// Cancelled when the server begins to drain.
    pub shutdown: CancellationToken,
    /// Counters for `/metrics`.
    pub metrics: Arc<Metrics>,
}

/// The rules, the version by which clients learn that they changed, and what they have allowed so far.
#[derive(Debug)]
pub struct PolicyInForce {
    /// The rules.
    pub policy: Policy,
    /// From `policy_versions`.
    pub version: i64,
    /// Sends that these rules have allowed.
    pub permits: Permits,
}

impl PolicyInForce {
    /// These rules under this version; nothing has been allowed yet.
    #[must_use]
    pub fn new(policy: Policy, version: i64) -> Self {
        Self { policy, version, permits: Permits::default() }
    }
}
