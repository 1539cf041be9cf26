//! What is read: the scope and the period that were granted, and nothing for who did not mean it.

use super::{CANARY, Scene};
use crate::support::server::Answer;
use cms_messages::{
    domain::{
        ids::{ConversationId, Seq},
        review::{ReviewRequest, ReviewScope},
        time::Timestamp,
    },
    error::Code,
    server::service::{
        review_reading,
        reviews::{self, Answer as Decision},
    },
};

#[tokio::test]
async fn only_what_was_sent_within_the_period_is_read() {
    let scene = Scene::new().await;
    scene
        .owner_does("update messages set sent_at = case seq when 1 then '2024-05-01 10:00+00' else '2024-05-02 00:00+00' end::timestamptz")
        .await;
    let at = |text: &str| Timestamp::parse(text).expect("a moment");
    let period = ReviewRequest { from: at("2024-05-01T00:00:00Z"), until: at("2024-05-02T00:00:00Z"), ..scene.request() };
    let review = reviews::request(&scene.meera.ctx, period).await.expect("asked for");
    let review = reviews::decide(&scene.noor.ctx, review.id, Decision::Approve, None).await.expect("approved");
    assert_eq!(scene.reads(&scene.meera, &review).await.expect("read"), [CANARY]);
    let later = ReviewRequest { from: at("2024-05-02T00:00:00Z"), ..scene.request() };
    let later = reviews::request(&scene.meera.ctx, later).await.expect("asked for");
    let later = reviews::decide(&scene.noor.ctx, later.id, Decision::Approve, None).await.expect("approved");
    assert_eq!(scene.reads(&scene.meera, &later).await.expect("read"), ["and so does the other one"]);
    let empty = review_reading::page(&scene.meera.ctx, review.id, scene.conversation, Seq(1)).await.expect("read");
    assert_eq!((empty.items.len(), empty.next_after), (0, None));
    let unknown = review_reading::page(&scene.meera.ctx, review.id, scene.meera.open(&scene.asha).await, Seq(0)).await;
    assert_eq!(unknown.map_err(|error| error.code).err(), Some(Code::NotFound), "another conversation");
}

#[tokio::test]
async fn a_person_in_scope_is_read_in_all_conversations_but_those_with_the_reader() {
    let scene = Scene::new().await;
    let (chen, meera) = (scene.server.office.person("chen").await, &scene.meera);
    let with_chen = scene.asha.open(&chen).await;
    scene.asha.write(with_chen, "to chen").await;
    let with_reader = scene.asha.open(meera).await;
    scene.asha.write(with_reader, "to the reader").await;
    let not_hers = scene.bikram.open(&chen).await;
    scene.bikram.write(not_hers, "from bikram").await;
    let request = ReviewRequest { scope: ReviewScope::UserId(scene.asha.id()), ..scene.request() };
    let review = reviews::request(&meera.ctx, request).await.expect("asked for");
    assert!(review_reading::conversations(&meera.ctx, review.id, None, None).await.is_err(), "nobody has agreed");
    reviews::decide(&scene.noor.ctx, review.id, Decision::Approve, None).await.expect("approved");

    let listed = review_reading::conversations(&meera.ctx, review.id, None, None).await.expect("listed").items;
    let mut ids: Vec<ConversationId> = listed.iter().map(|conversation| conversation.id).collect();
    ids.sort_unstable();
    let mut expected = vec![scene.conversation, with_chen];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    assert_eq!(scene.server.office.count("select count(*) from audit_entries where action = 'review.listed'").await, 1);
    for (conversation, readable) in [(scene.conversation, true), (with_chen, true), (with_reader, false), (not_hers, false)] {
        let page = review_reading::page(&meera.ctx, review.id, conversation, Seq(0)).await;
        assert_eq!(page.is_ok(), readable, "{conversation}");
        assert!(readable || page.is_err_and(|error| error.code == Code::NotFound));
    }
}

#[tokio::test]
async fn the_conversations_of_a_person_come_in_pages_that_neither_repeat_nor_skip_one() {
    let scene = Scene::new().await;
    let mut expected = vec![scene.conversation];
    for number in 0..60 {
        let peer = scene.server.office.person(&format!("peer{number:02}")).await;
        let id = scene.asha.open(&peer).await;
        // some have no message
        if number % 3 > 0 {
            scene.asha.write(id, "hello").await;
        }
        expected.push(id);
    }
    // what happened in the same moment does not fit one page
    scene.owner_does("update conversations set last_message_at = '2026-01-01' where last_message_at is not null").await;
    let request = ReviewRequest { scope: ReviewScope::UserId(scene.asha.id()), ..scene.request() };
    let review = reviews::request(&scene.meera.ctx, request).await.expect("asked for");
    reviews::decide(&scene.noor.ctx, review.id, Decision::Approve, None).await.expect("approved");
    let meera = scene.server.browser(&scene.meera).await;
    let path = format!("/api/v1/admin/reviews/{}/conversations", review.id);
    for (query, sizes) in [("", vec![50, 11]), ("?limit=7", vec![7; 9].into_iter().take(8).chain([5]).collect())] {
        let (mut found, mut pages, mut next) = (Vec::new(), Vec::new(), format!("{path}{query}"));
        loop {
            let page = meera.get(&next).await.json();
            let items = page["items"].as_array().unwrap_or_else(|| panic!("a page: {page}"));
            pages.push(items.len());
            found.extend(items.iter().map(|item| item["id"].as_str().expect("an id").parse::<ConversationId>().expect("an id")));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            next = format!("{path}{}cursor={cursor}", if query.is_empty() { "?".into() } else { format!("{query}&") });
        }
        assert_eq!(pages, sizes);
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
    for wrong in ["limit=0", "limit=101", "cursor=x"] {
        assert_eq!(meera.get(&format!("{path}?{wrong}")).await.outcome(), "422 invalid", "{wrong}");
    }
    let screen = meera.get(&format!("/admin/reviews/{}/conversations", review.id)).await.text;
    let more = screen.split("href=\"").find(|rest| rest.contains("?cursor=")).and_then(|rest| rest.split('"').next()).expect("more");
    let rest = meera.get(more).await.text;
    let links = |page: &str| page.matches(&format!("/admin/reviews/{}/conversations/", review.id)).count();
    assert_eq!((links(&screen), links(&rest), rest.contains("?cursor=")), (50, 11, false));
}

#[tokio::test]
async fn a_link_on_another_site_and_a_head_read_nothing() {
    let scene = Scene::new().await;
    let review = scene.approved().await;
    let meera = scene.server.browser(&scene.meera).await;
    let path = format!("/admin/reviews/{}/conversations/{}", review.id, scene.conversation);
    for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-purpose", "prefetch")] {
        for path in [path.clone(), format!("/api/v1{path}/messages")] {
            let answer = Answer::of(meera.request(reqwest::Method::GET, &path).header(name, value)).await;
            assert_eq!((answer.status, answer.text.contains("canary")), (403, false), "{path} {name}");
        }
    }
    for path in [path.clone(), format!("/api/v1{path}/messages")] {
        assert_eq!(Answer::of(meera.request(reqwest::Method::HEAD, &path)).await.status, 405, "{path}");
    }
    let negative = meera.get(&format!("/api/v1{path}/messages?after=-1")).await;
    assert_eq!((negative.outcome().as_str(), negative.json()["fields"]["after"].is_string()), ("422 invalid", true));
    assert_eq!(scene.server.office.count("select count(*) from review_reads").await, 0);
    assert_eq!(meera.get(&path).await.status, 200);
}
