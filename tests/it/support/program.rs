//! The program itself, in a process of its own that can be told to stop, killed, and not listened to.

use super::database::TestDatabase;
use sqlx::ConnectOptions;
use std::{
    io::{BufRead, BufReader, Lines},
    net::SocketAddr,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

/// A running `cms-messages serve`; killed when dropped.
pub struct Program {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    log: Option<Lines<BufReader<ChildStderr>>>,
}

impl Program {
    /// Serves, and somebody reads its log.
    pub fn serve(database: &TestDatabase) -> Self {
        let mut program = Self::unread(database);
        // a full pipe would cost it lines
        drop(program.log());
        program
    }

    /// Serves with these variables, and somebody reads its log.
    pub fn serve_with(database: &TestDatabase, environment: &[(&str, &str)]) -> Self {
        let mut program = Self::begun(database, environment);
        drop(program.log());
        program
    }

    /// Serves with these variables; its log is for the test to read.
    pub fn serve_logged(database: &TestDatabase, environment: &[(&str, &str)]) -> Self {
        Self::begun(database, environment)
    }

    /// Serves, and nobody reads what it logs after it has said where it listens.
    pub fn unread(database: &TestDatabase) -> Self {
        Self::begun(database, &[])
    }

    fn begun(database: &TestDatabase, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cms-messages"))
            .arg("serve")
            .env("DATABASE_URL", database.options().to_url_lossy().to_string())
            .env("LEPTOS_SITE_ADDR", "127.0.0.1:0")
            .env("CMS_MESSAGES__SERVER__METRICS_ADDR", "127.0.0.1:0")
            .env("CMS_MESSAGES__LIMITS__SENDS_PER_MINUTE", "0")
            .env("CMS_MESSAGES__LIMITS__REQUESTS_PER_SECOND", "0")
            .env("CMS_MESSAGES__LIMITS__STREAMS_PER_USER", "0")
            .envs(environment.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut log = BufReader::new(child.stderr.take().expect("piped")).lines();
        let line = log.by_ref().map_while(Result::ok).find(|line| line.contains("listening")).expect("it listens");
        let address = line.split('"').find_map(|word| word.parse().ok()).unwrap_or_else(|| panic!("no address in {line}"));
        Self { child, address, log: Some(log) }
    }

    /// What it logs from now on, line by line; read to its end, also when nobody takes the lines.
    pub fn log(&mut self) -> Receiver<String> {
        let (tell, told) = channel();
        let log = self.log.take().expect("nobody reads it yet");
        std::thread::spawn(move || log.map_while(Result::ok).for_each(|line| drop(tell.send(line))));
        told
    }

    /// SIGKILL: nothing is drained, nothing is said.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// SIGTERM.
    pub fn ask_to_stop(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
    }

    /// How it ended, and how long that took from now.
    pub async fn ended(mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        let ended = tokio::task::spawn_blocking(move || self.child.wait().expect("an end"));
        (ended.await.expect("no panic"), began.elapsed())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
