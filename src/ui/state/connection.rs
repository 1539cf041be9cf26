//! Keeps the tab up to date by asking: at once when the live stream says that something happened or when somebody comes
//! back to it, and in any case every 3 s while it is visible and hears of no healthy stream, else every 30 s, slower after
//! errors, not at all without a network (`domain::live`). One question at a time.
//!
//! A change of a total is a change of the feed, so the totals are asked for when the feed brought something, and every
//! tenth time in any case.

use super::{
    attention::Attention, drafts::Drafts, inbox_store::InboxStore, listing::Listing, notifier::Notifier, patience::in_time, today::Today,
};
use crate::{
    domain::{
        connection::Phase,
        ids::{ConversationId, UserId},
        live::{Circumstances, Health, News},
        time::Timestamp,
    },
    error::{Code, Error},
    server_fns::{changes::get_changes, unread::get_unread_count},
    ui::browser::{clock, interval, live, page},
};
use futures_util::future::{AbortHandle, abortable};
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;

/// A question without an answer for so many milliseconds is given up.
const PATIENCE: u32 = 4_000;
const TOTALS_EVERY: u32 = 10;
/// Who wanted to leave and is still here after so long has stayed.
const STAYED: Duration = Duration::from_secs(10);

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
    stream: RwSignal<Health>,
    failures: RwSignal<u32>,
    patience: RwSignal<u32>,
    asking: StoredValue<Asking>,
    question: StoredValue<Option<AbortHandle>>,
    /// When the last answer came, and since when none does.
    answered: StoredValue<Option<Timestamp>>,
    unanswered: StoredValue<Option<Timestamp>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Asking {
    turn: u32,
    busy: bool,
    again: bool,
}

