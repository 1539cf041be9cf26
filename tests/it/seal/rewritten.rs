//! Somebody who owns the database, and not the key, has everything stored say another history: nothing is signed on top of it.

use super::{hashed, key, seal, sealer, write};
use crate::support::{Office, database::TestDatabase};
use cms_messages::server::{
    jobs::seal::{Round, Sealer},
    proof::{
        note::{self, Checkpoint, DASH, PrivateKey},
        tree::Frontier,
    },
};
use sqlx::Executor;

/// The history as somebody would like it: an entry is another one, and every hash that follows from it is made again. The note
/// is left to who has more to say. What it is about.
async fn rewritten(database: &TestDatabase) -> Checkpoint {
    let mut owner = database.owner().await;
    owner
        .execute("update audit_entries set object = 'nothing of the kind' where id = (select min(id) from audit_entries)")
        .await
        .expect("written");
    owner.execute("delete from audit_checkpoints where size < (select max(size) from audit_checkpoints)").await.expect("gone");
    let mut frontier = Frontier::new();
    for (index, hash) in hashed(database).await {
        sqlx::query("update audit_leaves set hash = $2 where index = $1")
            .bind(index)
            .bind(&hash.0[..])
            .execute(&mut owner)
            .await
            .expect("made");
        frontier.append(hash);
    }
    sqlx::query("update audit_checkpoints set root = $1, frontier = $2")
        .bind(&frontier.root().0[..])
        .bind(frontier.to_bytes())
        .execute(&mut owner)
        .await
        .expect("made");
    Checkpoint { origin: "messages.example.org".into(), size: frontier.size(), root: frontier.root() }
}

async fn note_is(database: &TestDatabase, note: &str) {
    let mut owner = database.owner().await;
    sqlx::query("update audit_checkpoints set signed_note = $1").bind(note).execute(&mut owner).await.expect("written");
}

async fn newest_note(database: &TestDatabase) -> String {
    let note = sqlx::query_scalar("select signed_note from audit_checkpoints order by size desc limit 1");
    note.fetch_one(&mut database.owner().await).await.expect("a note")
}

fn reason(round: &Round) -> &'static str {
    match round {
        Round::Refused(reason) => reason,
        other => panic!("signed: {other:?}"),
    }
}

#[tokio::test]
async fn a_history_that_was_made_again_without_the_key_is_not_signed() {
    let office = Office::new().await;
    let mut owner = office.database.owner().await;
    let mut running = sealer(&office.state);
    for _ in 0..3 {
        write(&mut owner, 3).await;
        seal(&mut running).await;
    }
    let genuine = newest_note(&office.database).await;
    let forged = rewritten(&office.database).await;
    write(&mut owner, 1).await;
    // signed by somebody under the same name; with the signature of the right key over what was there before; with none
    let (_, signature) = genuine.split_once(DASH).expect("signed");
    let notes = [
        (forged.sign(&[key(9)]), "none of the keys"),
        (format!("{forged}\n{DASH}{signature}"), "is wrong"),
        (format!("{forged}\n"), "cannot be read"),
    ];
    for (note, why) in notes {
        note_is(&office.database, &note).await;
        // the one that runs, and one after a restart
        let afresh = sealer(&office.state).round().await.expect("the database answers");
        assert!(reason(&afresh).contains(why), "{note}: {}", reason(&afresh));
        reason(&running.round().await.expect("the database answers"));
        assert_eq!(office.count("select count(*) from audit_leaves").await, 9, "nothing more was sealed");
        assert_eq!(office.count("select count(*) from audit_checkpoints").await, 1);
    }
}

/// Of this one the signature is good: a copy of the database that went on by itself, say.
#[tokio::test]
async fn another_root_at_the_size_that_was_seen_is_refused_whoever_signed_it() {
    let office = Office::new().await;
    let mut owner = office.database.owner().await;
    let mut running = sealer(&office.state);
    write(&mut owner, 5).await;
    seal(&mut running).await;
    let other = rewritten(&office.database).await;
    note_is(&office.database, &other.sign(&[key(1)])).await;
    write(&mut owner, 1).await;
    let round = running.round().await.expect("the database answers");
    assert!(reason(&round).contains("another root"), "{round:?}");
    assert_eq!(office.count("select count(*) from audit_leaves").await, 5);
}

#[tokio::test]
async fn a_key_that_was_lost_is_followed_by_another_one_when_the_operator_says_so() {
    let office = Office::new().await;
    let mut owner = office.database.owner().await;
    write(&mut owner, 2).await;
    seal(&mut sealer(&office.state)).await;
    write(&mut owner, 2).await;
    let new = || Sealer::new(office.state.clone(), vec![key(2)]).expect("a key");
    // never by itself; and not for the public half of any key
    reason(&new().round().await.expect("the database answers"));
    reason(&new().believing(vec![key(3).public()]).round().await.expect("the database answers"));
    assert_eq!(seal(&mut new().believing(vec![key(1).public()])).await, 2);
    // from then on the new one stands by itself
    write(&mut owner, 1).await;
    assert_eq!(seal(&mut new()).await, 1);
    let newest = newest_note(&office.database).await;
    assert!(note::open(&newest, &[key(2).public()]).is_ok_and(|opened| opened.checkpoint.size == 5));
    assert!(note::open(&newest, &[key(1).public()]).is_err());
}

#[tokio::test]
async fn a_rotation_goes_on_without_a_stop() {
    let office = Office::new().await;
    let mut owner = office.database.owner().await;
    let steps: [&[PrivateKey]; 4] = [&[key(1)], &[key(1), key(2)], &[key(2)], &[key(2)]];
    for keys in steps {
        write(&mut owner, 1).await;
        assert_eq!(seal(&mut Sealer::new(office.state.clone(), keys.to_vec()).expect("keys")).await, 1);
    }
    // instances are replaced one after the other: who has both still goes on from what the new one alone has signed
    write(&mut owner, 1).await;
    assert_eq!(seal(&mut Sealer::new(office.state.clone(), vec![key(1), key(2)]).expect("keys")).await, 1);
    assert_eq!(office.count("select max(size) from audit_checkpoints").await, 5);
}
