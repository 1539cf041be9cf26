//! Opening conversations, the inbox, one conversation: who sees what, in which order, and how the policy shows.

use crate::support::{
    Office, audit_is_closed,
    person::{LEAVES, Person, RETURNS, change},
};
use cms_messages::{
    domain::{
        ids::{ClientId, ConversationId, UserId},
        message::Status,
        page::PageAt,
    },
    error::{Code, Error},
    server::service::conversations,
};
use uuid::Uuid;

#[tokio::test]
async fn opening_again_from_either_side_gives_the_same_conversation() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let first = conversations::open(&asha.ctx, bikram.id()).await.expect("opens");
    assert!(first.created && first.conversation.can_write && first.conversation.last_message.is_none());
    assert_eq!(first.conversation.peer, bikram.user);
    let again = conversations::open(&asha.ctx, bikram.id()).await.expect("opens");
    assert_eq!((again.created, &again.conversation), (false, &first.conversation), "nothing has changed");
    let theirs = conversations::open(&bikram.ctx, asha.id()).await.expect("opens");
    assert_eq!((theirs.created, theirs.conversation.id), (false, first.conversation.id));
    assert_eq!(office.count("select count(*) from conversations").await, 1);
}

#[tokio::test]
async fn both_opening_at_once_get_one_conversation() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let tries = (0..20).map(|n| {
        let (me, them) = if n % 2 == 0 { (asha.clone(), bikram.id()) } else { (bikram.clone(), asha.id()) };
        tokio::spawn(async move { conversations::open(&me.ctx, them).await.expect("opens") })
    });
    let mut ids = Vec::new();
    let mut created = 0;
    for opened in tries.collect::<Vec<_>>() {
        let opened = opened.await.expect("no panic");
        ids.push(opened.conversation.id);
        created += i32::from(opened.created);
    }
    ids.dedup();
    assert_eq!((ids.len(), created), (1, 1));
    assert_eq!((asha.changes(0, 10).await.change_no.0, bikram.changes(0, 10).await.change_no.0), (1, 1));
}

#[tokio::test]
async fn an_empty_conversation_stands_in_the_inbox_of_who_opened_it_alone() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    assert_eq!(asha.inbox(10).await.conversations().len(), 1);
    assert_eq!(bikram.inbox(10).await.conversations(), []);
    assert_eq!(bikram.changes(0, 10).await.change_no.0, 0);
    for refused in every_way_in(&bikram, conversation).await {
        assert_eq!(refused, Error::not_found());
    }

    bikram.open(&asha).await;
    assert_eq!(bikram.sees(conversation).await.peer, asha.user);
    assert_eq!(asha.changes(0, 10).await.change_no.0, 1, "nothing is different for who opened it first");
}

#[tokio::test]
async fn the_first_message_brings_the_conversation_to_its_recipient() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    let message = asha.write(conversation, "Good morning,\nBikram").await;
    let seen = bikram.sees(conversation).await;
    assert_eq!((seen.unread_count, seen.last_activity_at, seen.change_no.0), (1, message.sent_at, 1));
    let preview = seen.last_message.expect("a preview");
    assert_eq!((preview.text.as_str(), preview.sender_id, preview.status), ("Good morning, Bikram", asha.id(), Status::Sent));
    let opened = conversations::open(&bikram.ctx, asha.id()).await.expect("opens");
    assert!(!opened.created && opened.conversation.change_no.0 == 1, "opening what is there changes nothing");
}

#[tokio::test]
async fn a_foreign_conversation_looks_like_an_unknown_one() {
    let office = Office::new().await;
    let (asha, bikram, chitra) = (office.person("asha").await, office.person("bikram").await, office.person("chitra").await);
    let conversation = asha.open(&bikram).await;
    asha.write(conversation, "between us").await;
    let foreign = every_way_in(&chitra, conversation).await;
    let unknown = every_way_in(&chitra, ConversationId(Uuid::new_v4())).await;
    assert_eq!(foreign, unknown);
    assert!(foreign.iter().all(|error| *error == Error::not_found()));
    assert_eq!(asha.history(conversation).await.len(), 1);
    assert_eq!(office.count("select count(*) from receipts").await, 0);
}

