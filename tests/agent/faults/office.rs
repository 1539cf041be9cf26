//! The people of a run and who writes to whom: one hub that everybody knows, pairs besides. Made in the database; the
//! conversations are opened over HTTP.

use super::{
    caller::{Caller, World},
    postgres::Postgres,
};
use crate::Failure;
use cms_messages::{domain::conversation::Conversation, server::auth::token};
use serde_json::json;
use uuid::Uuid;

/// Somebody.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their id.
    pub id: Uuid,
    /// person7
    pub name: String,
    /// With which they act.
    pub token: String,
    /// Those that they take part in.
    pub conversations: Vec<Uuid>,
}

/// So many people, each with a token.
pub async fn hire(postgres: &Postgres, count: usize) -> Result<Vec<Person>, Failure> {
    let mut database = postgres.connect().await?;
    let mut people = Vec::new();
    for n in 0..count {
        let (name, token) = (format!("person{n}"), format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()));
        let id: Uuid = sqlx::query_scalar(
            "with made as (insert into users (username, display_name, search_text) values ($1, $1, ' ' || $1) returning id),
                  feed as (insert into user_feeds (user_id) select id from made),
                  token as (insert into api_tokens (token_sha256, user_id) select $2, id from made)
             select id from made",
        )
        .bind(&name)
        .bind(self::token::digest(&token))
        .fetch_one(&mut database)
        .await?;
        people.push(Person { id, name, token, conversations: Vec::new() });
    }
    Ok(people)
}

/// Everybody with the first person, and each with the next two.
pub async fn introduce(world: &World, people: &mut [Person]) -> Result<(), Failure> {
    let count = people.len();
    let with_all = (1..count).map(|n| (0, n));
    let in_turn = (1..count).flat_map(|n| [(n, n + 1), (n, n + 2)]).filter(|(_, other)| *other < count);
    for (one, other) in with_all.chain(in_turn).collect::<Vec<_>>() {
        // both open it: an empty conversation is there for nobody else
        for (from, to) in [(one, other), (other, one)] {
            let to = people.get(to).map(|to| to.id);
            let Some(from) = people.get_mut(from) else { continue };
            let body = json!({"recipient_id": to}).to_string();
            let answer = Caller::new(world, &from.token, one).ask("POST", "/api/v1/conversations", Some(body.as_bytes())).await;
            let answer = answer.filter(|answer| matches!(answer.status, 200 | 201)).ok_or("a conversation could not be opened")?;
            from.conversations.push(serde_json::from_slice::<Conversation>(&answer.body)?.id.0);
        }
    }
    Ok(())
}
