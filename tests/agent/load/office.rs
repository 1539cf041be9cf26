//! The people of a run, written into the database by its owner: making ten thousand through the product would take longer
//! than what is measured.

use crate::Failure;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// Somebody who writes, by the token they act with, and to whom.
pub struct Sender {
    pub token: String,
    pub lines: Vec<Line>,
}

/// One conversation: a sender on this end, a recipient with a live stream on the other.
pub struct Line {
    pub conversation: Uuid,
    pub recipient_token: String,
}

/// `senders` people who each write to `each` people of their own. Tokens are fresh ones; people and conversations of the
/// same shape are those of earlier runs.
pub async fn make(database: &mut PgConnection, senders: usize, each: usize) -> Result<Vec<Sender>, Failure> {
    let people: Vec<Uuid> = (0..senders).map(|sender| id(1, each, sender)).collect();
    let recipients: Vec<Uuid> = (0..senders * each).map(|recipient| id(2, each, recipient)).collect();
    let conversations: Vec<Uuid> = (0..senders * each).map(|recipient| id(3, each, recipient)).collect();
    let writers: Vec<Uuid> = people.iter().flat_map(|person| std::iter::repeat_n(*person, each)).collect();
    sqlx::query(include_str!("../../../benches/office.sql"))
        .bind(&writers)
        .bind(&recipients)
        .bind(&conversations)
        .execute(&mut *database)
        .await?;
    let mut recipient_tokens = tokens(database, &recipients).await?.into_iter();
    let sender_tokens = tokens(database, &people).await?;
    let mut conversations = conversations.into_iter();
    let lines = |_| conversations.by_ref().zip(recipient_tokens.by_ref()).take(each).map(Line::new).collect();
    let lines: Vec<Vec<Line>> = (0..senders).map(lines).collect();
    Ok(sender_tokens.into_iter().zip(lines).map(|(token, lines)| Sender { token, lines }).collect())
}

impl Line {
    fn new((conversation, recipient_token): (Uuid, String)) -> Self {
        Self { conversation, recipient_token }
    }
}

/// A fresh token for each of these people.
pub async fn tokens(database: &mut PgConnection, people: &[Uuid]) -> Result<Vec<String>, Failure> {
    let tokens: Vec<String> = people.iter().map(|_| format!("load-{}{}", Uuid::new_v4().simple(), "000000")).collect();
    let digests: Vec<Vec<u8>> = tokens.iter().map(|token| Sha256::digest(token.as_bytes()).to_vec()).collect();
    sqlx::query("insert into api_tokens (user_id, token_sha256) select * from unnest($1::uuid[], $2::bytea[])")
        .bind(people)
        .bind(digests)
        .execute(database)
        .await?;
    Ok(tokens)
}

/// What the database promises about a commit, and who it is.
pub struct Promise {
    pub version: String,
    pub backend: u32,
}

/// Refuses a database that answers before a commit is on its disk: its figures say nothing.
pub async fn durable(database: &mut PgConnection) -> Result<Promise, Failure> {
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let row = sqlx::query("select current_setting($1)").bind(setting).fetch_one(&mut *database).await?;
        let value: String = row.try_get(0)?;
        if value != "on" {
            return Err(
                format!("{setting} is {value} in this database: what it acknowledges is not kept, and its figures say nothing").into()
            );
        }
    }
    let row = sqlx::query("select current_setting('server_version'), pg_backend_pid()").fetch_one(database).await?;
    let version: String = row.try_get(0)?;
    let version = version.split(' ').next().unwrap_or_default().to_owned();
    Ok(Promise { version, backend: u32::try_from(row.try_get::<i32, _>(1)?)? })
}

/// Of this kind, in an office of this shape.
fn id(kind: u128, each: usize, number: usize) -> Uuid {
    Uuid::from_u128((0x10ad_0000_u128 + kind) << 96 | 0x7000_8000_u128 << 64 | (each as u128) << 32 | number as u128)
}
