//! What a policy decides about, counted: active people by class, and the conversations between classes. For the dry run, and
//! for nothing that anybody waits for often: it reads every conversation once.
//!
//! A class is a role and a department; a department that no rule names is `''`, because no rule can name that one.

use super::user::UserRow;
use crate::domain::{
    ids::{ConversationId, UserId},
    policy::{ANSWER_SECONDS, Party, difference::Class, report::AffectedSide},
    time::Timestamp,
    user::{Role, User},
};
use sqlx::PgConnection;
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// Conversations that a policy can only treat alike.
#[derive(Debug, Clone)]
pub struct Group {
    /// The one participant.
    pub low: Side,
    /// The other one.
    pub high: Side,
    /// How many.
    pub conversations: i64,
}

/// One participant of a group of conversations.
#[derive(Debug, Clone)]
pub struct Side {
    /// Role and department.
    pub class: Class,
    /// Whether they are here.
    pub active: bool,
    /// Whether the conversation stands in their inbox.
    pub sees: bool,
    /// Whether they may answer, whatever the rules say.
    pub answers: bool,
}

/// Two people, and what a decision about them needs.
#[derive(Debug)]
pub struct Pair {
    /// Who would act.
    pub from: User,
    /// Towards whom.
    pub to: User,
    /// When `to` last wrote to `from`.
    pub wrote_at: Option<Timestamp>,
    /// The database's clock.
    pub now: Timestamp,
    /// The policy's newest version in the same snapshot.
    pub policy_version: i64,
}

impl Pair {
    /// Both as the policy sees them.
    #[must_use]
    pub fn parties(&self) -> (Party, Party) {
        (Party::from(&self.from), Party::from(&self.to))
    }
}

/// How many active people there are of each class.
pub async fn people(connection: &mut PgConnection, departments: &[String]) -> Result<HashMap<Class, i64>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select u.role, case when u.department = any ($1) then u.department else '' end as "department!", count(*) as "number!"
           from users u where u.active group by 1, 2"#,
        departments
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (class(&row.role, row.department), row.number)).collect())
}

/// Every conversation, grouped by what a policy can tell apart.
pub async fn conversations(connection: &mut PgConnection, departments: &[String]) -> Result<Vec<Group>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select low.role as low_role, high.role as high_role,
                  case when low.department = any ($1) then low.department else '' end as "low_department!",
                  case when high.department = any ($1) then high.department else '' end as "high_department!",
                  low.active as low_active, high.active as high_active,
                  a.last_activity_at is not null as "low_sees!", b.last_activity_at is not null as "high_sees!",
                  coalesce(b.last_sent_at > now() - $2::bigint * interval '1 second', false) as "low_answers!",
                  coalesce(a.last_sent_at > now() - $2::bigint * interval '1 second', false) as "high_answers!",
                  count(*) as "conversations!"
           from conversations c
           join participants a on a.conversation_id = c.id and a.user_id = c.user_low
           join participants b on b.conversation_id = c.id and b.user_id = c.user_high
           join users low on low.id = c.user_low
           join users high on high.id = c.user_high
           group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10"#,
        departments,
        // seconds are counted whole: the last one is over at its end
        ANSWER_SECONDS.saturating_add(1)
    )
    .fetch_all(connection)
    .await?;
    let group = rows.into_iter().map(|row| Group {
        low: Side { class: class(&row.low_role, row.low_department), active: row.low_active, sees: row.low_sees, answers: row.low_answers },
        high: Side {
            class: class(&row.high_role, row.high_department),
            active: row.high_active,
            sees: row.high_sees,
            answers: row.high_answers,
        },
        conversations: row.conversations,
    });
    Ok(group.collect())
}

