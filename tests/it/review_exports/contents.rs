//! What is in it: the scope and nothing else, the same each time; and that the two are told.

use super::*;

#[tokio::test]
async fn the_file_has_the_messages_for_programs_and_for_people() {
    let scene = Scene::new().await;
    let review = scene.approved(scene.request()).await;
    let bytes = scene.takes(&scene.meera, &scene.released(&review).await).await.expect("taken");
    let Files { order, content } = files(&bytes);
    assert_eq!(order, ["README.txt", "manifest.json", "manifest.sig", "checkpoint.txt", "proof.jsonl", "messages.jsonl", "messages.csv"]);
    let messages: Vec<Value> = content["messages.jsonl"].lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(messages.len(), 2);
    assert_eq!(
        (&messages[0]["body"], &messages[0]["seq"], &messages[0]["sender_id"]),
        (&json!(CANARY), &json!(1), &json!(scene.asha.id()))
    );
    assert!(messages[0]["read_at"].is_string() && messages[1]["read_at"].is_null());
    let table = &content["messages.csv"];
    assert!(table.contains("\"asha\",\"Asha\",\"bikram\",\"Bikram\""), "{table}");
    assert!(table.contains("\"'=1+1, said \"\"the other\"\"\nand more\"\r\n"), "{table}");
    let manifest: Value = serde_json::from_str(&content["manifest.json"]).expect("JSON");
    assert_eq!((&manifest["case_id"], &manifest["category"]), (&json!("TP-C-118"), &json!("complaint")));
    assert!(!content["manifest.json"].contains("Gate passes"), "the reason stays where it is");
    let both = archive::listed_by_tar(&bytes);
    assert_eq!(both, order, "whatever reads tar reads it");
}

#[tokio::test]
async fn the_same_scope_is_the_same_file_whatever_happens_later() {
    let mut scene = Scene::new().await;
    let review = scene.approved(scene.request()).await;
    scene.is_sealed().await;
    let (one, other) = (scene.released(&review).await, scene.released(&review).await);
    assert_eq!(one.tree_size, other.tree_size);
    let first = scene.takes(&scene.meera, &one).await.expect("taken");
    // a file that is made later still says what was sealed then
    scene.asha.write(scene.conversation, "what came later").await;
    scene.bikram.read(scene.conversation, 3).await.expect("read");
    scene.asha.read(scene.conversation, 3).await.expect("read");
    scene.is_sealed().await;
    for export in [&one, &other, &one] {
        assert!(scene.takes(&scene.meera, export).await.expect("taken") == first, "the same bytes");
    }
    let later = scene.takes(&scene.meera, &scene.released(&review).await).await.expect("taken");
    let (before, after) = (files(&first).content, files(&later).content);
    assert_eq!((before["messages.jsonl"].lines().count(), after["messages.jsonl"].lines().count()), (2, 3));
    assert!(verified(&later, &Trust::default()).is_good());
    let taken = "select count(*) from audit_entries where action = 'export.taken'";
    assert_eq!(scene.server.office.count(taken).await, 5, "each time is an entry");
    assert_eq!(scene.server.office.count("select count(*) from audit_entries where action = 'export.made'").await, 3);
}

#[tokio::test]
async fn what_is_sealed_at_the_release_is_what_it_covers() {
    let mut scene = Scene::new().await;
    let review = scene.approved(scene.request()).await;
    scene.asha.write(scene.conversation, "written and not sealed").await;
    let export = scene.released(&review).await;
    scene.is_sealed().await;
    let content = files(&scene.takes(&scene.meera, &export).await.expect("taken")).content;
    assert!(!content["messages.jsonl"].contains("not sealed"), "it was sealed after the release");
    assert_eq!(content["messages.jsonl"].lines().count(), 2);
}

