//! A receipt against its entry.

use super::finding::{Code, Findings, Place};
use crate::server::proof::{bundle::Receipt, canonical::Entry};

/// What the entry says, word for word.
pub(super) fn look(entry: &Entry, receipt: &Receipt, place: Place, findings: &mut Findings) {
    let same = [
        ("conversation", entry.conversation_id == Some(receipt.conversation_id)),
        ("person", entry.actor_id == Some(receipt.user_id)),
        ("kind", entry.action.strip_prefix("message.") == Some(receipt.kind.as_str())),
        ("message", entry.object.as_deref() == Some(receipt.up_to_seq.to_string().as_str())),
        ("time", entry.at == receipt.at),
    ];
    for (what, _) in same.iter().filter(|(_, same)| !same) {
        let thread = receipt.conversation_id;
        let sentence = format_args!("The receipt in conversation {thread} has another {what} than this entry says.");
        findings.add(Code::ReceiptDiffers, place, sentence);
    }
}
