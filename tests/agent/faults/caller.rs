//! One person at one of the doors: a connection that is kept, given up after a while, and made again at another door.

use super::history::History;
use crate::http::{Answer, Http};
use serde::de::DeserializeOwned;
use std::{sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Longer than this nobody waits for an answer: they hang up, and do not know what became of it.
pub const PATIENCE: Duration = Duration::from_secs(6);

/// The addresses that clients may use: an instance each, and the balancer.
pub type Doors = Arc<[String]>;

/// What everybody shares.
#[derive(Clone)]
pub struct World {
    /// Where to go.
    pub doors: Doors,
    /// What was done.
    pub history: Arc<History>,
    /// Cancelled when the writers and the hostile have to end.
    pub rest: CancellationToken,
    /// Cancelled when everybody has to.
    pub stop: CancellationToken,
}

/// A person's connection.
pub struct Caller {
    world: World,
    token: String,
    door: usize,
    patience: Duration,
    http: Option<Http>,
}

impl Caller {
    /// Nothing is connected yet.
    pub fn new(world: &World, token: &str, door: usize) -> Self {
        Self { world: world.clone(), token: token.into(), door, patience: PATIENCE, http: None }
    }

    /// The same of somebody who hangs up earlier.
    pub fn in_haste(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The address of the present door.
    pub fn door(&self) -> &str {
        self.world.doors.get(self.door % self.world.doors.len().max(1)).map_or("", String::as_str)
    }

    /// To this door from now on.
    pub fn go_to(&mut self, door: usize) {
        if self.door != door {
            (self.door, self.http) = (door, None);
        }
    }

    /// To the next door.
    pub fn elsewhere(&mut self) {
        self.go_to(self.door + 1);
    }

    /// One try. `None`: no answer, and nobody knows what became of it.
    pub async fn ask(&mut self, method: &str, path: &str, body: Option<&[u8]>) -> Option<Answer> {
        let answer = timeout(self.patience, self.try_to(method, path, body)).await;
        match answer {
            Ok(Ok(answer)) => {
                self.world.history.later(answer.status, answer.retry_after);
                Some(answer)
            }
            Ok(Err(_)) | Err(_) => {
                self.http = None;
                None
            }
        }
    }

    async fn try_to(&mut self, method: &str, path: &str, body: Option<&[u8]>) -> std::io::Result<Answer> {
        let http = match self.http.take() {
            Some(http) => http,
            None => Http::connect(self.door(), &self.token).await?,
        };
        self.http.insert(http).request(method, path, body).await
    }

    /// GET until it is answered with 200, at whichever door; `None` when the run ends before.
    pub async fn get<T: DeserializeOwned>(&mut self, path: &str) -> Option<T> {
        loop {
            if self.world.stop.is_cancelled() {
                return None;
            }
            match self.ask("GET", path, None).await {
                Some(answer) if answer.status == 200 => match serde_json::from_slice(&answer.body) {
                    Ok(value) => return Some(value),
                    Err(error) => self.world.history.saw("I4", format!("{path} was answered with something else: {error}")),
                },
                Some(answer) if answer.status < 429 => {
                    self.world.history.saw("I15", format!("{path} was answered with {}", answer.status));
                }
                _ => {}
            }
            self.elsewhere();
            sleep(Duration::from_millis(100)).await;
        }
    }
}
