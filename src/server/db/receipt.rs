//! Receipts: moving people's delivered and read pointers forward by a function of the database (`acknowledge_v2`), one
//! round trip and one transaction for a group of requests. Each request moves all of its items or none.

use super::{
    sides::{LastMessage, Side, Sides},
    user::UserRow,
};
use crate::domain::{
    ids::{ChangeNo, ConversationId, Seq, UserId},
    receipt::{Acknowledgement, Evidence, ReceiptKind},
    time::Timestamp,
    user::User,
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// What one client acknowledges at once.
#[derive(Debug, Clone)]
pub struct NewReceipts {
    /// Whose pointers.
    pub user: UserId,
    /// Which ones.
    pub kind: ReceiptKind,
    /// How we know.
    pub evidence: Evidence,
    /// How far, and where.
    pub items: Vec<Acknowledgement>,
}

/// What came of a request.
#[derive(Debug)]
pub enum Acknowledged {
    /// The pointers stand there; how the conversations look whose pointers have moved.
    Done(Vec<Sides>),
    /// One of the conversations does not stand in the user's inbox: nothing has moved.
    NotFound,
    /// One of the seqs is negative or beyond the last one: nothing has moved.
    Beyond,
}

/// Moves the pointers of a group of requests; what came of each, in the same order. A user may stand in the group with
/// one request only.
pub async fn acknowledge(db: &mut PgConnection, group: &[&NewReceipts]) -> Result<Vec<Acknowledged>, sqlx::Error> {
    let items: Vec<(usize, &NewReceipts, Acknowledgement)> =
        group.iter().enumerate().flat_map(|(request, new)| new.items.iter().map(move |item| (request, *new, *item))).collect();
    let requests: Vec<i32> = items.iter().map(|(request, ..)| i32::try_from(*request).unwrap_or(i32::MAX)).collect();
    let users: Vec<Uuid> = items.iter().map(|(_, new, _)| new.user.0).collect();
    let kinds: Vec<&str> = items.iter().map(|(_, new, _)| new.kind.as_str()).collect();
    let evidences: Vec<&str> = items.iter().map(|(_, new, _)| new.evidence.as_str()).collect();
    let conversations: Vec<Uuid> = items.iter().map(|(.., item)| item.conversation_id.0).collect();
    let up_to: Vec<i64> = items.iter().map(|(.., item)| item.up_to_seq.0).collect();
    let rows = sqlx::query_as!(
        AcknowledgedRow,
        r#"select outcome as "outcome!", last_seq, created_at,
                  user_change_no, user_now, user_unread, user_read_seq, user_delivered_seq, user_last_sent_at, user_last_activity_at,
                  peer_change_no, peer_now, peer_unread, peer_read_seq, peer_delivered_seq, peer_last_sent_at, peer_last_activity_at,
                  peer_id, peer_username, peer_display_name, peer_department, peer_role, peer_active,
                  user_username, user_display_name, user_department, user_role, user_active,
                  last_sender_id, last_text, last_sent_at, now() as "now!"
           from acknowledge_v2($1, $2, $3, $4, $5, $6)"#,
        &requests,
        &users,
        &kinds as &[&str],
        &evidences as &[&str],
        &conversations,
        &up_to
    )
    .fetch_all(db)
    .await?;
    if rows.len() != items.len() {
        return Err(sqlx::Error::Protocol("acknowledge_v2 left something out".into()));
    }
    let mut answers: Vec<Acknowledged> = group.iter().map(|_| Acknowledged::Done(Vec::new())).collect();
    for (row, (request, new, item)) in rows.into_iter().zip(items) {
        let Some(answer) = answers.get_mut(request) else { continue };
        match row.outcome.as_str() {
            "not_found" => *answer = Acknowledged::NotFound,
            "beyond" if matches!(answer, Acknowledged::Done(_)) => *answer = Acknowledged::Beyond,
            // without a number when another item of the request has moved it farther
            "moved" if row.user_change_no.is_some() => {
                let sides = row.sides(new.user, item.conversation_id);
                let sides = sides.ok_or_else(|| sqlx::Error::Protocol("acknowledge_v2 left something empty".into()))?;
                if let Acknowledged::Done(moved) = answer {
                    moved.push(sides);
                }
            }
            _ => {}
        }
    }
    Ok(answers)
}

struct AcknowledgedRow {
    outcome: String,
    last_seq: Option<i64>,
    created_at: Option<OffsetDateTime>,
    user_change_no: Option<i64>,
    user_now: Option<i64>,
    user_unread: Option<i64>,
    user_read_seq: Option<i64>,
    user_delivered_seq: Option<i64>,
    user_last_sent_at: Option<OffsetDateTime>,
    user_last_activity_at: Option<OffsetDateTime>,
    peer_change_no: Option<i64>,
    peer_now: Option<i64>,
    peer_unread: Option<i64>,
    peer_read_seq: Option<i64>,
    peer_delivered_seq: Option<i64>,
    peer_last_sent_at: Option<OffsetDateTime>,
    peer_last_activity_at: Option<OffsetDateTime>,
    peer_id: Option<Uuid>,
    peer_username: Option<String>,
    peer_display_name: Option<String>,
    peer_department: Option<String>,
    peer_role: Option<String>,
    peer_active: Option<bool>,
    user_username: Option<String>,
    user_display_name: Option<String>,
    user_department: Option<String>,
    user_role: Option<String>,
    user_active: Option<bool>,
    last_sender_id: Option<Uuid>,
    last_text: Option<String>,
    last_sent_at: Option<OffsetDateTime>,
    now: OffsetDateTime,
}

impl AcknowledgedRow {
    fn sides(self, user: UserId, conversation_id: ConversationId) -> Option<Sides> {
        let user = User::from(UserRow {
            id: user.0,
            username: self.user_username?,
            display_name: self.user_display_name?,
            department: self.user_department?,
            role: self.user_role?,
            active: self.user_active?,
        });
        let one = Side {
            user,
            moved_to: ChangeNo(self.user_change_no?),
            change_no: ChangeNo(self.user_now?),
            unread_count: self.user_unread?,
            read_seq: Seq(self.user_read_seq?),
            delivered_seq: Seq(self.user_delivered_seq?),
            last_sent_at: self.user_last_sent_at.map(Timestamp::from),
            last_activity_at: self.user_last_activity_at?.into(),
        };
        let peer = User::from(UserRow {
            id: self.peer_id?,
            username: self.peer_username?,
            display_name: self.peer_display_name?,
            department: self.peer_department?,
            role: self.peer_role?,
            active: self.peer_active?,
        });
        let other = Side {
            user: peer,
            moved_to: ChangeNo(self.peer_change_no?),
            change_no: ChangeNo(self.peer_now?),
            unread_count: self.peer_unread?,
            read_seq: Seq(self.peer_read_seq?),
            delivered_seq: Seq(self.peer_delivered_seq?),
            last_sent_at: self.peer_last_sent_at.map(Timestamp::from),
            last_activity_at: self.peer_last_activity_at?.into(),
        };
        let last_message =
            LastMessage { sender_id: UserId(self.last_sender_id?), text: self.last_text?, sent_at: self.last_sent_at?.into() };
        Some(Sides {
            conversation_id,
            created_at: self.created_at?.into(),
            last_seq: Seq(self.last_seq?),
            last_message,
            now: self.now.into(),
            one,
            other,
        })
    }
}
