//! Who administers people: the operator at the command line, or an admin who is signed in. One use-case serves both; only
//! the audit entries differ, which name the admin.
//!
//! Administration is one at a time. An admin who has lost that role since their request began does nothing with it: the
//! role is asked again under the lock.

use crate::{
    domain::ids::UserId,
    error::{Code, Error},
    server::{
        context::Context,
        db::{self, pool::Pool},
        jobs::fan_out,
        operator::Operator,
        state::AppState,
    },
};
use sqlx::{Postgres, Transaction};
use std::time::Duration;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// So long a request waits until the peers of who changed are told; the rest is told behind its answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whoever may administer people.
pub trait Administers: Sync {
    /// On whose authority.
    ///
    /// # Errors
    /// `unauthenticated`, or `forbidden` for who is no admin.
    fn administrator(&self) -> Result<Administrator, Error>;
}

/// Proof of it, for a unit of work of its own.
#[derive(Clone)]
pub struct Administrator {
    /// For the work.
    pub pool: Pool,
    /// Stands in the audit entries; nobody at the command line.
    pub actor: Option<UserId>,
    tasks: TaskTracker,
    /// The server's, whose beliefs about credentials end with a change; a command has none.
    state: Option<AppState>,
}

impl Administers for Operator {
    fn administrator(&self) -> Result<Administrator, Error> {
        Ok(Administrator { pool: self.pool.clone(), actor: None, tasks: TaskTracker::new(), state: None })
    }
}

impl Administers for Context {
    fn administrator(&self) -> Result<Administrator, Error> {
        let actor = Some(self.admin()?.id());
        Ok(Administrator { pool: self.state.pool.clone(), actor, tasks: self.state.tasks.clone(), state: Some(self.state.clone()) })
    }
}

impl Administrator {
    /// A transaction in which nobody else administers.
    ///
    /// # Errors
    /// `forbidden` when the admin is none any more.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Postgres>, Error> {
        let mut transaction = self.pool.begin().await?;
        db::user::lock_administration(&mut transaction).await?;
        match self.actor {
            Some(actor) if !db::user::is_active_admin(&mut transaction, actor).await? => Err(Error::new(Code::Forbidden)),
            _ => Ok(transaction),
        }
    }

    /// From now on it is so, also for the credentials that were good a moment ago.
    pub(super) async fn commit(&self, transaction: Transaction<'static, Postgres>) -> Result<(), Error> {
        let committed = transaction.commit().await;
        // a commit whose answer was lost may have been one
        if let Some(state) = &self.state {
            state.believed.forget();
        }
        Ok(committed?)
    }

    /// The work in a task of its own: a client that hangs up does not drop it in the middle (`AppState::transaction`).
    pub(super) async fn work<T: Send + 'static>(&self, work: impl Future<Output = Result<T, Error>> + Send + 'static) -> Result<T, Error> {
        self.tasks.spawn(work.in_current_span()).await.map_err(|_| Error::new(Code::Internal))?
    }

    /// After the commit: the peers hear at once, or from a server's job within seconds. What was done stays done either way.
    pub(super) async fn tell_peers(&self) {
        let pool = self.pool.clone();
        let telling = self.tasks.spawn(
            async move {
                if let Err(error) = fan_out::drain(&pool).await {
                    tracing::warn!(code = ?error.code, "the peers will be told by a server");
                }
            }
            .in_current_span(),
        );
        // a command ends with its process, and so would the telling; who waits for an answer does not wait for thousands
        let _ = match self.actor {
            None => telling.await.ok(),
            Some(_) => tokio::time::timeout(PATIENCE, telling).await.ok().and_then(Result::ok),
        };
    }
}
