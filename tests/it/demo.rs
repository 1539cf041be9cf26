//! The demo organisation: written straight into the tables, so every counter is checked against what it counts.

use crate::support::Office;
use cms_messages::{
    domain::{ids::ConversationId, page::PageAt},
    server::{
        context::Context,
        demo,
        operator::Operator,
        service::{
            messages,
            session::{self, Presented, SignIn},
            unread,
        },
    },
};

/// Each of these counts what must not be.
const WRONG: &[(&str, &str)] = &[
    (
        "unread",
        "select count(*) from participants p where p.unread <> (select count(*) from messages m where m.conversation_id = p.conversation_id and m.seq > p.read_seq and m.sender_id <> p.user_id)",
    ),
    (
        "own total",
        "select count(*) from participants p where p.own_total <> (select count(*) from messages m where m.conversation_id = p.conversation_id and m.sender_id = p.user_id)",
    ),
    (
        "own at read",
        "select count(*) from participants p where p.own_at_read <> (select count(*) from messages m where m.conversation_id = p.conversation_id and m.sender_id = p.user_id and m.seq <= p.read_seq)",
    ),
    (
        "dense seqs",
        "select count(*) from conversations c join participants p on p.conversation_id = c.id where c.last_seq <> p.last_seq or c.last_seq <> (select count(*) from messages m where m.conversation_id = c.id) or c.last_seq <> (select coalesce(max(seq), 0) from messages m where m.conversation_id = c.id)",
    ),
    (
        "ordinals",
        "select count(*) from (select sender_ordinal, row_number() over (partition by conversation_id, sender_id order by seq) as n from messages) x where sender_ordinal <> n",
    ),
    (
        "times against seqs",
        "select count(*) from (select sent_at, lag(sent_at) over (partition by conversation_id order by seq) as before from messages) x where sent_at < before",
    ),
    (
        "the future",
        "select count(*) from (select sent_at as t from messages union all select at from receipts union all select at from audit_entries) x where t > now()",
    ),
    (
        "pointers without receipts",
        "select count(*) from participants p where p.delivered_seq <> coalesce((select max(up_to_seq) from receipts r where r.conversation_id = p.conversation_id and r.user_id = p.user_id and kind = 'delivered'), 0) or p.read_seq <> coalesce((select max(up_to_seq) from receipts r where r.conversation_id = p.conversation_id and r.user_id = p.user_id and kind = 'read'), 0)",
    ),
    (
        "statuses out of order",
        "select count(*) from user_message_status s join messages m using (conversation_id, seq) where (read_at is not null and delivered_at is null) or read_at < delivered_at or delivered_at < m.sent_at",
    ),
    (
        "digests",
        "select count(*) from messages m where body_digest <> sha256(body_salt || convert_to(body, 'UTF8')) or not exists (select 1 from audit_entries a where a.action = 'message.sent' and a.conversation_id = m.conversation_id and a.object = m.seq::text and a.actor_id = m.sender_id and a.at = m.sent_at and a.details ->> 'digest' = encode(m.body_digest, 'hex'))",
    ),
    (
        "audit entries of messages",
        "select abs((select count(*) from audit_entries where action = 'message.sent') - (select count(*) from messages))",
    ),
    (
        "audit entries of receipts",
        "select abs((select count(*) from audit_entries where action in ('message.read', 'message.delivered')) - (select count(*) from receipts))",
    ),
    (
        "audit entries of people and conversations",
        "select abs((select count(*) from audit_entries where action in ('user.created', 'conversation.created')) - (select count(*) from users) - (select count(*) from conversations))",
    ),
    (
        "audit times against ids",
        "select count(*) from (select at, lag(at) over (order by id) as before from audit_entries) x where at < before",
    ),
    (
        "feeds",
        "select count(*) from user_feeds f where f.change_no <> coalesce((select max(change_no) from participants p where p.user_id = f.user_id), 0)",
    ),
    (
        "a change number twice",
        "select count(*) from (select 1 from participants where change_no > 0 group by user_id, change_no having count(*) > 1) x",
    ),
    (
        "activity",
        "select count(*) from participants p join conversations c on c.id = p.conversation_id where c.last_seq > 0 and p.last_activity_at <> c.last_message_at",
    ),
    ("bodies that would be stored otherwise", "select count(*) from messages where body <> normalize(btrim(body), nfc)"),
];

async fn as_demo_user(office: &Office, username: &str) -> Context {
    let nobody = Context { state: office.state.clone(), caller: None, address: [127, 0, 0, 1].into(), request_id: "test".into() };
    let attempt = SignIn { username: username.into(), password: "demo-password".into(), user_agent: String::new() };
    let token = session::sign_in(&nobody, attempt).await.expect("signed in").token;
    Context { caller: session::resolve(&office.state, Presented::Cookie(&token)).await.expect("asked"), ..nobody }
}

#[tokio::test]
async fn every_counter_of_the_demo_organisation_is_right() {
    let office = Office::new().await;
    let operator = Operator { pool: office.state.pool.clone() };
    let seeded = demo::seed(&operator).await.expect("seeded").expect("was empty");
    assert!(seeded.people >= 40 && seeded.conversations >= 25 && seeded.messages >= 400, "{seeded:?}");
    for (what, sql) in WRONG {
        assert_eq!(office.count(sql).await, 0, "{what}");
    }
    assert!(office.count("select count(distinct department) from users").await == 6);
    assert!(office.count("select count(*) from conversations where last_seq >= 300").await == 1);

    // a second time changes nothing, also when somebody has come meanwhile
    office.person("newcomer").await;
    let rows = office.count("select count(*) from audit_entries").await;
    assert!(demo::seed(&operator).await.expect("asked").is_none());
    assert_eq!(office.count("select count(*) from audit_entries").await, rows);
}

#[tokio::test]
async fn its_people_sign_in_and_go_on_where_they_were() {
    let office = Office::new().await;
    demo::seed(&Operator { pool: office.state.pool.clone() }).await.expect("seeded");
    for username in ["asha", "bikram", "meera"] {
        let ctx = as_demo_user(&office, username).await;
        let total = unread::count(&ctx).await.expect("unread");
        assert!(total.messages > total.conversations && total.conversations > 0, "{username}: {total:?}");
    }
    let ctx = as_demo_user(&office, "asha").await;
    let (id, last): (uuid::Uuid, i64) = sqlx::query_as("select id, last_seq from conversations order by last_seq desc limit 1")
        .fetch_one(&*office.state.pool)
        .await
        .expect("the long one");
    let send = messages::SendMessage {
        conversation_id: ConversationId(id),
        client_id: cms_messages::domain::ids::ClientId::generate(),
        body: "and on it goes".into(),
    };
    assert_eq!(messages::send(&ctx, send).await.expect("sent").message.seq.0, last + 1);
    let page = messages::page(&ctx, ConversationId(id), PageAt::Newest, Some(200)).await.expect("a page");
    assert!(page.has_before && page.items.len() == 200);
}

#[tokio::test]
async fn a_database_with_other_people_is_refused() {
    let office = Office::new().await;
    office.person("asha").await;
    let refused = demo::seed(&Operator { pool: office.state.pool.clone() }).await.expect_err("refused");
    assert!(refused.0.contains("users of its own"), "{refused}");
    assert_eq!(office.count("select count(*) from users").await, 1);
}
