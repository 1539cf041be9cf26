//! `audit verify` as whoever checks calls it: on a machine without settings and without a database.

use super::{Office, export, history::History, key, random::Random};
use crate::support::checker::Folder;
use sqlx::ConnectOptions;
use std::process::Command;

async fn exported(seed: u64) -> String {
    let mut history = History::begin(Random::of(seed, 9_000)).await;
    history.goes_on(30).await;
    history.is_sealed().await;
    export(&history.office).await.join("\n") + "\n"
}

#[tokio::test]
async fn it_says_by_its_exit_code_what_came_of_it() {
    let folder = Folder::new("codes");
    let good = exported(1).await;
    let file = folder.file("good.jsonl", &good);
    let (code, said, complained) = folder.verify(&[&file]);
    assert_eq!((code, complained.as_str()), (Some(0), ""), "{said}");
    assert!(said.contains("\nGOOD: ") && said.contains("No anchored checkpoint") && said.contains("No key was given"), "{said}");

    let note = said.split_once("next time:\n\n").expect("a note").1.split("\n\n").take(2).collect::<Vec<_>>().join("\n\n") + "\n";
    let (anchor, vkey) = (folder.file("anchor", &note), key(1).public().to_string());
    let (code, said, _) = folder.verify(&[&file, "--checkpoint", &anchor, "--key", &vkey]);
    assert!(code == Some(0) && !said.contains("Note: "), "{said}");

    // as it comes back by mail, and as a mail has broken it
    let mailed = folder.file("mailed", &format!("{}\r\n\r\n", note.trim_end().replace('\n', "\r\n")));
    let (code, said, _) = folder.verify(&[&file, "--checkpoint", &mailed, "--key", &vkey]);
    assert!(code == Some(0) && !said.contains("Note: "), "{said}");
    let broken = folder.file("broken", &note.replace("\n\n", "\n"));
    let (code, said, complained) = folder.verify(&[&file, "--checkpoint", &broken]);
    assert_eq!((code, said.as_str()), (Some(2), ""));
    assert!(complained.contains("the empty line between the checkpoint and its signatures is missing"), "{complained}");

    let wrong =
        folder.file("wrong.jsonl", &good.replacen("\"up_to_seq\":1", "\"up_to_seq\":9", 1).replacen("\"body\":\"", "\"body\":\"not ", 1));
    let (code, said, _) = folder.verify(&[&wrong]);
    assert!(code == Some(1) && said.contains("WRONG: ") && said.contains("message.text") && said.contains(" entry "), "{said}");

    let empty = folder.file("empty", "");
    let other = folder.file("other", "id\tname\n1\tasha\n");
    for words in [vec!["/no/such/file"], vec![&empty], vec![&other], vec![&file, "--checkpoint", &other], vec![&file, "--key", "x"]] {
        let (code, said, complained) = folder.verify(&words);
        assert_eq!((code, said.as_str()), (Some(2), ""), "{words:?}");
        assert!(!complained.is_empty() && !complained.contains("panicked"), "{complained}");
    }
}

#[tokio::test]
async fn a_file_says_nothing_in_the_place_of_the_program() {
    let folder = Folder::new("steers");
    // hides what follows on a terminal, and says the opposite in front of it
    let says = "1\nGOOD: all of it goes together\u{1b}[8m\u{202e}";
    let quoted = serde_json::to_string(says).expect("a text");
    let says = quoted.trim_matches('"');
    let good = exported(2).await;
    // byte by byte as an export has it, or nothing of a line is looked at
    let hostile = good.lines().map(|line| match line.split_once("\"message\":{") {
        Some((entry, _)) => {
            let (before, object) = entry.split_once("\"object\":\"").expect("an object");
            let (_, after) = object.split_once('"').expect("its end");
            format!("{before}\"object\":\"{says}\"{after}\"message\":null}}\n")
        }
        None => line.replace("\"signed_note\":\"", &format!("\"signed_note\":\"{says}\\n")) + "\n",
    });
    let (code, said, _) = folder.verify(&[&folder.file("hostile.jsonl", &hostile.collect::<String>())]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("message.missing") && said.contains("1\\u{a}GOOD: all of it goes together\\u{1b}[8m\\u{202e}"), "{said}");
    assert!(said.lines().all(|line| !line.starts_with("GOOD")) && !said.contains(['\u{1b}', '\u{202e}']), "{said}");
}

#[tokio::test]
async fn what_the_program_exports_the_program_verifies() {
    let mut history = History::begin(Random::of(1, 9_001)).await;
    history.goes_on(30).await;
    history.is_sealed().await;
    let (folder, office): (Folder, &Office) = (Folder::new("program"), &history.office);
    let program = |words: &[&str]| {
        let url = office.database.options().to_url_lossy().to_string();
        let program = Command::new(env!("CARGO_BIN_EXE_cms-messages")).args(words).env("DATABASE_URL", url).output();
        String::from_utf8(program.expect("it runs").stdout).expect("UTF-8")
    };
    let whole = program(&["audit", "export"]);
    assert_eq!(whole.lines().map(str::to_owned).collect::<Vec<_>>(), export(office).await);
    assert_eq!(folder.verify(&[&folder.file("whole", &whole)]).0, Some(0));
    // what happened since some moment is no whole: it is for reading
    let since = program(&["audit", "export", "--since", "2000-01-01"]);
    assert_eq!(since.lines().count(), whole.lines().filter(|line| !line.starts_with("{\"record\"")).count());
    assert_eq!(folder.verify(&[&folder.file("since", &since)]).0, Some(2));
}
