//! The change feed: dense per user, complete from any cursor, one row per conversation.

use crate::support::{
    Office,
    person::{LEAVES, change},
};
use cms_messages::{domain::ids::ChangeNo, error::Code, server::service::changes};

#[tokio::test]
async fn every_step_is_one_change_for_each_whom_it_concerns() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let newest = async || (asha.changes(0, 1).await.change_no.0, bikram.changes(0, 1).await.change_no.0);
    assert_eq!(newest().await, (0, 0));
    let conversation = asha.open(&bikram).await;
    assert_eq!(newest().await, (1, 0));
    asha.write(conversation, "one").await;
    assert_eq!(newest().await, (2, 1));
    bikram.deliver(conversation, 1).await.expect("delivered");
    assert_eq!(newest().await, (3, 2));
    bikram.read(conversation, 1).await.expect("read");
    assert_eq!(newest().await, (4, 3));
    bikram.open(&asha).await;
    assert_eq!(newest().await, (4, 3));
}

#[tokio::test]
async fn a_conversation_that_changed_often_is_one_item_as_it_is_now() {
    let office = Office::new().await;
    let (asha, bikram, chitra) = (office.person("asha").await, office.person("bikram").await, office.person("chitra").await);
    let busy = asha.open(&bikram).await;
    let quiet = asha.open(&chitra).await;
    for n in 0..30 {
        asha.write(busy, &format!("{n}")).await;
    }
    let all = asha.changes(0, 500).await;
    assert_eq!(all.items.iter().map(|c| (c.id, c.change_no.0)).collect::<Vec<_>>(), [(quiet, 2), (busy, 32)]);
    assert_eq!((all.change_no, all.more, all.reset), (ChangeNo(32), false, false));
    assert_eq!(all.items[1], asha.sees(busy).await);
    assert_eq!(asha.changes(31, 500).await.items.len(), 1);
    let none = asha.changes(32, 500).await;
    assert_eq!((none.items.len(), none.change_no), (0, ChangeNo(32)));
}

#[tokio::test]
async fn pages_end_at_their_last_item_until_nothing_is_left() {
    let office = Office::new().await;
    let asha = office.person("asha").await;
    for n in 0..5 {
        asha.open(&office.person(&format!("peer{n}")).await).await;
    }
    let mut since = 0;
    let mut seen = Vec::new();
    loop {
        let page = asha.changes(since, 2).await;
        seen.extend(page.items.iter().map(|c| c.change_no.0));
        since = page.change_no.0;
        if !page.more {
            break;
        }
        assert_eq!(page.items.last().map(|c| c.change_no), Some(page.change_no));
    }
    assert_eq!((seen, since), (vec![1, 2, 3, 4, 5], 5));
}

#[tokio::test]
async fn a_cursor_from_a_lost_future_asks_for_a_fresh_start() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    asha.open(&bikram).await;
    let reset = asha.changes(2, 10).await;
    assert_eq!((reset.reset, reset.items.len(), reset.change_no, reset.more), (true, 0, ChangeNo(1), false));
    assert!(asha.changes(i64::MAX, 10).await.reset);
    assert!(!asha.changes(1, 10).await.reset);
}

#[tokio::test]
async fn a_changed_person_is_a_change_for_each_peer_and_for_no_stranger() {
    let office = Office::new().await;
    let bikram = office.person("bikram").await;
    let mut peers = Vec::new();
    for n in 0..5 {
        let peer = office.person(&format!("peer{n}")).await;
        let conversation = peer.open(&bikram).await;
        peer.write(conversation, "hello").await;
        peers.push((peer, conversation));
    }
    let (stranger, opened_by_him) = (office.person("stranger").await, office.person("chitra").await);
    bikram.open(&opened_by_him).await;
    let before = bikram.changes(0, 1).await.change_no.0;
    change(&office.state, &bikram, "display_name = 'Bikram Rao', department = 'Yard'").await;
    change(&office.state, &bikram, LEAVES).await;
    for (peer, conversation) in &peers {
        let changes = peer.changes(2, 10).await;
        assert_eq!((changes.change_no, changes.items.len()), (ChangeNo(4), 1));
        assert_eq!(changes.items[0], peer.sees(*conversation).await);
        let seen = &changes.items[0].peer;
        assert_eq!((seen.display_name.as_str(), seen.department.as_str(), seen.active), ("Bikram Rao", "Yard", false));
    }
    assert_eq!(stranger.changes(0, 1).await.change_no, ChangeNo(0));
    assert_eq!(opened_by_him.changes(0, 1).await.change_no, ChangeNo(0), "the empty conversation is his alone");
    // his own right to write may have changed: twice in each of six conversations
    assert_eq!(bikram.changes(0, 1).await.change_no.0, before + 12);
}

#[tokio::test]
async fn what_is_out_of_range_is_refused_with_the_field() {
    let office = Office::new().await;
    let asha = office.person("asha").await;
    for (since, limit, field) in [(-1, None, "since"), (i64::MIN, None, "since"), (0, Some(0), "limit"), (0, Some(501), "limit")] {
        let error = changes::since(&asha.ctx, since, limit).await.expect_err("refused");
        assert_eq!((error.code, error.fields.contains_key(field)), (Code::Invalid, true));
    }
}
