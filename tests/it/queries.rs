//! How many statements and round trips each use-case takes, counted on the wire.

use crate::support::{
    Office,
    person::Person,
    state,
    wire::{Traffic, Wire},
};
use cms_messages::{
    domain::{ids::Seq, page::PageAt, receipt::ReceiptKind},
    server::{db::pool, service},
};

const ONE: Traffic = Traffic { statements: 1, round_trips: 1 };

/// Two people who have written to each other, on a tapped connection that has seen every statement once.
struct Tapped {
    _office: Office,
    wire: Wire,
    pool: pool::Pool,
    asha: Person,
    bikram: Person,
}

async fn tapped() -> Tapped {
    tapped_with(1).await
}

async fn tapped_with(connections: u32) -> Tapped {
    let office = Office::new().await;
    let wire = Wire::tap(office.database.options()).await;
    let pool = pool::open(wire.options(office.database.options()), connections, pool::Purpose::Serve);
    let state = state(office.state.settings.clone(), pool.clone());
    let (asha, bikram) = (office.person("asha").await.at(&state), office.person("bikram").await.at(&state));
    Tapped { _office: office, wire, pool, asha, bikram }
}

#[tokio::test]
async fn a_send_is_one_statement_and_one_round_trip() {
    let Tapped { wire, pool, asha, bikram, _office } = tapped().await;
    let conversation = asha.open(&bikram).await;
    asha.write(conversation, "asks the policy").await;
    let (_, traffic) = wire.during(&pool, asha.write(conversation, "knows it")).await;
    assert_eq!(traffic, ONE);
}

#[tokio::test]
async fn a_send_leaves_its_connection_ready_for_the_next_one() {
    let Tapped { wire, pool, asha, bikram, _office } = tapped_with(2).await;
    let conversation = asha.open(&bikram).await;
    let sends = async {
        for n in 0..8 {
            asha.write(conversation, &format!("{n}")).await;
        }
        while pool.idle() < pool.size() as usize {
            tokio::task::yield_now().await;
        }
    };
    let (_, traffic) = wire.during(&pool, sends).await;
    // the policy is asked about the first one, and each connection prepares the statement once; looked at on its way back
    // each of them would be twice as many
    assert!(traffic.statements == 9 && traffic.round_trips <= 13, "{traffic:?}");
}

#[tokio::test]
async fn reads_and_receipts_are_one_statement_each() {
    let Tapped { wire, pool, asha, bikram, _office } = tapped().await;
    let conversation = asha.open(&bikram).await;
    for n in 0..4 {
        asha.write(conversation, &format!("{n}")).await;
    }
    // the first time a statement is prepared, which takes a round trip of its own
    for turn in 1..=2 {
        let mut all = Vec::new();
        all.push(("inbox", wire.during(&pool, service::conversations::list(&bikram.ctx, Some("a"), None, None)).await.1));
        all.push(("conversation", wire.during(&pool, bikram.sees(conversation)).await.1));
        all.push(("history", wire.during(&pool, bikram.page(conversation, PageAt::Around(Seq(2)), 50)).await.1));
        all.push(("unread", wire.during(&pool, bikram.unread()).await.1));
        all.push(("changes", wire.during(&pool, bikram.changes(0, 50)).await.1));
        all.push(("people", wire.during(&pool, bikram.find("ash")).await.1));
        all.push(("delivered", wire.during(&pool, bikram.acknowledge(ReceiptKind::Delivered, conversation, 2 * turn)).await.1));
        all.push(("read", wire.during(&pool, bikram.acknowledge(ReceiptKind::Read, conversation, 2 * turn)).await.1));
        if turn == 2 {
            for (name, traffic) in all {
                assert_eq!(traffic, ONE, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn opening_a_conversation_that_is_there_is_two_statements() {
    let Tapped { wire, pool, asha, bikram, _office } = tapped().await;
    asha.open(&bikram).await;
    asha.open(&bikram).await;
    let (_, traffic) = wire.during(&pool, asha.open(&bikram)).await;
    assert_eq!(traffic.statements, 2);
}
