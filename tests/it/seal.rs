//! The seal of the audit log: every committed entry is in the tree once, whenever it was committed and whoever died.

mod catching_up;
mod rewritten;
mod running;

use crate::support::{Office, database::TestDatabase, server::Server};
use cms_messages::server::{
    db,
    jobs::seal::{Round, Sealer},
    proof::{
        canonical::{Details, Entry},
        note::{self, PrivateKey},
        tree::{self, Hash},
    },
    state::AppState,
};
use sqlx::{Connection, Executor, PgConnection, Row, postgres::PgRow};
use std::time::Duration;

fn key(seed: u8) -> PrivateKey {
    PrivateKey::new("messages.example.org", &[seed; 32]).expect("a name")
}

fn sealer(state: &AppState) -> Sealer {
    Sealer::new(state.clone(), vec![key(1)]).expect("a key")
}

async fn seal(sealer: &mut Sealer) -> usize {
    match sealer.round().await.expect("the database answers") {
        Round::Sealed(entries) => entries,
        other => panic!("{other:?}"),
    }
}

async fn write(connection: &mut PgConnection, entries: i32) {
    let sql =
        "insert into audit_entries (action, object, details) select 'user.changed', n::text, '{\"n\": 1}' from generate_series(1, $1) n";
    sqlx::query(sql).bind(entries).execute(connection).await.expect("written");
}

/// Looks with other eyes: the columns as the table holds them. In the order of the leaves, the hash of each entry.
async fn hashed(database: &TestDatabase) -> Vec<(i64, Hash)> {
    let mut owner = database.owner().await;
    let sql = "select l.index, e.id, e.at, e.actor_id, e.action, e.conversation_id, e.object, e.details::text as details
               from audit_leaves l join audit_entries e on e.id = l.entry_id order by l.index";
    let rows = sqlx::query(sql).fetch_all(&mut owner).await.expect("leaves");
    let hash = |row: &PgRow| {
        let entry = Entry {
            id: row.get("id"),
            at: row.get::<time::OffsetDateTime, _>("at").into(),
            actor_id: row.get::<Option<uuid::Uuid>, _>("actor_id").map(cms_messages::domain::ids::UserId),
            action: row.get("action"),
            conversation_id: row.get::<Option<uuid::Uuid>, _>("conversation_id").map(cms_messages::domain::ids::ConversationId),
            object: row.get("object"),
            details: Details::of(row.get("details")),
        };
        (row.get("index"), tree::leaf_hash(&entry.to_bytes()))
    };
    rows.iter().map(hash).collect()
}

/// The leaves as they have to be, the root over all of them, the newest note. How many there are.
async fn whole(database: &TestDatabase) -> usize {
    let mut owner = database.owner().await;
    let stored: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("select index, hash from audit_leaves order by index").fetch_all(&mut owner).await.expect("leaves");
    let hashed = hashed(database).await;
    assert_eq!(stored, hashed.iter().map(|(index, hash)| (*index, hash.0.to_vec())).collect::<Vec<_>>());
    assert!((0_i64..).zip(&hashed).all(|(place, (index, _))| place == *index), "no hole");
    let leaves: Vec<Hash> = hashed.into_iter().map(|(_, hash)| hash).collect();
    let all: i64 = sqlx::query_scalar("select count(*) from audit_entries").fetch_one(&mut owner).await.expect("counted");
    assert_eq!(leaves.len() as i64, all, "every entry has its leaf");
    let notes: Vec<(i64, String)> =
        sqlx::query_as("select size, signed_note from audit_checkpoints order by size").fetch_all(&mut owner).await.expect("notes");
    for (size, signed) in &notes {
        let opened = note::open(signed, &[key(1).public()]).expect("signed");
        assert_eq!((opened.checkpoint.size as i64, opened.checkpoint.root), (*size, tree::root(&leaves[..*size as usize])));
        assert_eq!(opened.checkpoint.origin, "messages.example.org");
    }
    assert_eq!(notes.last().map_or(0, |(size, _)| *size as usize), leaves.len(), "the newest note is about all of them");
    leaves.len()
}

