//! The inbox as a value, and the one reducer that keeps it right: `snapshot.apply(changes) == fresh snapshot`.
//!
//! The browser keeps its list with it, the tests compare it with a fresh list after every step.

use super::{
    change::Changes,
    conversation::Conversation,
    ids::{ChangeNo, ConversationId},
    page::ConversationPage,
    unread::Unread,
};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// The viewer's conversations as far as they are loaded, latest activity first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Inbox {
    /// Latest activity first.
    pub conversations: Vec<Conversation>,
    /// Everything up to here is contained.
    pub change_no: ChangeNo,
    /// Where the next page begins; `None` when all are loaded.
    pub next_cursor: Option<String>,
}

impl Inbox {
    /// The inbox of a first page.
    #[must_use]
    pub fn new(page: ConversationPage) -> Self {
        Self { conversations: page.items, change_no: page.change_no, next_cursor: page.next_cursor }
    }

    /// Puts a further page behind what is there. What a change has brought meanwhile is newer and stays.
    pub fn append(&mut self, page: ConversationPage) {
        self.next_cursor = page.next_cursor;
        for conversation in page.items {
            if self.get(conversation.id).is_none_or(|known| known.change_no < conversation.change_no) {
                self.put(conversation);
            }
        }
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
        self.conversations.iter().find(|conversation| conversation.id == id)
    }

    /// The totals over what is loaded; exact when nothing is left to load.
    #[must_use]
    pub fn unread(&self) -> Unread {
        self.conversations.iter().filter(|conversation| conversation.unread_count > 0).fold(Unread::default(), |sum, conversation| Unread {
            messages: sum.messages.saturating_add(conversation.unread_count),
            conversations: sum.conversations.saturating_add(1),
        })
    }

    fn put(&mut self, conversation: Conversation) {
        self.conversations.retain(|known| known.id != conversation.id);
        let key = |c: &Conversation| Reverse((c.last_activity_at, c.id));
        let place = self.conversations.partition_point(|known| key(known) < key(&conversation));
        self.conversations.insert(place, conversation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{Seq, UserId},
        time::Timestamp,
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

        fn pages(&self, size: usize) -> Vec<ConversationPage> {
            let mut rows = self.conversations.clone();
            rows.sort_by_key(|c| Reverse((c.last_activity_at, c.id)));
            let page =
                |items: &[Conversation]| ConversationPage { items: items.to_vec(), next_cursor: None, change_no: ChangeNo(self.newest) };
            if rows.is_empty() { vec![page(&[])] } else { rows.chunks(size).map(page).collect() }
        }

        fn fresh(&self) -> Inbox {
            self.pages(usize::MAX).into_iter().next().map(Inbox::new).expect("a page")
        }

        fn changes(&self, since: i64, limit: usize) -> Changes {
            let mut items: Vec<_> = self.conversations.iter().filter(|c| c.change_no.0 > since).cloned().collect();
            items.sort_by_key(|c| c.change_no);
            let more = items.len() > limit;
            items.truncate(limit);
            let change_no = if more { items.last().expect("some").change_no } else { ChangeNo(self.newest) };
            Changes { items, change_no, more, policy_version: 1, reset: false }
        }
    }

    fn catch_up(inbox: &mut Inbox, server: &Server, limit: usize) {
        loop {
            let changes = server.changes(inbox.change_no.0, limit);
            inbox.apply(&changes);
            if !changes.more {
                return;
            }
        }
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
            prop_assert_eq!(inbox.unread(), server.fresh().unread());
        }
    }
}
