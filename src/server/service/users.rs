//! Changing people, by the command line and by admins alike ([`Administers`]): who is known, as what, and whether they get in.
//!
//! There is always an admin who can sign in: whoever would be the last one stays. Administration is one at a time, so
//! that this holds for two who administer at once, too.

use super::administrators::Administers;
use crate::{
    domain::{
        ids::UserId,
        profile::{self, Profile, Refused},
        time::Timestamp,
        user::{Role, User},
        user_record::UserChange,
    },
    error::{Code, Error},
    server::{
        auth::{
            password::{self, Password},
            token::Token,
        },
        db,
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

impl Link {
    /// The whole of it, for its owner.
    #[must_use]
    pub fn url(self, origin: &str) -> String {
        format!("{origin}/password/{}", self.token.reveal())
    }
}

/// Whether anything had to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It is so now.
    Now,
    /// It was so before.
    Already,
}

/// Whom an administrator means: by id from a screen, by user name at the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// This one.
    Id(UserId),
    /// Whoever is called that, in any case.
    Username(String),
}

impl From<UserId> for Whom {
    fn from(id: UserId) -> Self {
        Self::Id(id)
    }
}

impl From<&str> for Whom {
    fn from(username: &str) -> Self {
        Self::Username(username.to_owned())
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self { detail: format!("{}: {}", refused.field, refused.reason), ..Self::invalid(refused.field, refused.reason) }
    }
}

/// A new person. Without a password they get in by the link.
///
/// # Errors
/// `forbidden` for who is no admin; `invalid` when the user name or the external id is somebody else's.
pub async fn create(caller: &impl Administers, profile: Profile, password: Option<Password>) -> Result<(User, Option<Link>), Error> {
    let administrator = caller.administrator()?;
    let hash = match password {
        Some(password) => Some(password::hash(password).await?),
        None => None,
    };
    let by = administrator.clone();
    administrator
        .work(async move {
            let mut transaction = by.begin().await?;
            let user = db::user::insert(&mut transaction, &profile, hash.as_deref(), by.actor).await?;
            let link = if hash.is_none() { Some(make_link(&mut transaction, user.id, by.actor).await?) } else { None };
            by.commit(transaction).await?;
            Ok((user, link))
        })
        .await
}

/// [`create`] without a password: who is new, and the link with which they get in.
///
/// # Errors
/// As [`create`].
pub async fn invite(caller: &impl Administers, profile: Profile) -> Result<(User, Link), Error> {
    let (user, link) = create(caller, profile, None).await?;
    Ok((user, link.ok_or_else(|| Error::new(Code::Internal))?))
}

/// A link for somebody who has no password yet, or has forgotten it. Older ones open nothing any more.
///
/// # Errors
/// `forbidden`, `not_found`; `invalid` for who is deactivated.
pub async fn link(caller: &impl Administers, whom: impl Into<Whom>) -> Result<Link, Error> {
    let administrator = caller.administrator()?;
    let (by, whom) = (administrator.clone(), whom.into());
    administrator
        .work(async move {
            let mut transaction = by.begin().await?;
            let user = find(&mut transaction, &whom).await?;
            if !user.active {
                return Err(Error::invalid("active", "This person is deactivated: activate them first."));
            }
            let link = make_link(&mut transaction, user.id, by.actor).await?;
            by.commit(transaction).await?;
            Ok(link)
        })
        .await
}

/// Changes a person: all of it or nothing. Whoever is deactivated loses sessions, tokens and links with it; their history
/// stays. Whoever comes back has the password they had; revoked tokens stay revoked.
///
/// # Errors
/// `forbidden`, `not_found`, `invalid` with the field; `last_admin` when nobody could administer any more.
pub async fn change(caller: &impl Administers, whom: impl Into<Whom>, change: UserChange) -> Result<(User, Done), Error> {
    let administrator = caller.administrator()?;
    let (by, whom) = (administrator.clone(), whom.into());
    let (user, done) = administrator
        .work(async move {
            let mut transaction = by.begin().await?;
            let before = find(&mut transaction, &whom).await?;
            let after = changed(&before, change)?;
            if after == before {
                return Ok((before, Done::Already));
            }
            keep_an_admin(&mut transaction, &before, &after).await?;
            // first the person: whoever signs them in at this moment waits for this row, and then finds it inactive
            db::user::update(&mut transaction, &before, &after, by.actor).await?;
            if before.active && !after.active {
                db::session::end_all(&mut transaction, &[after.id.0], None, by.actor, "deactivated").await?;
                db::api_token::revoke_all(&mut transaction, after.id, by.actor).await?;
                db::password_link::remove_unused(&mut transaction, &[after.id.0]).await?;
            }
            by.commit(transaction).await?;
            Ok((after, Done::Now))
        })
        .await?;
    if done == Done::Now {
        administrator.tell_peers().await;
    }
    Ok((user, done))
}

/// Another role; [`change`] with one field.
///
/// # Errors
/// As [`change`].
pub async fn set_role(caller: &impl Administers, whom: impl Into<Whom>, role: Role) -> Result<Done, Error> {
    change(caller, whom, UserChange { role: Some(role), ..UserChange::default() }).await.map(|(_, done)| done)
}

/// Ends somebody's access; [`change`] with one field.
///
/// # Errors
/// As [`change`].
pub async fn deactivate(caller: &impl Administers, whom: impl Into<Whom>) -> Result<Done, Error> {
    change(caller, whom, UserChange { active: Some(false), ..UserChange::default() }).await.map(|(_, done)| done)
}

/// Lets somebody in again; [`change`] with one field.
///
/// # Errors
/// As [`change`].
pub async fn activate(caller: &impl Administers, whom: impl Into<Whom>) -> Result<Done, Error> {
    change(caller, whom, UserChange { active: Some(true), ..UserChange::default() }).await.map(|(_, done)| done)
}

/// The person who is meant.
pub(super) async fn find(connection: &mut PgConnection, whom: &Whom) -> Result<User, Error> {
    match whom {
        Whom::Id(id) => db::user::by_id(connection, *id).await?.ok_or_else(Error::not_found),
        Whom::Username(typed) => db::user::by_username(connection, &profile::username(typed)?)
            .await?
            .ok_or_else(|| Error { detail: "There is no user of this name.".into(), ..Error::not_found() }),
    }
}

fn changed(before: &User, change: UserChange) -> Result<User, Error> {
    let mut after = before.clone();
    if let Some(name) = change.display_name {
        after.display_name = profile::display_name(&name)?;
    }
    if let Some(department) = change.department {
        after.department = profile::department(&department)?;
    }
    after.role = change.role.unwrap_or(before.role);
    after.active = change.active.unwrap_or(before.active);
    Ok(after)
}

/// The only one that opens anything: an older one may be in other hands by now.
async fn make_link(connection: &mut PgConnection, user: UserId, actor: Option<UserId>) -> Result<Link, Error> {
    let token = Token::generate()?;
    db::password_link::remove_unused(connection, &[user.0]).await?;
    let expires_at = db::password_link::insert(connection, user, &token.digest(), actor).await?;
    Ok(Link { token, expires_at })
}

async fn keep_an_admin(connection: &mut PgConnection, before: &User, after: &User) -> Result<(), Error> {
    let administers = |user: &User| user.role == Role::Admin && user.active;
    if administers(before) && !administers(after) && db::user::other_admins(connection, before.id).await? == 0 {
        return Err(Error::new(Code::LastAdmin));
    }
    Ok(())
}
