//! What is on its way out, per conversation: sent in order, one at a time, each with one key however often it is tried.
//!
//! Lives above the pages, so that a message goes on being sent while its writer looks at another conversation. In memory:
//! a reload loses what was never answered. A lost answer is tried again by itself a few times; a refusal is not.

use crate::{
    browser::{
        clock,
        moment::{jittered, sleep},
    },
    domain::{
        ids::{ClientId, ConversationId},
        message::{MessageBody, SentMessage},
        thread::{MAX_PENDING, Pending, PendingState},
        time::Timestamp,
    },
    error::Error,
    server_fns::messages::send_message,
    ui::state::inbox_store::InboxStore,
};
use leptos::{prelude::*, task::spawn_local};
use std::collections::HashMap;

/// The waits between the tries of one message, in milliseconds; then it has failed.
const PAUSES: [u32; 3] = [500, 1_000, 2_000];
/// The most seconds that are waited because the server asks for it; a longer wait is the writer's to decide.
const MOST_ASKED: u32 = 5;
/// After so long without an answer the same key is tried again: the answer is lost, the message perhaps not.
const PATIENCE: u32 = 20_000;

/// The messages of this tab that the server has not confirmed.
#[derive(Debug, Clone, Copy)]
pub struct Outbox {
    queues: RwSignal<HashMap<ConversationId, Queue>>,
    inbox: InboxStore,
}

#[derive(Debug, Default)]
struct Queue {
    pending: Vec<Pending>,
    busy: bool,
}

impl Outbox {
    /// Provides the outbox of this tab; called by the layout.
    pub fn provide(inbox: InboxStore) {
        provide_context(Self { queues: RwSignal::default(), inbox });
    }

    /// The outbox of this tab; only below the layout.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// What is pending in a conversation, in order.
    #[must_use]
    pub fn pending(self, conversation_id: ConversationId) -> Vec<Pending> {
        self.queues.with(|queues| queues.get(&conversation_id).map(|queue| queue.pending.clone()).unwrap_or_default())
    }

    /// Begins to send a text.
    ///
    /// # Errors
    /// A sentence for the user when too many wait here already; the text is theirs to keep.
    pub fn send(self, conversation_id: ConversationId, body: MessageBody) -> Result<(), String> {
        if self.queues.with_untracked(|queues| queues.get(&conversation_id).is_some_and(|queue| queue.pending.len() >= MAX_PENDING)) {
            return Err("Too many messages wait to be sent here. Send or delete some of them first.".into());
        }
        let at = clock::now().unwrap_or(Timestamp::EPOCH);
        let pending = Pending { client_id: ClientId::generate(), body: body.into_string(), at, state: PendingState::Sending };
        self.queues.update(|queues| queues.entry(conversation_id).or_default().pending.push(pending));
        self.work(conversation_id);
        Ok(())
    }

    /// Tries a failed message again, with its key.
    pub fn retry(self, conversation_id: ConversationId, client_id: ClientId) {
        self.set(conversation_id, client_id, PendingState::Sending);
        self.work(conversation_id);
    }

    /// Throws a message away.
    pub fn delete(self, conversation_id: ConversationId, client_id: ClientId) {
        self.forget(conversation_id, |sent| sent.client_id == client_id);
    }

    /// Forgets what stands among the messages by now.
    pub fn forget(self, conversation_id: ConversationId, done: impl Fn(&Pending) -> bool) {
        let any = self.queues.with_untracked(|queues| queues.get(&conversation_id).is_some_and(|queue| queue.pending.iter().any(&done)));
        if any {
            self.queues.update(|queues| {
                if let Some(queue) = queues.get_mut(&conversation_id) {
                    queue.pending.retain(|sent| !done(sent));
                }
            });
        }
    }

    /// One worker per conversation, until nothing waits.
    fn work(self, conversation_id: ConversationId) {
        let idle = self
            .queues
            .try_update_untracked(|queues| queues.get_mut(&conversation_id).is_some_and(|queue| !std::mem::replace(&mut queue.busy, true)));
        if idle != Some(true) {
            return;
        }
        spawn_local(async move {
            while let Some(next) = self.next(conversation_id) {
                let state = match deliver(conversation_id, &next).await {
                    Ok(sent) => PendingState::Sent(Box::new(sent.message)),
                    Err(error) => PendingState::Failed(error.detail),
                };
                let sent = matches!(state, PendingState::Sent(_));
                self.set(conversation_id, next.client_id, state);
                if sent {
                    self.inbox.refresh();
                }
            }
        });
    }

    /// The next one to send; the worker's end when there is none. `None`, too, when the tab's state is gone.
    fn next(self, conversation_id: ConversationId) -> Option<Pending> {
        self.queues.try_update_untracked(|queues| {
            let queue = queues.get_mut(&conversation_id)?;
            let next = queue.pending.iter().find(|sent| sent.state == PendingState::Sending).cloned();
            queue.busy = next.is_some();
            next
        })?
    }

    fn set(self, conversation_id: ConversationId, client_id: ClientId, state: PendingState) {
        self.queues.try_update(|queues| {
            let queue = queues.get_mut(&conversation_id)?;
            queue.pending.iter_mut().find(|sent| sent.client_id == client_id)?.state = state;
            Some(())
        });
    }
}

async fn deliver(conversation_id: ConversationId, message: &Pending) -> Result<SentMessage, Error> {
    let mut pauses = PAUSES.into_iter();
    loop {
        let answer = within(PATIENCE, send_message(conversation_id, message.client_id, message.body.clone())).await;
        match answer {
            Err(error) if error.is_transient() => match pauses.next() {
                Some(pause) => sleep(jittered(pause).max(error.retry_after.unwrap_or(0).min(MOST_ASKED).saturating_mul(1_000))).await,
                None => return Err(error),
            },
            answer => return answer,
        }
    }
}

/// The answer, or that there was none in time.
async fn within<T>(millis: u32, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    use std::{pin::pin, task::Poll};
    let (mut answer, mut timeout) = (pin!(answer), pin!(sleep(millis)));
    std::future::poll_fn(move |context| match answer.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(answer),
        Poll::Pending => timeout.as_mut().poll(context).map(|()| Err(Error::new(crate::error::Code::Unconfirmed))),
    })
    .await
}
