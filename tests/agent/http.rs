//! HTTP/1.1, as little of it as the agent needs: it shares two cores with what it measures, so a request is one system call,
//! an answer one more, and nothing is parsed that nobody asks for.
//!
//! An error of a request says nothing about what became of it: once it has been written its outcome is unknown.

use std::{io, str};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How much is read at once, and what a connection's buffer begins with.
const ROOM: usize = 4 * 1024;

/// One keep-alive connection of one person.
pub struct Http {
    pub(super) wire: Wire,
    common: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
    /// Seconds to wait, when the server asks for it.
    pub retry_after: Option<u64>,
}

impl Http {
    /// Connects to `host:port`.
    pub async fn connect(address: &str, token: &str) -> io::Result<Self> {
        let common = format!("\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n");
        Ok(Self { wire: Wire::connect(address).await?, common })
    }

    /// One request and its answer; a body is JSON.
    pub async fn request(&mut self, method: &str, path: &str, body: Option<&[u8]>) -> io::Result<Answer> {
        self.write(method, path, body).await?;
        self.wire.answer().await
    }

    pub(super) async fn write(&mut self, method: &str, path: &str, body: Option<&[u8]>) -> io::Result<()> {
        let out = &mut self.wire.out;
        out.clear();
        for part in [method, " ", path, " HTTP/1.1", &self.common] {
            out.extend_from_slice(part.as_bytes());
        }
        if let Some(body) = body {
            out.extend_from_slice(format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes());
            out.extend_from_slice(body);
        } else {
            out.extend_from_slice(if method == "GET" { b"\r\n" } else { b"content-length: 0\r\n\r\n" });
        }
        self.wire.stream.write_all(&self.wire.out).await
    }
}

/// The socket, and what has been read from it and not used.
pub(super) struct Wire {
    stream: TcpStream,
    out: Vec<u8>,
    read: Vec<u8>,
    used: usize,
}

pub(super) struct Head {
    pub(super) status: u16,
    length: Option<usize>,
    pub(super) chunked: bool,
    retry_after: Option<u64>,
}

impl Wire {
    async fn connect(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, out: Vec::new(), read: Vec::new(), used: 0 })
    }

    pub(super) fn unread(&self) -> &[u8] {
        self.read.get(self.used..).unwrap_or_default()
    }

    /// Reads on; the end of the connection is an error, because nobody reads on who expects it.
    pub(super) async fn fill(&mut self) -> io::Result<()> {
        if self.used == self.read.len() {
            self.read.clear();
            self.used = 0;
        }
        self.read.reserve(ROOM);
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    pub(super) fn take(&mut self, count: usize) -> &[u8] {
        let begin = self.used;
        self.used = (begin + count).min(self.read.len());
        self.read.get(begin..self.used).unwrap_or_default()
    }

    /// The next line without its end, when it is there as a whole.
    pub(super) fn line(&mut self) -> Option<&[u8]> {
        let length = find(self.unread(), b"\r\n")?;
        self.used += length + 2;
        self.read.get(self.used - length - 2..self.used - 2)
    }

    async fn answer(&mut self) -> io::Result<Answer> {
        let head = self.head().await?;
        self.body(head).await
    }

    pub(super) async fn head(&mut self) -> io::Result<Head> {
        let length = loop {
            if let Some(length) = find(self.unread(), b"\r\n\r\n") {
                break length;
            }
            self.fill().await?;
        };
        let head = Head::parse(self.take(length + 4))?;
        // 100 Continue is not asked for, so nothing comes before the answer
        Ok(head)
    }

    pub(super) async fn body(&mut self, head: Head) -> io::Result<Answer> {
        let mut body = Vec::new();
        if head.chunked {
            loop {
                let size = loop {
                    match self.line() {
                        Some(size) => break chunk_size(size)?,
                        None => self.fill().await?,
                    }
                };
                self.copy(size + 2, &mut body).await?;
                body.truncate(body.len() - 2);
                if size == 0 {
                    break;
                }
            }
        } else {
            let bodiless = matches!(head.status, 204 | 304);
            let length = head.length.or(bodiless.then_some(0)).ok_or_else(|| malformed("an answer without a length"))?;
            self.copy(length, &mut body).await?;
        }
        Ok(Answer { status: head.status, body, retry_after: head.retry_after })
    }

    async fn copy(&mut self, count: usize, to: &mut Vec<u8>) -> io::Result<()> {
        let mut left = count;
        while left > 0 {
            if self.unread().is_empty() {
                self.fill().await?;
            }
            let part = self.take(left);
            left -= part.len();
            to.extend_from_slice(part);
        }
        Ok(())
    }
}

impl Head {
    fn parse(head: &[u8]) -> io::Result<Self> {
        let status = head.get(9..12).and_then(number).and_then(|status| u16::try_from(status).ok());
        let mut parsed = Self {
            status: status.filter(|_| head.starts_with(b"HTTP/1.1 ")).ok_or_else(|| malformed("a status line"))?,
            length: None,
            chunked: false,
            retry_after: None,
        };
        for line in head.split(|byte| *byte == b'\n').skip(1) {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let (name, value) = line.split_at(colon);
            // three names of three lengths: nothing else is looked at closely
            match name.len() {
                14 if name.eq_ignore_ascii_case(b"content-length") => parsed.length = unsigned(value),
                11 if name.eq_ignore_ascii_case(b"retry-after") => parsed.retry_after = unsigned(value),
                17 if name.eq_ignore_ascii_case(b"transfer-encoding") => parsed.chunked = find(value, b"chunked").is_some(),
                _ => {}
            }
        }
        Ok(parsed)
    }
}

fn unsigned<T: TryFrom<i64>>(value: &[u8]) -> Option<T> {
    number(value.strip_prefix(b":")?.trim_ascii()).and_then(|value| T::try_from(value).ok())
}

pub(super) fn chunk_size(line: &[u8]) -> io::Result<usize> {
    str::from_utf8(line).ok().and_then(|line| usize::from_str_radix(line, 16).ok()).ok_or_else(|| malformed("a chunk's size"))
}

pub(super) fn number(text: &[u8]) -> Option<i64> {
    str::from_utf8(text).ok()?.parse().ok()
}

/// Where `what` begins.
pub fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    let first = what.first()?;
    let mut from = 0;
    loop {
        from += text.get(from..)?.iter().position(|byte| byte == first)?;
        if text.get(from..)?.starts_with(what) {
            return Some(from);
        }
        from += 1;
    }
}

pub(super) fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the server sent {what} that cannot be read"))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// A server that takes one request and answers with these bytes, in pieces of this many.
    pub async fn answering(bytes: &'static [u8], piece: usize) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await.unwrap();
            for part in bytes.chunks(piece) {
                stream.write_all(part).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        address
    }

    #[tokio::test]
    async fn an_answer_is_the_same_however_it_is_cut() {
        let plain = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\ncontent-length: 5\r\n\r\nhello";
        let chunked =
            b"HTTP/1.1 429 Too Many Requests\r\ntransfer-encoding: chunked\r\nretry-after: 7\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
        for bytes in [plain.as_slice(), chunked.as_slice()] {
            for piece in [1, 3, 1000] {
                let mut http = Http::connect(&answering(bytes, piece).await, "t").await.unwrap();
                let answer = http.request("GET", "/", None).await.unwrap();
                assert_eq!((answer.status, answer.retry_after, answer.body.as_slice()), (429, Some(7), b"hello".as_slice()));
            }
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_cut_off_is_an_error() {
        let mut http = Http::connect(&answering(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", 100).await, "t").await.unwrap();
        assert_eq!(http.request("GET", "/", None).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
