//! Who sends a byte now and then, or reads none, holds connections; everybody else is answered as if nobody did.

use crate::support::server::Server;
use std::{
    fs::File,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};

/// Places of the listener, those of one address, and how many connections the attackers ask for.
const PLACES: usize = 120;
const OF_ONE_ADDRESS: usize = 80;
const ATTACKERS: usize = 160;

/// Requests of a round, each on a connection of its own; rounds with and without the attack in turn.
const REQUESTS: usize = 100;
const ROUNDS: usize = 4;

/// How much worse the slowest of a hundred may be. Without the bounds it waits for the attackers to tire, which takes hundreds
/// of times as long.
const WORSE: u32 = 20;

async fn connect(from: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((from, 0)))?;
    socket.connect(to).await
}

/// One of many ways to be slow: part of a head, a body byte by byte, or a question whose answer is never read.
async fn be_slow(way: usize, to: SocketAddr, token: &str, conversation: &str) -> std::io::Result<()> {
    let mut connection = connect(Ipv4Addr::new(127, 0, 0, 2), to).await?;
    let authorization = format!("host: x\r\nauthorization: Bearer {token}\r\n");
    let (begin, more) = match way % 4 {
        0 => ("GET /api/v1/me HTTP/1.1\r\nhost: x\r\n".to_owned(), &b"x-a: b\r\n"[..]),
        1 => {
            let path = format!("/api/v1/conversations/{conversation}/messages/{}", uuid::Uuid::now_v7());
            (format!("PUT {path} HTTP/1.1\r\n{authorization}content-type: application/json\r\ncontent-length: 60000\r\n\r\n{{"), &b" "[..])
        }
        2 => {
            let form = format!("/messages/{conversation}");
            (
                format!(
                    "POST {form} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ntransfer-encoding: chunked\r\n\r\n"
                ),
                &b"1\r\nx\r\n"[..],
            )
        }
        _ => ("GET /pkg/large.bin HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), &b""[..]),
    };
    connection.write_all(begin.as_bytes()).await?;
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        connection.write_all(more).await?;
    }
}

/// The slowest but one of a round of requests by somebody at another address.
async fn slowest(to: SocketAddr, token: &str) -> Duration {
    let mut times = Vec::new();
    for _ in 0..REQUESTS {
        let began = Instant::now();
        let mut connection = connect(Ipv4Addr::LOCALHOST, to).await.expect("a connection");
        let question = format!("GET /api/v1/unread HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n");
        connection.write_all(question.as_bytes()).await.expect("asked");
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.expect("answered");
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        times.push(began.elapsed());
    }
    times.sort_unstable();
    times[REQUESTS - 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_slow_slows_nobody_else_down() {
    let server = Server::start().await;
    let (asha, mallory) = (server.office.person("asha").await, server.office.person("mallory").await);
    let conversation = mallory.open(&asha).await.to_string();
    let (token, of_mallory) = (server.token(&asha).await, server.token(&mallory).await);
    let bounds = |bounds: &mut cms_messages::server::serve::Bounds| {
        (bounds.connections, bounds.per_address, bounds.proxies) = (PLACES, OF_ONE_ADDRESS, Vec::new());
    };
    let address = server.within(bounds).await;
    // more than the buffers of both ends take
    let file = File::create(Path::new(&*server.office.state.leptos.site_root).join("pkg/large.bin")).expect("a file");
    file.set_len(64 * 1024 * 1024).expect("large");
    slowest(address, &token).await;

    let (mut calm, mut attacked) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        calm.push(slowest(address, &token).await);
        let (mut attack, held) = (JoinSet::new(), Arc::new(AtomicUsize::new(0)));
        for way in 0..ATTACKERS {
            let (token, conversation, held) = (of_mallory.clone(), conversation.clone(), held.clone());
            attack.spawn(async move {
                held.fetch_add(1, Relaxed);
                // cut off, it comes again
                while be_slow(way, address, &token, &conversation).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            });
        }
        while held.load(Relaxed) < ATTACKERS {
            tokio::task::yield_now().await;
        }
        let round = tokio::time::timeout(calm[0] * WORSE * 100, slowest(address, &token)).await;
        attacked.push(round.expect("others are answered at all"));
        attack.shutdown().await;
    }
    // the machine has other things to do, too: what counts is the best that it can
    let (calm, attacked) = (calm.iter().min().expect("rounds"), attacked.iter().min().expect("rounds"));
    assert!(*attacked < *calm * WORSE, "{calm:?} without the attack, {attacked:?} with it");
    assert_eq!(server.office.count("select count(*) from messages").await, 0);
}