async fn floor(office: &Office) -> i64 {
    office.count("select coalesce(max(floor), 0) from audit_checkpoints").await
}

fn late(state: &AppState) -> bool {
    !state.metrics.render().contains("cms_messages_audit_sealed_late_total 0\n")
}

#[tokio::test]
async fn what_people_do_is_sealed() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    asha.write(conversation, "hello").await;
    bikram.read(conversation, 1).await.expect("read");
    let mut sealer = sealer(&office.state);
    let sealed = seal(&mut sealer).await;
    assert!(sealed >= 4, "{sealed}");
    assert_eq!(whole(&office.database).await, sealed);
    asha.write(conversation, "and again").await;
    assert_eq!((seal(&mut sealer).await, seal(&mut sealer).await), (1, 0));
    assert_eq!(whole(&office.database).await, sealed + 1);
    assert_eq!(office.count("select count(*) from audit_keys").await, 1);
    let page = office.state.metrics.render();
    assert!(page.contains(&format!("cms_messages_audit_checkpoint_size {}\n", sealed + 1)), "{page}");
}

#[tokio::test]
async fn an_entry_that_is_committed_long_after_later_ones_were_sealed_is_sealed() {
    let office = Office::new().await;
    let other = office.another_instance();
    let (mut one, mut two) = (sealer(&office.state), sealer(&other));
    let (mut early, mut later) = (office.database.owner().await, office.database.owner().await);
    let mut open = early.begin().await.expect("begun");
    write(&mut open, 3).await;
    for _ in 0..4 {
        write(&mut later, 2_500).await;
        seal(&mut one).await;
        seal(&mut two).await;
    }
    assert_eq!(office.count("select count(*) from audit_leaves").await, 10_000);
    assert!(floor(&office).await < 1, "the numbers 1 to 3 may still come");
    open.commit().await.expect("committed");
    assert_eq!(seal(&mut one).await, 3);
    assert_eq!(whole(&office.database).await, 10_003);
    // and then the floor rises, in both
    for _ in 0..2 {
        for sealer in [&mut one, &mut two] {
            write(&mut later, 1).await;
            seal(sealer).await;
        }
    }
    assert!(floor(&office).await >= 10_003, "{}", floor(&office).await);
    assert!(!late(&office.state) && !late(&other), "nobody was found by chance");
}

#[tokio::test]
async fn who_ends_between_two_looks_is_not_passed_by() {
    let office = Office::new().await;
    let mut sealer = sealer(&office.state);
    let (mut early, mut later) = (office.database.owner().await, office.database.owner().await);
    for _ in 0..20 {
        let mut open = early.begin().await.expect("begun");
        write(&mut open, 1).await;
        write(&mut later, 1).await;
        seal(&mut sealer).await;
        seal(&mut sealer).await;
        open.commit().await.expect("committed");
        write(&mut later, 1).await;
        assert_eq!(seal(&mut sealer).await, 2);
    }
    assert_eq!(whole(&office.database).await, 60);
    assert!(!late(&office.state));
}

#[tokio::test]
async fn numbers_that_were_rolled_back_hold_nothing_up() {
    let office = Office::new().await;
    let mut sealer = sealer(&office.state);
    let (mut gone, mut stays) = (office.database.owner().await, office.database.owner().await);
    for _ in 0..4 {
        let mut open = gone.begin().await.expect("begun");
        write(&mut open, 5).await;
        open.rollback().await.expect("rolled back");
        write(&mut stays, 1).await;
        assert_eq!(seal(&mut sealer).await, 1);
    }
    assert!(floor(&office).await >= 12, "{}", floor(&office).await);
    assert_eq!(whole(&office.database).await, 4);
}

#[tokio::test]
async fn who_only_reads_holds_nothing_up_however_long() {
    let office = Office::new().await;
    let mut sealer = sealer(&office.state);
    let (mut dump, mut writer) = (office.database.owner().await, office.database.owner().await);
    dump.execute("begin isolation level repeatable read").await.expect("begun");
    dump.execute("select count(*) from audit_entries").await.expect("read");
    for _ in 0..4 {
        write(&mut writer, 10).await;
        assert_eq!(seal(&mut sealer).await, 10);
    }
    assert!(floor(&office).await >= 20, "{}", floor(&office).await);
    assert_eq!(whole(&office.database).await, 40);
}

