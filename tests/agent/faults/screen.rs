//! What a client keeps: the inbox by the product's own reducer, and of each conversation every message it was shown. Takes
//! in what comes and says what must never come. No I/O: what has to be fetched is asked of the caller.

use cms_messages::domain::{
    change::Changes,
    conversation::{Conversation, MessagePreview},
    ids::{ChangeNo, ConversationId, Seq, UserId},
    inbox::Inbox,
    message::Message,
    page::ConversationPage,
};
use serde::Deserialize;
use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

/// A violation: the invariant and what was seen.
pub type Wrong = (&'static str, String);

/// The data of a `change` event.
#[derive(Deserialize, Debug, Clone)]
pub struct LiveChange {
    /// The viewer's change.
    pub change_no: ChangeNo,
    /// As it looks now.
    pub conversation: Conversation,
    /// What came with it.
    pub messages: Vec<Message>,
}

/// Messages that were not brought: of this conversation, after this seq, up to that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Where.
    pub conversation: ConversationId,
    /// The last one that is known.
    pub after: Seq,
    /// The last one that is wanted.
    pub up_to: Seq,
}

/// One client's state.
pub struct Screen {
    /// Whose.
    pub me: UserId,
    /// The list.
    pub inbox: Inbox,
    threads: HashMap<ConversationId, Thread>,
    /// Conversations that this stream has already spoken of: it knows what it has sent of them.
    spoken_of: HashSet<ConversationId>,
}

#[derive(Default)]
struct Thread {
    /// By seq: whether it is the viewer's own, and what was shown.
    shown: Vec<(bool, u64)>,
    preview: String,
}

/// So many messages a change brings at most.
const MOST: usize = 50;

impl Screen {
    /// From the pages of a snapshot. The messages are fetched then.
    pub fn new(me: UserId, first: ConversationPage, rest: impl IntoIterator<Item = ConversationPage>) -> (Self, Vec<Gap>) {
        let mut inbox = Inbox::new(first);
        rest.into_iter().for_each(|page| inbox.append(page));
        let gap = |row: &Conversation| Gap { conversation: row.id, after: Seq(0), up_to: row.last_seq };
        let gaps = inbox.conversations().iter().filter(|row| row.last_seq.0 > 0).map(gap).collect();
        (Self { me, inbox, threads: HashMap::new(), spoken_of: HashSet::new() }, gaps)
    }

    /// Where it stands.
    pub fn cursor(&self) -> i64 {
        self.inbox.change_no.0
    }

    /// A stream begins: what it says first of a conversation may leave something out.
    pub fn stream_begins(&mut self) {
        self.spoken_of.clear();
    }

    /// A change from the stream; what it left out must be fetched, and then `settle` called.
    pub fn take(&mut self, id: Option<i64>, change: LiveChange) -> Result<Option<Gap>, Wrong> {
        let LiveChange { change_no, conversation, messages } = change;
        if id != Some(change_no.0) || conversation.change_no != change_no {
            return Err(("I6", format!("event {id:?} is change {} of a conversation at {}", change_no.0, conversation.change_no.0)));
        }
        if change_no.0 <= self.cursor() {
            return Err(("I6", format!("change {} after {}", change_no.0, self.cursor())));
        }
        let known = self.known(conversation.id);
        let speaks_first = self.spoken_of.insert(conversation.id);
        let first = messages.first().map_or(conversation.last_seq.0 + 1, |message| message.seq.0);
        if first <= known {
            return Err(("I6", format!("message {first} came although {known} was shown, in {}", conversation.id)));
        }
        let gap = Gap { conversation: conversation.id, after: Seq(known), up_to: Seq(first - 1) };
        let is_cut = gap.up_to > gap.after;
        if is_cut && !speaks_first && messages.len() < MOST {
            let place = format!("change {} of {}", change_no.0, conversation.id);
            return Err((
                "I6",
                format!("{place} shows last_seq {}, and nothing of {} to {} came", conversation.last_seq, known + 1, first - 1),
            ));
        }
        if let Some(wrong) =
            messages.iter().zip(first..).find(|(message, seq)| message.seq.0 != *seq || message.conversation_id != conversation.id)
        {
            return Err(("I6", format!("message {} where {} was to come, in {}", wrong.0.seq, wrong.1, conversation.id)));
        }
        if messages.last().is_some_and(|last| last.seq != conversation.last_seq) {
            return Err(("I6", format!("messages end before last_seq {} of {}", conversation.last_seq, conversation.id)));
        }
        self.advance(&conversation)?;
        let items = vec![conversation];
        self.inbox.apply(&Changes { items, change_no, more: true, policy_version: 0, reset: false });
        if is_cut {
            // all of it is fetched anew, so that it stands in order
            return Ok(Some(Gap { up_to: Seq(first - 1 + i64::try_from(messages.len()).unwrap_or(0)), ..gap }));
        }
        self.show(&messages)?;
        Ok(None)
    }

