//! What goes to the database in groups, because every click needs it: who stands behind a credential, sends, receipts.
//!
//! This is the one exception to the five steps of a use-case: the use-cases authorise, parse and hand over; here one
//! transaction writes for many of them, and right after the commit, before anybody is answered, the live streams have it.
//! When a group fails each of it is tried alone, so that a bad one fails alone.

use super::live::{Happened, tell};
use crate::{
    domain::{
        ids::{ChangeNo, ClientId, UserId},
        receipt::MAX_ACKNOWLEDGEMENTS,
        time::Timestamp,
    },
    error::{Code, Error},
    server::{
        db::{
            self,
            credential::{Owner, Shown},
            receipt::{Acknowledged, NewReceipts},
            send::{NewMessage, Sent},
        },
        grouping::{Asked, Bounds, Groupable, Grouped},
        live,
        state::AppState,
    },
};
use sqlx::PgConnection;
use std::sync::Arc;
use time::OffsetDateTime;

/// Few calls: each holds locks while it waits for the disk. Not more messages than a live stream's event may hold (50), and
/// not more rows than a client may acknowledge at once.
const BOUNDS: Bounds = Bounds { calls: 4, together: 48, weight: MAX_ACKNOWLEDGEMENTS, waiting: 4_096 };

/// Seconds; far more than the watch takes, whatever the clocks here and there say.
const RECENT: i64 = 60;

/// The queues of a process.
#[derive(Debug)]
pub struct Groups {
    callers: Arc<Grouped<Shown>>,
    sends: Arc<Grouped<NewMessage>>,
    receipts: Arc<Grouped<NewReceipts>>,
}

impl Default for Groups {
    fn default() -> Self {
        Self { callers: Arc::new(Grouped::new(BOUNDS)), sends: Arc::new(Grouped::new(BOUNDS)), receipts: Arc::new(Grouped::new(BOUNDS)) }
    }
}

impl Groups {
    /// How many wait to be written.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.sends.depth().saturating_add(self.receipts.depth())
    }
}

/// Who shows this credential, as the database has them now.
pub(super) async fn caller(state: &AppState, shown: Shown) -> Result<Option<Owner>, Error> {
    match ask(state, &state.groups.callers, shown).await {
        // a read that nobody confirms has done nothing
        Err(Error { code: Code::Unconfirmed, .. }) => Err(Error::unavailable()),
        answer => answer,
    }
}

/// Sends a message.
pub(super) async fn send(state: &AppState, new: NewMessage) -> Result<Sent, Error> {
    ask(state, &state.groups.sends, new).await
}

/// Moves pointers.
pub(super) async fn acknowledge(state: &AppState, new: NewReceipts) -> Result<Acknowledged, Error> {
    ask(state, &state.groups.receipts, new).await
}

async fn ask<T: InGroups>(state: &AppState, grouped: &Arc<Grouped<T>>, item: T) -> Result<T::Done, Error> {
    let all = state.clone();
    grouped.ask(&state.tasks, item, move |group| together(all.clone(), group)).await?
}

/// One that the database can be asked about together with others.
trait InGroups: Groupable<Answer = Result<Self::Done, Error>> + Sync {
    /// What came of it.
    type Done: Send + 'static;

    /// All of it or none, in one transaction; asking again changes nothing.
    fn call(db: &mut PgConnection, group: &[&Self]) -> impl Future<Output = Result<Vec<Self::Done>, sqlx::Error>> + Send;

    /// What has to be known before anybody is answered.
    fn committed(_: &AppState, _: &[Self::Done]) {}
}

async fn together<T: InGroups>(state: AppState, group: Vec<Asked<T>>) {
    if let [_, _, ..] = group.as_slice() {
        let begun = match in_one_call(&state, &group).await {
            Ok(answers) => return group.into_iter().zip(answers).for_each(|(asked, answer)| asked.answer(Ok(answer))),
            // no connection: nothing was begun, and trying each alone would only wait longer
            Err(Failed::NotBegun(error)) => return group.into_iter().for_each(|asked| asked.answer(Err(error.clone()))),
            Err(Failed::Begun(begun)) => begun,
        };
        for asked in group {
            state.tasks.spawn(alone(state.clone(), asked, begun));
        }
        return;
    }
    for asked in group {
        alone(state.clone(), asked, Begun::No).await;
    }
}

/// Why a group has no answers.
enum Failed {
    /// There was no connection.
    NotBegun(Error),
    /// Something was wrong with the call.
    Begun(Begun),
}

