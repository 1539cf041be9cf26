//! What is tried again by itself, and what an answer may say when that did not help.

use crate::support::Office;
use cms_messages::{
    error::Code,
    server::db::{self, pool::Lent},
};
use sqlx::{Executor, PgConnection};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use tokio::sync::Barrier;

async fn kill(killer: &tokio::sync::Mutex<PgConnection>, victim: &mut Lent) {
    let pid: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut **victim).await.expect("a pid");
    sqlx::query("select pg_terminate_backend($1, 5000)").bind(pid).execute(&mut *killer.lock().await).await.expect("terminated");
}

#[tokio::test]
async fn a_deadlock_is_tried_again_until_both_have_done_their_work() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await.id().0, office.person("bikram").await.id().0);
    let both_hold_one = Barrier::new(2);
    let tries = AtomicU32::new(0);
    let (tries, both_hold_one) = (&tries, &both_hold_one);
    let work = |first: uuid::Uuid, second: uuid::Uuid| {
        db::keyed(&office.state.pool, move |mut connection| {
            let is_first_try = tries.fetch_add(1, SeqCst) < 2;
            async move {
                let mut transaction = sqlx::Connection::begin(&mut *connection).await?;
                let raise = "update user_feeds set change_no = change_no + 1 where user_id = $1";
                sqlx::query(raise).bind(first).execute(&mut *transaction).await?;
                if is_first_try {
                    both_hold_one.wait().await;
                }
                sqlx::query(raise).bind(second).execute(&mut *transaction).await?;
                transaction.commit().await
            }
        })
    };
    let (one, other) = tokio::join!(work(asha, bikram), work(bikram, asha));
    assert_eq!((one, other), (Ok(()), Ok(())));
    assert_eq!(tries.load(SeqCst), 3);
    assert_eq!(office.count("select count(*) from user_feeds where change_no = 2").await, 2);
}

#[tokio::test]
async fn a_call_whose_backend_dies_is_made_again_on_another() {
    let office = Office::new().await;
    let killer = &tokio::sync::Mutex::new(office.database.owner().await);
    let tries = &AtomicU32::new(0);
    let answer = db::keyed(&office.state.pool, |mut connection| async move {
        if tries.fetch_add(1, SeqCst) == 0 {
            kill(killer, &mut connection).await;
        }
        sqlx::query_scalar::<_, i32>("select 7").fetch_one(&mut *connection).await
    })
    .await;
    assert_eq!((answer, tries.load(SeqCst)), (Ok(7), 2));
}

#[tokio::test]
async fn an_outcome_that_stays_unknown_is_said_to_be_unknown_but_a_read_had_none() {
    let office = Office::new().await;
    let killer = &tokio::sync::Mutex::new(office.database.owner().await);
    let always_dies = |mut connection: Lent| async move {
        kill(killer, &mut connection).await;
        connection.execute("select 7").await.map(|_| ())
    };
    assert_eq!(db::keyed(&office.state.pool, always_dies).await.map_err(|error| error.code), Err(Code::Unconfirmed));
    assert_eq!(db::read(&office.state.pool, always_dies).await.map_err(|error| error.code), Err(Code::Unavailable));
}

#[tokio::test]
async fn a_try_that_is_given_up_does_not_hide_one_whose_outcome_is_unknown() {
    let office = Office::new().await;
    let killer = &tokio::sync::Mutex::new(office.database.owner().await);
    let tries = &AtomicU32::new(0);
    let dies_then_waits = |mut connection: Lent| async move {
        if tries.fetch_add(1, SeqCst).is_multiple_of(2) {
            kill(killer, &mut connection).await;
        }
        connection.execute("set statement_timeout = 1; select pg_sleep(5)").await.map(|_| ())
    };
    assert_eq!(db::keyed(&office.state.pool, dies_then_waits).await.map_err(|error| error.code), Err(Code::Unconfirmed));
    assert_eq!(db::read(&office.state.pool, dies_then_waits).await.map_err(|error| error.code), Err(Code::Unavailable));
    assert_eq!(tries.load(SeqCst), 4);
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_unavailable_and_nothing_was_begun() {
    let office = Office::new().await;
    // nobody listens on port 1
    let pool = db::pool::open(office.database.options().host("127.0.0.1").port(1), 1, db::pool::Purpose::Serve);
    let began = &AtomicU32::new(0);
    let answer = db::keyed(&pool, |_| async move {
        began.fetch_add(1, SeqCst);
        Ok(())
    })
    .await;
    assert_eq!((answer.map_err(|error| error.code), began.load(SeqCst)), (Err(Code::Unavailable), 0));
}

#[tokio::test]
async fn what_the_database_gives_up_on_was_not_done_and_constraints_speak_by_name() {
    let office = Office::new().await;
    office.person("asha").await;
    let mut connection = office.state.pool.acquire().await.expect("a connection");
    let too_long = connection.execute("begin; set local statement_timeout = 1; select pg_sleep(5)").await.expect_err("cancelled");
    assert_eq!(cms_messages::error::Error::from(too_long).code, Code::Unavailable);
    connection.execute("rollback").await.expect("rolled back");
    let twice =
        connection.execute("insert into users (username, display_name, search_text) values ('asha', 'A', ' a')").await.expect_err("taken");
    let error = cms_messages::error::Error::from(twice);
    assert_eq!((error.code, error.fields.keys().map(String::as_str).collect::<Vec<_>>()), (Code::Invalid, vec!["username"]));
}
