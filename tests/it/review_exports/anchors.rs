//! A checkpoint that was kept before or after the one that the file is proven against: shown to be of the same history by a
//! proof, or said to be not shown; and one of another history.

use super::*;
use crate::support::checker::Folder;
use cms_messages::server::{
    operator::Operator,
    proof::{note::Checkpoint, tree, verify::Consistency},
    service::audit,
};
use sqlx::ConnectOptions;
use std::process::Command;

/// What was taken away, its size, and the checkpoints before and after it.
struct Kept {
    scene: Scene,
    bytes: Vec<u8>,
    size: u64,
    older: String,
    newer: String,
}

impl Kept {
    async fn new() -> Self {
        let mut scene = Scene::new().await;
        let older = scene.newest().await;
        for number in 0..5 {
            scene.asha.write(scene.conversation, &format!("number {number}")).await;
        }
        let review = scene.approved(scene.request()).await;
        scene.is_sealed().await;
        let export = scene.released(&review).await;
        let bytes = scene.takes(&scene.meera, &export).await.expect("taken");
        scene.bikram.read(scene.conversation, 6).await.expect("read");
        scene.is_sealed().await;
        let newer = scene.newest().await;
        Self { bytes, size: u64::try_from(export.tree_size.expect("a size")).expect("positive"), older, newer, scene }
    }

    async fn proofs(&self, sizes: &[u64]) -> Vec<Consistency> {
        let operator = Operator { pool: self.scene.server.office.state.pool.clone() };
        audit::consistency(&operator, sizes.to_vec()).await.expect("proven")
    }

    /// The words of what was found, what was shown, and what could not be.
    fn judged(&self, notes: &[&str], consistency: &[Consistency]) -> (Vec<&'static str>, String, String) {
        let anchors = notes.iter().flat_map(|note| Anchor::read(note).expect("an anchor")).collect();
        let report = verified(&self.bytes, &Trust { anchors, keys: vec![key(1).public()], consistency: consistency.to_vec() });
        let codes = report.findings.kept().iter().map(|finding| finding.code.as_str()).collect();
        // the first one speaks of the ends of the period
        (codes, report.shown.join("\n"), report.cautions[1..].join("\n"))
    }
}

impl Scene {
    async fn newest(&self) -> String {
        let sql = "select signed_note from audit_checkpoints order by size desc limit 1";
        sqlx::query_scalar(sql).fetch_one(&*self.server.office.state.pool).await.expect("a checkpoint")
    }
}

fn size_of(note: &str) -> u64 {
    note.lines().nth(1).and_then(|size| size.parse().ok()).expect("a size")
}

fn forged(origin: &str, size: u64, by: u8) -> String {
    let key = PrivateKey::new(origin, &[by; 32]).expect("a name");
    Checkpoint { origin: origin.into(), size, root: tree::leaf_hash(b"another history") }.sign(&[key])
}

#[tokio::test]
async fn a_checkpoint_of_another_size_is_shown_by_a_proof_or_said_to_be_not_shown() {
    let kept = Kept::new().await;
    let (older, size, newer) = (size_of(&kept.older), kept.size, size_of(&kept.newer));
    assert!(older < size && size < newer, "{older}, {size}, {newer}");

    let (found, shown, said) = kept.judged(&[&kept.older], &[]);
    assert!(found.is_empty() && shown.is_empty(), "{found:?} {shown}");
    assert!(
        said.contains(&format!("nothing of the {older} entries that were signed there was changed before these {size} were")),
        "{said}"
    );
    assert!(said.contains(&format!("`cms-messages audit consistency {older} {size}`")), "{said}");
    let (found, shown, said) = kept.judged(&[&kept.newer], &[]);
    assert!(found.is_empty() && shown.is_empty(), "{found:?} {shown}");
    assert!(said.contains(&format!("these {size} entries are the beginning of the {newer}")), "{said}");
    let (_, _, said) = kept.judged(&[&kept.newer, &kept.older], &[]);
    assert!(
        said.starts_with("2 anchored checkpoints over another") && said.contains(&format!("audit consistency {older} {size} {newer}`")),
        "{said}"
    );

    let proofs = kept.proofs(&[newer, older, size]).await;
    assert_eq!(proofs.iter().map(|proof| (proof.from, proof.to)).collect::<Vec<_>>(), [(older, size), (size, newer)]);
    for (note, words) in [
        (&kept.older, format!("The {size} entries that this is proven against begin with the {older}")),
        (&kept.newer, format!("The {newer} entries of the anchored checkpoint begin with the {size}")),
    ] {
        let (found, shown, said) = kept.judged(&[note], &proofs);
        assert_eq!((found, said.as_str()), (vec![], ""));
        assert!(shown.starts_with(&words), "{shown}");
    }
    // one about other sizes is none about these
    let other = kept.proofs(&[older, newer]).await;
    let (found, shown, said) = kept.judged(&[&kept.older], &other);
    assert!(found.is_empty() && shown.is_empty() && said.contains("cannot show"), "{found:?} {shown} {said}");
    // with its own checkpoint there is nothing left to be shown
    let own = files(&kept.bytes).content["checkpoint.txt"].clone();
    let (found, shown, said) = kept.judged(&[&kept.older, &own, &kept.newer], &[]);
    assert_eq!((found, said.as_str()), (vec![], ""));
    assert!(shown.contains("is the same"), "{shown}");
}