#[tokio::test]
async fn two_sealers_at_once_make_one_tree() {
    let office = Office::new().await;
    let states = [office.state.clone(), office.another_instance(), office.another_instance()];
    let writing = {
        let mut connection = office.database.owner().await;
        tokio::spawn(async move {
            for _ in 0..200 {
                write(&mut connection, 7).await;
            }
        })
    };
    let mut sealing = Vec::new();
    for state in states {
        let mut sealer = sealer(&state);
        sealing.push(tokio::spawn(async move {
            for _ in 0..60 {
                let round = sealer.round().await.expect("no two write the same");
                assert!(!matches!(round, Round::Refused(_)), "{round:?}");
            }
        }));
    }
    writing.await.expect("written");
    for sealing in sealing {
        sealing.await.expect("sealed");
    }
    let mut last = sealer(&office.state);
    seal(&mut last).await;
    assert_eq!(whole(&office.database).await, 1_400);
}

#[tokio::test]
async fn a_sealer_that_dies_in_the_middle_leaves_nothing_half() {
    let office = Office::new().await;
    let mut owner = office.database.owner().await;
    write(&mut owner, 100).await;
    seal(&mut sealer(&office.state)).await;
    write(&mut owner, 100).await;
    // the leaves get written, the checkpoint has to wait
    let mut blocker = office.database.owner().await;
    let mut held = blocker.begin().await.expect("begun");
    held.execute("lock table audit_checkpoints in share mode").await.expect("locked");
    let mut dying = sealer(&office.another_instance());
    let round = tokio::spawn(async move { dying.round().await });
    let waiting = "select pid from pg_locks where relation = 'audit_checkpoints'::regclass and not granted";
    let pid: i32 = loop {
        if let Some(pid) = sqlx::query_scalar(waiting).fetch_optional(&mut owner).await.expect("asked") {
            break pid;
        }
        tokio::task::yield_now().await;
    };
    sqlx::query("select pg_terminate_backend($1, 5000)").bind(pid).execute(&mut owner).await.expect("killed");
    assert!(round.await.expect("no panic").is_err());
    held.rollback().await.expect("released");
    assert_eq!(office.count("select count(*) from audit_leaves").await, 100);
    assert_eq!(seal(&mut sealer(&office.state)).await, 100);
    assert_eq!(whole(&office.database).await, 200);
}

#[tokio::test]
async fn nothing_is_sealed_on_top_of_a_tree_that_does_not_go_together() {
    let office = Office::new().await;
    let mut owner = office.database.owner().await;
    write(&mut owner, 5).await;
    seal(&mut sealer(&office.state)).await;
    for (n, tampering) in [
        "update audit_checkpoints set frontier = set_byte(frontier, 20, get_byte(frontier, 20) # 1)",
        "update audit_checkpoints set root = set_byte(root, 0, get_byte(root, 0) # 1)",
        "update audit_checkpoints set signed_note = replace(signed_note, E'\\n5\\n', E'\\n6\\n')",
        "delete from audit_leaves where index = 4",
        "delete from audit_checkpoints",
    ]
    .into_iter()
    .enumerate()
    {
        let mut tx = owner.begin().await.expect("begun");
        tx.execute("create table kept as select * from audit_checkpoints").await.expect("kept");
        tx.execute("create table kept_leaves as select * from audit_leaves").await.expect("kept");
        tx.execute(tampering).await.expect(tampering);
        write(&mut tx, 1).await;
        tx.commit().await.expect("committed");
        let round = sealer(&office.state).round().await.expect("the database answers");
        assert!(matches!(round, Round::Refused(_)), "{tampering}: {round:?}");
        assert!(office.state.metrics.render().contains(&format!("audit_seal_refusals_total {}\n", n + 1)));
        owner
            .execute(
                "truncate audit_checkpoints, audit_leaves; insert into audit_checkpoints select * from kept;
                 insert into audit_leaves select * from kept_leaves; drop table kept, kept_leaves",
            )
            .await
            .expect("mended");
    }
    assert_eq!(seal(&mut sealer(&office.state)).await, 5);
    assert_eq!(whole(&office.database).await, 10);
    // of another name
    let named = Sealer::new(office.state.clone(), vec![PrivateKey::new("other.example.org", &[1; 32]).expect("a name")]);
    assert!(matches!(named.expect("a key").round().await, Ok(Round::Refused(_))));
}

