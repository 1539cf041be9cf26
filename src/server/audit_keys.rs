//! The file with the keys that sign the tree of the audit log: one private key a line, blank lines and `#` aside.
//!
//! Several keys are a rotation: each signs every checkpoint. A public key is one that signs no more, because it was lost or
//! taken out too early: what it has signed is gone on with. All have one name, the origin of the tree.

use crate::server::{
    failure::Failure,
    proof::note::{PrivateKey, PublicKey, is_name},
    settings::Settings,
};
use std::{
    collections::BTreeSet,
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// What a file of keys holds.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// Each signs every checkpoint.
    pub signing: Vec<PrivateKey>,
    /// These sign no more; a tree that one of them has signed last is gone on with.
    pub earlier: Vec<PublicKey>,
}

/// The keys; none without a file.
///
/// # Errors
/// When the file cannot be read, holds no private key, something that is no key, or keys of several names. Nothing of it is quoted.
pub fn load(file: Option<&Path>) -> Result<Keys, Failure> {
    let Some(file) = file else { return Ok(Keys::default()) };
    let name = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| Failure(format!("[audit] key_file: {name} cannot be read: {error}")))?;
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let (mut keys, mut names) = (Keys::default(), BTreeSet::new());
    for (n, line) in lines {
        if let Ok(key) = line.parse::<PrivateKey>() {
            names.insert(key.public().name().to_owned());
            keys.signing.push(key);
        } else if let Ok(key) = line.parse::<PublicKey>() {
            names.insert(key.name().to_owned());
            keys.earlier.push(key);
        } else {
            return Err(Failure(format!("[audit] key_file: line {} of {name} is no key", n.saturating_add(1))));
        }
    }
    if keys.signing.is_empty() {
        let only = if keys.earlier.is_empty() { "" } else { " that signs: a public one is only believed" };
        return Err(Failure(format!("[audit] key_file: there is no key in {name}{only}")));
    }
    if names.len() > 1 {
        return Err(Failure(format!("[audit] key_file: the keys in {name} have different names; a tree has one")));
    }
    Ok(keys)
}

/// A new key in a new file that only its owner can read.
///
/// # Errors
/// When the file is there already, or cannot be written; when the name has a space or a plus.
pub fn create(file: &Path, name: &str) -> Result<PrivateKey, Failure> {
    let shown = file.display();
    if !is_name(name) {
        return Err(Failure::new("A key's name is like messages.example.org, without spaces and plus signs."));
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Failure(error.to_string()))?;
    let key = PrivateKey::new(name, &seed).map_err(|error| Failure(error.to_string()))?;
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let mut written = opened.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure(format!("{shown} is there already; a key is never overwritten.")),
        _ => Failure(format!("{shown} cannot be written: {error}")),
    })?;
    writeln!(written, "{}", key.to_secret_text()).and_then(|()| written.sync_all())?;
    Ok(key)
}

/// What a key is called when nobody says: the host that browsers see.
#[must_use]
pub fn usual_name(settings: &Settings) -> &str {
    let url = settings.server.public_url.as_str();
    url.split_once("://").map_or(url, |(_, host)| host).split(':').next().filter(|host| is_name(host)).unwrap_or("cms-messages")
}

#[cfg(test)]
mod tests {
    use super::{create, load, usual_name};
    use crate::server::settings::{Server, Settings};
    use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

    fn place(name: &str) -> PathBuf {
        let place = std::env::temp_dir().join(format!("cms-messages-key-{}-{name}", std::process::id()));
        let _ = fs::remove_file(&place);
        place
    }

    #[test]
    fn a_key_is_for_its_owner_alone_and_is_never_overwritten() {
        let file = place("new");
        let key = create(&file, "messages.example.org").expect("made");
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        assert!(create(&file, "messages.example.org").expect_err("there already").0.contains("never overwritten"));
        let loaded = load(Some(&file)).expect("readable");
        assert_eq!(loaded.signing.iter().map(|key| key.public()).collect::<Vec<_>>(), [key.public()]);
        assert!(loaded.earlier.is_empty());
        fs::remove_file(file).expect("removed");
    }

    #[test]
    fn a_file_that_is_wrong_is_named_and_not_quoted() {
        let (one, same, other) = (place("one"), place("same"), place("other"));
        for (file, name) in [(&one, "a.example.org"), (&same, "a.example.org"), (&other, "b.example.org")] {
            create(file, name).expect("made");
        }
        let text = |file: &PathBuf| fs::read_to_string(file).expect("there");
        let wrong = place("wrong");
        let refused = |content: &str| {
            fs::write(&wrong, content).expect("written");
            load(Some(&wrong)).map(|keys| (keys.signing.len(), keys.earlier.len())).map_err(|failure| failure.0)
        };
        assert_eq!(refused(&format!("# the old one\n{}\n{}", text(&one), text(&same))), Ok((2, 0)));
        let public = |file: &PathBuf| load(Some(file)).expect("readable").signing.first().expect("a key").public();
        assert_eq!(refused(&format!("{}{}\n", text(&one), public(&same))), Ok((1, 1)));
        assert!(refused(&public(&one).to_string()).is_err_and(|why| why.contains("that signs")));
        assert!(refused(&format!("{}{}", text(&one), public(&other))).is_err_and(|why| why.contains("different names")));
        assert!(refused("").is_err_and(|why| why.contains("no key in")));
        assert!(refused(&format!("{}secret\n", text(&one))).is_err_and(|why| why.contains("line 2") && !why.contains("secret")));
        assert!(refused(&format!("{}{}", text(&one), text(&other))).is_err_and(|why| why.contains("different names")));
        for file in [one, same, other, wrong] {
            fs::remove_file(file).expect("removed");
        }
        assert!(load(Some(&place("missing"))).is_err());
        assert!(load(None).is_ok_and(|keys| keys.signing.is_empty() && keys.earlier.is_empty()));
    }

    #[test]
    fn a_key_is_called_after_the_host_that_browsers_see() {
        let named = |url: &str| {
            let server = Server { public_url: url.into(), ..Server::default() };
            usual_name(&Settings { server, ..Settings::default() }).to_owned()
        };
        assert_eq!(named("https://messages.example.org"), "messages.example.org");
        assert_eq!(named("http://lan:3000"), "lan");
        assert_eq!(named(""), "cms-messages");
    }
}
