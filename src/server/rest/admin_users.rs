//! People for admins: the list, one of them and what can be changed, sessions, the one-time link.

use super::extract::{Body, OfSession, OfUser, Query};
use crate::{
    domain::{
        profile::{Profile, RawProfile},
        time::Timestamp,
        user::{Role, User},
        user_record::{UserChange, UserDetails, UserFilter, UserRecordPage, UserSession},
    },
    error::Error,
    server::{
        context::Context,
        service::{
            user_records,
            users::{self, Link},
        },
    },
};
use axum::{Json, response::IntoResponse};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which people; everything that is given has to hold.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UsersQuery {
    /// Beginnings of names, of the user name or of the department; accents and capitals do not matter.
    #[param(min_length = 1, max_length = 80)]
    q: Option<String>,
    /// To the letter.
    department: Option<String>,
    /// Members or admins.
    role: Option<Role>,
    /// Here (`true`), or deactivated.
    active: Option<bool>,
    /// 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A new person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// `a-z`, `0-9`, `.`, `_`, `-`.
    #[schema(min_length = 1, max_length = 64)]
    username: String,
    /// The name on the screens.
    #[schema(min_length = 1, max_length = 120)]
    display_name: String,
    /// May be empty.
    #[serde(default)]
    #[schema(max_length = 120)]
    department: String,
    /// `member` unless given.
    role: Option<Role>,
    /// Never shown to colleagues.
    #[serde(default)]
    #[schema(max_length = 254)]
    email: String,
    /// How another system knows them.
    #[serde(default)]
    #[schema(max_length = 200)]
    external_id: String,
}

/// Who is new, and how they get in.
#[derive(Serialize, ToSchema)]
pub struct CreatedUser {
    /// The person.
    pub user: User,
    /// With it they set their password.
    pub link: PasswordLink,
}

/// A link to set a password, once. It is shown in this answer and never again.
#[derive(Serialize, ToSchema)]
pub struct PasswordLink {
    /// Whoever has it sets the password: give it to this person alone.
    pub url: String,
    /// Until when.
    pub expires_at: Timestamp,
}

impl PasswordLink {
    fn of(ctx: &Context, link: Link) -> Self {
        let origin = ctx.state.settings.server.origin(ctx.state.leptos.site_addr);
        Self { expires_at: link.expires_at, url: link.url(&origin) }
    }
}

/// What is to become of a person; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    /// The name on the screens.
    #[schema(min_length = 1, max_length = 120)]
    display_name: Option<String>,
    /// Empty for none.
    #[schema(max_length = 120)]
    department: Option<String>,
    /// Refused for the last admin.
    role: Option<Role>,
    /// `false` ends their sessions, streams, programs' tokens and links; their history stays.
    active: Option<bool>,
}

/// Where somebody is signed in.
#[derive(Serialize, ToSchema)]
pub struct UserSessions {
    /// The last used first.
    pub items: Vec<UserSession>,
}

/// How many sessions were ended.
#[derive(Serialize, ToSchema)]
pub struct EndedSessions {
    /// So many.
    pub ended: u64,
}

/// List people
///
/// By name. With e-mail addresses, which people search never shows.
#[utoipa::path(get, path = "/admin/users", tag = "administration", operation_id = "list_users", params(UsersQuery),
    responses((status = 200, description = "A part of them.", body = UserRecordPage)),
    extensions(("x-errors" = json!(["malformed_request", "invalid", "forbidden"]))))]
pub async fn list(ctx: Context, Query(query): Query<UsersQuery>) -> Result<Json<UserRecordPage>, Error> {
    ctx.admin()?;
    let UsersQuery { q, department, role, active, limit, cursor } = query?;
    let filter = UserFilter { q, department, role, active };
    Ok(Json(user_records::page(&ctx, filter, limit, cursor.as_deref()).await?))
}

/// Create a person
///
/// They have no password yet: the link in the answer is for them alone, and is not shown again.
#[utoipa::path(post, path = "/admin/users", tag = "administration", operation_id = "create_user", request_body = NewUser,
    responses((status = 201, description = "They are known now.", body = CreatedUser)),
    extensions(("x-errors" = json!(["forbidden"]))))]