/// What a person is told who has no business with this conversation, valid requests and invalid ones.
async fn every_way_in(person: &Person, conversation: ConversationId) -> Vec<Error> {
    let page = |at, limit| cms_messages::server::service::messages::page(&person.ctx, conversation, at, limit);
    vec![
        conversations::get(&person.ctx, conversation).await.map(|_| ()).expect_err("hidden"),
        conversations::require(&person.ctx, conversation).await.expect_err("hidden"),
        page(PageAt::Newest, None).await.map(|_| ()).expect_err("hidden"),
        page(PageAt::Newest, Some(0)).await.map(|_| ()).expect_err("hidden"),
        person.send(conversation, ClientId::generate(), "hello").await.map(|_| ()).expect_err("hidden"),
        person.send(conversation, ClientId::generate(), "").await.map(|_| ()).expect_err("hidden"),
        person.deliver(conversation, 1).await.expect_err("hidden"),
        person.deliver(conversation, 0).await.expect_err("hidden"),
        person.read(conversation, 99).await.expect_err("hidden"),
        person.read(conversation, -1).await.expect_err("hidden"),
    ]
}

#[tokio::test]
async fn nobody_opens_a_conversation_with_themselves_or_with_strangers() {
    let office = Office::new().await;
    let asha = office.person("asha").await;
    let error = conversations::open(&asha.ctx, asha.id()).await.expect_err("refused");
    assert_eq!((error.code, error.fields.contains_key("recipient_id")), (Code::Invalid, true));
    let error = conversations::open(&asha.ctx, UserId(Uuid::new_v4())).await.expect_err("refused");
    assert_eq!(error, Error::not_found());
}

#[tokio::test]
async fn a_deactivated_person_is_there_for_those_with_history_and_reads_only() {
    let office = Office::new().await;
    let (asha, bikram, chitra) = (office.person("asha").await, office.person("bikram").await, office.person("chitra").await);
    let conversation = asha.open(&bikram).await;
    asha.write(conversation, "before").await;
    change(&office.state, &bikram, LEAVES).await;

    assert_eq!(conversations::open(&chitra.ctx, bikram.id()).await.expect_err("refused"), Error::not_found());
    let opened = conversations::open(&asha.ctx, bikram.id()).await.expect("history stays");
    assert_eq!((opened.created, opened.conversation.can_write, opened.conversation.peer.active), (false, false, false));
    assert!(opened.conversation.cannot_write_reason.is_some());
    let refused = asha.send(conversation, ClientId::generate(), "after").await.expect_err("refused");
    assert_eq!((refused.code, refused.rule.as_deref()), (Code::PolicyDenied, Some("deactivated")));

    change(&office.state, &bikram, RETURNS).await;
    assert!(asha.sees(conversation).await.can_write);
    asha.write(conversation, "welcome back").await;
}

#[tokio::test]
async fn the_policy_closes_a_department_and_says_why() {
    let office = Office::with_policy(audit_is_closed()).await;
    let (asha, omar) = (office.person("asha").await, office.person_in("omar", "Audit").await);
    let refused = conversations::open(&asha.ctx, omar.id()).await.expect_err("refused");
    assert_eq!((refused.code, refused.rule.as_deref()), (Code::PolicyDenied, Some("audit_is_closed")));
    assert_eq!(refused.detail, "Internal Audit takes no messages.");
    assert_eq!(office.count("select count(*) from conversations").await, 0);

    let conversation = omar.open(&asha).await;
    let refused = conversations::open(&asha.ctx, omar.id()).await.expect_err("the empty one is not theirs yet");
    assert_eq!(refused.code, Code::PolicyDenied);
    omar.write(conversation, "a question").await;
    assert!(asha.sees(conversation).await.can_write, "whoever was written to may answer");
}

#[tokio::test]
async fn a_conversation_that_came_to_be_denied_stays_readable() {
    let office = Office::with_policy(audit_is_closed()).await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    asha.write(conversation, "before").await;
    change(&office.state, &bikram, "department = 'Audit'").await;
    let seen = asha.sees(conversation).await;
    assert_eq!((seen.can_write, seen.cannot_write_reason.as_deref()), (false, Some("Internal Audit takes no messages.")));
    assert_eq!(asha.history(conversation).await.len(), 1);
    let opened = conversations::open(&asha.ctx, bikram.id()).await.expect("the same one");
    assert_eq!((opened.conversation.id, opened.conversation.can_write), (conversation, false));
}

