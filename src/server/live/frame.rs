//! What a live stream says, as server-sent events (HTML Living Standard, 9.2): made once, sent to every stream of a user.

use crate::domain::{change::LiveChange, conversation::Conversation, ids::ChangeNo, message::Message};
use bytes::Bytes;
use serde::Serialize;

/// Nothing has happened: only shows that somebody is there. A comment for who counts bytes, an event for browsers, which
/// show their pages no comment.
pub const KEEP_ALIVE: Bytes = Bytes::from_static(b": keep-alive\nevent: beat\ndata: {}\n\n");

/// The first event: where the stream stands.
#[derive(Debug, Serialize)]
pub struct Ready {
    /// Changes after this one follow.
    pub change_no: ChangeNo,
    /// Of the policy in force.
    pub policy_version: i64,
    /// What runs here.
    pub server: &'static str,
    /// The client's cursor was of a future that is lost.
    pub reset: bool,
}

#[derive(Serialize)]
struct Change<'a> {
    change_no: ChangeNo,
    conversation: &'a Conversation,
    messages: &'a [Message],
}

#[derive(Serialize)]
struct Policy {
    policy_version: i64,
}

#[derive(Serialize)]
struct Bye {
    retry_ms: u64,
}

/// `ready`
#[must_use]
pub fn ready(ready: &Ready) -> Bytes {
    let mut frame = Vec::new();
    event(&mut frame, "ready", None, ready);
    frame.into()
}

/// `policy`: `can_write` of any conversation may have changed.
#[must_use]
pub fn policy(policy_version: i64) -> Bytes {
    let mut frame = Vec::new();
    event(&mut frame, "policy", None, &Policy { policy_version });
    frame.into()
}

/// `bye`: come again after so many milliseconds.
#[must_use]
pub fn bye(retry_ms: u64) -> Bytes {
    let mut frame = Vec::new();
    event(&mut frame, "bye", None, &Bye { retry_ms });
    frame.into()
}

/// A `change` for each of these, ascending.
#[must_use]
pub fn changes(changes: &[LiveChange]) -> Bytes {
    let mut frame = Vec::new();
    for LiveChange { conversation, messages } in changes {
        let change_no = conversation.change_no;
        event(&mut frame, "change", Some(change_no), &Change { change_no, conversation, messages });
    }
    frame.into()
}

/// JSON has no line break outside of its strings, and none unescaped inside: the data is one line.
fn event(frame: &mut Vec<u8>, name: &str, id: Option<ChangeNo>, data: &impl Serialize) {
    frame.extend_from_slice(b"event: ");
    frame.extend_from_slice(name.as_bytes());
    if let Some(ChangeNo(id)) = id {
        frame.extend_from_slice(b"\nid: ");
        frame.extend_from_slice(id.to_string().as_bytes());
    }
    frame.extend_from_slice(b"\ndata: ");
    // our own types have string keys and finite numbers, and a Vec takes everything
    let _ = serde_json::to_writer(&mut *frame, data);
    frame.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_its_name_its_id_and_one_line_of_data() {
        let mut frame = Vec::new();
        event(&mut frame, "change", Some(ChangeNo(7)), &serde_json::json!({"body": "two\nlines\u{2028}\r"}));
        let text = String::from_utf8(frame).expect("utf-8");
        assert_eq!(text, "event: change\nid: 7\ndata: {\"body\":\"two\\nlines\u{2028}\\r\"}\n\n");
        assert_eq!(bye(5), "event: bye\ndata: {\"retry_ms\":5}\n\n");
    }
}
