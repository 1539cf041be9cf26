//! The demo organisation: a port with people in six departments, and what they wrote to each other up to now.
//!
//! For trying out and for development. Written straight into the tables in one transaction, because it has a past: the
//! functions in the database only know the present. What stands there is what they would have left behind.

mod long_thread;
mod people;
mod story;
mod world;

use crate::{
    domain::{audit::Action, time::Timestamp},
    server::{
        auth::password::{self, Password},
        db::{
            self,
            demo::{AuditEntry, Person},
        },
        failure::Failure,
        jobs::fan_out,
        operator::Operator,
    },
};
use people::PEOPLE;
use std::collections::HashMap;
use uuid::Uuid;
use world::World;

/// Everybody's.
const PASSWORD: &str = "demo-password";

/// What was written.
#[derive(Debug, Clone, Copy)]
pub struct Seeded {
    /// People.
    pub people: usize,
    /// Conversations.
    pub conversations: usize,
    /// Messages.
    pub messages: usize,
}

/// Fills an empty database; `None` when the demo organisation is there already.
///
/// # Errors
/// When the database has other users.
pub async fn seed(operator: &Operator) -> Result<Option<Seeded>, Failure> {
    let mut transaction = operator.pool.begin().await?;
    db::user::lock_administration(&mut transaction).await?;
    match db::demo::standing(&mut transaction).await? {
        db::demo::Standing::Empty => {}
        db::demo::Standing::Demo => return Ok(None),
        db::demo::Standing::Others => {
            return Err(Failure::new("This database has users of its own: the demo organisation needs an empty one."));
        }
    }
    // one hash for all: it is no secret
    let hash = password::hash(Password::parse("password", PASSWORD)?).await?;
    let now = db::demo::now(&mut transaction).await?;
    let ids: HashMap<&str, Uuid> = PEOPLE.iter().map(|person| (person.username, Uuid::new_v4())).collect();
    let mut stories = story::read(include_str!("conversations.txt"), now)?;
    stories.push(long_thread::between("asha", "bikram", now));
    let mut world = World::play(stories, &ids, now)?;

    let people = everyone(&ids, &mut world, now);
    db::demo::people(&mut transaction, &people, &hash).await?;
    db::demo::conversations(&mut transaction, &world.conversations).await?;
    db::demo::messages(&mut transaction, &world.messages).await?;
    db::demo::receipts(&mut transaction, &world.receipts).await?;
    db::demo::audit(&mut transaction, world.audit).await?;
    transaction.commit().await?;
    fan_out::drain(&operator.pool).await?;
    Ok(Some(Seeded { people: PEOPLE.len(), conversations: world.conversations.len(), messages: world.messages.len() }))
}

/// As they came 40 days ago; one has left meanwhile.
fn everyone(ids: &HashMap<&str, Uuid>, world: &mut World, now: Timestamp) -> Vec<Person> {
    let (came, left) = (days_before(now, 40), days_before(now, 18));
    let mut people = Vec::new();
    for person in PEOPLE {
        let id = ids.get(person.username).copied().unwrap_or_default();
        let entry =
            |at, action| AuditEntry { at, actor: None, action, conversation: None, object: id.to_string(), details: serde_json::json!({}) };
        world.audit.push(entry(came, Action::UserCreated));
        world.audit.extend((!person.active).then(|| entry(left, Action::UserDeactivated)));
        people.push(Person {
            id,
            username: person.username,
            display_name: person.name,
            department: person.department,
            role: person.role,
            created_at: came,
            deactivated_at: (!person.active).then_some(left),
            change_no: world.feeds.get(&id).copied().unwrap_or_default(),
        });
    }
    people
}

fn days_before(now: Timestamp, days: i64) -> Timestamp {
    Timestamp::from_unix_micros(now.unix_micros() - days * 24 * 60 * 60 * 1_000_000).unwrap_or(now)
}
