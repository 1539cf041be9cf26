//! Sealing over a log that is large already: the floor rises with it, so that whoever goes on begins there, and nothing that is
//! committed meanwhile is passed by.

use super::{floor, late, seal, sealer, whole, write};
use crate::support::Office;
use sqlx::{Connection, Executor, PgConnection};

async fn floors(owner: &mut PgConnection) -> Vec<(i64, i64)> {
    sqlx::query_as("select size, floor from audit_checkpoints order by size").fetch_all(owner).await.expect("checkpoints")
}

/// Each of these is where one begins who comes after a stop in the middle.
#[tokio::test]
async fn the_floor_rises_with_each_batch() {
    let office = Office::new().await;
    let mut owner = office.database.owner().await;
    write(&mut owner, 12_345).await;
    assert_eq!(seal(&mut sealer(&office.state)).await, 12_345);
    assert_eq!(floors(&mut owner).await, [(5_000, 5_000), (10_000, 10_000), (12_345, 12_345)]);
}

/// Who writes when it begins: the first batch is read before it is known that nothing comes there any more.
#[tokio::test]
async fn the_floor_rises_within_the_round_when_those_who_wrote_at_its_beginning_have_ended() {
    let office = Office::new().await;
    let mut owner = office.database.owner().await;
    let (mut early, mut blocker) = (office.database.owner().await, office.database.owner().await);
    let mut open = early.begin().await.expect("begun");
    write(&mut open, 3).await;
    write(&mut owner, 12_000).await;
    // the first batch has read, and cannot write its checkpoint
    let mut held = blocker.begin().await.expect("begun");
    held.execute("lock table audit_checkpoints in share mode").await.expect("locked");
    let mut sealer = sealer(&office.state);
    let round = tokio::spawn(async move { seal(&mut sealer).await });
    let waiting = "select count(*) from pg_locks where relation = 'audit_checkpoints'::regclass and not granted";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut owner).await.expect("asked") == 0 {
        tokio::task::yield_now().await;
    }
    open.commit().await.expect("committed");
    held.rollback().await.expect("released");
    assert_eq!(round.await.expect("no panic"), 12_003);
    // the second batch reads again what lies below, and finds the three
    assert_eq!(floors(&mut owner).await, [(5_000, 0), (10_003, 10_003), (12_003, 12_003)]);
    assert_eq!(whole(&office.database).await, 12_003);
    assert!(!late(&office.state), "nobody was found by chance");
}

/// As it was left by who never came to a floor: it is read in windows, each to its end.
#[tokio::test]
async fn a_floor_that_lies_far_below_is_made_up_for() {
    let office = Office::new().await;
    let mut owner = office.database.owner().await;
    for _ in 0..4 {
        write(&mut owner, 30_000).await;
        seal(&mut sealer(&office.state)).await;
    }
    owner.execute("update audit_checkpoints set floor = 0").await.expect("written");
    let mut early = office.database.owner().await;
    let mut open = early.begin().await.expect("begun");
    write(&mut open, 2).await;
    write(&mut owner, 1).await;
    let mut sealer = sealer(&office.state);
    assert_eq!(seal(&mut sealer).await, 1);
    assert_eq!(floor(&office).await, 0, "two may still come");
    open.commit().await.expect("committed");
    assert_eq!(seal(&mut sealer).await, 2);
    write(&mut owner, 1).await;
    assert_eq!(seal(&mut sealer).await, 1);
    assert_eq!(floor(&office).await, 120_004);
    assert_eq!(whole(&office.database).await, 120_004);
    assert!(!late(&office.state));
}
