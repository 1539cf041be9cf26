//! The inbox as a value, and the one reducer that keeps it right: `snapshot.apply(changes) == fresh snapshot`.
//!
//! The browser keeps its list with it, the tests compare it with a fresh list after every step.

use super::{
    change::Changes,
    conversation::Conversation,
    ids::{ChangeNo, ConversationId},
    page::ConversationPage,
    time::Timestamp,
};
use std::{cmp::Reverse, collections::HashMap};

/// The viewer's conversations as far as they are loaded, latest activity first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inbox {
    conversations: Vec<Conversation>,
    /// The last activity of each, which with its id is its place in the order: every row of the list looks itself up after
    /// every change, and must not search for itself.
    activity: HashMap<ConversationId, Timestamp>,
    /// Everything up to here is contained.
    pub change_no: ChangeNo,
    /// Where the next page begins; `None` when all are loaded.
    pub next_cursor: Option<String>,
}

impl Inbox {
    /// The inbox of a first page.
    #[must_use]
    pub fn new(page: ConversationPage) -> Self {
        let activity = page.items.iter().map(|row| (row.id, row.last_activity_at)).collect();
        Self { conversations: page.items, activity, change_no: page.change_no, next_cursor: page.next_cursor }
    }

    /// Nothing is loaded, and nothing up to this change is missed.
    #[must_use]
    pub fn empty(change_no: ChangeNo) -> Self {
        Self { change_no, ..Self::default() }
    }

    /// What is loaded, latest activity first.
    #[must_use]
    pub fn conversations(&self) -> &[Conversation] {
        &self.conversations
    }

    /// Puts a further page behind what is there. What a change has brought meanwhile is newer and stays.
    pub fn append(&mut self, page: ConversationPage) {
        self.next_cursor = page.next_cursor;
        for conversation in page.items {
            self.put_newer(conversation);
        }
    }

    /// Begins anew with pages that were read just now, and asks on from the same change: without one, `can_write` may have
    /// changed anywhere. Of what was known only that stays which is newer than the first of those pages. Returns what is
    /// news in them, as `apply` does: the changes will not tell it any more.
    pub fn renew(&mut self, fresh: Self) -> Vec<(Option<Conversation>, Conversation)> {
        let known = std::mem::replace(self, fresh);
        let read_at = std::mem::replace(&mut self.change_no, known.change_no);
        let news = |now: &Conversation| {
            let before = known.get(now.id);
            let is_newer = now.change_no > before.map_or(known.change_no, |before| before.change_no);
            is_newer.then(|| (before.cloned(), now.clone()))
        };
        let moved = self.conversations.iter().filter_map(news).collect();
        known.conversations.into_iter().filter(|row| row.change_no > read_at).for_each(|row| self.put_newer(row));
        moved
    }

    /// Brings the inbox to the state after these changes. Returns the conversations that are new or newer here, as
    /// pairs (before, now), so that the caller can tell what arrived. A change that is already contained does nothing.
    pub fn apply(&mut self, changes: &Changes) -> Vec<(Option<Conversation>, Conversation)> {
        let mut moved = Vec::new();
        for conversation in &changes.items {
            let before = self.get(conversation.id).cloned();
            if before.as_ref().is_some_and(|known| known.change_no >= conversation.change_no) {
                continue;
            }
            self.put(conversation.clone());
            moved.push((before, conversation.clone()));
        }
        self.change_no = self.change_no.max(changes.change_no);
        moved
    }

    /// One conversation, if it is loaded.
    #[must_use]
    pub fn get(&self, id: ConversationId) -> Option<&Conversation> {
        self.conversations.get(self.place(id)?)
    }

    fn place(&self, id: ConversationId) -> Option<usize> {
        let at = *self.activity.get(&id)?;
        self.conversations.binary_search_by_key(&Reverse((at, id)), order).ok()
    }

    fn put_newer(&mut self, conversation: Conversation) {
        if self.get(conversation.id).is_none_or(|known| known.change_no < conversation.change_no) {
            self.put(conversation);
        }
    }

    fn put(&mut self, conversation: Conversation) {
        if let Some(place) = self.place(conversation.id) {
            self.conversations.remove(place);
        }
        let place = self.conversations.partition_point(|known| order(known) < order(&conversation));
        self.activity.insert(conversation.id, conversation.last_activity_at);
        self.conversations.insert(place, conversation);
    }
}

