//! Takes checkpoints out of the database, to where whoever can change that does not reach: a file, the local syslog. Every
//! instance does, for itself; at most so often, once more when it stops, and when an export is released that refers to one.
//!
//! One line of JSON each, with the note as it was signed, and only if one of our keys has: what somebody has put into the
//! database is no witness. A line that a crash has cut off stays cut off: the next one
//! begins on a line of its own.

use crate::{
    error::Error,
    server::{
        db,
        jobs::pause,
        proof::note::{self, PublicKey},
        settings::Audit,
        state::AppState,
    },
};
use std::{
    fs::OpenOptions,
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::{fs::OpenOptionsExt, net::UnixDatagram},
    path::{Path, PathBuf},
    time::Duration,
};

/// Where the local syslog listens.
const SYSLOG: &str = "/dev/log";

/// `authpriv.notice`: 10 * 8 + 5 (RFC 3164).
const PRIORITY: u8 = 85;

/// What one instance has taken out last.
#[derive(Debug)]
pub struct Anchors {
    believed: Vec<PublicKey>,
    last: Option<String>,
}

/// Until the server stops; gives what may go out once more then. At once, and nothing, when no place is named.
pub(super) async fn run(state: AppState, believed: Vec<PublicKey>) -> Option<Anchors> {
    let audit = state.settings.audit.clone();
    if audit.anchor_file.is_none() && !audit.anchor_syslog {
        tracing::warn!("checkpoints of the audit log are kept in its database alone: name an [audit] anchor_file elsewhere");
        return None;
    }
    let every = Duration::from_secs(u64::from(audit.anchor_every_seconds));
    let (mut anchors, mut failing) = (Anchors::believing(believed), false);
    loop {
        say(&mut failing, &anchors.round(&state).await);
        if pause(&state.shutdown, every).await {
            return Some(anchors);
        }
    }
}

/// A failure is said once, and so is the recovery.
pub(super) fn say(failing: &mut bool, done: &Result<bool, Missed>) {
    match done {
        Err(Missed::Database(error)) if !*failing => tracing::warn!(code = ?error.code, "no checkpoint could be read to be anchored"),
        Err(Missed::NotOurs) if !*failing => {
            tracing::error!("the newest checkpoint is not anchored: it is signed by none of the keys in [audit] key_file");
        }
        Err(Missed::Outside(reason)) if !*failing => tracing::error!(reason = reason.as_str(), "a checkpoint could not be anchored"),
        Ok(_) if *failing => tracing::info!("checkpoints are anchored again"),
        _ => {}
    }
    *failing = done.is_err();
}

/// Why there is no anchor.
#[derive(Debug)]
pub enum Missed {
    /// The checkpoint could not be read.
    Database(Error),
    /// None of our keys has signed it: somebody has put it into the database.
    NotOurs,
    /// The file or the syslog did not take it.
    Outside(String),
}

impl Anchors {
    /// Nothing is out yet. These keys are believed: those that sign, and those that did.
    #[must_use]
    pub fn believing(believed: Vec<PublicKey>) -> Self {
        Self { believed, last: None }
    }

    /// Takes the newest checkpoint out, unless it is out already. Whether it was a new one.
    ///
    /// # Errors
    /// When it could not be read, is not ours, or one of the places did not take it: all of them get it again the next time.
    pub async fn round(&mut self, state: &AppState) -> Result<bool, Missed> {
        let note = async {
            let mut connection = state.pool.acquire().await?;
            db::in_time(db::seal::newest_note(&mut connection)).await
        };
        let Some(note) = note.await.map_err(|error| Missed::Database(error.into()))? else { return Ok(false) };
        if self.last.as_ref() == Some(&note) {
            return Ok(false);
        }
        note::open(&note, &self.believed).map_err(|_| Missed::NotOurs)?;
        outside(state, &note).await?;
        self.last = Some(note);
        Ok(true)
    }
}

/// Takes a checkpoint out at once, because something is handed out that refers to it: an anchor of the same size is what it
/// can be compared with. A failure is logged; the checkpoint itself is in the database all the same.
pub async fn take_out(state: &AppState, note: &str) {
    if let Err(Missed::Outside(reason)) = outside(state, note).await {
        tracing::error!(reason, "the checkpoint of an export could not be anchored");
    }
}

async fn outside(state: &AppState, note: &str) -> Result<(), Missed> {
    let line = serde_json::json!({ "note": note }).to_string();
    let audit = state.settings.audit.clone();
    let written = tokio::task::spawn_blocking(move || write(&audit, &line)).await;
    written.map_err(|error| Missed::Outside(error.to_string()))?.map_err(|error| Missed::Outside(error.to_string()))
}

fn write(audit: &Audit, line: &str) -> io::Result<()> {
    if let Some(file) = &audit.anchor_file {
        append(file, line)?;
    }
    if audit.anchor_syslog {
        tell(&PathBuf::from(SYSLOG), line)?;
    }
    Ok(())
}

/// One write, so that instances that share a file do not mix their lines; on the disk when it returns.
fn append(file: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o644).open(file)?;
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let before = if last == [b'\n'] { "" } else { "\n" };
    file.write_all(format!("{before}{line}\n").as_bytes())?;
    file.sync_all()
}

fn tell(socket: &Path, line: &str) -> io::Result<()> {
    let message = format!("<{PRIORITY}>cms-messages: audit checkpoint {line}");
    UnixDatagram::unbound()?.send_to(message.as_bytes(), socket).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::{append, tell};
    use std::{fs, os::unix::net::UnixDatagram};

    fn place(name: &str) -> std::path::PathBuf {
        let place = std::env::temp_dir().join(format!("cms-messages-anchor-{}-{name}", std::process::id()));
        let _ = fs::remove_file(&place);
        place
    }

    #[test]
    fn a_line_that_was_cut_off_does_not_spoil_the_next() {
        let file = place("torn");
        append(&file, "{\"note\":\"1\"}").expect("written");
        fs::OpenOptions::new().append(true).open(&file).and_then(|mut file| std::io::Write::write_all(&mut file, b"{\"no")).expect("torn");
        append(&file, "{\"note\":\"2\"}").expect("written");
        assert_eq!(fs::read_to_string(&file).expect("read"), "{\"note\":\"1\"}\n{\"no\n{\"note\":\"2\"}\n");
        fs::remove_file(file).expect("removed");
    }

    #[test]
    fn the_syslog_hears_one_line() {
        let socket = place("syslog");
        let log = UnixDatagram::bind(&socket).expect("bound");
        tell(&socket, "{}").expect("told");
        let mut heard = [0; 100];
        let length = log.recv(&mut heard).expect("heard");
        assert_eq!(&heard[..length], b"<85>cms-messages: audit checkpoint {}");
        fs::remove_file(socket).expect("removed");
    }
}