pub async fn create(ctx: Context, Body(body): Body<NewUser>) -> Result<impl IntoResponse, Error> {
    ctx.admin()?;
    let NewUser { username, display_name, department, role, email, external_id } = body?;
    let profile = Profile::parse(RawProfile {
        username: &username,
        display_name: &display_name,
        department: &department,
        role: role.unwrap_or(Role::Member).as_str(),
        email: &email,
        external_id: &external_id,
    })?;
    let (user, link) = users::invite(&ctx, profile).await?;
    Ok((StatusCode::CREATED, Json(CreatedUser { user, link: PasswordLink::of(&ctx, link) })))
}

/// One person
#[utoipa::path(get, path = "/admin/users/{id}", tag = "administration", operation_id = "get_user",
    params(("id" = uuid::Uuid, Path, description = "The person.")),
    responses((status = 200, description = "As admins see them.", body = UserDetails)),
    extensions(("x-errors" = json!(["forbidden", "not_found"]))))]
pub async fn get(ctx: Context, OfUser(id): OfUser) -> Result<Json<UserDetails>, Error> {
    Ok(Json(user_records::get(&ctx, id).await?))
}

/// Change a person
///
/// All of it or nothing; doing it twice changes nothing. Whoever is deactivated is signed out everywhere within 5 s. The
/// last admin can be neither demoted nor deactivated.
#[utoipa::path(patch, path = "/admin/users/{id}", tag = "administration", operation_id = "change_user", request_body = UserPatch,
    params(("id" = uuid::Uuid, Path, description = "The person.")),
    responses((status = 200, description = "As they are now.", body = User)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "last_admin"]))))]
pub async fn change(ctx: Context, OfUser(id): OfUser, Body(body): Body<UserPatch>) -> Result<Json<User>, Error> {
    // who is unknown goes before what is wrong with the rest
    let details = user_records::get(&ctx, id).await?;
    let UserPatch { display_name, department, role, active } = body?;
    let change = UserChange { display_name, department, role, active };
    let (user, _) = users::change(&ctx, details.record.user.id, change).await?;
    Ok(Json(user))
}

/// Sessions of a person
#[utoipa::path(get, path = "/admin/users/{id}/sessions", tag = "administration", operation_id = "list_sessions",
    params(("id" = uuid::Uuid, Path, description = "The person.")),
    responses((status = 200, description = "Where they are signed in; at most 200.", body = UserSessions)),
    extensions(("x-errors" = json!(["forbidden", "not_found"]))))]
pub async fn sessions(ctx: Context, OfUser(id): OfUser) -> Result<Json<UserSessions>, Error> {
    Ok(Json(UserSessions { items: user_records::sessions(&ctx, id).await? }))
}

/// Sign a person out everywhere
///
/// Ends all their sessions, and within 5 s the live streams of these. Programs' tokens stay.
#[utoipa::path(delete, path = "/admin/users/{id}/sessions", tag = "administration", operation_id = "end_sessions",
    params(("id" = uuid::Uuid, Path, description = "The person.")),
    responses((status = 200, description = "They are signed out.", body = EndedSessions)),
    extensions(("x-errors" = json!(["forbidden", "not_found"]))))]
pub async fn sign_out_everywhere(ctx: Context, OfUser(id): OfUser) -> Result<Json<EndedSessions>, Error> {
    Ok(Json(EndedSessions { ended: user_records::sign_out_everywhere(&ctx, id).await? }))
}

/// End one session
#[utoipa::path(delete, path = "/admin/users/{id}/sessions/{session_id}", tag = "administration", operation_id = "end_session",
    params(("id" = uuid::Uuid, Path, description = "The person."), ("session_id" = String, Path, description = "Of the list of sessions.")),
    responses((status = 204, description = "It has ended.")),
    extensions(("x-errors" = json!(["forbidden", "not_found"]))))]
pub async fn end_session(ctx: Context, OfUser(id): OfUser, OfSession(session): OfSession) -> Result<StatusCode, Error> {
    user_records::end_session(&ctx, id, session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a one-time link
///
/// With it the person sets a password, within 24 h; that ends their sessions. It is not shown again.
#[utoipa::path(post, path = "/admin/users/{id}/link", tag = "administration", operation_id = "create_link",
    params(("id" = uuid::Uuid, Path, description = "The person.")),
    responses((status = 201, description = "For this person alone.", body = PasswordLink)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "invalid"]))))]
pub async fn link(ctx: Context, OfUser(id): OfUser) -> Result<impl IntoResponse, Error> {
    let link = users::link(&ctx, id).await?;
    Ok((StatusCode::CREATED, Json(PasswordLink::of(&ctx, link))))
}
