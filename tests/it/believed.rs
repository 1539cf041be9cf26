//! Who was good a moment ago is believed, and not a moment longer than I12 allows: here an end counts at once, and on every
//! other instance within five seconds, although nothing but the database is between them.

use crate::support::{Office, person::Person};
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
