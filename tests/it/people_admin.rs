//! What an operator does to people: the last admin, roles and their fan-out, programs' tokens.

use crate::support::{Office, people_file, person::Person};
use cms_messages::{
    domain::{
        profile::{Profile, RawProfile},
        user::Role,
    },
    error::Code,
    server::{
        db,
        jobs::fan_out,
        operator::Operator,
        service::{
            import, tokens, user_records,
            users::{self, Done},
        },
    },
};
use sqlx::Executor;

fn operator(office: &Office) -> Operator {
    Operator { pool: office.state.pool.clone() }
}

async fn hire(office: &Office, username: &str, role: &str) {
    let raw = RawProfile { username, display_name: "Asha", department: "Planning", role, email: "a@example.org", external_id: "" };
    users::create(&operator(office), Profile::parse(raw).expect("valid"), None).await.expect("created");
}

#[tokio::test]
async fn the_last_admin_stays_one() {
    let office = Office::new().await;
    hire(&office, "meera", "admin").await;
    hire(&office, "farhan", "admin").await;
    let operator = operator(&office);
    assert_eq!(users::set_role(&operator, "farhan", Role::Member).await, Ok(Done::Now));
    assert_eq!(users::set_role(&operator, "farhan", Role::Member).await, Ok(Done::Already));
    for refused in [users::set_role(&operator, "meera", Role::Member).await, users::deactivate(&operator, "Meera").await] {
        assert_eq!(refused.map_err(|error| error.code), Err(Code::LastAdmin));
    }
    // an admin who cannot sign in is none
    users::set_role(&operator, "farhan", Role::Admin).await.expect("promoted");
    users::deactivate(&operator, "farhan").await.expect("not the last one");
    assert!(users::deactivate(&operator, "meera").await.is_err());
    assert_eq!(users::deactivate(&operator, "nobody").await.map_err(|error| error.code), Err(Code::NotFound));
}

#[tokio::test]
async fn who_was_invited_and_cannot_sign_in_yet_takes_no_admins_place() {
    let office = Office::new().await;
    hire(&office, "meera", "admin").await;
    let password = async |username: &str| {
        let change = "update users set password_hash = 'a hash' where username = $1";
        sqlx::query(change).bind(username).execute(&*office.state.pool).await.expect("set");
    };
    password("meera").await;
    hire(&office, "farhan", "admin").await;
    let operator = operator(&office);
    let rows = |role| people_file(&[["meera", "Asha", "Planning", role, "", "", ""], ["new", "New", "Planning", "admin", "", "", ""]]);
    for refused in [users::set_role(&operator, "meera", Role::Member).await, users::deactivate(&operator, "meera").await] {
        assert_eq!(refused.map_err(|error| error.code), Err(Code::LastAdmin));
    }
    let refused = import::import(&operator, &rows("member"), None, |_, _| {}).await;
    assert!(matches!(&refused, Err(import::ImportError::Lines(errors)) if errors[0].line == 2), "{refused:?}");
    let meera = db::user::by_username(&mut operator.pool.acquire().await.expect("a connection"), "meera").await.expect("asked");
    let shown = user_records::get(&office.person("noor").await.becomes_admin().await.ctx, meera.expect("known").id).await;
    assert!(shown.expect("shown").is_last_admin, "the screen says so before");
    // who cannot sign in is nobody's last hope
    assert_eq!(users::deactivate(&operator, "farhan").await, Ok(Done::Now));

    let with_password = people_file(&[
        ["meera", "Asha", "Planning", "member", "", "", ""],
        ["new", "New", "Planning", "admin", "", "", "correct-horse-battery"],
    ]);
    assert!(import::import(&operator, &with_password, None, |_, _| {}).await.is_ok(), "who comes with a password is an admin at once");
    assert_eq!(users::set_role(&operator, "meera", Role::Admin).await, Ok(Done::Now));
    assert_eq!(users::deactivate(&operator, "new").await, Ok(Done::Now), "meera can sign in");
}

#[tokio::test]
async fn two_operators_at_once_leave_an_admin() {
    let office = Office::new().await;
    hire(&office, "meera", "admin").await;
    hire(&office, "farhan", "admin").await;
    let (one, other) = (operator(&office), operator(&office));
    for _ in 0..5 {
        let (_, _) = tokio::join!(users::deactivate(&one, "meera"), users::set_role(&other, "farhan", Role::Member));
        assert_eq!(office.count("select count(*) from users where role = 'admin' and active").await, 1);
        users::activate(&one, "meera").await.expect("activated");
        users::set_role(&one, "meera", Role::Admin).await.expect("promoted");
        users::set_role(&one, "farhan", Role::Admin).await.expect("promoted");
    }
}

