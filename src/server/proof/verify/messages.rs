//! A message against its entry, and its text against the digest that was sealed.

use super::finding::{Code, Findings, Place};
use crate::server::proof::{
    bundle::Message,
    canonical::{Details, Entry},
    salted::{self, Words},
};
use serde_json::Value;

/// What the entry says, word for word.
pub(super) fn look(entry: &Entry, message: &Message, place: Place, findings: &mut Findings) {
    let digest = message.body_digest.to_string();
    let same = [
        ("conversation", entry.conversation_id == Some(message.conversation_id)),
        ("number", entry.object.as_deref() == Some(message.seq.to_string().as_str())),
        ("sender", entry.actor_id == Some(message.sender_id)),
        ("time", entry.at == message.sent_at),
        ("digest of the text", detail(entry, "digest") == Some(digest.as_str())),
    ];
    for (what, _) in same.iter().filter(|(_, same)| !same) {
        let (seq, thread) = (message.seq, message.conversation_id);
        let sentence = format_args!("Message {seq} of conversation {thread} has another {what} than this entry says.");
        findings.add(Code::MessageDiffers, place, sentence);
    }
    text(message, place, findings);
}

/// A text of the entry's details.
pub(super) fn detail<'a>(entry: &'a Entry, key: &str) -> Option<&'a str> {
    match &entry.details {
        Details::Json(value) => value.get(key).and_then(Value::as_str),
        Details::Text(_) => None,
    }
}

fn text(message: &Message, place: Place, findings: &mut Findings) {
    let (seq, thread) = (message.seq, message.conversation_id);
    // one that was erased is counted, and said
    if salted::look(message.body.as_deref(), message.body_salt.as_ref(), &message.body_digest) == Words::Other {
        let sentence = format_args!("The text of message {seq} of conversation {thread} is not the one that was sent.");
        findings.add(Code::MessageText, place, sentence);
    }
}
