//! Whom an admin means by what they typed. An id or a user name means one person, however many names begin so; user names
//! are compared as signing in does, in any case.

use crate::{
    domain::user::{PeopleQuery, User},
    error::Error,
    server::{context::Context, db},
};

/// Who is meant: the one of this id or user name, else those whose names begin like this. One more than `most` are given
/// when there are more; the first of them by user name.
///
/// # Errors
/// `forbidden` for who is no admin; `invalid` with the field for what is no name, or one that nobody has.
pub(super) async fn people(ctx: &Context, field: &'static str, typed: &str, most: i64) -> Result<Vec<User>, Error> {
    ctx.admin()?;
    let exact = typed.trim().to_lowercase();
    let patterns = PeopleQuery::parse(typed.trim()).map_err(|reason| Error::invalid(field, reason))?.patterns();
    let (named, patterns) = (exact.as_str(), &patterns);
    let limit = most.saturating_add(1);
    let found = db::read(&ctx.state.pool, |mut db| async move { db::review::people(&mut db, named, patterns, limit).await }).await?;
    match found.first() {
        None => Err(Error::invalid(field, "Nobody is called that.")),
        Some(first) if first.username == exact || first.id.to_string() == exact => Ok(vec![first.clone()]),
        Some(_) => Ok(found),
    }
}
