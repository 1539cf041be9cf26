//! What everybody sees, compared with the model: inbox, totals, changes from any cursor, the browser's own state, and
//! each message with its receipts.

use super::{Look, Play, world::Line};
use cms_messages::{
    domain::{conversation::Conversation, ids::Seq, message::Message, page::PageAt, time::Timestamp, unread::Unread},
    error::Error,
    server::service::{conversations, messages},
};

/// Sent, delivered, read.
pub(super) type Times = (Timestamp, Option<Timestamp>, Option<Timestamp>);

impl Play {
    pub(super) async fn compare(&mut self, look: Look) {
        for who in 0..self.people.len() {
            self.compare_inbox(who, look).await;
            self.compare_changes(who, look).await;
            self.compare_screen(who, look).await;
        }
        // one conversation a step from all sides; all of them at the end
        if !self.threads.is_empty() {
            self.compare_thread(look.since % self.threads.len()).await;
        }
    }

    /// After the last step: every thread, and the audit log against the model's history.
    pub(super) async fn ends(&mut self) {
        for thread in 0..self.threads.len() {
            self.compare_thread(thread).await;
        }
        let ids: Vec<uuid::Uuid> = self.people.iter().map(|person| person.id().0).collect();
        let counts: Vec<(String, i64)> = sqlx::query_as(
            "select action, count(*) from audit_entries where actor_id = any ($1) or object = any ($1::text[]) group by action order by action",
        )
        .bind(&ids)
        .fetch_all(&*self.office.state.pool)
        .await
        .expect("the audit log");
        let expected: Vec<(String, i64)> = self.world.history.iter().map(|(action, count)| ((*action).to_owned(), *count)).collect();
        assert_eq!(counts, expected, "one audit entry per state change");
    }

    async fn compare_inbox(&self, who: usize, look: Look) {
        let person = &self.people[who];
        let inbox = person.inbox(look.page).await;
        let expected = self.world.inbox(who);
        self.compare_lines(inbox.conversations(), &expected, "inbox");
        assert_eq!(inbox.change_no.0 as usize, self.world.newest_change(who));
        let (messages, threads) = self.world.unread(who);
        let total = Unread { messages: messages as i64, conversations: threads as i64 };
        assert_eq!((person.unread().await, person.unread_in_inbox().await), (total, total));
    }

    async fn compare_changes(&self, who: usize, look: Look) {
        let newest = self.world.newest_change(who);
        let mut since = look.since % (newest + 1);
        let expected = self.world.changed(who, since);
        let mut seen = Vec::new();
        loop {
            let changes = self.people[who].changes(since as i64, look.limit).await;
            seen.extend(changes.items);
            since = changes.change_no.0 as usize;
            if !changes.more {
                break;
            }
        }
        self.compare_lines(&seen, &expected, "changes");
        assert_eq!(since, newest);
        assert!(self.people[who].changes(newest as i64 + 1, 1).await.reset);
    }

    /// What a browser keeps by itself is what a fresh look gives.
    async fn compare_screen(&mut self, who: usize, look: Look) {
        // not everybody looks after every step
        if (look.since + who).is_multiple_of(3) {
            return;
        }
        let person = self.people[who].clone();
        let screen = &mut self.screens[who];
        person.catch_up(screen, look.limit).await;
        assert_eq!(*screen, person.inbox(100).await, "snapshot and changes give a fresh snapshot");
    }