#[tokio::test]
async fn only_the_scope_is_in_it() {
    let mut scene = Scene::new().await;
    let chen = scene.server.office.person("chen").await;
    let with_chen = scene.asha.open(&chen).await;
    scene.asha.write(with_chen, "to chen").await;
    let with_reader = scene.asha.open(&scene.meera).await;
    scene.asha.write(with_reader, "to the reader").await;
    let not_hers = scene.bikram.open(&chen).await;
    scene.bikram.write(not_hers, "from bikram to chen").await;
    for number in 0..4 {
        scene.asha.write(scene.conversation, &format!("number {number}")).await;
        scene.bikram.read(scene.conversation, 3 + number).await.expect("read");
    }
    scene.is_sealed().await;
    let person = ReviewRequest { scope: ReviewScope::UserId(scene.asha.id()), ..scene.request() };
    let review = scene.approved(person).await;
    let bytes = scene.takes(&scene.meera, &scene.released(&review).await).await.expect("taken");
    assert!(verified(&bytes, &Trust::default()).is_good());
    let content = files(&bytes).content;
    let all = content.values().cloned().collect::<String>();
    assert!(all.contains("to chen") && all.contains(CANARY));
    assert!(!all.contains("to the reader") && !all.contains("from bikram to chen"));
    for hidden in [with_reader, not_hers] {
        assert!(!all.contains(&hidden.to_string()), "not even that it is there");
    }

    // a period: messages 3 and 4 of six, and of the receipts only those that say something of them
    let times: Vec<(i64, time::OffsetDateTime)> =
        sqlx::query_as("select seq, sent_at from messages where conversation_id = $1 order by seq")
            .bind(scene.conversation.0)
            .fetch_all(&*scene.server.office.state.pool)
            .await
            .expect("messages");
    let period = ReviewRequest { from: times[2].1.into(), until: times[4].1.into(), ..scene.request() };
    let review = scene.approved(period).await;
    let bytes = scene.takes(&scene.meera, &scene.released(&review).await).await.expect("taken");
    let report = verified(&bytes, &Trust::default());
    assert!(report.is_good(), "{:#?}", report.findings.kept());
    let content = files(&bytes).content;
    let shown: Vec<Value> = content["messages.jsonl"].lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(shown.iter().map(|message| message["seq"].as_i64()).collect::<Vec<_>>(), [Some(3), Some(4)]);
    assert!(shown.iter().all(|message| message["read_at"].is_string()));
    let entries = content["proof.jsonl"].lines().filter(|line| line.starts_with("{\"action\"")).count();
    assert_eq!(entries, 2 + 4, "two messages, and delivered and read of each");
}

#[tokio::test]
async fn both_are_told_that_it_was_taken_away() {
    let scene = Scene::new().await;
    let told = async |person: &Person| review_reading::notices(&person.ctx, scene.conversation).await.map_err(|error| error.code);
    let review = scene.approved(scene.request()).await;
    let export = scene.released(&review).await;
    assert_eq!(told(&scene.asha).await, Ok(Vec::new()), "nothing has been taken");
    for _ in 0..2 {
        scene.takes(&scene.meera, &export).await.expect("taken");
    }
    for person in [&scene.asha, &scene.bikram] {
        let notices = told(person).await.expect("told");
        let [notice] = notices.as_slice() else { panic!("{notices:?}") };
        assert_eq!((notice.category, notice.pages_read, notice.times_taken), (ReviewCategory::Complaint, 0, 2));
        assert!(notice.first_read_at < notice.last_read_at);
        let json = serde_json::to_string(notice).expect("json");
        for secret in ["meera", "noor", "TP-C-118", &scene.meera.id().to_string(), &review.id.to_string()] {
            assert!(!json.contains(secret), "{secret} in {json}");
        }
    }
    assert_eq!(told(&scene.noor).await, Err(Code::NotFound));
}

#[tokio::test]
async fn without_a_seal_there_is_nothing_to_prove_and_so_no_export() {
    let scene = Scene::new().await;
    let review = scene.approved(scene.request()).await;
    let keyless = context(&state(settings(), scene.server.office.database.pool(2)), &scene.meera.user);
    assert_eq!(code(review_exports::request(&keyless, review.id).await), Code::Invalid);
    let empty = ReviewRequest { until: Timestamp::parse("2020-01-02T00:00:00Z").expect("a moment"), ..scene.request() };
    let review = scene.approved(empty).await;
    let export = scene.released(&review).await;
    assert_eq!(scene.refused(&scene.meera, &export).await, Code::Invalid, "nothing lies within the period");
}

#[tokio::test]
async fn messages_that_are_not_those_of_the_log_are_not_handed_out() {
    let scene = Scene::new().await;
    let review = scene.approved(scene.request()).await;
    let (whole, never_made) = (scene.released(&review).await, scene.released(&review).await);
    scene.takes(&scene.meera, &whole).await.expect("taken");
    // one that was made is held against what was signed while it goes
    scene.owner_does("update messages set body = 'what was never said' where seq = 1").await;
    let broken = scene.takes(&scene.meera, &whole).await;
    assert_eq!(code(broken), Code::Internal);
    // a text that was changed is found by whoever verifies
    let report = verified(&scene.takes(&scene.meera, &never_made).await.expect("taken"), &Trust::default());
    assert_eq!(report.findings.kept()[0].code.as_str(), "message.text");
    // a message that is gone: not even begun
    scene.owner_does("delete from messages where seq = 2").await;
    let gone = scene.released(&review).await;
    assert_eq!(scene.refused(&scene.meera, &gone).await, Code::Internal);
}
