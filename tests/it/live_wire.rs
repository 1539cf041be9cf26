//! The live stream on its socket: what HTTP says of it, how it ends, and that it keeps every bound although hyper has no part
//! in it any more.

use crate::support::{person::Person, server::Server};
use bytes::Bytes;
use cms_messages::{domain::ids::ChangeNo, server::live::mailbox::Pushed};
use reqwest::Method;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Nothing here takes as long; what does not happen fails instead of hanging.
const LONG: Duration = Duration::from_secs(10);

/// A client that sees bytes.
struct Client {
    socket: TcpStream,
    heard: String,
}

impl Client {
    async fn say(address: SocketAddr, bytes: String) -> Self {
        let mut socket = TcpStream::connect(address).await.expect("a connection");
        socket.write_all(bytes.as_bytes()).await.expect("sent");
        Self { socket, heard: String::new() }
    }

    /// Reads on until this was heard.
    async fn hear(&mut self, what: &str) -> &str {
        let mut bytes = [0; 4096];
        while !self.heard.contains(what) {
            let read = tokio::time::timeout(LONG, self.socket.read(&mut bytes)).await;
            let count = read.unwrap_or_else(|_| panic!("{what:?} after {:?}", self.heard)).expect("read");
            assert!(count > 0, "{what:?} after {:?}", self.heard);
            self.heard.push_str(std::str::from_utf8(&bytes[..count]).expect("utf-8"));
        }
        &self.heard
    }

    /// Everything up to the end.
    async fn rest(mut self) -> String {
        let all = tokio::time::timeout(LONG, self.socket.read_to_string(&mut self.heard)).await;
        all.expect("an end").expect("utf-8");
        self.heard
    }
}

fn ask(method: &str, path: &str, version: &str, token: &str) -> String {
    format!("{method} {path} HTTP/{version}\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n")
}

fn events(token: &str) -> String {
    ask("GET", "/api/v1/events", "1.1", token)
}

async fn asha(server: &Server) -> (Person, String) {
    let asha = server.office.person("asha").await;
    let token = server.token(&asha).await;
    (asha, token)
}

/// Until nobody listens.
async fn deserted(server: &Server) {
    let nobody = async {
        while !server.office.state.hub.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, nobody).await.expect("the stream ends, and its place is free");
}

