//! Signing in and out.

use super::{Posted, to};
use crate::{
    error::{Code, Error},
    server::{
        context::Context,
        cookie,
        middleware::user_agent,
        service::session::{self, SignIn},
    },
};
use axum::response::Response;
use http::header;

/// `username`, `password`, `next` -> where they wanted to go.
pub async fn sign_in(ctx: Context, posted: Posted) -> Response {
    let outcome = begin(&ctx, &posted).await;
    posted.answer(outcome, &["username", "next"]).await
}

async fn begin(ctx: &Context, posted: &Posted) -> Result<Response, Error> {
    let user_agent = user_agent::of(&posted.parts.headers);
    let credentials = SignIn { username: posted.field("username"), password: posted.field("password"), user_agent };
    let signed_in = session::sign_in(ctx, credentials).await?;
    let server = &ctx.state.settings.server;
    let cookie = cookie::set(server, &signed_in.token, signed_in.max_age_seconds).ok_or_else(|| Error::new(Code::Internal))?;
    let back = cookie::remove_parted(server, &posted.parts.headers, signed_in.user.id);
    let mut response = to(local_path(&posted.field("next")));
    for cookie in back.into_iter().chain([cookie]) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Always leads to the sign-in page; who was not signed in is there already.
pub async fn sign_out(ctx: Context, posted: Posted) -> Response {
    let outcome = end(&ctx).await;
    posted.answer(outcome, &[]).await
}

async fn end(ctx: &Context) -> Result<Response, Error> {
    let (server, user) = (&ctx.state.settings.server, ctx.viewer()?.id());
    session::sign_out(ctx).await?;
    let mut response = to("/sign_in");
    for cookie in [cookie::remove(server), cookie::set_parted(server, user)] {
        response.headers_mut().append(header::SET_COOKIE, cookie.ok_or_else(|| Error::new(Code::Internal))?);
    }
    Ok(response)
}

/// A path of this site, else the inbox: `next` comes from a link that anybody may have made.
fn local_path(next: &str) -> &str {
    let is_local = next.starts_with('/') && !next.starts_with("//") && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_local && !next.starts_with("/sign_in") { next } else { "/messages" }
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn nobody_is_led_away_from_this_site() {
        assert_eq!(local_path("/messages/new?q=a%20b"), "/messages/new?q=a%20b");
        for elsewhere in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "/a\r\nb", "/\tb", "/sign_in?next=/"]
        {
            assert_eq!(local_path(elsewhere), "/messages", "{elsewhere:?}");
        }
    }
}
