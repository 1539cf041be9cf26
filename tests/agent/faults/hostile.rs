//! Clients that mean no good, or are just slow: streams that nobody reads, heads that never end, floods, and bodies of
//! which half is sent. They must be bounded, and others must not notice (I13); who is too fast is told so (I15).

use super::{caller::World, instance::REQUESTS_PER_SECOND, office::Person};
use crate::http::Http;
use std::time::Duration;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::sleep,
};

/// Streams that nobody reads, with the smallest of buffers; each asks for everything since the beginning.
pub async fn slow_readers(door: &str, people: &[Person], count: usize) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for person in people.iter().cycle().take(count) {
        let open = async {
            let socket = TcpSocket::new_v4()?;
            socket.set_recv_buffer_size(2 * 1024)?;
            let mut stream = socket.connect(door.parse().map_err(std::io::Error::other)?).await?;
            let head = format!("GET /api/v1/events?since=0 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n", person.token);
            stream.write_all(head.as_bytes()).await?;
            std::io::Result::Ok(stream)
        };
        held.extend(open.await.ok());
    }
    held
}

/// Heads and bodies that never end.
pub async fn unfinished(door: &str, person: &Person, count: usize) -> Vec<TcpStream> {
    let mut held = Vec::new();
    let body = format!(
        "POST /api/v1/delivered HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: 60000\r\n\r\n{{",
        person.token
    );
    for n in 0..count {
        if let Ok(mut stream) = TcpStream::connect(door).await {
            let _ = stream.write_all(if n % 2 == 0 { b"GET / HTTP/1.1\r\nx: ".as_slice() } else { body.as_bytes() }).await;
            held.push(stream);
        }
    }
    held
}

/// One person asks as fast as they can, on several connections, for so long; then some are told to come later.
pub async fn flood(world: World, door: String, token: String, time: Duration) {
    let mut connections = JoinSet::new();
    for _ in 0..8 {
        let (history, door, token) = (world.history.clone(), door.clone(), token.clone());
        connections.spawn(async move {
            let Ok(mut http) = Http::connect(&door, &token).await else { return };
            for _ in 0..REQUESTS_PER_SECOND {
                let Ok(answer) = http.request("GET", "/api/v1/unread", None).await else { return };
                history.later(answer.status, answer.retry_after);
            }
        });
    }
    tokio::select! {
        () = sleep(time) => {}
        () = async { while connections.join_next().await.is_some() {} } => {}
    }
}