    /// An answer of `/changes`; the gaps must be fetched, and then `settle` called.
    pub fn take_changes(&mut self, changes: &Changes) -> Result<Vec<Gap>, Wrong> {
        if changes.reset {
            return Err(("I6", format!("cursor {} is said to be of a lost future", self.cursor())));
        }
        let mut last = self.cursor();
        let mut gaps = Vec::new();
        for conversation in &changes.items {
            if conversation.change_no.0 <= last {
                return Err(("I6", format!("change {} after {last}", conversation.change_no.0)));
            }
            last = conversation.change_no.0;
            self.advance(conversation)?;
            let after = Seq(self.known(conversation.id));
            if conversation.last_seq > after {
                gaps.push(Gap { conversation: conversation.id, after, up_to: conversation.last_seq });
            }
        }
        if changes.change_no.0 < last {
            return Err(("I6", format!("the feed is said to stand at {} after change {last}", changes.change_no.0)));
        }
        self.inbox.apply(changes);
        Ok(gaps)
    }

    /// What was fetched for a gap; those beyond it are for later changes.
    pub fn fill(&mut self, gap: &Gap, messages: &[Message]) -> Result<Option<Gap>, Wrong> {
        let wanted: Vec<Message> = messages.iter().filter(|message| message.seq <= gap.up_to).cloned().collect();
        if wanted.first().is_none_or(|first| first.seq != gap.after.next()) {
            return Err(("I1", format!("the page after {} of {} does not begin with the next one", gap.after, gap.conversation)));
        }
        self.show(&wanted)?;
        let after = Seq(self.known(gap.conversation));
        Ok((after < gap.up_to).then_some(Gap { after, ..*gap }))
    }

    /// After the gaps are filled: what a row says of its messages is what was shown.
    pub fn settle(&self, conversation: ConversationId) -> Result<(), Wrong> {
        let Some(row) = self.inbox.get(conversation) else { return Ok(()) };
        let (thread, known) = (self.threads.get(&conversation), self.known(conversation));
        if known != row.last_seq.0 {
            return Err(("I6", format!("last_seq of {conversation} is {} and {known} were shown", row.last_seq)));
        }
        let read = usize::try_from(row.read_seq.0).unwrap_or(0);
        let after_read = thread.into_iter().flat_map(|thread| thread.shown.iter().skip(read));
        let unread = after_read.filter(|(mine, _)| !mine).count();
        if i64::try_from(unread) != Ok(row.unread_count) {
            return Err(("I9", format!("{} unread of {conversation} are said, {unread} are", row.unread_count)));
        }
        let preview = row.last_message.as_ref().map(|last| (last.seq.0, last.text.as_str()));
        let shown = thread.filter(|_| known > 0).map(|thread| (known, thread.preview.as_str()));
        if preview != shown {
            return Err(("I4", format!("the preview of {conversation} is not its last message ({known})")));
        }
        Ok(())
    }

