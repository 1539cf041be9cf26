//! A client's end of a stream, and what comes there.

use super::PATIENCE;
use crate::support::server::Client;
use reqwest::Method;
use serde_json::Value;

/// A client's end of a stream.
pub struct Listener {
    answer: reqwest::Response,
    buffer: String,
}

/// What came.
#[derive(Debug, Clone)]
pub struct Event {
    /// `ready`, `change`, …
    pub name: String,
    /// The cursor.
    pub id: Option<i64>,
    /// Its JSON.
    pub data: Value,
}

impl Listener {
    pub async fn open(client: &Client, query: &str, last_event_id: Option<i64>) -> Self {
        let mut request = client.request(Method::GET, &format!("/api/v1/events{query}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id.to_string());
        }
        let answer = request.send().await.expect("the server answers");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { answer, buffer: String::new() }
    }

    /// The next event; `None` when the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
                if let Some(name) = field("event:") {
                    let data = serde_json::from_str(&field("data:").expect("data")).expect("json");
                    return Some(Event { name, id: field("id:").map(|id| id.parse().expect("a number")), data });
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.answer.chunk()).await.expect("something is heard in time");
            match chunk {
                Ok(Some(bytes)) => self.buffer.push_str(std::str::from_utf8(&bytes).expect("utf-8")),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    pub async fn ready(&mut self) -> Value {
        let event = self.next().await.expect("an event");
        assert_eq!(event.name, "ready");
        event.data
    }

    /// What is sent next, as it is on the wire.
    pub async fn chunk(&mut self) -> Option<Vec<u8>> {
        self.answer.chunk().await.expect("alive").map(|bytes| bytes.to_vec())
    }

    /// The texts of the next change.
    pub async fn texts(&mut self) -> Vec<String> {
        let event = self.next().await.expect("an event");
        assert_eq!((event.name.as_str(), event.id), ("change", event.data["change_no"].as_i64()));
        let messages = event.data["messages"].as_array().expect("messages");
        messages.iter().map(|message| message["body"].as_str().expect("a text").to_owned()).collect()
    }
}