/// Whether an earlier try may have been committed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begun {
    /// It was rolled back, or there was none.
    No,
    /// Its connection broke: nobody knows.
    Perhaps,
}

async fn in_one_call<T: InGroups>(state: &AppState, group: &[Asked<T>]) -> Result<Vec<T::Done>, Failed> {
    let items: Vec<&T> = group.iter().map(|asked| &asked.item).collect();
    let mut connection = state.connection().await.map_err(Failed::NotBegun)?;
    match db::in_time(T::call(&mut connection, &items)).await {
        Ok(answers) if answers.len() == items.len() => {
            state.pool.rest(connection);
            T::committed(state, &answers);
            Ok(answers)
        }
        Ok(_) => Err(Failed::Begun(Begun::Perhaps)),
        Err(error) => {
            tracing::warn!(together = items.len(), error = db::kind(&error), "a group failed; each of it is tried alone");
            Err(Failed::Begun(if db::is_broken_connection(&error) { Begun::Perhaps } else { Begun::No }))
        }
    }
}

async fn alone<T: InGroups>(state: AppState, asked: Asked<T>, begun: Begun) {
    let item = &asked.item;
    let pool = &state.pool;
    let called = db::keyed(pool, |mut db| async move {
        let mut answers = T::call(&mut db, &[item]).await?;
        pool.rest(db);
        answers.pop().ok_or_else(|| sqlx::Error::Protocol("one was asked for, none came back".into()))
    });
    let answer = match called.await {
        // this try was not begun, but the one with the group may have been committed
        Err(Error { code: Code::Unavailable, .. }) if begun == Begun::Perhaps => Err(Error::new(Code::Unconfirmed)),
        answer => answer,
    };
    if let Ok(done) = &answer {
        T::committed(&state, std::slice::from_ref(done));
    }
    asked.answer(answer);
}

impl Groupable for Shown {
    type Key = ();
    type Answer = Result<Option<Owner>, Error>;

    fn key(&self) -> Option<()> {
        None
    }
}

impl InGroups for Shown {
    type Done = Option<Owner>;

    async fn call(db: &mut PgConnection, group: &[&Self]) -> Result<Vec<Self::Done>, sqlx::Error> {
        db::credential::owners(db, group).await
    }
}

impl Groupable for NewMessage {
    type Key = (UserId, ClientId);
    type Answer = Result<Sent, Error>;

    /// Twins are one message: the second one finds the first.
    fn key(&self) -> Option<Self::Key> {
        Some((self.sender, self.client_id))
    }
}

impl InGroups for NewMessage {
    type Done = Sent;

    async fn call(db: &mut PgConnection, group: &[&Self]) -> Result<Vec<Sent>, sqlx::Error> {
        db::send::send(db, group).await
    }

    fn committed(state: &AppState, sent: &[Sent]) {
        state.metrics.group(sent.len());
        let created = sent.iter().filter_map(|sent| match sent {
            Sent::Created(message, sides) => Some(Happened { sides, message: Some(message) }),
            _ => None,
        });
        let created: Vec<_> = created.collect();
        state.metrics.messages_sent(created.len());
        tell(state, &created);
        let now = Timestamp::from(OffsetDateTime::now_utc());
        for sent in sent {
            // perhaps of a try whose server has not lived to tell anybody; the watch has told of older ones
            if let Sent::Replayed(message) = sent
                && now.seconds_since(message.sent_at) < RECENT
            {
                live::hint(state, message.sender_id, ChangeNo(0));
                live::hint(state, message.recipient_id, ChangeNo(0));
            }
        }
    }
}

impl Groupable for NewReceipts {
    type Key = UserId;
    type Answer = Result<Acknowledged, Error>;

    /// Delivered and read of one conversation must not meet in a call.
    fn key(&self) -> Option<UserId> {
        Some(self.user)
    }

    fn weight(&self) -> usize {
        self.items.len()
    }
}

impl InGroups for NewReceipts {
    type Done = Acknowledged;

    async fn call(db: &mut PgConnection, group: &[&Self]) -> Result<Vec<Acknowledged>, sqlx::Error> {
        db::receipt::acknowledge(db, group).await
    }

    fn committed(state: &AppState, acknowledged: &[Acknowledged]) {
        let moved = acknowledged.iter().flat_map(|one| match one {
            Acknowledged::Done(moved) => moved.as_slice(),
            Acknowledged::NotFound | Acknowledged::Beyond => &[],
        });
        tell(state, &moved.map(|sides| Happened { sides, message: None }).collect::<Vec<_>>());
    }
}
