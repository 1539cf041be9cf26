//! The versions of the policy: the rules live in the configuration, their version is what clients compare.

use super::audit::{self, Entry};
use crate::domain::audit::Action;
use sqlx::PgConnection;
use std::fmt::Write as _;

/// The version of these rules: the newest one if its digest is the same, else a new one.
/// Two instances that start at once get the same answer: they wait for each other.
pub async fn register(connection: &mut PgConnection, digest: &[u8]) -> Result<i64, sqlx::Error> {
    let mut transaction = sqlx::Connection::begin(connection).await?;
    super::user::lock_administration(&mut transaction).await?;
    let newest =
        sqlx::query!("select version, digest from policy_versions order by version desc limit 1").fetch_optional(&mut *transaction).await?;
    let version = match newest {
        Some(row) if row.digest == digest => row.version,
        _ => {
            let version = sqlx::query_scalar!("insert into policy_versions (digest) values ($1) returning version", digest)
                .fetch_one(&mut *transaction)
                .await?;
            let details = serde_json::json!({ "digest": hex(digest) });
            audit::append(&mut transaction, Entry { details, ..Entry::about(Action::PolicyChanged, version) }).await?;
            version
        }
    };
    transaction.commit().await?;
    Ok(version)
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        // writing into a String cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}
