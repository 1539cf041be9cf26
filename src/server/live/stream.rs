//! One live stream: `ready`, then each change as it happens, `bye` before the server goes away.
//!
//! It is polled only while its client takes what it gets, so it holds one round of changes at most; what happens
//! meanwhile waits in its mailbox or is read from the feed afterwards. A database that is away ends nothing: the stream
//! waits and reads again.

use super::{
    frame::{self, Ready},
    hub::Next,
};
use crate::server::{
    context::Context,
    service::live::{self, Beginning},
};
use bytes::Bytes;
use futures_util::{Stream, stream::unfold};
use std::{collections::VecDeque, convert::Infallible, time::Duration};
use tokio::time::Instant;

/// No byte for 45 s means a dead stream; proxies close what rests for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// After this the client is asked to come again: it is then seen as it is now (role, department), and streams spread over
/// the instances anew.
const LIFE: Duration = Duration::from_secs(30 * 60);
/// The pause after a failed look at the feed.
const PAUSE: Duration = Duration::from_secs(1);

struct Live {
    ctx: Context,
    beginning: Beginning,
    waiting: VecDeque<Bytes>,
    until: Instant,
    over: bool,
}

/// The frames of a stream that has begun.
pub fn frames(ctx: Context, beginning: Beginning) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let ready = frame::ready(&Ready {
        change_no: beginning.position.cursor(),
        policy_version: ctx.state.policy.version,
        server: env!("CARGO_PKG_VERSION"),
        reset: beginning.reset,
    });
    let live = Live { ctx, beginning, waiting: VecDeque::from([ready]), until: Instant::now() + LIFE, over: false };
    unfold(live, |mut live| async move { live.next().await.map(|frame| (Ok(frame), live)) })
}

impl Live {
    /// The next frame; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(frame) = self.waiting.pop_front() {
                return Some(frame);
            }
            if self.over {
                return None;
            }
            match self.wait().await {
                Heard::Mailbox(Next::Send(pushed)) => {
                    for pushed in pushed {
                        self.beginning.position.moved(pushed.up_to);
                        self.waiting.push_back(pushed.frame);
                    }
                }
                // boxed: a stream that only listens does not hold the room that reading takes
                Heard::Mailbox(Next::Read) => Box::pin(self.read()).await,
                Heard::Nothing => return Some(frame::KEEP_ALIVE),
                Heard::End => return None,
                Heard::Bye => {
                    self.over = true;
                    self.waiting.push_back(frame::bye(retry_ms()));
                }
            }
        }
    }

    /// Until there is something to do.
    async fn wait(&mut self) -> Heard {
        let place = &self.beginning.place;
        let shutdown = &self.ctx.state.shutdown;
        let quiet = Instant::now() + KEEP_ALIVE;
        tokio::select! {
            biased;
            () = place.ended.cancelled() => Heard::End,
            () = shutdown.cancelled() => Heard::Bye,
            next = place.next() => Heard::Mailbox(next),
            () = tokio::time::sleep_until(self.until.min(quiet)) => if self.until <= quiet { Heard::Bye } else { Heard::Nothing },
        }
    }

    /// A part of the feed. As long as it was not the last one, the mailbox says to read on.
    async fn read(&mut self) {
        let Beginning { place, position, .. } = &mut self.beginning;
        match live::next(&self.ctx, position).await {
            Ok((changes, more)) => {
                if !changes.is_empty() {
                    self.waiting.push_back(frame::changes(&changes));
                }
                if !more {
                    // else the mailbox has heard of something newer
                    let _ = place.stands_at(position.cursor());
                }
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

enum Heard {
    Mailbox(Next),
    Nothing,
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
