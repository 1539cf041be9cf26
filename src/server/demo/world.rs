//! Plays the stories through in memory, event by event in the order of time, by the rules of the functions in the
//! database: dense seqs and change numbers, pointers that grow, one audit entry per change. What comes out can be written as it is.

use super::story::Story;
use crate::{
    domain::{audit::Action, time::Timestamp},
    server::{
        db::demo::{AuditEntry, Conversation, Message, Receipt, Side},
        proof::salted,
    },
};
use std::collections::HashMap;
use uuid::Uuid;

/// Everything that is to be written about conversations.
#[derive(Default)]
pub(super) struct World {
    pub(super) conversations: Vec<Conversation>,
    pub(super) messages: Vec<Message>,
    pub(super) receipts: Vec<Receipt>,
    pub(super) audit: Vec<AuditEntry>,
    /// The newest change of each user.
    pub(super) feeds: HashMap<Uuid, i64>,
}

enum Event {
    Opened,
    Sent { by: usize, text: String },
    Delivered { by: usize, up_to: i64 },
    Read { by: usize, up_to: i64 },
}

const SECOND: i64 = 1_000_000;

impl World {
    /// Plays the stories; `ids` are the users'.
    pub(super) fn play(stories: Vec<Story>, ids: &HashMap<&str, Uuid>, now: Timestamp) -> Result<Self, String> {
        let mut world = Self { feeds: ids.values().map(|id| (*id, 0)).collect(), ..Self::default() };
        let mut events: Vec<(i64, usize, Event)> = Vec::new();
        for (place, story) in stories.into_iter().enumerate() {
            let [one, other] = &story.people;
            let user = |name: &str| ids.get(name).copied().ok_or_else(|| format!("nobody is called {name}"));
            let side = |user| Side { user, ..Side::default() };
            world.conversations.push(Conversation {
                id: Uuid::new_v4(),
                created_at: now,
                last_message_at: None,
                last_seq: 0,
                sides: [side(user(one)?), side(user(other)?)],
            });
            events.extend(of_story(story, now).into_iter().map(|(at, event)| (at, place, event)));
        }
        events.sort_by_key(|(at, place, _)| (*at, *place));
        for (at, place, event) in events {
            let at = Timestamp::from_unix_micros(at).ok_or("a time beyond the calendar")?;
            let conversation = world.conversations.get_mut(place).ok_or("no such conversation")?;
            match event {
                Event::Opened => conversation.open(at, &mut world.feeds, &mut world.audit),
                Event::Sent { by, text } => {
                    let message = conversation.send(by, text, at, &mut world.feeds, &mut world.audit)?;
                    world.messages.push(message);
                }
                Event::Delivered { by, up_to } => {
                    world.receipts.extend(conversation.acknowledge(by, up_to, false, at, &mut world.feeds, &mut world.audit));
                }
                Event::Read { by, up_to } => {
                    world.receipts.extend(conversation.acknowledge(by, up_to, true, at, &mut world.feeds, &mut world.audit));
                }
            }
        }
        Ok(world)
    }
}

/// What happened in a conversation: each message arrives after seconds and is read after minutes, before its reader answers.
fn of_story(story: Story, now: Timestamp) -> Vec<(i64, Event)> {
    let Story { people, lines, unread, away } = story;
    let mut events = Vec::new();
    let total = lines.len();
    let by = |name: &str| usize::from(people.last().is_some_and(|other| *other == name));
    let left_out = |list: &[(String, usize)], reader: usize| {
        list.iter().filter(|(who, _)| by(who) == reader).map(|(_, count)| *count).max().unwrap_or_default()
    };
    for (place, line) in lines.iter().enumerate() {
        let (sender, sent_at, seq) = (by(&line.sender), line.at.unix_micros(), place as i64 + 1);
        if place == 0 {
            events.push((sent_at - 40 * SECOND, Event::Opened));
        }
        events.push((sent_at, Event::Sent { by: sender, text: line.text.clone() }));
        let reader = 1 - sender;
        let answer = lines.iter().skip(place).find(|later| by(&later.sender) == reader).map(|later| later.at.unix_micros());
        let latest = answer.unwrap_or(now.unix_micros()) - 3 * SECOND;
        let spread = (line.text.len() as i64 * 7 + seq * 11) % 100;
        let read_at = (sent_at + (15 + spread * 4) * SECOND).min(latest).max(sent_at + 2 * SECOND);
        let delivered_at = (sent_at + (2 + spread % 20) * SECOND).min(read_at - SECOND);
        let is_among_last = |count: usize| place + count >= total;
        if !is_among_last(left_out(&away, reader)) {
            events.push((delivered_at, Event::Delivered { by: reader, up_to: seq }));
            if !is_among_last(left_out(&unread, reader)) {
                events.push((read_at, Event::Read { by: reader, up_to: seq }));
            }
        }
    }
    events
}

