//! A connection whose other end has to take something of what we write, now and then.
//!
//! Once the buffers of both ends are full a write waits for the client, and what waits holds a place, memory and whatever
//! the answer is made of. The timer runs only while a write waits: a stream that has nothing to say may be silent.

use std::{
    future::Future,
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// Reads as it did; a write that makes no progress in time fails.
#[derive(Debug)]
pub(super) struct Patient<S> {
    stream: S,
    within: Duration,
    waits: Option<Pin<Box<Sleep>>>,
    settled: Arc<AtomicBool>,
}

impl<S> Patient<S> {
    /// A write of this stream waits no longer.
    pub(super) fn new(stream: S, within: Duration) -> Self {
        Self { stream, within, waits: None, settled: Arc::new(AtomicBool::new(true)) }
    }

    /// Whether the last thing that was done here was a flush, or nothing was written at all: then whoever writes here, and
    /// flushes once nothing is left to be written, holds nothing back.
    pub(super) fn settled(&self) -> Arc<AtomicBool> {
        self.settled.clone()
    }

    fn judge<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waits = None;
            return written;
        }
        let within = self.within;
        ready!(self.waits.get_or_insert_with(|| Box::pin(sleep(within))).as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.settled.store(false, Relaxed);
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.settled.store(false, Relaxed);
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.settled.store(flushed.is_ready(), Relaxed);
        self.judge(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.judge(cx, shut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn who_takes_something_has_the_whole_time_again() {
        let (ours, mut theirs) = duplex(1);
        let mut ours = Patient::new(ours, Duration::from_secs(30));
        let mut write = || Pin::new(&mut ours).poll_write(&mut Context::from_waker(Waker::noop()), &[7]).is_ready();
        assert!(write() && !write(), "one byte fits");
        theirs.read_u8().await.expect("taken");
        assert!(write());
        assert!(ours.waits.is_none(), "the next wait begins anew");
    }

    #[tokio::test]
    async fn what_was_written_is_settled_once_it_is_flushed() {
        let (ours, _theirs) = duplex(1);
        let mut ours = Patient::new(ours, Duration::from_secs(30));
        let settled = ours.settled();
        assert!(settled.load(Relaxed), "nothing was written");
        ours.write_all(&[7]).await.expect("one byte fits");
        assert!(!settled.load(Relaxed));
        ours.flush().await.expect("flushed");
        assert!(settled.load(Relaxed));
        let full = Pin::new(&mut ours).poll_write(&mut Context::from_waker(Waker::noop()), &[7]);
        assert!(full.is_pending() && !settled.load(Relaxed), "it waits");
    }

    #[tokio::test]
    async fn who_takes_nothing_is_cut_off_and_who_is_told_nothing_is_not() {
        let (ours, mut theirs) = duplex(1);
        let mut ours = Patient::new(ours, Duration::from_millis(20));
        let mut buffer = [0];
        let heard = Pin::new(&mut ours).poll_read(&mut Context::from_waker(Waker::noop()), &mut ReadBuf::new(&mut buffer));
        assert!(heard.is_pending() && ours.waits.is_none(), "a silent stream has no timer");
        let cut = tokio::time::timeout(Duration::from_secs(10), ours.write_all(&[7; 40])).await.expect("an end");
        assert_eq!(cut.map_err(|error| error.kind()), Err(io::ErrorKind::TimedOut));
        assert_eq!(theirs.read_u8().await.expect("what had been taken"), 7);
    }
}
