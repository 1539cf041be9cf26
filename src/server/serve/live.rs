//! A live stream on its socket: the head of the answer, then each frame as it comes, as HTTP/1.1 has it (RFC 9112): a chunk
//! each, or to an HTTP/1.0 client until the connection ends. It is the connection's last answer, and says so.
//!
//! One frame at a time: the next one is asked for when the client has taken the last. Who takes nothing for as long as
//! [`Patient`](super::patience::Patient) waits, goes away, or talks on is cut off.

use crate::server::live::stream::Frames;
use bytes::{Buf, Bytes, buf::Chain};
use futures_util::Stream;
use http::{Version, header, response::Parts};
use std::{
    future::Future,
    io::Write,
    pin::Pin,
    task::{Context, Poll, ready},
};
use time::{OffsetDateTime, format_description::FormatItem, macros::format_description};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::io::poll_write_buf;

/// What a client may say after its request, in bytes: nothing of it is answered.
const MOST_HEARD: usize = 64 * 1024;

/// IMF-fixdate (RFC 9110, 5.6.7).
const DATE: &[FormatItem<'static>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// A stream and its socket; done when either is.
pub(super) struct Live<S> {
    socket: S,
    frames: Frames,
    framing: Framing,
    /// What goes before the next frame: the head goes before the first one.
    before: Vec<u8>,
    writing: Option<Chunk>,
    ends: bool,
    heard: usize,
}

/// Size line, frame, end of line.
type Chunk = Chain<Chain<Bytes, Bytes>, &'static [u8]>;

/// How the end of the answer can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// By the last chunk.
    Chunks,
    /// By the end of the connection.
    Connection,
}

impl Framing {
    fn of(version: Version) -> Self {
        if version >= Version::HTTP_11 { Self::Chunks } else { Self::Connection }
    }

    /// This frame as it is written, with `before` in front of it.
    fn frame(self, mut before: Vec<u8>, frame: Bytes) -> Chunk {
        let after: &[u8] = match self {
            Self::Chunks => {
                // writing into a Vec cannot fail
                let _ = write!(before, "{:x}\r\n", frame.len());
                b"\r\n"
            }
            Self::Connection => b"",
        };
        Bytes::from(before).chain(frame).chain(after)
    }

    fn end(self, before: Vec<u8>) -> Option<Chunk> {
        let last: &[u8] = match self {
            Self::Chunks => b"0\r\n\r\n",
            Self::Connection => b"",
        };
        let end = Bytes::from(before).chain(Bytes::new()).chain(last);
        end.has_remaining().then_some(end)
    }

    /// The status line and the headers. Length, framing, date and what becomes of the connection are ours to say.
    fn head(self, head: &Parts, now: OffsetDateTime) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1024);
        let reason = head.status.canonical_reason().unwrap_or_default();
        let _ = write!(bytes, "HTTP/1.1 {} {reason}\r\n", head.status.as_str());
        let ours = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::DATE];
        for (name, value) in head.headers.iter().filter(|(name, _)| !ours.contains(name)) {
            for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                bytes.extend_from_slice(part);
            }
        }
        if let Ok(date) = now.format(DATE) {
            let _ = write!(bytes, "date: {date}\r\n");
        }
        if self == Self::Chunks {
            bytes.extend_from_slice(b"transfer-encoding: chunked\r\n");
        }
        bytes.extend_from_slice(b"connection: close\r\n\r\n");
        bytes
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Live<S> {
    pub(super) fn new(socket: S, frames: Frames, head: Parts, version: Version) -> Self {
        let framing = Framing::of(version);
        let before = framing.head(&head, OffsetDateTime::now_utc());
        Self { socket, frames, framing, before, writing: None, ends: false, heard: 0 }
    }

    /// The client has hung up, or does not stop talking.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scrap = [0; 256];
        while self.heard <= MOST_HEARD {
            let mut heard = ReadBuf::new(&mut scrap);
            let read = ready!(Pin::new(&mut self.socket).poll_read(cx, &mut heard));
            let count = heard.filled().len();
            if read.is_err() || count == 0 {
                break;
            }
            self.heard = self.heard.saturating_add(count);
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Live<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.poll_gone(cx).is_ready() {
            return Poll::Ready(());
        }
        loop {
            if let Some(chunk) = &mut this.writing {
                match poll_write_buf(Pin::new(&mut this.socket), cx, chunk) {
                    Poll::Ready(Ok(1..)) if chunk.has_remaining() => {}
                    Poll::Ready(Ok(1..)) => this.writing = None,
                    Poll::Ready(_) => return Poll::Ready(()),
                    Poll::Pending => return this.frames.poll_ended(cx),
                }
                continue;
            }
            if this.ends {
                return Pin::new(&mut this.socket).poll_shutdown(cx).map(|_| ());
            }
            let before = std::mem::take(&mut this.before);
            match Pin::new(&mut this.frames).poll_next(cx) {
                Poll::Ready(Some(frame)) => this.writing = Some(this.framing.frame(before, frame)),
                Poll::Ready(None) => {
                    this.ends = true;
                    this.writing = this.framing.end(before);
                }
                Poll::Pending => {
                    this.before = before;
                    return Poll::Pending;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::serve::patience::Patient;
    use http::Response;
    use time::macros::datetime;
    use tokio::net::TcpStream;

    fn bytes(mut chunk: Chunk) -> Vec<u8> {
        chunk.copy_to_bytes(chunk.remaining()).to_vec()
    }

    fn head(framing: Framing) -> String {
        let answer = Response::builder().header("content-length", "0").header("x-request-id", "7").header("set-cookie", "a=1");
        let (head, ()) = answer.header("set-cookie", "b=2").body(()).expect("an answer").into_parts();
        String::from_utf8(framing.head(&head, datetime!(1994-11-06 08:49:37 UTC))).expect("text")
    }

    #[test]
    fn a_stream_takes_little_room() {
        // there are ten thousand of them; what it points to is a few small pieces more
        assert!(size_of::<Live<Patient<TcpStream>>>() <= 768, "{} bytes", size_of::<Live<Patient<TcpStream>>>());
    }

    #[test]
    fn the_head_says_how_the_answer_ends_and_that_it_is_the_last() {
        let rest = "x-request-id: 7\r\nset-cookie: a=1\r\nset-cookie: b=2\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
        let chunks = format!("HTTP/1.1 200 OK\r\n{rest}transfer-encoding: chunked\r\nconnection: close\r\n\r\n");
        assert_eq!(head(Framing::of(Version::HTTP_11)), chunks);
        assert_eq!(head(Framing::of(Version::HTTP_10)), format!("HTTP/1.1 200 OK\r\n{rest}connection: close\r\n\r\n"));
    }

    #[test]
    fn a_frame_is_a_chunk_and_the_end_is_the_last_one() {
        let frame = Bytes::from_static(b"data: sixteen..\n\n");
        assert_eq!(bytes(Framing::Chunks.frame(b"HEAD".to_vec(), frame.clone())), b"HEAD11\r\ndata: sixteen..\n\n\r\n");
        assert_eq!(bytes(Framing::Chunks.end(Vec::new()).expect("a chunk")), b"0\r\n\r\n");
        assert_eq!(bytes(Framing::Connection.frame(Vec::new(), frame)), b"data: sixteen..\n\n");
        assert!(Framing::Connection.end(Vec::new()).is_none());
    }
}
