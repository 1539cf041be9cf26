//! Server-sent events: a live stream of one person, decoded as it comes.

use super::http::{Answer, Http, Wire, chunk_size, find, malformed, number};
use std::{io, ops::Range, str};

/// A live stream, decoded event by event.
pub struct Events {
    wire: Wire,
    /// Of the present chunk, not read yet.
    left: usize,
    ended: bool,
    /// Decoded and not handed out; the first `taken` bytes have been.
    text: Vec<u8>,
    taken: usize,
}

/// One event of a live stream, as long as the next one is not asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// `ready`, `change`, `policy`, `bye`.
    pub name: &'a str,
    /// The cursor to resume from.
    pub id: Option<i64>,
    /// JSON.
    pub data: &'a [u8],
}

impl Events {
    /// Opens a stream, from a change number or from now; the inner error is a refusal.
    pub async fn open(address: &str, token: &str, since: Option<i64>) -> io::Result<Result<Self, Answer>> {
        let mut http = Http::connect(address, token).await?;
        let path = since.map_or_else(|| "/api/v1/events".to_owned(), |since| format!("/api/v1/events?since={since}"));
        http.write("GET", &path, None).await?;
        let head = http.wire.head().await?;
        if head.status != 200 {
            return Ok(Err(http.wire.body(head).await?));
        }
        if !head.chunked {
            return Err(malformed("a live stream that is not chunked"));
        }
        Ok(Ok(Self { wire: http.wire, left: 0, ended: false, text: Vec::new(), taken: 0 }))
    }

    /// The next event; `None` when the server has ended the stream. May be abandoned and asked again.
    pub async fn next(&mut self) -> io::Result<Option<Event<'_>>> {
        let found = loop {
            self.text.drain(..std::mem::take(&mut self.taken));
            if let Some(end) = find(&self.text, b"\n\n") {
                self.taken = end + 2;
                if let Some(fields) = fields(self.text.get(..end).unwrap_or_default())? {
                    break fields;
                }
            } else if self.ended {
                return Ok(None);
            } else {
                self.more().await?;
            }
        };
        let part = |range: Range<usize>| self.text.get(range).unwrap_or_default();
        let name = str::from_utf8(part(found.name)).map_err(|_| malformed("an event's name"))?;
        Ok(Some(Event { name, id: found.id, data: part(found.data) }))
    }

    /// Decodes what there is of the chunks, or waits for more.
    async fn more(&mut self) -> io::Result<()> {
        let before = self.text.len();
        while !self.ended && self.text.len() == before {
            if self.left == 0 {
                let Some(size) = self.wire.line() else {
                    self.wire.fill().await?;
                    continue;
                };
                // the line end after a chunk is an empty line before the next size
                if !size.is_empty() {
                    self.left = chunk_size(size)?;
                    self.ended = self.left == 0;
                }
            } else if self.wire.unread().is_empty() {
                self.wire.fill().await?;
            } else {
                let count = self.left.min(self.wire.unread().len());
                self.text.extend_from_slice(self.wire.take(count));
                self.left -= count;
            }
        }
        Ok(())
    }
}

struct Fields {
    name: Range<usize>,
    id: Option<i64>,
    data: Range<usize>,
}

/// The fields of one block; `None` for a comment.
fn fields(block: &[u8]) -> io::Result<Option<Fields>> {
    let mut found = Fields { name: 0..0, id: None, data: 0..0 };
    let mut begin = 0;
    for line in block.split(|byte| *byte == b'\n') {
        let end = begin + line.len();
        if line.starts_with(b"event: ") {
            found.name = begin + 7..end;
        } else if line.starts_with(b"data: ") {
            if !found.data.is_empty() {
                return Err(malformed("an event of several lines"));
            }
            found.data = begin + 6..end;
        } else if let Some(id) = line.strip_prefix(b"id: ") {
            found.id = Some(number(id).ok_or_else(|| malformed("an event's id"))?);
        }
        begin = end + 1;
    }
    Ok((!found.data.is_empty()).then_some(found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::tests::answering;

    #[tokio::test]
    async fn events_are_the_same_however_the_stream_is_cut() {
        let bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n11\r\n: keep-alive\n\neve\r\n1f\r\nnt: ready\ndata: {}\n\nevent: chan\r\n14\r\nge\nid: 5\ndata: {1}\n\n\r\n0\r\n\r\n";
        for piece in [1, 7, 1000] {
            let mut events =
                Events::open(&answering(bytes, piece).await, "t", Some(4)).await.unwrap().map_err(|answer| answer.status).unwrap();
            assert_eq!(events.next().await.unwrap().unwrap(), Event { name: "ready", id: None, data: b"{}" });
            assert_eq!(events.next().await.unwrap().unwrap(), Event { name: "change", id: Some(5), data: b"{1}" });
            assert_eq!(events.next().await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn a_refused_stream_is_an_answer() {
        let address = answering(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\n{}", 100).await;
        let refused = Events::open(&address, "t", None).await.unwrap().err().unwrap();
        assert_eq!((refused.status, refused.body.as_slice()), (401, b"{}".as_slice()));
    }
}
