//! One live stream: `ready`, then each change as it happens, `bye` before the server goes away.
//!
//! It is polled only while its client takes what it gets, so it holds one round of changes at most; what happens
//! meanwhile waits in its mailbox or is read from the feed afterwards. A database that is away ends nothing: the stream
//! waits and reads again.
//!
//! Polled by hand, because there are ten thousands of them: while it only listens it is its mailbox and one timer, and
//! has no room for what reading would take. For the same reason it is no body of an answer: `serve` takes it out of the
//! answer ([`Handover`]), and the connection with it.

use super::{
    frame::{self, Ready},
    hub::Place,
    mailbox::Next,
};
use crate::{
    error::Error,
    server::{
        context::Context,
        service::live::{self, Beginning, Found, Position},
    },
};
use bytes::Bytes;
use futures_util::Stream;
use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{self, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// A browser of ours believes no stream that says nothing for `domain::live::SILENCE`. Others are promised 20 s.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// After this the client is asked to come again: it is then seen as it is now (role, department), and streams spread over
/// the instances anew.
const LIFE: Duration = Duration::from_secs(30 * 60);
/// The pause after a failed look at the feed.
const PAUSE: Duration = Duration::from_secs(1);

/// A stream in the extensions of the answer that begins it: for whoever has the connection, who takes it once.
#[derive(Clone)]
pub struct Handover(Arc<Mutex<Option<Frames>>>);

impl Handover {
    /// Of this stream.
    #[must_use]
    pub fn new(frames: Frames) -> Self {
        Self(Arc::new(Mutex::new(Some(frames))))
    }

    /// The stream, unless somebody has it.
    #[must_use]
    pub fn take(&self) -> Option<Frames> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The frames of a stream.
pub struct Frames {
    ctx: Context,
    place: Place,
    position: Position,
    waiting: VecDeque<Bytes>,
    reading: Option<Pin<Box<dyn Future<Output = Read> + Send>>>,
    until: Instant,
    quiet: Pin<Box<Sleep>>,
    over: bool,
}

/// Where the stream stands after a look at the feed, what it found, and whether there is more.
type Read = (Position, Result<Found, Error>);

impl Frames {
    /// Of a stream that has begun.
    #[must_use]
    pub fn new(ctx: Context, beginning: Beginning) -> Self {
        let Beginning { place, position, reset } = beginning;
        let ready = frame::ready(&Ready {
            change_no: position.cursor(),
            policy_version: ctx.state.policy.current().version,
            server: env!("CARGO_PKG_VERSION"),
            reset,
        });
        let until = Instant::now() + LIFE;
        let quiet = Box::pin(tokio::time::sleep(KEEP_ALIVE));
        Self { ctx, place, position, waiting: VecDeque::from([ready]), reading: None, until, quiet, over: false }
    }

    /// Nothing more may be sent, now or later, not even what was begun: for whoever cannot send and so does not ask for more.
    pub fn poll_ended(&self, cx: &task::Context<'_>) -> Poll<()> {
        self.place.poll_ended(cx)
    }

    fn hear(&mut self, next: Next) {
        match next {
            Next::Send(pushed) => {
                for pushed in pushed {
                    self.position.moved(pushed.up_to);
                    self.waiting.push_back(pushed.frame);
                }
            }
            Next::Read => self.reading = Some(Box::pin(read(self.ctx.clone(), std::mem::take(&mut self.position)))),
            Next::Policy(version) => self.waiting.push_back(frame::policy(version)),
            Next::End => self.over = true,
            Next::Bye => {
                self.reading = None;
                self.say_goodbye();
            }
        }
    }

    /// A part of the feed. As long as it was not the last one, the mailbox says to read on.
    fn take(&mut self, (position, read): Read) {
        self.reading = None;
        self.position = position;
        match read {
            Ok(Found::Changes { items, more }) => {
                if !items.is_empty() {
                    self.waiting.push_back(frame::changes(&items));
                }
                if !more {
                    // else the mailbox has heard of something newer
                    let _ = self.place.stands_at(self.position.cursor());
                }
            }
            // its client comes back with the same cursor, and is told to start from a fresh list
            Ok(Found::Reset) => self.say_goodbye(),
            Err(_) => {}
        }
    }

    fn say_goodbye(&mut self) {
        self.over = true;
        self.waiting.push_back(frame::bye(retry_ms()));
    }
}

impl Stream for Frames {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if self.place.is_ended() {
                return Poll::Ready(None);
            }
            if let Some(frame) = self.waiting.pop_front() {
                let quiet = (Instant::now() + KEEP_ALIVE).min(self.until);
                self.quiet.as_mut().reset(quiet);
                return Poll::Ready(Some(frame));
            }
            if self.over {
                return Poll::Ready(None);
            }
            let next = if let Some(reading) = &mut self.reading {
                if let Poll::Ready(read) = reading.as_mut().poll(cx) {
                    self.take(read);
                    continue;
                }
                // a database that takes long keeps nobody here
                self.place.poll_end(cx)
            } else {
                self.place.poll_next(cx)
            };
            if let Poll::Ready(next) = next {
                self.hear(next);
                continue;
            }
            ready!(self.quiet.as_mut().poll(cx));
            if Instant::now() >= self.until { self.say_goodbye() } else { self.waiting.push_back(frame::KEEP_ALIVE) }
        }
    }
}

async fn read(ctx: Context, mut position: Position) -> Read {
    let read = live::next(&ctx, &mut position).await;
    if read.is_err() {
        tokio::time::sleep(PAUSE).await;
    }
    (position, read)
}

/// So many clients do not come back at the same moment.
fn retry_ms() -> u64 {
    let mut byte = [0; 2];
    // without randomness they do
    let _ = getrandom::fill(&mut byte);
    500_u64.saturating_add(u64::from(u16::from_le_bytes(byte)) % 2_500)
}
