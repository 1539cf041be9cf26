//! The open conversation: its window of messages, what loads more of it, and what keeps the screen still meanwhile.
//!
//! Every change of the rows goes through [`ThreadState::change`], which leaves the viewer where they are. What arrives is
//! fetched when the inbox says that there is more; what waits in the outbox is laid behind the window.

use crate::{
    browser::{
        clock,
        moment::{jittered, sleep},
        scroll::{self, Watch},
    },
    domain::{
        conversation::Conversation,
        ids::{ConversationId, Seq, UserId},
        page::{MessagePage, PageAt},
        thread::{Side, Thread},
        time::Timestamp,
    },
    error::Error,
    server_fns::messages::get_messages,
    ui::state::{
        inbox_store::InboxStore,
        outbox::Outbox,
        patience::{PATIENCE, in_time},
        reader::Reader,
        today::Today,
    },
};
use leptos::{
    html,
    prelude::*,
    task::{spawn_local, tick},
};

/// How long a screen reader is asked not to announce what was put in front, in milliseconds.
const QUIET: u32 = 800;
/// The longest wait between two tries, in milliseconds: visible screens agree with the database soon after a fault.
const LONGEST_PAUSE: u32 = 8_000;

/// The open conversation, shared by its list, its composer and its rows.
#[derive(Debug, Clone, Copy)]
pub struct ThreadState {
    /// Which one.
    pub id: ConversationId,
    /// The conversation as the inbox knows it now.
    pub conversation: Memo<Conversation>,
    /// Its messages.
    pub thread: RwSignal<Thread>,
    /// What was displayed of it.
    pub reader: Reader,
    /// The element that scrolls.
    pub scroller: NodeRef<html::Div>,
    /// The viewer's own day; `None` while the page is as the server rendered it, in UTC.
    pub today: Today,
    /// The page is alive and stands where it opens.
    pub live: RwSignal<bool>,
    /// Which side is being loaded.
    pub loading: RwSignal<Option<Side>>,
    /// Why the last page did not come.
    pub trouble: RwSignal<Option<(Side, Error)>>,
    /// Rows come that nobody wants to hear of.
    pub quiet: RwSignal<bool>,
    /// The last message on the screen, and how far the end is.
    pub in_view: RwSignal<(Seq, f64)>,
    /// Rows that are made now have just arrived.
    pub arriving: StoredValue<bool>,
    rows: StoredValue<Option<Watch>>,
    outbox: Outbox,
    following: StoredValue<bool>,
}

impl ThreadState {
    /// The conversation as it was opened.
    #[must_use]
    pub fn open(viewer: UserId, opened: Conversation, page: MessagePage) -> Self {
        let inbox = InboxStore::expect();
        let id = opened.id;
        let thread = Thread::open(viewer, &opened, page);
        let newest = thread.newest();
        let read = opened.read_seq;
        Self {
            id,
            conversation: inbox.follow(opened),
            thread: RwSignal::new(thread),
            reader: Reader::new(id, read),
            scroller: NodeRef::new(),
            today: Today::expect(),
            live: RwSignal::new(false),
            rows: StoredValue::new(None),
            loading: RwSignal::new(None),
            trouble: RwSignal::new(None),
            quiet: RwSignal::new(false),
            in_view: RwSignal::new((newest, 0.0)),
            arriving: StoredValue::new(false),
            outbox: Outbox::expect(),
            following: StoredValue::new(false),
        }
    }

    /// The day of a moment as the screen counts days.
    #[must_use]
    pub fn day_of(self, at: Timestamp) -> String {
        let local = self.today.0.with(Option::is_some).then(|| clock::local_date(at)).flatten();
        local.unwrap_or_else(|| at.date())
    }

    /// Whether the page is alive; never while it is rendered or hydrated.
    #[must_use]
    pub fn is_live(self) -> bool {
        self.live.get()
    }

    /// From here on every row that comes into view or leaves it is looked at.
    pub fn watch(self, rows: Watch) {
        self.rows.try_set_value(Some(rows));
    }

    /// Changes the window; the viewer stays where they are.
    pub async fn change(self, change: impl FnOnce(&mut Thread)) {
        self.keeping_place(move || {
            self.thread.try_update(change);
        })
        .await;
        let Some(conversation) = self.conversation.try_get_untracked() else { return };
        self.thread.try_with_untracked(|thread| {
            self.outbox.forget(self.id, |client_id| thread.is_settled(client_id));
            self.reader.know(thread, conversation.read_seq);
        });
        if let Some(scroller) = self.scroller.try_get_untracked().flatten() {
            self.rows.try_with_value(|rows| rows.as_ref().map(|rows| rows.observe_rows(&scroller)));
        }
        self.look();
    }

    /// Looks at what is displayed now.
    pub fn look(self) {
        if let Some(scroller) = self.scroller.try_get_untracked().flatten() {
            let in_view = scroll::in_view(&scroller);
            self.reader.see(&in_view.shown);
            let last = in_view.shown.last().copied().unwrap_or(Seq::NONE);
            self.in_view.try_update(|known| *known = (last, in_view.from_end));
        }
    }

