//! Whoever checks what was handed out: the program in a folder without settings, database or key.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

/// A folder of their own, gone at the end.
pub struct Folder(PathBuf);

impl Folder {
    /// Empty.
    pub fn new(name: &str) -> Self {
        let place = std::env::temp_dir().join(format!("cms-messages-checker-{}-{name}", std::process::id()));
        fs::create_dir_all(&place).expect("a folder");
        Self(place)
    }

    /// Writes a file into it; its path.
    pub fn file(&self, name: &str, content: &(impl AsRef<[u8]> + ?Sized)) -> String {
        let file = self.0.join(name);
        fs::write(&file, content).expect("written");
        file.to_str().expect("a path").to_owned()
    }

    /// As whoever checks calls it: nothing of our environment, and no Leptos.toml.
    pub fn verify(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let program = Command::new(env!("CARGO_BIN_EXE_cms-messages"))
            .args(["audit", "verify"])
            .args(words)
            .env_clear()
            .current_dir(&self.0)
            .output();
        let Output { status, stdout, stderr } = program.expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (status.code(), text(stdout), text(stderr))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