    /// How many messages of this conversation were shown: 1 to this one.
    pub fn known(&self, conversation: ConversationId) -> i64 {
        self.threads.get(&conversation).map_or(0, |thread| i64::try_from(thread.shown.len()).unwrap_or(i64::MAX))
    }

    /// What was shown, as numbers to compare: by conversation, in order of seq.
    pub fn shown(&self) -> impl Iterator<Item = (ConversationId, Vec<u64>)> {
        self.threads.iter().map(|(id, thread)| (*id, thread.shown.iter().map(|(_, digest)| *digest).collect()))
    }

    fn show(&mut self, messages: &[Message]) -> Result<(), Wrong> {
        for message in messages {
            let known = self.known(message.conversation_id);
            if message.seq.0 != known + 1 {
                return Err(("I6", format!("message {} of {} after {known}", message.seq, message.conversation_id)));
            }
            let thread = self.threads.entry(message.conversation_id).or_default();
            thread.shown.push((message.sender_id == self.me, digest(message.client_id.0, &message.body)));
            thread.preview = MessagePreview::shorten(&message.body);
        }
        Ok(())
    }

    /// Nothing goes back.
    fn advance(&self, now: &Conversation) -> Result<(), Wrong> {
        let pointers = [now.peer_read_seq <= now.peer_delivered_seq, now.read_seq <= now.delivered_seq, now.delivered_seq <= now.last_seq];
        if !pointers.iter().all(|holds| *holds) || now.peer_delivered_seq > now.last_seq {
            return Err(("I8", format!("the pointers of {} are out of order", now.id)));
        }
        let Some(before) = self.inbox.get(now.id).filter(|before| before.change_no < now.change_no) else { return Ok(()) };
        let steps = [
            ("last_seq", before.last_seq, now.last_seq),
            ("read_seq", before.read_seq, now.read_seq),
            ("delivered_seq", before.delivered_seq, now.delivered_seq),
            ("peer_read_seq", before.peer_read_seq, now.peer_read_seq),
            ("peer_delivered_seq", before.peer_delivered_seq, now.peer_delivered_seq),
        ];
        match steps.iter().find(|(_, before, now)| now < before) {
            Some((name, before, after)) => Err(("I8", format!("{name} of {} went from {before} to {after}", now.id))),
            None => Ok(()),
        }
    }
}

