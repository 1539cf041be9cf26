//! What is no HTTP, or two requests in one: refused or hung up on, never a 500, and nobody's next request is answered with it.

use crate::support::server::Server;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Everything that the server says to these bytes until it hangs up, or is told that nothing more comes.
async fn says(server: &Server, bytes: &[u8]) -> String {
    let mut connection = TcpStream::connect(server.address).await.expect("a connection");
    let _ = connection.write_all(bytes).await;
    let _ = connection.shutdown().await;
    let mut answer = Vec::new();
    let heard = tokio::time::timeout(Duration::from_secs(20), connection.read_to_end(&mut answer)).await;
    assert!(heard.is_ok(), "the server hangs up after {:?}", String::from_utf8_lossy(bytes));
    String::from_utf8_lossy(&answer).into_owned()
}

fn statuses(answer: &str) -> Vec<u16> {
    let after = answer.split("HTTP/1.1 ").skip(1).filter_map(|rest| rest.get(..3));
    after.filter_map(|status| status.parse().ok()).collect()
}

#[tokio::test]
async fn what_is_no_http_is_refused_and_the_next_one_is_answered() {
    let server = Server::start().await;
    let nonsense: &[&[u8]] = &[
        b"",
        b"\r\n\r\n",
        b"\0\0\0\0",
        b"GET\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/9.9\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\n folded: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nho\0st: x\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /messages/%00 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET //evil.example/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET http:///// HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"TRACE / HTTP/1.1\r\nhost: x\r\ncookie: cms_session=x\r\nconnection: close\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade, close\r\n\r\n",
        b"POST /sign_in HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /sign_in HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"POST /sign_in HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        b"POST /sign_in HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"POST /sign_in HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\nx",
        b"POST /sign_in HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"POST /api/v1/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
    ];
    for bytes in nonsense {
        let answer = says(&server, bytes).await;
        let found = statuses(&answer);
        assert!(
            found.len() <= 1 && found.iter().all(|status| (200..500).contains(status)),
            "{:?}: {answer}",
            String::from_utf8_lossy(bytes)
        );
        assert!(!answer.contains("cms_session=x"), "what was sent comes back: {answer}");
        assert!(!answer.to_lowercase().contains("location: //") && !answer.contains("evil"), "{answer}");
        assert_eq!(server.stranger().get("/healthz").await.status, 200);
    }
}

#[tokio::test]
async fn a_second_request_cannot_be_hidden_in_the_body_of_a_first() {
    let server = Server::start().await;
    let hidden = "GET /robots.txt HTTP/1.1\r\nhost: x\r\n\r\n";
    for framing in [
        // read by one as so long, by another as chunks
        format!("content-length: {}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{hidden}", 5 + hidden.len()),
        format!("transfer-encoding: chunked\r\ncontent-length: {}\r\n\r\n0\r\n\r\n{hidden}", 5 + hidden.len()),
        format!("transfer-encoding: xchunked\r\ncontent-length: {}\r\n\r\n{hidden}", hidden.len()),
        format!("transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n{hidden}"),
        format!("transfer-encoding:\x0bchunked\r\ncontent-length: {}\r\n\r\n{hidden}", hidden.len()),
        format!("content-length: 0{}\r\ncontent-length: {}\r\n\r\n{hidden}", hidden.len(), hidden.len() + 1),
        format!("content-length: +{}\r\n\r\n{hidden}", hidden.len()),
    ] {
        let request = format!("POST /sign_in HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n{framing}");
        let answer = says(&server, request.as_bytes()).await;
        assert!(!answer.contains("Disallow"), "{framing:?} is two requests: {answer}");
        assert!(statuses(&answer).iter().all(|status| (400..500).contains(status)), "{framing:?}: {answer}");
    }
}