impl Connection {
    /// Provides it and starts asking once the page is hydrated.
    pub fn provide(
        viewer: UserId,
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
            stream: RwSignal::new(Health::Unheard),
            failures: RwSignal::new(0),
            patience: RwSignal::new(0),
            asking: StoredValue::new(Asking::default()),
            question: StoredValue::new(None),
            answered: StoredValue::new(None),
            unanswered: StoredValue::new(None),
        };
        provide_context(connection);
        connection.follow(viewer, attention);
        connection
    }

    /// The connection of this tab; only below the layout.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// The viewer does not want to wait.
    pub fn try_now(self) {
        if self.online.get_untracked() {
            self.shift(Phase::returning);
        }
        self.ask();
    }

    /// The viewer ends their session and leaves: nothing is asked or heard any more, and the other tabs forget what was typed
    /// in them. A refusal of what they end themselves would lead them back here after signing in, and maybe before the way out
    /// was taken.
    pub fn part(self) {
        live::part();
        if let Some(question) = self.question.try_update_value(Option::take).flatten() {
            question.abort();
        }
        self.asking.try_update_value(|asking| asking.busy = true);
        let stayed = move || {
            self.asking.try_update_value(|asking| asking.busy = false);
            live::stay();
            self.ask();
        };
        let _ = set_timeout(stayed, STAYED);
    }

    fn follow(self, viewer: UserId, attention: Attention) {
        let drafts = Drafts::expect();
        Effect::new(move |_| {
            // what the page was rendered with was an answer too
            self.answered.set_value(clock::now());
            live::listen(&viewer.to_string(), move |news| match news {
                News::Happened => self.ask(),
                News::Stands(health) => note(self.stream, health),
                News::Parted => drafts.forget_all(),
            });
        });
        // made anew only when the pace changes: what begins again with every change of the stream may never ring
        let pace = Memo::new(move |_| {
            let (visible, stream) = (attention.visible.get(), self.stream.get());
            let circumstances = Circumstances { visible, stream, failures: self.failures.get(), patience: self.patience.get() };
            attention.online.get().then(|| circumstances.pause(interval::chance()))
        });
        Effect::new(move |_| pace.get().map(|pause| interval::every(pause, move || self.ask())));
        Effect::new(move |_| {
            self.store.refreshes.track();
            let _ = (attention.visible.get(), attention.focused.get());
            let online = attention.online.get();
            self.shift(|phase| if online { phase.returning() } else { phase.cut_off(clock::now()) });
            self.ask();
        });
    }

    /// The next phase, told only when it is another one.
    fn shift(self, next: impl FnOnce(Phase) -> Phase) {
        if let Some(phase) = self.phase.try_get_untracked() {
            note(self.phase, next(phase));
        }
    }

    fn ask(self) {
        self.today.look();
        if !self.online.get_untracked() {
            return;
        }
        let Some(Asking { turn, busy, .. }) = self.asking.try_get_value() else { return };
        if busy {
            self.asking.set_value(Asking { turn, busy, again: true });
            return;
        }
        let turn = turn.wrapping_add(1);
        self.asking.set_value(Asking { turn, busy: true, again: false });
        let answered = self.answered.try_get_value().flatten();
        self.shift(|phase| phase.asking(clock::now(), answered));
        let (question, handle) = abortable(self.catch_up(turn));
        self.question.set_value(Some(handle));
        spawn_local(async move {
            if let Ok(answer) = question.await {
                self.settle(answer);
            }
        });
    }

    fn settle(self, answer: Result<(), Error>) {
        let Some(asking) = self.asking.try_get_value() else { return };
        self.asking.set_value(Asking { turn: asking.turn, ..Asking::default() });
        match answer {
            Ok(()) => {
                self.answered.try_set_value(clock::now());
                self.unanswered.try_set_value(None);
                note(self.failures, 0);
                note(self.patience, 0);
                // an answer that was on its way when the network went says nothing of now
                if self.online.try_get_untracked() == Some(true) {
                    note(self.phase, Phase::Live);
                }
            }
            // signed out elsewhere, deactivated, or expired: nothing of the conversations stays on the screen
            Err(error) if error.code == Code::Unauthenticated => {
                page::leave_for(&format!("/sign_in?next={}", page::escape(&page::here())));
            }
            // somebody else signed in: this page goes, what it has not sent waits for its writer
            Err(error) if error.code == Code::ViewerChanged => page::leave_for("/messages"),
            Err(error) => self.note_failure(&error),
        }
        if asking.again {
            self.ask();
        }
    }

    /// Asks until there is nothing more, then for the totals.
    async fn catch_up(self, turn: u32) -> Result<(), Error> {
        loop {
            let Some(since) = self.store.inbox.try_with_untracked(|inbox| inbox.change_no) else { return Ok(()) };
            let changes = in_time(PATIENCE, get_changes(since)).await?;
            if self.online.try_get_untracked() == Some(true) {
                self.shift(Phase::returning);
            }
            if changes.reset {
                // the numbers of this page are of a future that was lost, its pointers too
                page::reload();
                return Ok(());
            }
            let wants_totals = !changes.items.is_empty() || turn.is_multiple_of(TOTALS_EVERY);
            // asked after the rows were read: a total is never older than the rows beside it
            let unread = if wants_totals && !changes.more { Some(in_time(PATIENCE, get_unread_count()).await?) } else { None };
            let moved = self.store.apply(&changes);
            if let Some(unread) = unread {
                note(self.store.unread, unread);
            }
            self.notifier.tell(&moved);
            // after what is new was shown: many pages take their time, and may fail
            if self.store.policy_version.try_get_untracked().is_some_and(|known| known < changes.policy_version) {
                let moved = self.listing.renew(self.open.try_get_untracked().flatten()).await?;
                self.notifier.tell(&moved);
                let _ = self.store.policy_version.try_set(changes.policy_version);
            }
            if !changes.more {
                return Ok(());
            }
        }
    }

    fn note_failure(self, error: &Error) {
        let failures = self.failures.try_get_untracked().unwrap_or_default().saturating_add(1);
        note(self.patience, error.retry_after.unwrap_or_default());
        let since = self.unanswered.try_get_value().flatten().or_else(clock::now);
        self.unanswered.try_set_value(since);
        // one lost answer is nothing to alarm anybody with; too many questions is no outage
        if failures > 1 && error.code != Code::RateLimited {
            self.shift(|phase| phase.cut_off(since));
        }
        note(self.failures, failures);
    }
}

/// Tells the others only when it is news, and nobody when the page is gone.
fn note<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, now: T) {
    if signal.try_with_untracked(|known| *known != now) == Some(true) {
        signal.set(now);
    }
}
