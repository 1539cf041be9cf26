//! Keeps the tab up to date by asking: at once when the live stream says that something happened or when somebody comes
//! back to it, and in any case every 3 s while it is visible, every 30 s while it is hidden, slower after errors, not at
//! all without a network. One question at a time.
//!
//! A change of a total is a change of the feed, so the totals are asked for when the feed brought something, and every
//! tenth time in any case.

use super::{attention::Attention, inbox_store::InboxStore, listing::Listing, notifier::Notifier, today::Today};
use crate::{
    domain::{ids::ConversationId, time::Timestamp},
    error::{Code, Error},
    server_fns::{changes::get_changes, unread::get_unread_count},
    ui::browser::{clock, interval, live, moment::Alarm, page},
};
use leptos::{prelude::*, task::spawn_local};

const VISIBLE: f64 = 3_000.0;
const HIDDEN: f64 = 30_000.0;
/// Visible tabs agree with the database within 10 s after a fault has ended.
const VISIBLE_MAX: f64 = 8_000.0;
const HIDDEN_MAX: f64 = 120_000.0;
/// A question without an answer for so long is given up.
const PATIENCE_SECONDS: i64 = 4;
const TOTALS_EVERY: u32 = 10;

/// How the tab stands to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The last question was answered.
    Live,
    /// There is a network again; asking what happened since.
    CatchingUp(Option<Timestamp>),
    /// No network, or no answers, since.
    Offline(Option<Timestamp>),
}

/// The tab's connection: what it shows, and asking at once.
#[derive(Debug, Clone, Copy)]
pub struct Connection {
    /// What the connection line says.
    pub phase: RwSignal<Phase>,
    store: InboxStore,
    listing: Listing,
    notifier: Notifier,
    today: Today,
    open: RwSignal<Option<ConversationId>>,
    online: Signal<bool>,
    failures: RwSignal<u32>,
    patience: RwSignal<u32>,
    asking: StoredValue<Asking>,
    alarm: StoredValue<Option<Alarm>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Asking {
    turn: u32,
    since: Option<Timestamp>,
    again: bool,
}

impl Connection {
    /// Provides it and starts asking once the page is hydrated.
    pub fn provide(
        store: InboxStore,
        listing: Listing,
        notifier: Notifier,
        attention: Attention,
        open: RwSignal<Option<ConversationId>>,
    ) -> Self {
        let connection = Self {
            phase: RwSignal::new(Phase::Live),
            store,
            listing,
            notifier,
            today: Today::expect(),
            open,
            online: attention.online,
            failures: RwSignal::new(0),
            patience: RwSignal::new(0),
            asking: StoredValue::new(Asking::default()),
            alarm: StoredValue::new(None),
        };
        provide_context(connection);
        connection.follow(attention);
        connection
    }

    /// The connection of this tab; only below the layout.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// The viewer does not want to wait.
    pub fn try_now(self) {
        if let Phase::Offline(since) = self.phase.get_untracked() {
            self.phase.set(Phase::CatchingUp(since));
        }
        self.ask();
    }

    fn follow(self, attention: Attention) {
        Effect::new(move |_| live::listen(move || self.ask()));
        // the interval is made anew when its pace changes, and none is left without a network
        Effect::new(move |_| {
            let milliseconds = pace(attention.visible.get(), self.failures.get(), self.patience.get());
            attention.online.get().then(|| interval::every(milliseconds, move || self.ask()))
        });
        Effect::new(move |_| {
            self.store.refreshes.track();
            let _ = (attention.visible.get(), attention.focused.get());
            let online = attention.online.get();
            match self.phase.get_untracked() {
                Phase::Offline(since) if online => self.phase.set(Phase::CatchingUp(since)),
                Phase::Live | Phase::CatchingUp(_) if !online => self.phase.set(Phase::Offline(clock::now())),
                _ => {}
            }
            self.ask();
        });
    }

    fn ask(self) {
        self.today.look();
        if !self.online.get_untracked() {
            return;
        }
        let now = clock::now();
        let Some(mut asking) = self.asking.try_get_value() else { return };
        let patient = |since: Timestamp| now.is_some_and(|now| now.seconds_since(since) < PATIENCE_SECONDS);
        if asking.since.is_some_and(patient) {
            asking.again = true;
            self.asking.set_value(asking);
            return;
        }
        let given_up = asking.since.is_some();
        asking = Asking { turn: asking.turn.wrapping_add(1), since: now, again: false };
        self.asking.set_value(asking);
        if given_up {
            self.note_failure(&Error::new(Code::Unconfirmed));
        }
        // a question that hangs is given up in time, whatever the pace
        let patience = u32::try_from(PATIENCE_SECONDS).unwrap_or_default().saturating_mul(1_000).saturating_add(50);
        self.alarm.try_set_value(Some(Alarm::after(patience, move || self.ask())));
        spawn_local(async move {
            let answer = self.catch_up(asking.turn).await;
            self.settle(asking.turn, answer);
        });
    }

