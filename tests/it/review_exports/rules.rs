//! What holds whatever fails: nothing is taken that is not written down, it ends with its review, and the database's own rules.

use super::*;

#[tokio::test]
async fn what_cannot_be_written_down_is_not_taken() {
    let scene = Scene::new().await;
    let review = scene.approved(scene.request()).await;
    let export = scene.released(&review).await;
    let meera = scene.server.browser(&scene.meera).await;
    let api = format!("/api/v1/admin/reviews/{}/exports/{}/archive", review.id, export.id);
    let screen = format!("/admin/reviews/{}/exports/{}/archive", review.id, export.id);
    let taken = async |path: &str| {
        let answer =
            if path.starts_with("/api") { Answer::of(meera.request(Method::POST, path)).await } else { meera.submit(path, &[]).await };
        (answer.status, answer.text.contains("canary"))
    };
    assert_eq!((taken(&api).await, taken(&screen).await), ((200, true), (200, true)), "this test can fail");
    let recorded = scene.server.office.count("select count(*) from review_export_takes").await;
    let broken = [
        // the record itself
        (
            "revoke insert on review_export_takes from cms_messages_app",
            "grant insert (export_id, taken_by) on review_export_takes to cms_messages_app",
        ),
        // its audit entry
        (
            "alter table audit_entries add constraint closed check (action <> 'export.taken') not valid",
            "alter table audit_entries drop constraint closed",
        ),
        // only the commit: every statement before it has succeeded
        (
            "create function fails_late() returns trigger language plpgsql as 'begin raise exception ''late''; end';
             create constraint trigger late after insert on review_export_takes deferrable initially deferred for each row execute function fails_late()",
            "drop trigger late on review_export_takes",
        ),
    ];
    for (breaks, mends) in broken {
        for statement in breaks.split(";\n") {
            scene.server.office.database.owner().await.execute(AssertSqlSafe(statement.to_owned())).await.expect("broken");
        }
        assert_eq!((taken(&api).await, taken(&screen).await), ((503, false), (503, false)), "{breaks}");
        assert_eq!(scene.server.office.count("select count(*) from review_export_takes").await, recorded);
        scene.owner_does(mends).await;
    }
    assert_eq!(taken(&api).await, (200, true), "mended");
}

#[tokio::test]
async fn a_note_holds_nothing_that_could_not_be_shown() {
    let scene = Scene::new().await;
    let review = scene.approved(scene.request()).await;
    let export = review_exports::request(&scene.meera.ctx, review.id).await.expect("asked for");
    for note in ["agreed\u{1b}[8m", "agreed\0", "agreed\u{9b}2K"] {
        let refused = review_exports::decide(&scene.noor.ctx, review.id, export.id, Decision::Approve, Some(note.into())).await;
        let refused = refused.expect_err(note);
        assert!(refused.code == Code::Invalid && refused.fields.contains_key("note"), "{refused:?}");
    }
    let note = Some("agreed,\r\nin two lines".to_owned());
    review_exports::decide(&scene.noor.ctx, review.id, export.id, Decision::Approve, note).await.expect("released");
}

#[tokio::test]
async fn it_ends_with_its_review_also_in_the_middle() {
    let mut scene = Scene::new().await;
    for number in 0..30 {
        scene.asha.write(scene.conversation, &format!("number {number}")).await;
    }
    scene.is_sealed().await;
    let review = scene.approved(scene.request()).await;
    let (released, waiting) =
        (scene.released(&review).await, review_exports::request(&scene.meera.ctx, review.id).await.expect("asked for"));
    let archive = review_exports::take(&scene.meera.ctx, review.id, released.id).await.expect("begun");
    let mut pieces = pin!(archive.into_stream());
    pieces.next().await.expect("a piece").expect("the first header");
    reviews::end(&scene.noor.ctx, review.id).await.expect("ended");
    let mut rest = Vec::new();
    let broke_off = loop {
        match pieces.next().await {
            Some(Ok(piece)) => rest.extend(piece),
            Some(Err(error)) => break Some(error.code),
            None => break None,
        }
    };
    assert_eq!(broke_off, Some(Code::Forbidden));
    assert!(!String::from_utf8_lossy(&rest).contains("canary"));

    assert_eq!(scene.refused(&scene.meera, &released).await, Code::Forbidden);
    let late = review_exports::decide(&scene.noor.ctx, review.id, waiting.id, Decision::Approve, None).await;
    assert_eq!(code(late), Code::Forbidden, "nothing is released of a review that is over");
    let refused = review_exports::decide(&scene.noor.ctx, review.id, waiting.id, Decision::Refuse, None).await.expect("refused");
    assert_eq!(refused.state, ExportState::Refused);
    assert_eq!(code(review_exports::request(&scene.meera.ctx, review.id).await), Code::Forbidden);
    // its time
    let review = scene.approved(scene.request()).await;
    let export = scene.released(&review).await;
    scene.owner_does("alter table reviews disable trigger user").await;
    scene
        .owner_does(
            "update reviews set decided_at = now() - interval '9 hours', expires_at = now() - interval '1 second' where ended_at is null",
        )
        .await;
    scene.owner_does("alter table reviews enable trigger user").await;
    assert_eq!(scene.refused(&scene.meera, &export).await, Code::Forbidden);
}

/// Its time, as the clock would end it: nothing else of it changes.
const RUNS_OUT: &str = "update reviews set decided_at = now() - interval '9 hours', expires_at = now() - interval '1 second'";