#[tokio::test]
async fn a_checkpoint_of_another_history_is_found_whatever_its_size() {
    let kept = Kept::new().await;
    let sizes = [size_of(&kept.older), kept.size, size_of(&kept.newer)];
    let proofs = kept.proofs(&sizes).await;
    for size in sizes {
        let (found, shown, _) = kept.judged(&[&forged("messages.example.org", size, 1)], &proofs);
        assert_eq!((found, shown.as_str()), (vec!["anchor.root"], ""), "rewritten by somebody with the key, {size}");
        let (found, ..) = kept.judged(&[&forged("messages.example.org", size, 2)], &proofs);
        assert_eq!(found, ["anchor.foreign"], "signed by somebody else, {size}");
        let (found, ..) = kept.judged(&[&forged("other.example.org", size, 1)], &proofs);
        assert_eq!(found, ["anchor.foreign"], "of somebody else, {size}");
    }
    let mut broken = proofs.clone();
    for proof in &mut broken {
        let node = proof.nodes.last_mut().expect("nodes");
        node.0[7] ^= 1;
    }
    for note in [&kept.older, &kept.newer] {
        assert_eq!(kept.judged(&[note], &broken).0, ["anchor.root"], "a proof that shows nothing is no proof");
    }
}

#[tokio::test]
async fn the_program_writes_the_proof_and_takes_it() {
    let kept = Kept::new().await;
    let (older, size) = (size_of(&kept.older), kept.size);
    let program = |sizes: &[String]| {
        let url = kept.scene.server.office.database.options().to_url_lossy().to_string();
        let words = ["audit", "consistency"].into_iter().chain(sizes.iter().map(String::as_str));
        let output = Command::new(env!("CARGO_BIN_EXE_cms-messages")).args(words).env("DATABASE_URL", url).output().expect("it runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, proof, complained) = program(&[older.to_string(), size.to_string()]);
    assert_eq!((code, proof.lines().count()), (Some(0), 1), "{complained}");
    let folder = Folder::new("consistency");
    let (file, anchor) = (folder.file("review.tar", &kept.bytes), folder.file("anchor", &kept.older));
    let (code, said, _) = folder.verify(&[&file, "--checkpoint", &anchor]);
    assert!(code == Some(0) && said.contains(&format!("audit consistency {older} {size}")), "{said}");
    let (code, said, _) = folder.verify(&[&file, "--checkpoint", &anchor, "--consistency", &folder.file("proof", &proof)]);
    assert!(code == Some(0) && said.contains("\nShown: ") && !said.contains("audit consistency"), "{said}");
    let another = folder.file("another", &forged("messages.example.org", older, 1));
    let (code, said, _) = folder.verify(&[&file, "--checkpoint", &another, "--consistency", &folder.file("proof", &proof)]);
    assert!(code == Some(1) && said.contains("anchor.root") && !said.contains("Shown: "), "{said}");
    let (code, _, complained) = folder.verify(&[&file, "--consistency", &folder.file("none", "id\n")]);
    assert!(code == Some(2) && complained.contains("line 1 is no proof of consistency"), "{complained}");
    let (code, proof, complained) = program(&["1".into(), "999999".into()]);
    assert!(code != Some(0) && proof.is_empty() && complained.contains("there is no tree over 999999"), "{complained}");
}