/// Latest activity first.
fn order(conversation: &Conversation) -> Reverse<(Timestamp, ConversationId)> {
    Reverse((conversation.last_activity_at, conversation.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{Seq, UserId},
        user::{Role, User},
    };
    use proptest::prelude::*;
    use uuid::Uuid;

    /// A conversation as it looks after one more thing has happened; what happened is which one moved, and how.
    fn conversation(id: u8, activity: i64, change: i64, unread: i64) -> Conversation {
        Conversation {
            id: ConversationId(Uuid::from_u128(id.into())),
            peer: User {
                id: UserId(Uuid::from_u128(100 + u128::from(id))),
                username: format!("u{id}"),
                display_name: format!("U{id}"),
                department: String::new(),
                role: Role::Member,
                active: true,
            },
            last_message: None,
            last_activity_at: Timestamp::from_unix_micros(activity).expect("in range"),
            unread_count: unread,
            last_seq: Seq(0),
            read_seq: Seq(0),
            delivered_seq: Seq(0),
            peer_read_seq: Seq(0),
            peer_delivered_seq: Seq(0),
            can_write: true,
            cannot_write_reason: None,
            change_no: ChangeNo(change),
            created_at: Timestamp::EPOCH,
        }
    }

    /// The server's side, the obvious way: the newest state of each conversation.
    #[derive(Clone, Default)]
    struct Server {
        conversations: Vec<Conversation>,
        newest: i64,
        /// The policy has come to deny everything: that is no change of a conversation.
        closed: bool,
    }

    impl Server {
        /// A message moves the conversation up, anything else changes it where it is.
        fn happens(&mut self, id: u8, is_message: bool) {
            self.newest += 1;
            let known = self.conversations.iter().position(|c| c.id.0 == Uuid::from_u128(id.into()));
            let before = known.map(|known| self.conversations.remove(known));
            let activity = match &before {
                Some(before) if !is_message => before.last_activity_at.unix_micros(),
                _ => self.newest,
            };
            let unread = before.map_or(0, |before| before.unread_count) + i64::from(is_message);
            self.conversations.push(conversation(id, activity, self.newest, unread));
        }

        fn rows(&self) -> Vec<Conversation> {
            self.conversations.iter().map(|row| Conversation { can_write: !self.closed, ..row.clone() }).collect()
        }

        fn pages(&self, size: usize) -> Vec<ConversationPage> {
            let mut rows = self.rows();
            rows.sort_by_key(|c| Reverse((c.last_activity_at, c.id)));
            let page =
                |items: &[Conversation]| ConversationPage { items: items.to_vec(), next_cursor: None, change_no: ChangeNo(self.newest) };
            if rows.is_empty() { vec![page(&[])] } else { rows.chunks(size).map(page).collect() }
        }

        fn fresh(&self) -> Inbox {
            self.pages(usize::MAX).into_iter().next().map(Inbox::new).expect("a page")
        }

        fn changes(&self, since: i64, limit: usize) -> Changes {
            let mut items: Vec<_> = self.rows().into_iter().filter(|c| c.change_no.0 > since).collect();
            items.sort_by_key(|c| c.change_no);
            let more = items.len() > limit;
            items.truncate(limit);
            let change_no = if more { items.last().expect("some").change_no } else { ChangeNo(self.newest) };
            Changes { items, change_no, more, policy_version: 1, reset: false }
        }
    }

    fn catch_up(inbox: &mut Inbox, server: &Server, limit: usize) -> Vec<(Option<Conversation>, Conversation)> {
        let mut moved = Vec::new();
        loop {
            let changes = server.changes(inbox.change_no.0, limit);
            moved.extend(inbox.apply(&changes));
            if !changes.more {
                return moved;
            }
        }
    }

    #[test]
    fn a_row_finds_itself_wherever_it_has_moved() {
        let mut server = Server::default();
        (0..200).for_each(|id| server.happens(id, true));
        let mut inbox = server.fresh();
        for id in [0, 199, 100, 0, 57] {
            server.happens(id, id != 100);
            catch_up(&mut inbox, &server, 1);
            for row in server.fresh().conversations() {
                assert_eq!(inbox.get(row.id), Some(row));
            }
        }
        assert_eq!((inbox.conversations().len(), inbox.get(ConversationId(Uuid::from_u128(200)))), (200, None));
    }

    fn things() -> impl Strategy<Value = Vec<(u8, bool)>> {
        prop::collection::vec((0..6_u8, any::<bool>()), 0..30)
    }

    proptest! {
        #[test]
        fn a_snapshot_and_the_changes_since_are_a_fresh_snapshot(before in things(), after in things(), limit in 1..4_usize) {
            let mut server = Server::default();
            for (id, is_message) in before {
                server.happens(id, is_message);
            }
            let mut inbox = server.fresh();
            for (id, is_message) in after {
                server.happens(id, is_message);
            }
            catch_up(&mut inbox, &server, limit);
            prop_assert_eq!(inbox, server.fresh());
        }

        #[test]
        fn pages_loaded_while_things_happen_miss_nothing(before in things(), between in things(), size in 1..4_usize, limit in 1..4_usize) {
            let mut server = Server::default();
            for (id, is_message) in before {
                server.happens(id, is_message);
            }
            let first = server.pages(size);
            let mut inbox = first.first().cloned().map(Inbox::new).expect("a page");
            let mut between = between.into_iter();
            // each further page is of a later moment: it was cut at the place where the one before ended
            for page in first.iter().skip(1) {
                if let Some((id, is_message)) = between.next() {
                    server.happens(id, is_message);
                }
                let now = |c: &Conversation| server.conversations.iter().find(|known| known.id == c.id).cloned();
                // a row that moved up meanwhile is not on this page any more
                let items = page.items.iter().filter_map(now).filter(|c| c.last_activity_at <= page.items[0].last_activity_at).collect();
                inbox.append(ConversationPage { items, next_cursor: None, change_no: ChangeNo(server.newest) });
            }
            for (id, is_message) in between {
                server.happens(id, is_message);
            }
            catch_up(&mut inbox, &server, limit);
            prop_assert_eq!(inbox, server.fresh());
        }

        #[test]
        fn after_a_change_of_the_policy_no_row_is_as_it_was_before(
            before in things(), unheard in things(), late in things(), size in 1..4_usize, limit in 1..4_usize,
        ) {
            let mut server = Server::default();
            for (id, is_message) in before {
                server.happens(id, is_message);
            }
            let mut inbox = server.fresh();
            let heard = inbox.change_no;
            for (id, is_message) in unheard {
                server.happens(id, is_message);
            }
            server.closed = true;
            let fresh = server.pages(size).into_iter().next().map(Inbox::new).expect("a page");
            for (id, is_message) in late {
                server.happens(id, is_message);
                // half of them come as answers, before the page does
                let answer = server.rows().into_iter().filter(|row| is_message && row.id.0 == Uuid::from_u128(id.into())).collect();
                inbox.append(ConversationPage { items: answer, next_cursor: None, change_no: heard });
            }
            let told_by_answers: Vec<_> = inbox.conversations().iter().filter(|row| row.change_no > heard).map(|row| row.id).collect();
            let mut told: Vec<_> = inbox.renew(fresh.clone()).into_iter().map(|(_, now)| now.id).collect();
            prop_assert!(fresh.conversations().iter().all(|row| inbox.get(row.id).is_some()));
            told.extend(catch_up(&mut inbox, &server, limit).into_iter().map(|(_, now)| now.id));
            let now = server.fresh();
            for row in inbox.conversations() {
                prop_assert_eq!(Some(row), now.get(row.id));
            }
            for row in now.conversations().iter().filter(|row| row.change_no > heard) {
                prop_assert!(told.contains(&row.id) || told_by_answers.contains(&row.id), "nobody was told of {row:?}");
            }
        }

        #[test]
        fn changes_may_come_twice_and_late(all in things(), cut in 0..30_usize, limit in 1..4_usize) {
            let (mut server, mut old) = (Server::default(), Server::default());
            for (n, (id, is_message)) in all.into_iter().enumerate() {
                server.happens(id, is_message);
                if n == cut {
                    old = server.clone();
                }
            }
            let mut inbox = Inbox::default();
            catch_up(&mut inbox, &server, limit);
            let before = inbox.clone();
            prop_assert!(inbox.apply(&old.changes(0, 100)).is_empty());
            prop_assert!(inbox.apply(&server.changes(0, 100)).is_empty());
            prop_assert_eq!(&inbox, &before);
        }
    }
}
