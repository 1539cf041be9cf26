//! What the list of conversations shows: the inbox as far as its pages are loaded, or what a search found.
//!
//! Rows come from the store; here is only which of them, and in which order. A conversation that the store knows from
//! elsewhere (a link, a search) stands in the inbox only once the pages reach down to it, so the list never has gaps.

use super::{
    inbox_store::InboxStore,
    patience::{PATIENCE, in_time},
};
use crate::{
    domain::{conversation::Conversation, ids::ConversationId, inbox::Inbox, page::ConversationPage, time::Timestamp},
    error::{Code, Error},
    server_fns::conversations::{get_conversation, get_conversations},
};
use leptos::{prelude::*, task::spawn_local};

/// The list of this tab.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    store: InboxStore,
    extent: RwSignal<Extent>,
    found: RwSignal<Option<Found>>,
    /// What is in the search field.
    pub query: RwSignal<String>,
    /// A page or a search is on its way.
    pub busy: RwSignal<bool>,
    /// Why the last one did not come.
    pub failure: RwSignal<Option<Error>>,
    asked: StoredValue<u32>,
}

/// How far down the pages of the inbox are loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Nothing,
    DownTo(Timestamp, ConversationId),
    Everything,
}

impl Extent {
    fn of(page: &ConversationPage) -> Self {
        match page.items.last() {
            Some(last) if page.next_cursor.is_some() => Self::DownTo(last.last_activity_at, last.id),
            _ => Self::Everything,
        }
    }

