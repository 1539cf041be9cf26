//! What is on its way out, per conversation: sent in order, one at a time, each with one key however often it is tried.
//!
//! Lives above the pages, so that a message goes on being sent while its writer looks at another conversation, and is kept
//! in `browser::outbox_store` until it is confirmed, thrown away, or its writer signs out: no reload, no end of the session
//! and no crash of the tab loses it. Two tabs may send the same message; it has one key, so it is written once. What comes
//! after a try is `domain::outbox`'s business.

use super::{attention::Attention, connection::Connection, inbox_store::InboxStore};
use crate::{
    browser::{
        clock,
        moment::{Alarm, jittered, within},
        outbox_store,
    },
    domain::{
        connection::Phase,
        ids::{ClientId, ConversationId, UserId},
        message::{MessageBody, SentMessage},
        outbox::{Answer, Outgoing, Queue, Standing, Then},
        thread::{MAX_PENDING, Pending},
        time::Timestamp,
    },
    error::{Code, Error},
    server_fns::messages::send_message,
};
use leptos::{prelude::*, task::spawn_local};
use std::{collections::HashMap, pin::pin};

/// After so many seconds without an answer the same key is tried again: the answer is lost, the message perhaps not.
const PATIENCE: u32 = 20;
/// So long a viewer who signs out waits for their texts to be forgotten.
const PARTING: u32 = 1_500;

/// The messages of this viewer that the server has not confirmed.
#[derive(Debug, Clone, Copy)]
pub struct Outbox {
    viewer: UserId,
    queues: RwSignal<HashMap<ConversationId, Queue>>,
    workers: StoredValue<HashMap<ConversationId, Worker>>,
    inbox: InboxStore,
    online: Signal<bool>,
    /// How often the way to the server was whole again.
    wakes: StoredValue<u32>,
}

#[derive(Debug, Default)]
struct Worker {
    busy: bool,
    alarm: Option<Alarm>,
}

impl Outbox {
    /// Provides the outbox of this viewer; called by the layout.
    pub fn provide(viewer: UserId, inbox: InboxStore, attention: Attention, connection: Connection) {
        let queues = RwSignal::default();
        let outbox = Self { viewer, queues, workers: StoredValue::default(), inbox, online: attention.online, wakes: StoredValue::new(0) };
        provide_context(outbox);
        // what a page before this one has left, and later what a tab that was closed has left
        Effect::new(move |_| {
            let _ = (attention.visible.get(), attention.online.get());
            outbox.restore();
        });
        let reached = Memo::new(move |_| attention.online.get() && connection.phase.get() == Phase::Live);
        Effect::new(move |_| {
            attention.visible.track();
            if reached.get() {
                outbox.wake();
            }
        });
    }

    /// The outbox of this viewer; only below the layout.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// What is pending in a conversation, in order.
    #[must_use]
    pub fn pending(self, conversation_id: ConversationId) -> Vec<Pending> {
        let online = self.online.get();
        self.queues.with(|queues| queues.get(&conversation_id).map(|queue| queue.pending(online)).unwrap_or_default())
    }

    /// How many messages wait for a confirmation, wherever they go.
    #[must_use]
    pub fn unconfirmed(self) -> usize {
        self.queues.with(|queues| queues.values().map(Queue::unconfirmed).sum())
    }

    /// Begins to send a text; when this returns, a reload does not lose it.
    ///
    /// # Errors
    /// A sentence for the user when too many wait here already; the text is theirs to keep.
    pub fn send(self, conversation_id: ConversationId, body: MessageBody) -> Result<(), String> {
        let waiting = self.queues.with_untracked(|queues| queues.get(&conversation_id).map_or(0, Queue::unconfirmed));
        if waiting >= MAX_PENDING {
            return Err("Too many messages wait to be sent here. Send or delete some of them first.".into());
        }
        let (client_id, at) = (ClientId::generate(), clock::now().unwrap_or(Timestamp::EPOCH));
        let message = Outgoing { conversation_id, client_id, body: body.into_string(), at, standing: Standing::Unsent };
        self.queues.update(|queues| {
            queues.entry(conversation_id).or_default().put(message);
        });
        self.keep(conversation_id, client_id);
        self.work(conversation_id);
        Ok(())
    }

    /// Tries a failed message again, with its key.
    pub fn retry(self, conversation_id: ConversationId, client_id: ClientId) {
        self.change(conversation_id, |queue| queue.retry(client_id));
        self.keep(conversation_id, client_id);
        self.work(conversation_id);
    }

    /// Throws a message away.
    pub fn delete(self, conversation_id: ConversationId, client_id: ClientId) {
        self.forget(conversation_id, |known| known == client_id);
        self.work(conversation_id);
    }

    /// Forgets what stands among the messages by now, or is not wanted any more.
    pub fn forget(self, conversation_id: ConversationId, done: impl Fn(ClientId) -> bool) {
        let gone: Vec<_> = self
            .queues
            .try_with_untracked(|queues| {
                let known = queues.get(&conversation_id).into_iter().flat_map(|queue| queue.pending(true));
                known.map(|pending| pending.client_id).filter(|client_id| done(*client_id)).collect()
            })
            .unwrap_or_default();
        if !gone.is_empty() {
            self.change(conversation_id, |queue| queue.remove(|client_id| gone.contains(&client_id)));
            gone.into_iter().for_each(|client_id| self.keep(conversation_id, client_id));
        }
    }