/// The first sides of conversations, by conversation, whose people are of these classes and depend on the rules alone.
/// `can_write` says for each pair of classes what would be.
pub async fn sides(
    connection: &mut PgConnection,
    departments: &[String],
    changed: &[(Class, Class, bool)],
    limit: i64,
) -> Result<Vec<AffectedSide>, sqlx::Error> {
    let column = |of: fn(&(Class, Class, bool)) -> String| changed.iter().map(of).collect::<Vec<_>>();
    let rows = sqlx::query!(
        r#"select p.conversation_id, changed.can_write as "can_write!",
                  me.id, me.username, me.display_name, me.department, me.role, me.active,
                  peer.id as peer_id, peer.username as peer_username, peer.display_name as peer_display_name,
                  peer.department as peer_department, peer.role as peer_role, peer.active as peer_active
           from participants p
           join participants q on q.conversation_id = p.conversation_id and q.user_id = p.peer_id
           join users me on me.id = p.user_id and me.active
           join users peer on peer.id = p.peer_id and peer.active
           join unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bool[])
                as changed (role, department, peer_role, peer_department, can_write)
                on changed.role = me.role
               and changed.department = case when me.department = any ($1) then me.department else '' end
               and changed.peer_role = peer.role
               and changed.peer_department = case when peer.department = any ($1) then peer.department else '' end
           where p.last_activity_at is not null
             and not coalesce(q.last_sent_at > now() - $7::bigint * interval '1 second', false)
           order by p.conversation_id, p.user_id
           limit $8"#,
        departments,
        &column(|(from, ..)| from.role.as_str().to_owned()),
        &column(|(from, ..)| from.department.clone().unwrap_or_default()),
        &column(|(_, to, _)| to.role.as_str().to_owned()),
        &column(|(_, to, _)| to.department.clone().unwrap_or_default()),
        &changed.iter().map(|(.., can_write)| *can_write).collect::<Vec<_>>(),
        ANSWER_SECONDS.saturating_add(1),
        limit
    )
    .fetch_all(connection)
    .await?;
    let side = rows.into_iter().map(|row| AffectedSide {
        conversation_id: ConversationId(row.conversation_id),
        from: UserRow {
            id: row.id,
            username: row.username,
            display_name: row.display_name,
            department: row.department,
            role: row.role,
            active: row.active,
        }
        .into(),
        to: UserRow {
            id: row.peer_id,
            username: row.peer_username,
            display_name: row.peer_display_name,
            department: row.peer_department,
            role: row.peer_role,
            active: row.peer_active,
        }
        .into(),
        can_write: row.can_write,
    });
    Ok(side.collect())
}

/// Two people as the decision sees them.
pub async fn pair(connection: &mut PgConnection, from: UserId, to: UserId) -> Result<Option<Pair>, sqlx::Error> {
    let row = sqlx::query_as!(
        PairRow,
        r#"select a.id, a.username, a.display_name, a.department, a.role, a.active,
                  b.id as peer_id, b.username as peer_username, b.display_name as peer_display_name,
                  b.department as peer_department, b.role as peer_role, b.active as peer_active,
                  q.last_sent_at, now() as "now!",
                  (select coalesce(max(version), 0) from policy_versions) as "policy_version!"
           from users a
           join users b on b.id = $2
           left join participants q on q.user_id = b.id and q.peer_id = a.id
           where a.id = $1"#,
        from.0,
        to.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(PairRow::into_pair))
}

struct PairRow {
    id: Uuid,
    username: String,
    display_name: String,
    department: String,
    role: String,
    active: bool,
    peer_id: Uuid,
    peer_username: String,
    peer_display_name: String,
    peer_department: String,
    peer_role: String,
    peer_active: bool,
    last_sent_at: Option<OffsetDateTime>,
    now: OffsetDateTime,
    policy_version: i64,
}

impl PairRow {
    fn into_pair(self) -> Pair {
        let from = UserRow {
            id: self.id,
            username: self.username,
            display_name: self.display_name,
            department: self.department,
            role: self.role,
            active: self.active,
        };
        let to = UserRow {
            id: self.peer_id,
            username: self.peer_username,
            display_name: self.peer_display_name,
            department: self.peer_department,
            role: self.peer_role,
            active: self.peer_active,
        };
        let wrote_at = self.last_sent_at.map(Timestamp::from);
        Pair { from: from.into(), to: to.into(), wrote_at, now: self.now.into(), policy_version: self.policy_version }
    }
}

fn class(role: &str, department: String) -> Class {
    // users_role_check knows no others
    Class { role: role.parse().unwrap_or(Role::Member), department: Some(department).filter(|name| !name.is_empty()) }
}
