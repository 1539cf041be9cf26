//! One live stream: `ready`, then each change as it happens, `bye` before the server goes away.
//!
//! It is polled only while its client takes what it gets, so it holds one round of changes at most; what happens
//! meanwhile is read from the feed afterwards. A database that is away ends nothing: the stream waits and reads again.

use crate::{
    domain::{conversation::Conversation, ids::ChangeNo, message::Message},
    server::{
        context::Context,
        service::live::{self, Beginning, LiveChange},
    },
};
use axum::response::sse::Event;
use futures_util::{Stream, stream::unfold};
use serde::Serialize;
use std::{collections::VecDeque, convert::Infallible, time::Duration};
use tokio::time::Instant;

/// After this the client is asked to come again: it is then seen as it is now (role, department), and streams spread over
/// the instances anew.
const LIFE: Duration = Duration::from_secs(30 * 60);
/// The pause after a failed look at the feed.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Serialize)]
struct Ready {
    change_no: ChangeNo,
    policy_version: i64,
    server: &'static str,
    reset: bool,
}

#[derive(Serialize)]
struct Change<'a> {
    change_no: ChangeNo,
    conversation: &'a Conversation,
    messages: &'a [Message],
}

#[derive(Serialize)]
struct Bye {
    retry_ms: u64,
}

struct Live {
    ctx: Context,
    beginning: Beginning,
    waiting: VecDeque<Event>,
    until: Instant,
    over: bool,
}

/// The events of a stream that has begun.
pub fn events(ctx: Context, beginning: Beginning) -> impl Stream<Item = Result<Event, Infallible>> + Send {
    let ready = Ready {
        change_no: beginning.position.cursor(),
        policy_version: ctx.state.policy.version,
        server: env!("CARGO_PKG_VERSION"),
        reset: beginning.reset,
    };
    let waiting = event("ready", &ready).into_iter().collect();
    let live = Live { ctx, beginning, waiting, until: Instant::now() + LIFE, over: false };
    unfold(live, |mut live| async move { live.next().await.map(|event| (Ok(event), live)) })
}

impl Live {
    /// The next event; `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.over {
                return None;
            }
            match self.wait().await {
                Heard::Hint => self.read().await,
                Heard::End => return None,
                Heard::Bye => {
                    self.over = true;
                    self.waiting.extend(event("bye", &Bye { retry_ms: retry_ms() }));
                }
            }
        }
    }

    /// Until there is something to do.
    async fn wait(&mut self) -> Heard {
        let place = &mut self.beginning.place;
        let shutdown = &self.ctx.state.shutdown;
        tokio::select! {
            biased;
            () = place.ended.cancelled() => Heard::End,
            () = shutdown.cancelled() => Heard::Bye,
            () = tokio::time::sleep_until(self.until) => Heard::Bye,
            _ = place.hints.changed() => Heard::Hint,
        }
    }

    async fn read(&mut self) {
        match live::next(&self.ctx, &mut self.beginning.position).await {
            Ok(changes) => {
                if !changes.is_empty() {
                    // perhaps there is more
                    self.beginning.place.hints.mark_changed();
                }
                self.waiting.extend(changes.iter().filter_map(change));
            }
            Err(_) => {
                self.beginning.place.hints.mark_changed();
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

enum Heard {
    Hint,
    Bye,
    End,
}

/// So many clients do not come back at the same moment.
fn retry_ms() -> u64 {
    let mut byte = [0; 2];
    // without randomness they do
    let _ = getrandom::fill(&mut byte);
    500_u64.saturating_add(u64::from(u16::from_le_bytes(byte)) % 2_500)
}

fn change(change: &LiveChange) -> Option<Event> {
    let LiveChange { conversation, messages } = change;
    let change_no = conversation.change_no;
    Some(event("change", &Change { change_no, conversation, messages })?.id(change_no.0.to_string()))
}

fn event(name: &str, data: &impl Serialize) -> Option<Event> {
    Event::default().event(name).json_data(data).ok()
}