    /// Forgets all of them: the viewer leaves, and another may sit down here.
    pub async fn forget_all(self) {
        self.queues.try_set(HashMap::new());
        within(PARTING, outbox_store::forget(&self.viewer.to_string())).await;
    }

    /// Takes in what is kept and not here.
    fn restore(self) {
        spawn_local(async move {
            let texts = outbox_store::all(&self.viewer.to_string()).await;
            let kept = texts.iter().filter_map(|text| serde_json::from_str::<Outgoing>(text).ok());
            let is_new = |one: &Outgoing| {
                let known = |queues: &HashMap<ConversationId, Queue>| {
                    queues.get(&one.conversation_id).is_some_and(|queue| queue.has(one.client_id))
                };
                self.queues.try_with_untracked(known) == Some(false)
            };
            let new: Vec<_> = kept.filter(is_new).collect();
            if new.is_empty() {
                return;
            }
            let conversations: Vec<_> = new.iter().map(|one| one.conversation_id).collect();
            self.queues.try_update(|queues| {
                for one in new {
                    queues.entry(one.conversation_id).or_default().put(one);
                }
            });
            conversations.into_iter().for_each(|id| self.work(id));
        });
    }

    /// The server can be reached: nobody waits any longer.
    fn wake(self) {
        self.wakes.update_value(|wakes| *wakes = wakes.wrapping_add(1));
        let conversations = self.queues.with_untracked(|queues| queues.keys().copied().collect::<Vec<_>>());
        for id in conversations {
            self.change(id, Queue::wake);
            self.work(id);
        }
    }

    /// One worker per conversation, until nothing can be sent.
    fn work(self, conversation_id: ConversationId) {
        let idle = self.workers.try_update_value(|workers| {
            let worker = workers.entry(conversation_id).or_default();
            worker.alarm = None;
            !std::mem::replace(&mut worker.busy, true)
        });
        if idle != Some(true) {
            return;
        }
        spawn_local(async move {
            let pause = self.send_all(conversation_id).await;
            self.workers.try_update_value(|workers| {
                // in a task of its own: an alarm must not be dropped while it rings
                let ring = move || spawn_local(async move { self.work(conversation_id) });
                let alarm = pause.map(|pause| Alarm::after(jittered(pause), ring));
                workers.insert(conversation_id, Worker { busy: false, alarm });
            });
        });
    }

    /// Sends one after the other; returns after how many milliseconds it is worth another try.
    async fn send_all(self, conversation_id: ConversationId) -> Option<u32> {
        loop {
            let next = self.queues.try_with_untracked(|queues| queues.get(&conversation_id)?.next())??;
            if !self.online.try_get_untracked()? {
                return None;
            }
            if outbox_store::holds(&self.viewer.to_string(), &next.to_string()).await == Some(false) {
                self.forget(conversation_id, |known| known == next);
                continue;
            }
            let Some(message) = self.change(conversation_id, |queue| queue.begin(next))? else { continue };
            self.keep(conversation_id, next);
            let answer = self.wait_for(send_message(conversation_id, next, message.body)).await;
            let then = self.change(conversation_id, |queue| queue.answered(next, read(answer)))?;
            self.keep(conversation_id, next);
            match then {
                Some(Then::Next) => self.inbox.refresh(),
                Some(Then::Again(pause)) => return Some(pause),
                Some(Then::Stop) => {
                    // perhaps nobody is signed in any more, or somebody else: this page finds out
                    self.inbox.refresh();
                    return None;
                }
                None => {}
            }
        }
    }

    /// The answer, if it comes in time. What was on its way when the way broke is not waited for once it is whole again.
    async fn wait_for<T>(self, call: impl Future<Output = T>) -> Option<T> {
        let mut call = pin!(call);
        let begun = self.wakes.try_get_value()?;
        for _ in 0..PATIENCE {
            let answer = within(1_000, call.as_mut()).await;
            if answer.is_some() || self.wakes.try_get_value() != Some(begun) {
                return answer;
            }
        }
        None
    }

    /// Changes one queue; `None` when it, or the tab's state, is gone.
    fn change<T>(self, conversation_id: ConversationId, change: impl FnOnce(&mut Queue) -> T) -> Option<T> {
        self.queues.try_update(|queues| queues.get_mut(&conversation_id).map(change))?
    }

    /// Brings what is kept of a message up to date.
    fn keep(self, conversation_id: ConversationId, client_id: ClientId) {
        self.queues.try_with_untracked(|queues| {
            let kept = queues.get(&conversation_id).and_then(|queue| queue.kept(client_id));
            let text = kept.and_then(|message| serde_json::to_string(message).ok());
            outbox_store::keep(&self.viewer.to_string(), &client_id.to_string(), text.as_deref());
        });
    }
}

/// What an answer says of the message; `None` is none in time.
fn read(answer: Option<Result<SentMessage, Error>>) -> Answer {
    match answer {
        Some(Ok(sent)) => Answer::Stored(Box::new(sent.message)),
        None => Answer::Unknown,
        Some(Err(error)) => match error.code {
            Code::Internal | Code::Unconfirmed => Answer::Unknown,
            Code::Unavailable | Code::RateLimited => Answer::NotBegun(error.detail, error.retry_after.unwrap_or_default()),
            Code::Unauthenticated | Code::ViewerChanged => Answer::SignedOut,
            _ => Answer::Refused(error.detail),
        },
    }
}