    async fn compare_thread(&mut self, thread: usize) {
        let id = self.threads[thread];
        let members = self.world.threads[thread].members;
        let mut seen: Option<Vec<Message>> = None;
        for who in 0..self.people.len() {
            let ctx = &self.people[who].ctx;
            let page = messages::page(ctx, id, PageAt::After(Seq(0)), Some(200)).await;
            if self.world.side(who, thread).is_none() {
                assert_eq!(page, Err(Error::not_found()));
                assert_eq!(conversations::get(ctx, id).await, Err(Error::not_found()));
                continue;
            }
            let lines = self.world.inbox(who);
            let line = lines.iter().filter(|line| line.thread == thread).collect::<Vec<_>>();
            self.compare_line(&conversations::get(ctx, id).await.expect("theirs"), line[0], "one conversation");
            let items = page.expect("theirs").items;
            let expected = self.world.threads[thread].texts.clone();
            assert_eq!(items.len(), expected.len());
            for (index, (message, text)) in items.iter().zip(&expected).enumerate() {
                assert_eq!(message.seq.0 as usize, index + 1);
                assert_eq!((&message.body, message.client_id), (&text.stored, self.keys[&text.key]));
                assert_eq!(message.sender_id, self.people[members[text.side]].id());
                assert_eq!(message.recipient_id, self.people[members[1 - text.side]].id());
                assert_eq!(message.status.as_str(), self.world.status(thread, index));
                self.compare_times(thread, message);
            }
            assert!(items.is_sorted_by_key(|message| message.sent_at));
            assert!(seen.as_ref().is_none_or(|seen| *seen == items), "both sides see the same");
            seen = Some(items);
        }
    }

    /// Times stand in the order of the states, belong to the status, and stay what they were first.
    fn compare_times(&mut self, thread: usize, message: &Message) {
        let now: Times = (message.sent_at, message.delivered_at, message.read_at);
        let status = match now {
            (_, _, Some(_)) => "read",
            (_, Some(_), None) => "delivered",
            (_, None, None) => "sent",
        };
        assert_eq!(status, message.status.as_str());
        assert!(now.1.is_none_or(|at| at >= now.0) && now.2.is_none_or(|at| Some(at) >= now.1));
        let before = self.times.insert((thread, message.seq.0), now);
        if let Some(before) = before {
            assert_eq!(before.0, now.0);
            assert!(before.1.is_none() || before.1 == now.1);
            assert!(before.2.is_none() || before.2 == now.2);
        }
    }

    fn compare_lines(&self, seen: &[Conversation], expected: &[Line], place: &str) {
        let order: Vec<_> = seen.iter().map(|conversation| conversation.id).collect();
        let expected_order: Vec<_> = expected.iter().map(|line| self.threads[line.thread]).collect();
        assert_eq!(order, expected_order, "{place}: which and in which order");
        for (conversation, line) in seen.iter().zip(expected) {
            self.compare_line(conversation, line, place);
        }
    }

    fn compare_line(&self, seen: &Conversation, line: &Line, place: &str) {
        let number = |name: &str| (0..self.people.len()).find(|n| self.people[*n].user.username == name);
        let who = number(&seen.peer.username).expect("a person of this history");
        let peer = &self.world.people[who];
        assert_eq!(
            (&seen.peer.display_name, seen.peer.department.as_str(), seen.peer.active),
            (&peer.name, peer.department, peer.active),
            "{place}"
        );
        let actual = Line {
            thread: self.threads.iter().position(|id| *id == seen.id).expect("a thread of this history"),
            peer: who,
            unread: seen.unread_count as usize,
            length: seen.last_seq.0 as usize,
            last: seen.last_message.as_ref().map(|last| {
                let sender = self.people.iter().position(|person| person.id() == last.sender_id).expect("a person");
                assert_eq!(last.seq, seen.last_seq);
                assert_eq!(last.sent_at, seen.last_activity_at);
                (sender, last.text.clone(), last.status.as_str())
            }),
            pointers: [seen.delivered_seq, seen.read_seq, seen.peer_delivered_seq, seen.peer_read_seq].map(|seq| seq.0 as usize),
            change: seen.change_no.0 as usize,
            closed_by: match (seen.can_write, &seen.cannot_write_reason) {
                (true, None) => None,
                (false, Some(reason)) if reason.contains("deactivated") => Some("deactivated"),
                (false, Some(_)) => Some("audit_is_closed"),
                odd => panic!("{odd:?}"),
            },
        };
        assert_eq!(&actual, line, "{place}");
    }
}