    fn settle(self, turn: u32, answer: Result<(), Error>) {
        let Some(asking) = self.asking.try_get_value().filter(|asking| asking.turn == turn) else { return };
        self.alarm.try_set_value(None);
        self.asking.set_value(Asking { turn, ..Asking::default() });
        match answer {
            Ok(()) => {
                note(self.failures, 0);
                note(self.patience, 0);
                note(self.phase, Phase::Live);
            }
            // signed out elsewhere, deactivated, or expired: nothing of the conversations stays on the screen
            Err(error) if error.code == Code::Unauthenticated => {
                page::leave_for(&format!("/sign_in?next={}", page::here().replace('&', "%26").replace('#', "%23")));
            }
            Err(error) => self.note_failure(&error),
        }
        if asking.again {
            self.ask();
        }
    }

    /// Asks until there is nothing more, then for the totals. What comes after it was given up is not looked at: a newer
    /// question has been asked.
    async fn catch_up(self, turn: u32) -> Result<(), Error> {
        let is_turn = move || self.asking.try_get_value().is_some_and(|asking| asking.turn == turn);
        loop {
            let Some(since) = self.store.inbox.try_with_untracked(|inbox| inbox.change_no) else { return Ok(()) };
            let changes = get_changes(since).await?;
            if !is_turn() {
                return Ok(());
            }
            if changes.reset {
                // the numbers of this page are of a future that was lost, its pointers too
                page::reload();
                return Ok(());
            }
            if self.store.policy_version.try_get_untracked().is_some_and(|known| known < changes.policy_version) {
                let open = self.open.try_get_untracked().flatten();
                let moved = self.listing.renew_while(open, is_turn).await?;
                if !is_turn() {
                    return Ok(());
                }
                self.notifier.tell(&moved);
                let _ = self.store.policy_version.try_set(changes.policy_version);
            }
            let wants_totals = !changes.items.is_empty() || turn.is_multiple_of(TOTALS_EVERY);
            // asked after the rows were read: a total is never older than the rows beside it
            let unread = if wants_totals && !changes.more { Some(get_unread_count().await?) } else { None };
            if !is_turn() {
                return Ok(());
            }
            let moved = self.store.apply(&changes);
            if let Some(unread) = unread {
                note(self.store.unread, unread);
            }
            self.notifier.tell(&moved);
            if !changes.more {
                return Ok(());
            }
        }
    }

    fn note_failure(self, error: &Error) {
        let failures = self.failures.try_get_untracked().unwrap_or_default().saturating_add(1);
        note(self.patience, error.retry_after.unwrap_or_default());
        // one lost answer is nothing to alarm anybody with; too many questions is no outage
        if failures > 1 && error.code != Code::RateLimited {
            match self.phase.try_get_untracked() {
                Some(Phase::Live) => note(self.phase, Phase::Offline(clock::now())),
                Some(Phase::CatchingUp(since)) => note(self.phase, Phase::Offline(since)),
                _ => {}
            }
        }
        note(self.failures, failures);
    }
}

/// Milliseconds between two questions: doubled by each failure up to a limit, never faster than the server asks for, and
/// spread so that many tabs do not come back in the same moment.
fn pace(visible: bool, failures: u32, patience: u32) -> u32 {
    let (usual, most) = if visible { (VISIBLE, VISIBLE_MAX) } else { (HIDDEN, HIDDEN_MAX) };
    if failures == 0 {
        return milliseconds(usual);
    }
    let backed_off = (usual * f64::from(1_u32 << failures.min(6))).min(most);
    let spread = backed_off * (0.75 + 0.25 * interval::chance());
    milliseconds(spread.max(f64::from(patience) * 1_000.0))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and some minutes")]
fn milliseconds(duration: f64) -> u32 {
    duration as u32
}

/// Tells the others only when it is news, and nobody when the page is gone.
fn note<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, now: T) {
    if signal.try_with_untracked(|known| *known != now) == Some(true) {
        signal.set(now);
    }
}
