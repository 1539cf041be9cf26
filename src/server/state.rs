//! What the whole process shares: the pool, the settings, the policy in force, the limits. Cheap to clone.

use crate::{
    domain::policy::Policy,
    error::{Code, Error},
    server::{
        believed::Believed,
        db::pool::{Lent, Pool},
        health::Readiness,
        limits::Limits,
        live::{
            bus::{Alone, Bus},
            hub::{Bounds, Hub},
        },
        metrics::Metrics,
        permits::Permits,
        proof::note::PrivateKey,
        service::groups::Groups,
        settings::Settings,
    },
};
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use std::{
    ops::Deref,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

/// Shared by every request.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// What is shared.
pub struct Shared {
    /// Connections that work as `cms_messages_app`.
    pub pool: Pool,
    /// What Leptos.toml and the environment say.
    pub settings: Settings,
    /// Who may write to whom.
    pub policy: PolicyInForce,
    /// Rates per user and per address.
    pub limits: Limits,
    /// Where the site's files are; for the framework.
    pub leptos: LeptosOptions,
    /// Credentials that were good a moment ago.
    pub believed: Believed,
    /// What goes to the database in groups.
    pub groups: Arc<Groups>,
    /// The live streams of this process.
    pub hub: Arc<Hub>,
    /// The way to the other instances, once it has joined them.
    bus: OnceLock<Arc<dyn Bus>>,
    /// What the tree of the audit log is signed with, where it is.
    keys: OnceLock<Vec<PrivateKey>>,
    /// Units of work that outlive the request that began them; awaited when the server stops.
    pub tasks: TaskTracker,
    /// Cancelled when the server begins to drain.
    pub shutdown: CancellationToken,
    /// Whether traffic should come here, as it was last found out.
    pub readiness: Readiness,
    /// Counters for `/metrics`.
    pub metrics: Metrics,
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// For the framework, which asks for it once a page.
impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}

impl AppState {
    /// The state of a process that works with these settings on this pool, and with these rules for now.
    #[must_use]
    pub fn new(settings: Settings, leptos: LeptosOptions, pool: Pool, rules: Rules) -> Self {
        let groups = Arc::new(Groups::default());
        let hub = Arc::new(Hub::new(Bounds {
            per_user: settings.limits.streams_per_user as usize,
            total: settings.limits.streams_total as usize,
        }));
        Self(Arc::new(Shared {
            metrics: Metrics::new(&pool, &hub, &groups),
            pool,
            policy: PolicyInForce::new(rules),
            limits: Limits::new(&settings.limits),
            believed: Believed::default(),
            hub,
            groups,
            bus: OnceLock::new(),
            keys: OnceLock::new(),
            settings,
            leptos,
            readiness: Readiness::default(),
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        }))
    }

    /// The way to the other instances.
    #[must_use]
    pub fn bus(&self) -> &dyn Bus {
        self.bus.get().map_or(&Alone, |bus| &**bus)
    }

    /// From now on other instances are told by this way.
    pub fn join(&self, bus: Arc<dyn Bus>) {
        // a second one would be another way to the same instances
        let _ = self.bus.set(bus);
    }

    /// The keys of the audit log; none where nothing is sealed.
    #[must_use]
    pub fn keys(&self) -> &[PrivateKey] {
        self.keys.get().map_or(&[], Vec::as_slice)
    }

    /// From now on this process signs with these.
    pub fn signs_with(&self, keys: Vec<PrivateKey>) {
        // a second time would be another process
        let _ = self.keys.set(keys);
    }

    /// A connection for one call in autocommit.
    ///
    /// # Errors
    /// `unavailable` when none is to be had: nothing was begun.
    pub async fn connection(&self) -> Result<Lent, Error> {
        self.pool.acquire().await.map_err(|_| Error::unavailable())
    }

    /// A unit of work that needs a transaction, in a task of its own: a client that hangs up does not drop it in the
    /// middle (sqlx#4393: a cancelled `begin` can hand an open transaction back to the pool).
    ///
    /// # Errors
    /// What the work comes to; `internal` when it panicked.
    pub async fn transaction<T: Send + 'static>(&self, work: impl Future<Output = Result<T, Error>> + Send + 'static) -> Result<T, Error> {
        self.tasks.spawn(work.in_current_span()).await.map_err(|_| Error::new(Code::Internal))?
    }
}

/// The rules as this process knows them. Which version is in force the database says with every answer that needs a decision
/// (`live::policy`); here it is only kept.
#[derive(Debug)]
pub struct PolicyInForce {
    current: RwLock<Arc<Rules>>,
    renewing: Mutex<()>,
}

/// The rules of one version, and the sends that they have allowed.
#[derive(Debug)]
pub struct Rules {
    /// First match wins, default allow.
    pub policy: Policy,
    /// From `policy_versions`; 0 before there is one.
    pub version: i64,
    /// Sends that these rules have allowed: gone with them.
    pub permits: Permits,
}

impl Rules {
    /// Nothing has been allowed yet.
    #[must_use]
    pub fn new(policy: Policy, version: i64) -> Self {
        Self { policy, version, permits: Permits::default() }
    }
}

impl PolicyInForce {
    fn new(rules: Rules) -> Self {
        Self { current: RwLock::new(Arc::new(rules)), renewing: Mutex::default() }
    }

    /// The newest rules that this process knows.
    #[must_use]
    pub fn current(&self) -> Arc<Rules> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until nobody else is asking for newer ones.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.renewing.lock().await
    }

    /// From now on these.
    pub fn replace(&self, rules: Rules) -> Arc<Rules> {
        let rules = Arc::new(rules);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = rules.clone();
        rules
    }
}