#[tokio::test]
async fn another_role_is_a_change_for_each_peer_and_says_which_column() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    asha.write(conversation, "hello").await;
    let since = asha.sees(conversation).await.change_no.0;

    users::set_role(&operator(&office), "bikram", Role::Admin).await.expect("promoted");
    let changes = asha.changes(since, 10).await;
    assert_eq!(changes.items.iter().map(|item| item.peer.role).collect::<Vec<_>>(), [Role::Admin]);
    assert_eq!(office.count("select version from users where username = 'bikram'").await, 2);
    assert_eq!(office.count("select count(*) from user_fanouts").await, 0);
    let entry =
        "select count(*) from audit_entries where action = 'user.changed' and actor_id is null and details -> 'columns' = '[\"role\"]'";
    assert_eq!(office.count(entry).await, 1);
}

#[tokio::test]
async fn a_fan_out_reaches_everyone_once_and_a_later_one_is_not_lost() {
    let office = Office::new().await;
    let bikram = office.person("bikram").await;
    let mut peers: Vec<Person> = Vec::new();
    for number in 0..7 {
        let peer = office.person(&format!("peer{number}")).await;
        let conversation = peer.open(&bikram).await;
        peer.write(conversation, "hello").await;
        peers.push(peer);
    }
    let mut connection = office.state.pool.acquire().await.expect("a connection");
    db::fan_out::request(&mut connection, &[bikram.id().0]).await.expect("requested");
    let seen = db::fan_out::requested(&mut connection).await.expect("requests");
    db::fan_out::request(&mut connection, &[bikram.id().0]).await.expect("requested again");
    db::fan_out::settle(&mut connection, seen[0]).await.expect("settled");
    assert_eq!(office.count("select count(*) from user_fanouts").await, 1);

    let pool = &*office.state.pool;
    let (one, other) = tokio::join!(fan_out::drain(pool), fan_out::drain(pool));
    assert!(one.expect("drained") || other.expect("drained"), "one of them does it");
    assert_eq!(office.count("select count(*) from user_fanouts").await, 0);
    for peer in &peers {
        assert_eq!(peer.changes(2, 10).await.change_no.0, 3, "opened, wrote, and one change of the peer");
    }
}

#[tokio::test]
async fn a_token_is_listed_with_its_last_use_until_it_is_revoked() {
    let office = Office::new().await;
    hire(&office, "asha", "member").await;
    let operator = operator(&office);
    let (id, token) = tokens::create(&operator, "asha").await.expect("made");
    assert_eq!(tokens::list(&operator).await.expect("listed")[0].last_used_at, None);
    let presented = token.reveal();
    let ask = || {
        cms_messages::server::service::session::resolve(
            &office.state,
            cms_messages::server::service::session::Presented::Bearer(&presented),
        )
    };
    assert!(ask().await.expect("asked").is_some());
    assert!(tokens::list(&operator).await.expect("listed")[0].last_used_at.is_some());

    assert_eq!(tokens::revoke(&operator, id).await, Ok(Done::Now));
    office.state.believed.forget();
    assert_eq!(tokens::revoke(&operator, id).await, Ok(Done::Already));
    assert_eq!(tokens::revoke(&operator, uuid::Uuid::nil()).await.map_err(|error| error.code), Err(Code::NotFound));
    assert!(ask().await.expect("asked").is_none());
    assert!(tokens::list(&operator).await.expect("listed").is_empty());
    assert_eq!(office.count("select count(*) from audit_entries where action like 'token.%'").await, 2);
}

#[tokio::test]
async fn what_was_committed_is_reported_as_done_also_when_the_peers_cannot_be_told_yet() {
    let office = Office::new().await;
    hire(&office, "meera", "admin").await;
    hire(&office, "asha", "member").await;
    let (operator, mut owner) = (operator(&office), office.database.owner().await);
    owner.execute("revoke execute on function fan_out_user_v1 from cms_messages_app").await.expect("no fan-out");
    assert_eq!(users::set_role(&operator, "asha", Role::Admin).await, Ok(Done::Now));
    assert_eq!(users::deactivate(&operator, "asha").await, Ok(Done::Now));
    assert_eq!(users::activate(&operator, "asha").await, Ok(Done::Now));
    let file = people_file(&[["asha", "Asha", "Yard", "member", "", "", ""]]);
    assert_eq!(import::import(&operator, &file, None, |_, _| {}).await.expect("imported").changed, 1);
    // asked for, and done as soon as it can be
    assert_eq!(office.count("select count(*) from user_fanouts").await, 1);
    owner.execute("grant execute on function fan_out_user_v1 to cms_messages_app").await.expect("again");
    assert_eq!(fan_out::drain(&operator.pool).await, Ok(true));
    assert_eq!(office.count("select count(*) from user_fanouts").await, 0);
}
