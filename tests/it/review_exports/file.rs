//! The file as others verify it: by the program, against an anchor, and after every kind of change.

use super::*;
use crate::support::checker::Folder;

#[tokio::test]
async fn the_checkpoint_of_a_release_is_anchored_at_once() {
    let file = std::env::temp_dir().join(format!("cms-messages-export-anchors-{}", std::process::id()));
    let _ = std::fs::remove_file(&file);
    let anchored = Settings { audit: Audit { anchor_file: Some(file.clone()), ..Audit::default() }, ..settings() };
    let mut scene = Scene::with(anchored).await;
    let review = scene.approved(scene.request()).await;
    let export = scene.released(&review).await;
    scene.is_sealed().await;
    let bytes = scene.takes(&scene.meera, &export).await.expect("taken");
    let anchors = Anchor::read(&std::fs::read_to_string(&file).expect("written")).expect("anchors");
    let report = verified(&bytes, &Trust { anchors, keys: vec![key(1).public()], ..Trust::default() });
    assert!(report.is_good() && report.cautions.len() == 1, "{:#?} {:#?}", report.findings.kept(), report.cautions);
    let rewritten = cms_messages::server::proof::note::Checkpoint {
        origin: "messages.example.org".into(),
        size: u64::try_from(export.tree_size.expect("a size")).expect("positive"),
        root: cms_messages::server::proof::tree::leaf_hash(b"another history"),
    };
    let anchors = Anchor::read(&rewritten.sign(&[key(1)])).expect("an anchor");
    let report = verified(&bytes, &Trust { anchors, keys: Vec::new(), ..Trust::default() });
    assert_eq!(report.findings.kept().iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), ["anchor.root"]);
    std::fs::remove_file(file).expect("removed");
}

#[tokio::test]
async fn every_change_of_the_file_is_found() {
    let mut scene = Scene::new().await;
    let mut dice = Random::of(std::env::var("CMS_MESSAGES_SEED").ok().map_or(1, |seed| seed.parse().expect("a number")), 7_000);
    let chen = scene.server.office.person("chen").await;
    let other = scene.bikram.open(&chen).await;
    for number in 0..25 {
        scene.asha.write(scene.conversation, &format!("number {number}; =1, \u{1f600}")).await;
        scene.bikram.write(other, "outside").await;
        if number % 3 == 0 {
            scene.bikram.read(scene.conversation, 3 + number).await.expect("read");
        }
    }
    scene.is_sealed().await;
    let review = scene.approved(ReviewRequest { scope: ReviewScope::UserId(scene.asha.id()), ..scene.request() }).await;
    let bytes = scene.takes(&scene.meera, &scene.released(&review).await).await.expect("taken");
    let trust = Trust { anchors: Vec::new(), keys: vec![key(1).public()], ..Trust::default() };
    assert!(verified(&bytes, &trust).is_good(), "no false alarm");
    let times = if std::env::var("CMS_MESSAGES_LONG").is_ok() { 10_000 } else { 2_000 };
    let mut kinds = std::collections::BTreeMap::<&str, usize>::new();
    for nth in 0..times {
        let changed = mutate::one(&bytes, &mut dice);
        assert_ne!(changed.bytes, bytes, "{}", changed.what);
        assert!(!archive::is_good(&changed.bytes, &trust), "change {nth} was not found: {} {}", changed.kind, changed.what);
        *kinds.entry(changed.kind).or_default() += 1;
    }
    assert_eq!(kinds.len(), mutate::KINDS, "{kinds:?}");
    println!("{times} changes of {times} were found: {kinds:?}");
}

#[tokio::test]
async fn the_program_says_by_its_exit_code_what_came_of_it() {
    let scene = Scene::new().await;
    let review = scene.approved(scene.request()).await;
    let export = scene.released(&review).await;
    let bytes = scene.takes(&scene.meera, &export).await.expect("taken");
    let folder = Folder::new("archive");
    let good = folder.file("good.tar", &bytes);
    let (code, said, complained) = folder.verify(&[&good]);
    assert_eq!((code, complained.as_str()), (Some(0), ""), "{said}");
    assert!(said.contains("\nGOOD: ") && said.contains("2 messages in 1 conversations") && said.contains("No key was given"), "{said}");
    let note = files(&bytes).content["checkpoint.txt"].clone();
    let (anchor, vkey) = (folder.file("anchor", note.as_bytes()), key(1).public().to_string());
    let (code, said, _) = folder.verify(&[&good, "--checkpoint", &anchor, "--key", &vkey]);
    assert!(code == Some(0) && !said.contains("No key") && !said.contains("No anchored"), "{said}");
    let other = key(2).public().to_string();
    let (code, said, _) = folder.verify(&[&good, "--key", &other]);
    assert!(code == Some(1) && said.contains("key.foreign"), "{said}");
    let text = String::from_utf8(bytes.clone()).expect("UTF-8").replacen("canary", "parrot", 1);
    let (code, said, _) = folder.verify(&[&folder.file("wrong.tar", text.as_bytes())]);
    assert!(code == Some(1) && said.contains("WRONG: ") && said.contains("message.text") && said.contains("archive.file"), "{said}");
    assert!(!said.contains("parrot"), "nothing is quoted: {said}");
    // of the same length, so that it is found where the checkpoint has to be
    let steers = String::from_utf8(bytes.clone()).expect("UTF-8").replace("messages.example.org", "\u{1b}[8mGOOD: is right  ");
    assert_eq!(steers.len(), bytes.len());
    let (code, said, _) = folder.verify(&[&folder.file("steers.tar", steers.as_bytes())]);
    assert!(code == Some(1) && said.contains("WRONG: ") && !said.contains('\u{1b}') && !said.contains("GOOD: "), "{said}");
    let (code, _, complained) = folder.verify(&[&folder.file("none.tar", b"RE")]);
    assert!(code == Some(2) && !complained.is_empty());
    let office: &Office = &scene.server.office;
    assert_eq!(office.count("select count(*) from review_export_takes").await, 1);
}