    /// Loads more on a side that has come near. Where that failed only a wish, or a connection that is back, tries again:
    /// an edge stays near, and would ask without a pause.
    pub fn load_near(self, side: Side) {
        if self.trouble.with_untracked(|trouble| trouble.as_ref().is_none_or(|(known, _)| *known != side)) {
            self.load(side);
        }
    }

    /// Loads again what failed for a reason that may be gone.
    pub fn recover(self) {
        let failed = |trouble: &Option<(Side, Error)>| trouble.as_ref().filter(|(_, error)| error.is_transient()).map(|(side, _)| *side);
        if let Some(side) = self.trouble.with_untracked(failed) {
            self.load(side);
        }
    }

    /// Loads more on one side, if there is more and nothing else is being loaded.
    pub fn load(self, side: Side) {
        let more = self.thread.with_untracked(|thread| match side {
            Side::Older => thread.has_before(),
            Side::Newer => thread.has_after() && !thread.follows(),
        });
        if !more || self.loading.get_untracked().is_some() {
            return;
        }
        self.loading.set(Some(side));
        self.quiet.set(true);
        self.trouble.set(None);
        let at = self.thread.with_untracked(|thread| match side {
            Side::Older => PageAt::Before(thread.oldest()),
            Side::Newer => PageAt::After(thread.newest()),
        });
        spawn_local(async move {
            match in_time(PATIENCE, get_messages(self.id, at)).await {
                Ok(page) => {
                    self.change(move |thread| {
                        thread.put(page, side);
                    })
                    .await;
                }
                Err(error) => {
                    self.trouble.try_set(Some((side, error)));
                }
            }
            self.loading.try_set(None);
            self.speak_again().await;
        });
    }

    /// Fetches what has arrived behind the window, until the window is at the end again; a lost answer is asked for again.
    pub fn follow(self) {
        if self.following.try_update_value(|following| std::mem::replace(following, true)) != Some(false) {
            return;
        }
        spawn_local(async move {
            let mut pause = 500;
            while let Some(newest) = self.missing() {
                match in_time(PATIENCE, get_messages(self.id, PageAt::After(newest))).await {
                    Ok(page) if page.items.is_empty() => sleep(jittered(pause)).await,
                    Ok(page) => {
                        self.arriving.try_set_value(true);
                        self.change(move |thread| {
                            thread.put(page, Side::Newer);
                        })
                        .await;
                        self.arriving.try_set_value(false);
                        continue;
                    }
                    Err(error) if error.is_transient() => sleep(jittered(pause)).await,
                    Err(_) => break,
                }
                pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            }
            self.following.try_set_value(false);
        });
    }

    /// Goes to the newest message.
    pub async fn to_newest(self) -> Result<(), Error> {
        if self.thread.try_with_untracked(Thread::follows) == Some(false) {
            let page = in_time(PATIENCE, get_messages(self.id, PageAt::Newest)).await?;
            self.quiet.try_set(true);
            self.thread.try_update(move |thread| thread.reset(page));
            tick().await;
            self.change(|_| ()).await;
            spawn_local(self.speak_again());
        }
        self.to_end();
        Ok(())
    }

    /// Goes to the end of the window, where what is pending stands.
    pub fn to_end(self) {
        if let Some(scroller) = self.scroller.try_get_untracked().flatten() {
            scroll::to_end(&scroller);
        }
    }

    /// Fetches one message again: when it was delivered and read is not part of what arrives by itself.
    pub fn refresh(self, seq: Seq) {
        spawn_local(async move {
            if let Ok(page) = in_time(PATIENCE, get_messages(self.id, PageAt::Around(seq))).await {
                self.change(move |thread| thread.take_over(page)).await;
            }
        });
    }

    async fn speak_again(self) {
        sleep(QUIET).await;
        if self.loading.try_get_untracked() == Some(None) {
            self.quiet.try_set(false);
        }
    }

    /// The newest message of the window while more is known to have arrived behind it.
    fn missing(self) -> Option<Seq> {
        self.thread.try_with_untracked(|thread| (thread.follows() && thread.has_after()).then(|| thread.newest()))?
    }

    /// Runs a change of the rows. At the end of the conversation the scroller stays at the end by itself, but never pushes
    /// out at the top what was not displayed yet; elsewhere the row that the viewer sees first stays where it is.
    async fn keeping_place(self, change: impl FnOnce()) {
        let Some(scroller) = self.scroller.try_get_untracked().flatten() else { return change() };
        let follows = self.thread.try_with_untracked(Thread::follows).unwrap_or_default();
        let place = if follows && scroll::is_at_end(&scroller) { None } else { scroll::place(&scroller) };
        let skipped = self.first_unseen().is_some_and(|seq| scroll::is_above(&scroller, seq));
        change();
        // the rows change in effects, which have run by the next tick: before the browser paints
        tick().await;
        match place {
            Some(place) => scroll::restore(&scroller, &place),
            None if skipped => {}
            None => {
                if let Some(unseen) = self.first_unseen().filter(|seq| scroll::is_above(&scroller, *seq)) {
                    scroll::reveal(&scroller, &format!("seq_{unseen}"));
                }
            }
        }
    }

    fn first_unseen(self) -> Option<Seq> {
        self.thread.try_with_untracked(|thread| self.reader.first_unseen(thread))?
    }
}
