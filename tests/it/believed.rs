//! Who was good a moment ago is believed, and not a moment longer than I12 allows: here an end counts at once, and on every
//! other instance within five seconds, although nothing but the database is between them.

use crate::support::{
    Office, people_file,
    person::Person,
    server::{Answer, Server},
};
use cms_messages::{
    domain::user::Role,
    server::{
        auth::token,
        context::{Context, Viewer},
        operator::Operator,
        service::{
            session::{self, Presented},
            tokens, users,
        },
        state::AppState,
    },
};
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::json;
use std::time::{Duration, Instant};

/// I12.
const WITHIN: Duration = Duration::from_secs(5);

async fn signed_in(office: &Office, person: &Person, secret: &'static str) -> Presented<'static> {
    sqlx::query("insert into sessions (token_sha256, user_id, expires_at) values ($1, $2, now() + interval '1 hour')")
        .bind(token::digest(secret))
        .bind(person.id().0)
        .execute(&*office.state.pool)
        .await
        .expect("a session");
    Presented::Cookie(secret)
}

async fn ask(state: &AppState, presented: Presented<'_>) -> Option<Viewer> {
    session::resolve(state, presented).await.expect("asked")
}

async fn sign_out(state: &AppState, presented: Presented<'_>) {
    let caller = ask(state, presented).await;
    let ctx = Context { state: state.clone(), caller, address: [10, 0, 0, 1].into(), request_id: "test".into() };
    session::sign_out(&ctx).await.expect("signed out");
}

/// Asks without a pause, so that a belief that its own use prolongs would never end.
async fn ends_within_its_time(state: &AppState, presented: Presented<'_>, is_over: impl Fn(Option<Viewer>) -> bool) {
    let began = Instant::now();
    while !is_over(ask(state, presented).await) {
        assert!(began.elapsed() < WITHIN, "believed for {:?}", began.elapsed());
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_session_that_is_signed_out_here_is_over_here_at_once() {
    let office = Office::new().await;
    let asha = office.person("asha").await;
    let desk = signed_in(&office, &asha, "desk").await;
    assert!(ask(&office.state, desk).await.is_some());
    sign_out(&office.state, desk).await;
    assert!(ask(&office.state, desk).await.is_none());
}

#[tokio::test]
async fn what_ends_elsewhere_ends_here_within_five_seconds_without_a_bus() {
    let office = Office::new().await;
    let operator = Operator { pool: office.state.pool.clone() };
    let here = office.another_instance();
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let session = signed_in(&office, &asha, "desk").await;
    let phone = signed_in(&office, &asha, "phone").await;
    let other = signed_in(&office, &bikram, "other").await;
    let (id, secret) = tokens::create(&operator, "asha").await.expect("made");
    let secret = secret.reveal();
    let program = Presented::Bearer(&secret);
    for presented in [session, phone, other, program] {
        assert!(ask(&here, presented).await.is_some());
    }

    sign_out(&office.state, session).await;
    ends_within_its_time(&here, session, |viewer| viewer.is_none()).await;
    tokens::revoke(&operator, id).await.expect("revoked");
    ends_within_its_time(&here, program, |viewer| viewer.is_none()).await;
    users::deactivate(&operator, "asha").await.expect("deactivated");
    ends_within_its_time(&here, phone, |viewer| viewer.is_none()).await;
    assert!(ask(&here, other).await.is_some(), "nobody else is signed out");
}

#[tokio::test]
async fn who_has_lost_a_role_has_lost_it_at_once_and_who_got_one_has_it_soon() {
    let office = Office::new().await;
    let operator = Operator { pool: office.state.pool.clone() };
    let here = office.another_instance();
    let (asha, _) = (office.person("asha").await, office.person("bikram").await);
    let desk = signed_in(&office, &asha, "desk").await;
    let role = |viewer: Option<Viewer>| viewer.map(|viewer| viewer.user.role);
    assert_eq!(role(ask(&here, desk).await), Some(Role::Member));
    users::set_role(&operator, "asha", Role::Admin).await.expect("promoted");
    ends_within_its_time(&here, desk, |viewer| role(viewer) == Some(Role::Admin)).await;

    users::set_role(&operator, "bikram", Role::Admin).await.expect("promoted");
    assert_eq!(role(ask(&here, desk).await), Some(Role::Admin));
    users::set_role(&operator, "asha", Role::Member).await.expect("demoted");
    assert_eq!(role(ask(&here, desk).await), Some(Role::Member));
}

#[tokio::test]
async fn what_an_admin_changes_of_somebody_who_is_believed_holds_from_the_answer_on() {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    let asha = server.office.person("asha").await;
    let path = format!("/api/v1/admin/users/{}", asha.id());
    let desk = server.browser(&asha).await;
    // believed, as who they were before each of these
    let me = async || desk.get("/api/v1/me").await;
    let is = async |field: &str| me().await.json()["user"][field].as_str().unwrap_or_default().to_owned();

    assert_eq!(is("department").await, "Planning");
    assert_eq!(meera.patch(&path, json!({"department": "Yard"})).await.status, 200);
    assert_eq!(is("department").await, "Yard", "a change");
    let file = people_file(&[["asha", "Asha", "Quay", "member", "", "", ""]]);
    let import = meera.request(Method::POST, "/api/v1/admin/users/import").header(CONTENT_TYPE, "text/csv").body(file);
    assert_eq!(Answer::of(import).await.json()["changed"], 1);
    assert_eq!(is("department").await, "Quay", "an import");
    assert_eq!(meera.patch(&path, json!({"role": "admin"})).await.status, 200);
    assert_eq!(is("role").await, "admin", "another role");
    assert_eq!(meera.patch(&path, json!({"role": "member"})).await.status, 200);

    let end = [("a session", true), ("all sessions", false)];
    let mut browser = desk.clone();
    for (what, one) in end {
        assert_eq!(browser.get("/api/v1/me").await.status, 200);
        let sessions = format!("{path}/sessions");
        let id = meera.get(&sessions).await.json()["items"][0]["id"].as_str().expect("an id").to_owned();
        let ended = meera.delete(&if one { format!("{sessions}/{id}") } else { sessions }).await;
        assert!(ended.status < 300, "{}", ended.text);
        assert_eq!(browser.get("/api/v1/me").await.status, 401, "{what}");
        browser = server.browser(&asha).await;
    }
    let program = server.program(&asha).await;
    assert_eq!([browser.get("/api/v1/me").await.status, program.get("/api/v1/me").await.status], [200, 200]);
    assert_eq!(meera.patch(&path, json!({"active": false})).await.status, 200);
    assert_eq!([browser.get("/api/v1/me").await.status, program.get("/api/v1/me").await.status], [401, 401], "deactivated");
}
