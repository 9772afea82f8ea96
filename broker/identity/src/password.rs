//! Passwords: argon2id (RFC 9106) in PHC form, hashed few at once, since each takes memory, and on threads of their own: an
//! allocator keeps what each thread has had, and a pool of many threads would keep it many times.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{Semaphore, oneshot};
use zeroize::Zeroizing;

/// Shortest password, in characters (NIST SP 800-63B asks for 8; these open hospital servers).
pub const MIN_CHARACTERS: usize = 12;
/// Longest password that is hashed, in bytes.
pub const MAX_BYTES: usize = 1024;
/// Memory of one hash, in KiB, and passes over it: OWASP's second choice, which two cores bear.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
/// Hashes at once: a flood of sign-ins waits here and takes neither the cores nor the memory.
const AT_ONCE: usize = 2;

type Job = Box<dyn FnOnce() + Send>;

/// Hashes passwords, few at once; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
    hashers: SyncSender<Job>,
    /// What the password of somebody who is not enrolled is compared with, so that it takes as long (P9).
    nobody: Arc<str>,
}

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too short.
    #[error("a password has at least {MIN_CHARACTERS} characters")]
    Short,
    /// Too long.
    #[error("a password has at most {MAX_BYTES} bytes")]
    Long,
    /// A few characters over and over, or the login.
    #[error("this password is guessed at once")]
    Guessable,
}

/// Whether a password is good enough for this login.
///
/// # Errors
/// Why not.
pub fn strong(password: &str, login: &str) -> Result<(), WeakPassword> {
    if password.chars().count() < MIN_CHARACTERS {
        return Err(WeakPassword::Short);
    }
    if password.len() > MAX_BYTES {
        return Err(WeakPassword::Long);
    }
    let distinct = password.chars().collect::<std::collections::BTreeSet<_>>().len();
    let named = password.to_lowercase().replace(&login.to_lowercase(), "");
    if distinct < 5 || named.chars().count() < MIN_CHARACTERS / 2 {
        return Err(WeakPassword::Guessable);
    }
    Ok(())
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let nobody = hash(b"nobody has this password", &[7; 16]).unwrap_or_default();
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), hashers: hashers(), nobody: nobody.into() }
    }

    /// The PHC string of a password; `None` where the machine has no randomness or memory for it.
    pub(crate) async fn hash(&self, password: Zeroizing<String>) -> Option<String> {
        let mut salt = [0; 16];
        aws_lc_rs::rand::fill(&mut salt).ok()?;
        self.work(move || hash(password.as_bytes(), &salt)).await?
    }

    /// Whether it is the password behind the PHC string. Without one it takes as long and says no.
    pub(crate) async fn fits(&self, password: Zeroizing<String>, phc: Option<String>) -> bool {
        let (enrolled, phc) = (phc.is_some(), phc.unwrap_or_else(|| self.nobody.as_ref().to_owned()));
        let long = password.len() > MAX_BYTES;
        let fits = self.work(move || {
            argon().is_some_and(|argon| argon.verify_password(password.as_bytes(), phc.as_str()).is_ok())
        });
        fits.await.unwrap_or(false) & enrolled & !long
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let _place = self.places.acquire().await.ok()?;
        let (answer, answered) = oneshot::channel();
        // Who asked may have gone: then nobody wants the answer.
        let job: Job = Box::new(move || drop(answer.send(work())));
        self.hashers.send(job).ok()?;
        answered.await.ok()
    }
}

/// Starts the threads that hash; they end with their last sender.
fn hashers() -> SyncSender<Job> {
    // Who sends holds one of as many places: there is always room.
    let (jobs, waiting) = sync_channel(AT_ONCE);
    let waiting = Arc::new(Mutex::new(waiting));
    for number in 0..AT_ONCE {
        let waiting = Arc::clone(&waiting);
        let started =
            thread::Builder::new().name(format!("hasher-{number}")).spawn(move || hash_on(&waiting));
        if let Err(error) = started {
            tracing::error!(%error, "a thread that hashes passwords cannot be started");
        }
    }
    jobs
}

fn hash_on(waiting: &Mutex<Receiver<Job>>) {
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

fn argon() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &[u8], salt: &[u8]) -> Option<String> {
    argon()?.hash_password_with_salt(password, salt).ok().map(|phc| phc.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_no_other() {
        let passwords = Passwords::new();
        let word = |text: &str| Zeroizing::new(text.to_owned());
        let phc = passwords.hash(word("correct horse battery")).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert_ne!(passwords.hash(word("correct horse battery")).await.unwrap(), phc, "salted");
        assert!(passwords.fits(word("correct horse battery"), Some(phc.clone())).await);
        assert!(!passwords.fits(word("correct horse batterz"), Some(phc)).await);
        assert!(!passwords.fits(word("nobody has this password"), None).await, "nobody is nobody");
    }

    #[test]
    fn weak_passwords_are_named() {
        assert_eq!(strong("short", "dana"), Err(WeakPassword::Short));
        assert_eq!(strong("aaaaaaaaaaaaaaaa", "dana"), Err(WeakPassword::Guessable));
        assert_eq!(strong("danadanadana1", "dana"), Err(WeakPassword::Guessable));
        assert_eq!(strong(&"x1y2z3".repeat(400), "dana"), Err(WeakPassword::Long));
        assert_eq!(strong("a long evening in Lisbon", "dana"), Ok(()));
    }
}