/// More than the buffers of both ends have room for, to a client that reads nothing.
async fn stuff(server: &Server, person: &Person) {
    let frame = Bytes::from(vec![b'x'; 1024 * 1024]);
    let stuffed = async {
        let (mut taken, mut last) = (0, Instant::now());
        // then the stream has not asked for the last ones: it cannot send
        while taken < 2 || last.elapsed() < Duration::from_millis(500) {
            let pushed = Pushed { after: ChangeNo(taken), up_to: ChangeNo(taken + 1), frame: frame.clone(), policy_version: 0 };
            if server.office.state.hub.push(person.id(), &pushed).pushed > 0 {
                (taken, last) = (taken + 1, Instant::now());
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, stuffed).await.expect("some buffer is full");
}

#[tokio::test]
async fn a_stream_is_the_connections_last_answer_and_ends_with_the_last_chunk() {
    let server = Server::start().await;
    let (_, token) = asha(&server).await;
    let mut client = Client::say(server.address, events(&token)).await;
    let heard = client.hear("\n\n\r\n").await.to_owned();
    let (head, body) = heard.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    for header in [
        "content-type: text/event-stream",
        "cache-control: no-store",
        "x-accel-buffering: no",
        "x-content-type-options: nosniff",
        "connection: close",
        "transfer-encoding: chunked",
    ] {
        assert_eq!(head.matches(&format!("\r\n{header}")).count(), 1, "{header} in {head}");
    }
    assert!(head.contains("\r\nx-request-id: ") && head.contains(" GMT") && !head.contains("content-length"), "{head}");
    let (size, event) = body.split_once("\r\n").expect("a chunk");
    assert!(event.starts_with("event: ready\ndata: {"), "{event}");
    assert_eq!(usize::from_str_radix(size, 16), Ok(event.len() - "\r\n".len()));
    server.office.state.hub.end(|_| false);
    assert!(client.rest().await.ends_with("\n\n\r\n0\r\n\r\n"));
    deserted(&server).await;
}

#[tokio::test]
async fn a_client_of_http_1_0_reads_events_to_the_end_of_the_connection() {
    let server = Server::start().await;
    let (_, token) = asha(&server).await;
    let mut client = Client::say(server.address, ask("GET", "/api/v1/events", "1.0", &token)).await;
    client.hear("\n\n").await;
    server.office.state.hub.end(|_| false);
    let heard = client.rest().await;
    let (head, body) = heard.split_once("\r\n\r\n").expect("a head");
    assert!(!head.contains("chunked") && body.starts_with("event: ready\n") && body.ends_with("}\n\n"), "{heard}");
}

#[tokio::test]
async fn what_was_asked_before_on_the_connection_is_answered_before_and_what_is_asked_after_is_not() {
    let server = Server::start().await;
    let (asha, token) = asha(&server).await;
    let healthz = ask("GET", "/healthz", "1.1", "x");
    let mut client = Client::say(server.address, format!("{healthz}{healthz}{}{healthz}", events(&token))).await;
    client.hear("event: ready").await;
    assert_eq!(client.heard.matches("HTTP/1.1 200 OK").count(), 3, "{}", client.heard);
    client.socket.write_all(healthz.as_bytes()).await.expect("sent");
    asha.open(&server.office.person("bikram").await).await;
    client.hear("event: change").await;
    assert_eq!(client.heard.matches("HTTP/1.1").count(), 3, "{}", client.heard);
}

#[tokio::test]
async fn a_head_takes_no_place_and_the_connection_goes_on() {
    let server = Server::start().await;
    let (_, token) = asha(&server).await;
    let healthz = ask("GET", "/healthz", "1.1", "x");
    let mut client = Client::say(server.address, ask("HEAD", "/api/v1/events", "1.1", &token)).await;
    client.hear("\r\n\r\n").await;
    assert!(client.heard.contains("text/event-stream"), "{}", client.heard);
    deserted(&server).await;
    client.heard.clear();
    client.socket.write_all(healthz.as_bytes()).await.expect("sent");
    client.hear("HTTP/1.1 200 OK").await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off() {
    let server = Server::start().await;
    let (asha, token) = asha(&server).await;
    let address = server.within(|bounds| bounds.write_within = Duration::from_millis(200)).await;
    let mut client = Client::say(address, events(&token)).await;
    client.hear("event: ready").await;
    stuff(&server, &asha).await;
    deserted(&server).await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_does_not_outlive_its_session() {
    let server = Server::start().await;
    let (asha, token) = asha(&server).await;
    let mut client = Client::say(server.address, events(&token)).await;
    client.hear("event: ready").await;
    stuff(&server, &asha).await;
    // it would be cut off after 30 s
    server.office.state.hub.end(|_| false);
    deserted(&server).await;
}

#[tokio::test]
async fn a_client_that_goes_or_does_not_stop_talking_frees_its_place_at_once() {
    let server = Server::start().await;
    let (_, token) = asha(&server).await;
    let mut gone = Client::say(server.address, events(&token)).await;
    gone.hear("event: ready").await;
    drop(gone);
    deserted(&server).await;
    let mut loud = Client::say(server.address, events(&token)).await;
    loud.hear("event: ready").await;
    let _ = loud.socket.write_all(&vec![b'x'; 80 * 1024]).await;
    deserted(&server).await;
}

#[tokio::test]
async fn a_stream_keeps_its_connections_place_as_long_as_it_lives() {
    let server = Server::start().await;
    let (_, token) = asha(&server).await;
    let address = server.within(|bounds| (bounds.per_address, bounds.proxies) = (1, Vec::new())).await;
    let mut client = Client::say(address, events(&token)).await;
    client.hear("event: ready").await;
    let metrics = || server.office.state.metrics.render();
    assert!(metrics().contains("cms_messages_http_connections 1\n"), "{}", metrics());
    let mut second = TcpStream::connect(address).await.expect("a connection");
    assert_eq!(second.read(&mut [0; 1]).await.unwrap_or(0), 0, "hung up on");
    drop(client);
    deserted(&server).await;
    let freed = async {
        while !metrics().contains("cms_messages_http_connections 0\n") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, freed).await.expect("its place is free");
    let answer = server.program(&server.office.person("bikram").await).await.request(Method::GET, "/api/v1/me").send().await;
    assert_eq!(answer.expect("an answer").status(), 200);
}
