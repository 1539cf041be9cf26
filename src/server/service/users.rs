//! People, as the operator of the system administers them. Authorised by type: an [`Operator`] is never made from a request.
//!
//! There is always an admin who can sign in: whoever would be the last one stays. Administration is one at a time, so
//! that this holds for two operators at once too.

use crate::{
    domain::{
        ids::UserId,
        profile::{self, Profile, Refused},
        time::Timestamp,
        user::{Role, User},
    },
    error::Error,
    server::{
        auth::{
            password::{self, Password},
            token::Token,
        },
        db::{self, user::ListedUser},
        jobs::fan_out,
        operator::Operator,
    },
};
use sqlx::PgConnection;

/// A link with which somebody sets their password, once.
#[derive(Debug)]
pub struct Link {
    /// The last part of its path.
    pub token: Token,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Whether anything had to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It is so now.
    Now,
    /// It was so before.
    Already,
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self { detail: format!("{}: {}", refused.field, refused.reason), ..Self::invalid(refused.field, refused.reason) }
    }
}

/// A new person. Without a password they get in by the link.
pub async fn create(operator: &Operator, profile: Profile, password: Option<Password>) -> Result<(User, Option<Link>), Error> {
    let hash = match password {
        Some(password) => Some(password::hash(password).await?),
        None => None,
    };
    let mut transaction = operator.pool.begin().await?;
    let user = db::user::insert(&mut transaction, &profile, hash.as_deref()).await?;
    let link = if hash.is_none() { Some(make_link(&mut transaction, user.id).await?) } else { None };
    transaction.commit().await?;
    Ok((user, link))
}

/// A link for somebody who has no password yet, or has forgotten it.
pub async fn link(operator: &Operator, username: &str) -> Result<Link, Error> {
    let mut transaction = operator.pool.begin().await?;
    let user = find(&mut transaction, username).await?;
    if !user.active {
        return Err(Error::invalid("username", "This person is deactivated: activate them first."));
    }
    let link = make_link(&mut transaction, user.id).await?;
    transaction.commit().await?;
    Ok(link)
}

/// Another role. Refused for the last admin.
pub async fn set_role(operator: &Operator, username: &str, role: Role) -> Result<Done, Error> {
    let mut transaction = operator.pool.begin().await?;
    db::user::lock_administration(&mut transaction).await?;
    let user = find(&mut transaction, username).await?;
    if user.role == role {
        return Ok(Done::Already);
    }
    if role != Role::Admin {
        keep_an_admin(&mut transaction, &user).await?;
    }
    db::user::set_role(&mut transaction, user.id, role).await?;
    transaction.commit().await?;
    tell_peers(operator).await;
    Ok(Done::Now)
}

/// Ends somebody's access: their sessions, tokens and links go with it, their history stays. Refused for the last admin.
pub async fn deactivate(operator: &Operator, username: &str) -> Result<Done, Error> {
    let mut transaction = operator.pool.begin().await?;
    db::user::lock_administration(&mut transaction).await?;
    let user = find(&mut transaction, username).await?;
    if !user.active {
        return Ok(Done::Already);
    }
    keep_an_admin(&mut transaction, &user).await?;
    // first the person: whoever signs them in at this moment waits for this row, and then finds it inactive
    db::user::set_active(&mut transaction, user.id, false).await?;
    db::session::end_all(&mut transaction, &[user.id.0], None, None, "deactivated").await?;
    db::api_token::revoke_all(&mut transaction, user.id).await?;
    db::password_link::remove_unused(&mut transaction, &[user.id.0]).await?;
    transaction.commit().await?;
    tell_peers(operator).await;
    Ok(Done::Now)
}

/// Lets somebody in again, with the password they had. Revoked tokens stay revoked.
pub async fn activate(operator: &Operator, username: &str) -> Result<Done, Error> {
    let mut transaction = operator.pool.begin().await?;
    db::user::lock_administration(&mut transaction).await?;
    let user = find(&mut transaction, username).await?;
    if user.active {
        return Ok(Done::Already);
    }
    db::user::set_active(&mut transaction, user.id, true).await?;
    transaction.commit().await?;
    tell_peers(operator).await;
    Ok(Done::Now)
}

/// Everyone, by user name.
pub async fn list(operator: &Operator) -> Result<Vec<ListedUser>, Error> {
    db::read(&operator.pool, |mut connection| async move { db::user::list(&mut connection).await }).await
}

/// The person of that name, as an operator types it.
pub(super) async fn find(connection: &mut PgConnection, username: &str) -> Result<User, Error> {
    let username = profile::username(username)?;
    db::user::by_username(connection, &username)
        .await?
        .ok_or_else(|| Error { detail: "There is no user of this name.".into(), ..Error::not_found() })
}

/// After the commit: the peers hear at once, or from a server's job within seconds. What was done stays done either way.
pub(super) async fn tell_peers(operator: &Operator) {
    if let Err(error) = fan_out::drain(&operator.pool).await {
        tracing::warn!(code = ?error.code, "the peers will be told by a server");
    }
}

async fn make_link(connection: &mut PgConnection, user: UserId) -> Result<Link, Error> {
    let token = Token::generate()?;
    let expires_at = db::password_link::insert(connection, user, &token.digest()).await?;
    Ok(Link { token, expires_at })
}

async fn keep_an_admin(connection: &mut PgConnection, user: &User) -> Result<(), Error> {
    if user.role == Role::Admin && user.active && db::user::other_active_admins(connection, user.id).await? == 0 {
        return Err(Error::invalid("username", "This is the last admin: make somebody else an admin first."));
    }
    Ok(())
}
