//! Passwords: Argon2id (RFC 9106) with the usual costs (19 MiB, 2 passes), in few threads at once, never in an async one.
//!
//! Somebody unknown, somebody without a password and a wrong password cost the same time: there is always a hash to try.

use crate::error::{Code, Error};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::{fmt, sync::LazyLock, time::Duration};
use tokio::sync::{Semaphore, SemaphorePermit};
use unicode_normalization::UnicodeNormalization;

/// Tried where there is no hash; of nothing that anybody could type, with the costs of [`Argon2::default`].
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A sign-in that found no free thread after so long was not begun.
const PATIENCE: Duration = Duration::from_secs(5);

/// Each try takes 19 MiB and a core: a flood of them must not take all.
static THREADS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(threads()));

/// How many passwords are tried at once: one per core, at most 4.
#[must_use]
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4))
}

/// A password that may be set: at least 10 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The least characters.
    pub const MIN: usize = 10;
    /// The most.
    pub const MAX: usize = 1_000;

    /// Keyboards differ in how they compose letters: compared in NFC.
    ///
    /// # Errors
    /// `invalid` for `field`, with the sentence for the user.
    pub fn parse(field: &str, typed: &str) -> Result<Self, Error> {
        let length = typed.chars().count();
        if length < Self::MIN {
            return Err(Error::invalid(field, format!("Use at least {} characters.", Self::MIN)));
        }
        if length > Self::MAX {
            return Err(Error::invalid(field, format!("Use at most {} characters.", Self::MAX)));
        }
        Ok(Self(typed.nfc().collect()))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The PHC string to store.
///
/// # Errors
/// `unavailable` when too many others wait.
pub async fn hash(password: Password) -> Result<String, Error> {
    let permit = permit().await?;
    in_thread(permit, move || hash_here(&password)).await?
}

/// Whether this is the password behind `stored`. Without one it is not, after the same time.
///
/// # Errors
/// `unavailable` when too many others wait.
pub async fn verify(typed: String, stored: Option<String>) -> Result<bool, Error> {
    let permit = permit().await?;
    in_thread(permit, move || verify_here(&typed, stored.as_deref())).await
}

/// [`hash`] in this thread: for the import, which brings its own.
///
/// # Errors
/// `internal` when the operating system gives no random salt.
pub fn hash_here(password: &Password) -> Result<String, Error> {
    match Argon2::default().hash_password(password.0.as_bytes()) {
        Ok(hash) => Ok(hash.to_string()),
        Err(error) => {
            tracing::error!(cause = %error, "a password could not be hashed");
            Err(Error::new(Code::Internal))
        }
    }
}

/// [`verify`] in this thread.
#[must_use]
pub fn verify_here(typed: &str, stored: Option<&str>) -> bool {
    let typed: String = typed.nfc().collect();
    let Ok(hash) = PasswordHash::new(stored.unwrap_or(NOBODY)) else { return false };
    Argon2::default().verify_password(typed.as_bytes(), &hash).is_ok() && stored.is_some()
}

/// Whether this password, which may be set, is the one behind `stored`.
#[must_use]
pub fn is_same(password: &Password, stored: &str) -> bool {
    verify_here(&password.0, Some(stored))
}

async fn permit() -> Result<SemaphorePermit<'static>, Error> {
    match tokio::time::timeout(PATIENCE, THREADS.acquire()).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(Error::unavailable()),
    }
}

/// The permit goes along: a client that hangs up does not make room before its thread is done.
async fn in_thread<T: Send + 'static>(permit: SemaphorePermit<'static>, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let work = move || {
        let _permit = permit;
        work()
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::new(Code::Internal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_ten_characters_and_is_compared_in_nfc() {
        assert!(Password::parse("password", "123456789").is_err());
        let composed = Password::parse("password", "pass\u{e9}port-9").expect("long enough");
        let hash = hash_here(&composed).expect("hashed");
        assert!(verify_here("passe\u{301}port-9", Some(&hash)));
        assert!(!verify_here("passeport-9", Some(&hash)));
        assert!(Password::parse("password", "demo-password").is_ok());
    }

    #[test]
    fn trying_nobodys_password_costs_what_a_real_one_costs() {
        let real = hash_here(&Password("0123456789".into())).expect("hashed");
        let costs = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(costs(&real), costs(NOBODY));
        assert!(PasswordHash::new(NOBODY).is_ok());
        assert_eq!(real.len(), NOBODY.len());
        assert!(!verify_here("0123456789", None));
    }
}