#[tokio::test]
async fn what_was_sealed_and_is_gone_is_noticed() {
    let office = Office::new().await;
    let mut owner = office.database.owner().await;
    let mut sealer = sealer(&office.state);
    for _ in 0..2 {
        write(&mut owner, 3).await;
        seal(&mut sealer).await;
    }
    owner.execute("delete from audit_checkpoints where size = 6; delete from audit_leaves where index >= 3").await.expect("cut off");
    assert!(matches!(sealer.round().await, Ok(Round::Refused(_))));
}

#[tokio::test]
async fn what_lies_unsealed_below_the_floor_is_found_and_told() {
    let office = Office::new().await;
    let mut owner = office.database.owner().await;
    let mut gone = owner.begin().await.expect("begun");
    write(&mut gone, 3).await;
    gone.rollback().await.expect("rolled back");
    let mut first = sealer(&office.state);
    for _ in 0..3 {
        write(&mut owner, 1).await;
        seal(&mut first).await;
    }
    assert!(floor(&office).await > 3);
    // what no writer of ours can do: a number of one's own choice
    owner
        .execute("insert into audit_entries (id, action) overriding system value values (1, 'user.changed'), (3, 'user.changed')")
        .await
        .expect("below");
    assert_eq!(seal(&mut sealer(&office.state)).await, 2);
    assert!(late(&office.state));
    assert_eq!(whole(&office.database).await, 5);
}

#[tokio::test]
async fn an_old_database_is_sealed_from_its_beginning() {
    let office = Office::new().await;
    write(&mut office.database.owner().await, 12_345).await;
    assert_eq!(seal(&mut sealer(&office.state)).await, 12_345);
    assert_eq!(whole(&office.database).await, 12_345);
    assert_eq!(office.count("select count(*) from audit_checkpoints").await, 3);
}

#[tokio::test]
async fn both_keys_of_a_rotation_sign() {
    let office = Office::new().await;
    write(&mut office.database.owner().await, 1).await;
    seal(&mut Sealer::new(office.state.clone(), vec![key(1), key(2)]).expect("keys")).await;
    let signed: String =
        sqlx::query_scalar("select signed_note from audit_checkpoints").fetch_one(&*office.state.pool).await.expect("a note");
    for seed in [1, 2] {
        assert!(note::open(&signed, &[key(seed).public()]).is_ok());
    }
    assert_eq!(office.count("select count(*) from audit_keys").await, 2);
}

#[tokio::test]
async fn who_waits_for_the_lock_does_nothing() {
    let office = Office::new().await;
    let mut owner = office.database.owner().await;
    write(&mut owner, 1).await;
    let mut held = owner.begin().await.expect("begun");
    assert!(db::seal::try_lock(&mut held).await.expect("asked"));
    let round = tokio::time::timeout(Duration::from_secs(5), sealer(&office.state).round()).await.expect("at once");
    assert_eq!(round.expect("the database answers"), Round::Elsewhere);
}

#[tokio::test]
async fn everybody_who_is_signed_in_can_keep_the_newest_checkpoint() {
    let server = Server::start().await;
    let asha = server.office.person("asha").await;
    let program = server.program(&asha).await;
    write(&mut server.office.database.owner().await, 3).await;
    assert_eq!(program.get("/api/v1/audit/checkpoint").await.outcome(), "404 not_found");
    let sealed = seal(&mut sealer(&server.office.state)).await;
    let answer = program.get("/api/v1/audit/checkpoint").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/plain; charset=utf-8"));
    let opened = note::open(&answer.text, &[key(1).public()]).expect("signed");
    assert_eq!(opened.checkpoint.size as usize, sealed);
}