#[tokio::test]
async fn the_inbox_has_the_latest_activity_first_on_every_page_size() {
    let office = Office::new().await;
    let asha = office.person("asha").await;
    let mut expected = Vec::new();
    for n in 0..7 {
        let peer = office.person(&format!("peer{n}")).await;
        expected.push(asha.open(&peer).await);
    }
    for n in [3, 0, 5] {
        asha.write(expected[n], "again").await;
        let moved = expected[n];
        expected.retain(|id| *id != moved);
        expected.push(moved);
        // the indices above mean the order of this moment
    }
    expected.reverse();
    for page in [1, 2, 3, 7, 100] {
        let inbox = asha.inbox(page).await;
        assert_eq!(inbox.conversations().iter().map(|c| c.id).collect::<Vec<_>>(), expected, "pages of {page}");
        assert_eq!(inbox.change_no.0, 10);
    }
    let first = conversations::list(&asha.ctx, None, Some(7), None).await.expect("the page");
    assert_eq!(first.next_cursor, None, "nothing follows a last page that is full");
}

#[tokio::test]
async fn the_inbox_is_filtered_by_the_peers_name_as_people_are_searched() {
    let office = Office::new().await;
    let asha = office.person("asha").await;
    for (username, name) in [("emilie", "Émilie Gauthier-Benoît"), ("dmitri", "Дмитрий Орлов"), ("bela", "Béla Emília Kovács")]
    {
        let peer = Person::named(&office.state, username, name, "Planning").await;
        asha.open(&peer).await;
    }
    let found = |q: &'static str| {
        let asha = asha.clone();
        async move {
            let page = conversations::list(&asha.ctx, Some(q), Some(1), None).await.expect("the page");
            (page.items.first().map(|c| c.peer.username.clone()), page.next_cursor.is_some())
        }
    };
    assert_eq!(found("EMIL").await, (Some("bela".into()), true));
    assert_eq!(found("gau em").await, (Some("emilie".into()), false));
    assert_eq!(found("орл").await, (Some("dmitri".into()), false));
    assert_eq!(found("ilie").await, (None, false));
    assert_eq!(found("  ").await, (Some("bela".into()), true), "nothing typed filters nothing");
}

#[tokio::test]
async fn what_is_out_of_range_is_refused_with_the_field() {
    let office = Office::new().await;
    let asha = office.person("asha").await;
    let field = |result: Result<_, Error>| {
        let error = result.map(|_: cms_messages::domain::page::ConversationPage| ()).expect_err("refused");
        assert_eq!(error.code, Code::Invalid);
        error.fields.into_keys().next().expect("a field")
    };
    for limit in [0, -1, 101, i64::MAX] {
        assert_eq!(field(conversations::list(&asha.ctx, None, Some(limit), None).await), "limit");
    }
    for cursor in ["", "x", "00000000000000000000000000000000000000000000000g", "ffffffffffffffffffffffffffffffffffffffffffffffff"] {
        assert_eq!(field(conversations::list(&asha.ctx, None, None, Some(cursor)).await), "cursor", "{cursor}");
    }
    assert_eq!(field(conversations::list(&asha.ctx, Some("%!"), None, None).await), "q");
    assert!(conversations::list(&asha.ctx, None, Some(100), None).await.is_ok());
}

#[tokio::test]
async fn nothing_is_told_to_who_is_not_signed_in() {
    let office = Office::new().await;
    let mut nobody = office.person("asha").await;
    nobody.ctx.caller = None;
    let id = ConversationId(Uuid::new_v4());
    let codes = [
        conversations::list(&nobody.ctx, None, None, None).await.map(|_| ()).expect_err("refused").code,
        conversations::get(&nobody.ctx, id).await.map(|_| ()).expect_err("refused").code,
        conversations::require(&nobody.ctx, id).await.expect_err("refused").code,
        conversations::open(&nobody.ctx, nobody.id()).await.map(|_| ()).expect_err("refused").code,
        nobody.send(id, ClientId::generate(), "").await.map(|_| ()).expect_err("refused").code,
        nobody.read(id, 1).await.expect_err("refused").code,
        cms_messages::server::service::changes::since(&nobody.ctx, -1, None).await.map(|_| ()).expect_err("refused").code,
        cms_messages::server::service::unread::count(&nobody.ctx).await.map(|_| ()).expect_err("refused").code,
        cms_messages::server::service::people::search(&nobody.ctx, "", None).await.map(|_| ()).expect_err("refused").code,
        cms_messages::server::service::messages::page(&nobody.ctx, id, PageAt::Newest, None).await.map(|_| ()).expect_err("refused").code,
    ];
    assert!(codes.iter().all(|code| *code == Code::Unauthenticated), "{codes:?}");
}
