//! What a change means for the viewer: did something arrive, and what is there to acknowledge.

use super::{conversation::Conversation, receipt::Acknowledgement};

/// Whether the peer wrote something that this client had not heard of.
///
/// A conversation that was not known here may have changed for another reason (the peer's name, say); there the
/// delivered pointer tells, which no client of the viewer has moved yet.
#[must_use]
pub fn has_arrived(before: Option<&Conversation>, now: &Conversation) -> bool {
    let from_peer = now.last_message.as_ref().is_some_and(|last| last.sender_id == now.peer.id);
    let newer = match before {
        Some(before) => now.last_seq > before.last_seq,
        None => now.last_seq > now.delivered_seq,
    };
    from_peer && newer && now.unread_count > 0
}

/// What a client that holds this conversation owes its peer: an acknowledgement, unless nothing of theirs is open.
/// One's own messages need none.
#[must_use]
pub fn undelivered(conversation: &Conversation) -> Option<Acknowledgement> {
    let last = conversation.last_message.as_ref()?;
    let open = last.sender_id == conversation.peer.id || conversation.unread_count > 0;
    (open && conversation.last_seq > conversation.delivered_seq)
        .then_some(Acknowledgement { conversation_id: conversation.id, up_to_seq: conversation.last_seq })
}

#[cfg(test)]
mod tests {
    use super::{has_arrived, undelivered};
    use crate::domain::{
        conversation::{Conversation, MessagePreview},
        ids::{ChangeNo, ConversationId, Seq, UserId},
        message::Status,
        time::Timestamp,
        user::{Role, User},
    };
    use uuid::Uuid;

    const PEER: UserId = UserId(Uuid::from_u128(1));
    const VIEWER: UserId = UserId(Uuid::from_u128(2));

    fn conversation(sender_id: UserId, last_seq: i64, delivered: i64, unread_count: i64) -> Conversation {
        Conversation {
            id: ConversationId(Uuid::from_u128(9)),
            peer: User {
                id: PEER,
                username: "peer".into(),
                display_name: "Peer".into(),
                department: String::new(),
                role: Role::Member,
                active: true,
            },
            last_message: Some(MessagePreview {
                seq: Seq(last_seq),
                sender_id,
                text: "text".into(),
                sent_at: Timestamp::EPOCH,
                status: Status::Sent,
            }),
            last_activity_at: Timestamp::EPOCH,
            unread_count,
            last_seq: Seq(last_seq),
            read_seq: Seq(0),
            delivered_seq: Seq(delivered),
            peer_read_seq: Seq(0),
            peer_delivered_seq: Seq(0),
            can_write: true,
            cannot_write_reason: None,
            change_no: ChangeNo(1),
            created_at: Timestamp::EPOCH,
        }
    }

    #[test]
    fn a_message_of_the_peer_arrives_once() {
        let before = conversation(VIEWER, 3, 2, 0);
        let now = conversation(PEER, 4, 2, 1);
        assert!(has_arrived(Some(&before), &now));
        assert!(!has_arrived(Some(&now), &now), "a change of something else");
        assert!(!has_arrived(Some(&before), &conversation(VIEWER, 4, 2, 0)), "an own message from another tab");
        assert!(!has_arrived(Some(&before), &conversation(PEER, 4, 4, 0)), "already read elsewhere");
    }

    #[test]
    fn an_unknown_conversation_has_news_only_when_nobody_acknowledged_it() {
        assert!(has_arrived(None, &conversation(PEER, 4, 3, 1)));
        assert!(!has_arrived(None, &conversation(PEER, 4, 4, 1)), "the peer's name changed");
    }

    #[test]
    fn only_messages_of_the_peer_are_acknowledged() {
        assert_eq!(undelivered(&conversation(PEER, 4, 3, 1)).map(|due| due.up_to_seq), Some(Seq(4)));
        assert_eq!(undelivered(&conversation(PEER, 4, 4, 1)), None);
        assert_eq!(undelivered(&conversation(VIEWER, 4, 0, 0)), None, "only own ones");
    }
}