/// The user's next change number.
fn next_change(feeds: &mut HashMap<Uuid, i64>, user: Uuid) -> i64 {
    let feed = feeds.entry(user).or_default();
    *feed += 1;
    *feed
}

impl Conversation {
    /// The side at this place, and the other one.
    fn sides(&mut self, by: usize) -> (&mut Side, &mut Side) {
        let [one, other] = &mut self.sides;
        if by == 0 { (one, other) } else { (other, one) }
    }

    fn open(&mut self, at: Timestamp, feeds: &mut HashMap<Uuid, i64>, audit: &mut Vec<AuditEntry>) {
        let id = self.id;
        self.created_at = at;
        let (opener, peer) = self.sides(0);
        opener.opened_at = Some(at);
        opener.last_activity_at = Some(at);
        opener.change_no = next_change(feeds, opener.user);
        audit.push(AuditEntry {
            at,
            actor: Some(opener.user),
            action: Action::ConversationCreated,
            conversation: Some(id),
            object: peer.user.to_string(),
            details: serde_json::json!({}),
        });
    }

    fn send(
        &mut self,
        by: usize,
        text: String,
        at: Timestamp,
        feeds: &mut HashMap<Uuid, i64>,
        audit: &mut Vec<AuditEntry>,
    ) -> Result<Message, String> {
        self.last_seq += 1;
        self.last_message_at = Some(at);
        let (id, seq) = (self.id, self.last_seq);
        let (sender, recipient) = self.sides(by);
        sender.own_total += 1;
        sender.last_sent_at = Some(at);
        sender.change_no = next_change(feeds, sender.user);
        recipient.change_no = next_change(feeds, recipient.user);
        for side in [&mut *sender, &mut *recipient] {
            side.last_activity_at = Some(at);
        }
        let mut salt = vec![0_u8; salted::SALT];
        getrandom::fill(&mut salt).map_err(|_| "the operating system gave no random bytes")?;
        let digest = salted::digest(&salt, &text);
        let details = serde_json::json!({ "recipient_id": recipient.user, "digest": digest });
        audit.push(AuditEntry {
            at,
            actor: Some(sender.user),
            action: Action::MessageSent,
            conversation: Some(id),
            object: seq.to_string(),
            details,
        });
        let milliseconds = u64::try_from(at.unix_micros() / 1_000).unwrap_or_default();
        let moment = uuid::Timestamp::from_unix(
            uuid::NoContext,
            milliseconds / 1_000,
            u32::try_from(milliseconds % 1_000 * 1_000_000).unwrap_or_default(),
        );
        Ok(Message {
            conversation: id,
            seq,
            sender: sender.user,
            sender_ordinal: sender.own_total,
            client_id: Uuid::new_v7(moment),
            body: text,
            salt,
            digest: digest.0,
            sent_at: at,
            sender_change: sender.change_no,
            recipient_change: recipient.change_no,
        })
    }

    fn acknowledge(
        &mut self,
        by: usize,
        up_to: i64,
        read: bool,
        at: Timestamp,
        feeds: &mut HashMap<Uuid, i64>,
        audit: &mut Vec<AuditEntry>,
    ) -> Vec<Receipt> {
        let id = self.id;
        let (reader, peer) = self.sides(by);
        let mut receipts = Vec::new();
        if up_to <= if read { reader.read_seq } else { reader.delivered_seq } {
            return receipts;
        }
        let user = reader.user;
        let mut note = |kind, evidence, action| {
            receipts.push(Receipt { conversation: id, user, kind, up_to, evidence, at });
            audit.push(AuditEntry {
                at,
                actor: Some(user),
                action,
                conversation: Some(id),
                object: up_to.to_string(),
                details: serde_json::json!({}),
            });
        };
        if up_to > reader.delivered_seq {
            note("delivered", if read { "read" } else { "client" }, Action::MessageDelivered);
            reader.delivered_seq = up_to;
        }
        if read {
            note("read", "client", Action::MessageRead);
            reader.read_seq = up_to;
            // they had written nothing after what they read here, or read it before they wrote
            reader.own_at_read = reader.own_total;
        }
        reader.change_no = next_change(feeds, reader.user);
        peer.change_no = next_change(feeds, peer.user);
        receipts
    }
}