#[tokio::test]
async fn what_is_being_taken_ends_with_the_time_of_its_review() {
    let scene = Scene::new().await;
    let review = scene.approved(scene.request()).await;
    let export = scene.released(&review).await;
    let archive = review_exports::take(&scene.meera.ctx, review.id, export.id).await.expect("begun");
    let mut pieces = pin!(archive.into_stream());
    pieces.next().await.expect("a piece").expect("the first header");
    for sql in ["alter table reviews disable trigger user", RUNS_OUT, "alter table reviews enable trigger user"] {
        scene.owner_does(sql).await;
    }
    let rest: Result<Vec<Vec<u8>>, Error> = pieces.try_collect().await;
    assert_eq!(code(rest), Code::Forbidden);
}

#[tokio::test]
async fn what_ends_in_between_is_neither_asked_for_nor_called_asked_for() {
    let scene = Scene::with(with(ReviewMode::Single)).await;
    let review = reviews::request(&scene.meera.ctx, scene.request()).await.expect("granted");
    let none = async || assert_eq!(scene.server.office.count("select count(*) from review_exports").await, 0);
    let over = async || {
        let refused = review_exports::request(&scene.meera.ctx, review.id).await.expect_err("refused");
        assert_eq!((refused.code, refused.detail.contains("is over")), (Code::Forbidden, true), "{refused:?}");
    };
    // before the first statement
    scene.owner_does("create function skips() returns trigger language plpgsql as 'begin return null; end'").await;
    scene.owner_does("create trigger before_all before insert on review_exports for each row execute function skips()").await;
    over().await;
    none().await;
    scene.owner_does("drop trigger before_all on review_exports").await;
    // between the two
    scene.owner_does("alter table reviews disable trigger user").await;
    let runs_out =
        format!("create function runs_out() returns trigger language plpgsql security definer as $$ begin {RUNS_OUT}; return null; end $$");
    scene.server.office.database.owner().await.execute(AssertSqlSafe(runs_out)).await.expect("made");
    scene.owner_does("create trigger in_between after insert on review_exports for each row execute function runs_out()").await;
    over().await;
    none().await;
    scene.owner_does("drop trigger in_between on review_exports").await;
    review_exports::request(&scene.meera.ctx, review.id).await.expect("rolled back with the rest");
}

#[tokio::test]
async fn the_rules_hold_in_the_database_whatever_the_server_does() {
    let scene = Scene::new().await;
    let review = scene.approved(scene.request()).await;
    let export = review_exports::request(&scene.meera.ctx, review.id).await.expect("asked for");
    let (meera, noor, asha, bikram) = (scene.meera.id(), scene.noor.id(), scene.asha.id(), scene.bikram.id());
    let (id, of) = (export.id, review.id);
    let pool = &scene.server.office.state.pool;
    let refused = async |sql: String, constraint: &str| {
        let error = pool.execute(AssertSqlSafe(sql.clone())).await.expect_err(&sql);
        let error = error.as_database_error().expect("of the database");
        assert_eq!(error.constraint().unwrap_or_else(|| error.message()), constraint, "{sql}");
    };
    let size = "(select max(size) from audit_checkpoints)";
    let release = |by| {
        format!(
            "update review_exports set decision = 'released', decided_by = '{by}', decided_at = now(), tree_size = {size} where id = '{id}'"
        )
    };
    let take = |by| format!("insert into review_export_takes (export_id, taken_by) values ('{id}', '{by}')");
    let ask = |mode: &str, low, high, by| {
        format!(
            "insert into review_exports (review_id, mode, matter_low, matter_high, requested_by) values ('{of}', '{mode}', '{low}', '{high}', '{by}')"
        )
    };
    let (low, high) = (asha.min(bikram), asha.max(bikram));
    refused(release(meera), "review_exports_second_person_check").await;
    refused(release(asha), "review_exports_decider_check").await;
    refused(
        format!("update review_exports set decision = 'released', decided_by = '{noor}', decided_at = now()"),
        "review_exports_release_check",
    )
    .await;
    refused("update review_exports set manifest = '{}', signature = 'x'".into(), "review_exports_manifest_check").await;
    refused(take(meera), "review_export_takes_grant_check").await;
    refused(ask("dual", low, high, meera), "review_exports_waiting_key").await;
    refused(ask("single", low, high, meera), "review_exports_grant_check").await;
    refused(ask("dual", low, high, noor), "review_exports_grant_check").await;
    refused(ask("dual", noor, noor, meera), "review_exports_grant_check").await;
    pool.execute(AssertSqlSafe(release(noor))).await.expect("a second person");
    refused(take(noor), "review_export_takes_grant_check").await;
    pool.execute(AssertSqlSafe(take(meera))).await.expect("who asked");
    refused(format!("update review_exports set decided_by = '{}'", uuid::Uuid::nil()), "review_exports_stays_check").await;
    pool.execute("update review_exports set manifest = '{}', signature = 'x'").await.expect("made");
    refused("update review_exports set manifest = '{\"other\": 1}'".into(), "review_exports_stays_check").await;
    pool.execute(AssertSqlSafe(format!("update reviews set ended_at = now(), ended_by = '{noor}'"))).await.expect("ended");
    refused(take(meera), "review_export_takes_grant_check").await;
    refused(ask("dual", low, high, meera), "review_exports_grant_check").await;
    for forbidden in [
        "update review_exports set requested_by = decided_by",
        "update review_exports set mode = 'single'",
        "update review_exports set review_id = review_id",
        "delete from review_exports",
        "truncate review_exports cascade",
        "update review_export_takes set taken_by = taken_by",
        "delete from review_export_takes",
        "update review_export_conversations set last_seq = last_seq",
        "delete from review_export_conversations",
        "insert into review_export_takes (export_id, taken_by, at) select export_id, taken_by, '2000-01-01' from review_export_takes",
    ] {
        let error = pool.execute(forbidden).await.expect_err(forbidden);
        let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
        assert_eq!(code, "42501", "{forbidden}: {error}");
    }
}