/// A message as a number: its key and its text.
pub fn digest(key: uuid::Uuid, body: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (key, body).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ME: u128 = 1;
    const PEER: u128 = 2;
    const THREAD: u128 = 9;

    fn id(n: u128) -> String {
        uuid::Uuid::from_u128(n).to_string()
    }

    fn user(n: u128) -> Value {
        json!({"id": id(n), "username": "u", "display_name": "U", "department": "", "role": "member", "active": true})
    }

    fn row(change: i64, last: i64, read: i64, unread: i64) -> Value {
        let at = "2026-01-01T00:00:00.000000Z";
        let preview = json!({"seq": last, "sender_id": id(PEER), "text": format!("text {last}"), "sent_at": at, "status": "sent"});
        json!({"id": id(THREAD), "peer": user(PEER), "last_message": if last > 0 { preview } else { Value::Null }, "last_activity_at": at,
            "unread_count": unread, "last_seq": last, "read_seq": read, "delivered_seq": read, "peer_read_seq": 0,
            "peer_delivered_seq": 0, "can_write": true, "cannot_write_reason": null, "change_no": change, "created_at": at})
    }

    fn message(seq: i64) -> Value {
        json!({"conversation_id": id(THREAD), "seq": seq, "client_id": id(100 + seq as u128), "sender_id": id(PEER), "recipient_id": id(ME),
            "body": format!("text {seq}"), "sent_at": "2026-01-01T00:00:00.000000Z", "delivered_at": null, "read_at": null, "status": "sent"})
    }

    fn change(row: Value, messages: &[i64]) -> LiveChange {
        let messages: Vec<Value> = messages.iter().map(|seq| message(*seq)).collect();
        serde_json::from_value(json!({"change_no": row["change_no"], "conversation": row, "messages": messages})).unwrap()
    }

    /// Two messages were shown, at change 3.
    fn screen() -> Screen {
        let page = serde_json::from_value(json!({"items": [row(1, 0, 0, 0)], "next_cursor": null, "change_no": 1})).unwrap();
        let (mut screen, gaps) = Screen::new(UserId(uuid::Uuid::from_u128(ME)), page, []);
        assert!(gaps.is_empty());
        screen.stream_begins();
        assert_eq!(screen.take(Some(3), change(row(3, 2, 0, 2), &[1, 2])), Ok(None));
        screen.settle(thread()).unwrap();
        screen
    }

    fn thread() -> ConversationId {
        ConversationId(uuid::Uuid::from_u128(THREAD))
    }

    fn wrong(event: LiveChange) -> &'static str {
        screen().take(Some(event.change_no.0), event).unwrap_err().0
    }

    #[test]
    fn what_comes_in_order_is_shown_once() {
        let mut screen = screen();
        assert_eq!(screen.take(Some(4), change(row(4, 2, 1, 1), &[])), Ok(None));
        assert_eq!(screen.take(Some(7), change(row(7, 4, 1, 3), &[3, 4])), Ok(None));
        assert_eq!((screen.settle(thread()), screen.known(thread()), screen.cursor()), (Ok(()), 4, 7));
    }

    #[test]
    fn a_message_that_comes_twice_late_or_not_at_all_is_seen() {
        assert_eq!(wrong(change(row(4, 3, 0, 3), &[2, 3])), "I6");
        assert_eq!(wrong(change(row(4, 4, 0, 4), &[4])), "I6");
        assert_eq!(wrong(change(row(4, 3, 0, 3), &[])), "I6");
        assert_eq!(wrong(change(row(4, 4, 0, 4), &[3])), "I6");
        assert_eq!(wrong(change(row(3, 3, 0, 3), &[3])), "I6", "the same change again");
        assert_eq!(screen().take(Some(5), change(row(4, 3, 0, 3), &[3])).unwrap_err().0, "I6", "a cursor that is not its change");
    }

    #[test]
    fn only_the_first_word_of_a_stream_may_leave_something_out() {
        let mut screen = screen();
        screen.stream_begins();
        let gap = screen.take(Some(6), change(row(6, 5, 0, 5), &[5])).unwrap().unwrap();
        assert_eq!(gap, Gap { conversation: thread(), after: Seq(2), up_to: Seq(5) });
        let page: Vec<Message> = [3, 4, 5, 6].map(|seq| serde_json::from_value(message(seq)).unwrap()).into();
        assert_eq!(screen.fill(&gap, &page), Ok(None));
        assert_eq!((screen.settle(thread()), screen.known(thread())), (Ok(()), 5));
    }

    #[test]
    fn a_pointer_that_goes_back_is_seen() {
        let mut screen = screen();
        screen.take(Some(4), change(row(4, 2, 2, 0), &[])).unwrap();
        assert_eq!(screen.take(Some(5), change(row(5, 2, 1, 1), &[])).unwrap_err().0, "I8");
    }

    #[test]
    fn an_unread_number_that_is_not_the_count_is_seen() {
        let mut screen = screen();
        screen.take(Some(4), change(row(4, 3, 1, 3), &[3])).unwrap();
        assert_eq!(screen.settle(thread()).unwrap_err().0, "I9");
    }

    #[test]
    fn a_page_that_lacks_a_message_is_seen() {
        let mut screen = screen();
        let changes: Changes =
            serde_json::from_value(json!({"items": [row(6, 4, 0, 4)], "change_no": 6, "more": false, "policy_version": 1})).unwrap();
        let gaps = screen.take_changes(&changes).unwrap();
        let page: Vec<Message> = vec![serde_json::from_value(message(4)).unwrap()];
        assert_eq!(screen.fill(&gaps[0], &page).unwrap_err().0, "I1");
    }
}