    fn holds(self, conversation: &Conversation) -> bool {
        match self {
            Self::Nothing => false,
            Self::DownTo(at, id) => (conversation.last_activity_at, conversation.id) >= (at, id),
            Self::Everything => true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    q: String,
    ids: Vec<ConversationId>,
    next_cursor: Option<String>,
}

impl Listing {
    /// Provides an empty one.
    pub fn provide(store: InboxStore) -> Self {
        let listing = Self {
            store,
            extent: RwSignal::new(Extent::Nothing),
            found: RwSignal::new(None),
            query: RwSignal::new(String::new()),
            busy: RwSignal::new(false),
            failure: RwSignal::new(None),
            asked: StoredValue::new(0),
        };
        provide_context(listing);
        listing
    }

    /// The list of this tab; only below the layout.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// Which conversations, in order.
    #[must_use]
    pub fn rows(self) -> Memo<Vec<ConversationId>> {
        Memo::new(move |_| {
            if let Some(ids) = self.found.with(|found| found.as_ref().map(|found| found.ids.clone())) {
                return ids;
            }
            let extent = self.extent.get();
            self.store.inbox.with(|inbox| inbox.conversations().iter().filter(|row| extent.holds(row)).map(|row| row.id).collect())
        })
    }

    /// The text that was searched for, while the list shows what was found.
    #[must_use]
    pub fn searched(self) -> Option<String> {
        self.found.with(|found| found.as_ref().map(|found| found.q.clone()))
    }

    /// Where the next page begins; `None` at the end.
    #[must_use]
    pub fn next_cursor(self) -> Option<String> {
        match self.found.with(|found| found.as_ref().map(|found| found.next_cursor.clone())) {
            Some(next_cursor) => next_cursor,
            None => self.store.inbox.with(|inbox| inbox.next_cursor.clone()),
        }
    }

    /// Whether pages of the inbox are here already.
    #[must_use]
    pub fn is_loaded(self) -> bool {
        self.extent.get_untracked() != Extent::Nothing || self.found.with_untracked(Option::is_some)
    }

    /// Begins with the page that the address asked for.
    pub fn begin(self, q: &str, page: ConversationPage) {
        if q.is_empty() {
            self.extent.set(Extent::of(&page));
            self.store.take_in(page.items, page.next_cursor);
        } else {
            self.query.set(q.to_owned());
            self.show(q.to_owned(), page);
        }
    }

    /// Shows what the field asks for; an empty field shows the inbox. A later call overtakes an earlier one.
    pub fn search(self, text: &str) {
        self.query.set(text.to_owned());
        let q = text.trim().to_owned();
        let turn = self.take_turn();
        if q.is_empty() {
            self.found.set(None);
            self.failure.set(None);
            // what was on its way is overtaken, and would not say that it has come
            self.busy.set(false);
            if self.extent.get_untracked() == Extent::Nothing {
                self.reload();
            }
            return;
        }
        self.busy.set(true);
        spawn_local(async move {
            let page = in_time(PATIENCE, get_conversations(Some(q.clone()), None)).await;
            if !self.is_turn(turn) {
                return;
            }
            self.settle(page, |page| self.show(q, page));
        });
    }

    /// Loads the next page, of the inbox or of what was found. Asking twice loads it once.
    pub fn load_more(self) {
        let Some(cursor) = untrack(|| self.next_cursor()) else { return };
        if self.busy.get_untracked() {
            return;
        }
        let q = untrack(|| self.searched());
        let turn = self.take_turn();
        self.busy.set(true);
        spawn_local(async move {
            let page = in_time(PATIENCE, get_conversations(q.clone(), Some(cursor))).await;
            if !self.is_turn(turn) {
                return;
            }
            self.settle(page, |page| {
                if q.is_none() {
                    self.extent.set(Extent::of(&page));
                    self.store.take_in(page.items, page.next_cursor);
                } else {
                    self.show_more(page);
                }
            });
        });
    }

    /// Loads the inbox from the top, after a failure or when only a part of it is here.
    pub fn reload(self) {
        let turn = self.take_turn();
        self.busy.set(true);
        spawn_local(async move {
            let page = in_time(PATIENCE, get_conversations(None, None)).await;
            if !self.is_turn(turn) {
                return;
            }
            self.settle(page, |page| {
                self.extent.set(Extent::of(&page));
                self.store.take_in(page.items, page.next_cursor);
            });
        });
    }

    /// Reads again, after a change of the policy, what is loaded: the pages of the inbox, the open conversation, and what was
    /// searched for. Everything else that was known is forgotten, and read when it is wanted. Returns what is news.
    pub(super) async fn renew(self, open: Option<ConversationId>) -> Result<Vec<(Option<Conversation>, Conversation)>, Error> {
        let (fresh, extent) = self.read_anew(open).await?;
        let _ = self.extent.try_set(extent);
        let moved = self.store.inbox.try_update(|inbox| inbox.renew(fresh)).unwrap_or_default();
        // a page that was asked for before says what was allowed then
        match self.query.try_get_untracked().filter(|query| !query.trim().is_empty()) {
            Some(query) => self.search(&query),
            None => {
                self.take_turn();
                let _ = self.busy.try_set(false);
            }
        }
        Ok(moved)
    }

    async fn read_anew(self, open: Option<ConversationId>) -> Result<(Inbox, Extent), Error> {
        let extent = self.extent.try_get_untracked().unwrap_or(Extent::Nothing);
        let held = |inbox: &Inbox| inbox.conversations().iter().filter(|row| extent.holds(row)).count();
        let wanted = self.store.inbox.try_with_untracked(held).unwrap_or_default();
        let mut page = in_time(PATIENCE, get_conversations(None, None)).await?;
        let mut extent = Extent::of(&page);
        let mut inbox = Inbox::new(page);
        while inbox.conversations().len() < wanted && inbox.next_cursor.is_some() {
            page = in_time(PATIENCE, get_conversations(None, inbox.next_cursor.clone())).await?;
            extent = Extent::of(&page);
            inbox.append(page);
        }
        if let Some(id) = open.filter(|id| inbox.get(*id).is_none()) {
            let items = match in_time(PATIENCE, get_conversation(id)).await {
                Ok(conversation) => vec![conversation],
                Err(error) if error.code == Code::NotFound => Vec::new(),
                Err(error) => return Err(error),
            };
            inbox.append(ConversationPage { items, next_cursor: inbox.next_cursor.clone(), change_no: inbox.change_no });
        }
        Ok((inbox, extent))
    }

    fn show(self, q: String, page: ConversationPage) {
        let ids = page.items.iter().map(|row| row.id).collect();
        self.keep(page.items);
        self.found.set(Some(Found { q, ids, next_cursor: page.next_cursor }));
    }

    fn show_more(self, page: ConversationPage) {
        let ids: Vec<_> = page.items.iter().map(|row| row.id).collect();
        self.keep(page.items);
        self.found.update(|found| {
            if let Some(found) = found {
                found.next_cursor = page.next_cursor;
                let new: Vec<_> = ids.into_iter().filter(|id| !found.ids.contains(id)).collect();
                found.ids.extend(new);
            }
        });
    }

    fn keep(self, items: Vec<Conversation>) {
        let next_cursor = self.store.inbox.with_untracked(|inbox| inbox.next_cursor.clone());
        self.store.take_in(items, next_cursor);
    }

    fn settle(self, page: Result<ConversationPage, Error>, show: impl FnOnce(ConversationPage)) {
        self.busy.set(false);
        match page {
            Ok(page) => {
                self.failure.set(None);
                show(page);
            }
            Err(error) => self.failure.set(Some(error)),
        }
    }

    fn take_turn(self) -> u32 {
        self.asked
            .try_update_value(|asked| {
                *asked = asked.wrapping_add(1);
                *asked
            })
            .unwrap_or_default()
    }

    fn is_turn(self, turn: u32) -> bool {
        self.asked.try_get_value() == Some(turn)
    }
}
