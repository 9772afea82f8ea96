//! How often a proof may fail. A try is counted when it is let through, so that a burst is no way round, and given back
//! when it succeeds. In memory and bounded; a restart forgives.
//!
//! There is no limit per login from everywhere: it would be a lock that strangers turn. Password and code are judged
//! together and a failure says nothing of either, each try costs a hash of which few run at once, and each is a fact.
//!
//! What strangers fail at the front page keeps nobody from proving a code beside a key or in a browser that is signed in:
//! those are counted by what the caller has proven already.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chaperone_policy::PersonId;
use jiff::{SignedDuration, Timestamp};

/// Over how long tries count.
const WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// Of one login from one network: a person who mistypes.
const BOTH: u32 = 6;
/// From one network: a hospital's proxy has many people behind it.
const NETWORK: u32 = 300;
/// Codes of one key from one network, or of one browser.
const CODES: u32 = 6;
/// Codes of one key from everywhere: whoever holds it spreads their guesses.
const KEY: u32 = 60;
/// Keys of one login from one network: more than a client tries with all the keys of an agent.
const KEYS: u32 = 20;
/// Counters at once; beyond it the oldest go.
const COUNTERS: usize = 10_000;

/// What a try is counted under, with how many may fail there.
pub(crate) type Counted = Vec<(String, u32)>;

/// A password and a code on the front page.
pub(crate) fn sign_in(login: &str, source: IpAddr) -> Counted {
    let network = network(source);
    // A login may be anything that a caller sends: only so much of it is kept.
    let login: String = login.chars().take(64).collect::<String>().to_lowercase();
    vec![(format!("both {network} {login}"), BOTH), (format!("network {network}"), NETWORK)]
}

/// A key, or a certificate, with its signature. Nobody guesses a key: so a network that fails for many logins is held
/// against no other login behind it.
pub(crate) fn key_of_login(login: &str, source: IpAddr) -> Counted {
    let login: String = login.chars().take(64).collect::<String>().to_lowercase();
    vec![(format!("signed {} {login}", network(source)), KEYS)]
}

/// Whatever is tried at the SSH door and no key that is enrolled.
pub(crate) fn at_the_ssh_door(source: IpAddr) -> Counted {
    vec![(format!("door {}", network(source)), NETWORK)]
}

/// A code beside a proven key.
pub(crate) fn code_of_key(person: PersonId, fingerprint: &str, source: IpAddr) -> Counted {
    let of = format!("{} {fingerprint}", person.0);
    vec![(format!("key {} {of}", network(source)), CODES), (format!("keys {of}"), KEY)]
}

/// A code in a browser that is signed in.
pub(crate) fn code_of_browser(person: PersonId, session: &[u8]) -> Counted {
    let session: String = session.iter().map(|byte| format!("{byte:02x}")).collect();
    vec![(format!("browser {} {session}", person.0), CODES)]
}

/// Counts tries.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    counters: Mutex<Counters>,
}

impl Limits {
    /// Counts a try.
    ///
    /// # Errors
    /// How long the caller has to wait before another is looked at; this one is not counted.
    pub(crate) fn take(&self, tried: &Counted, now: Timestamp) -> Result<(), SignedDuration> {
        let mut counters = self.counters();
        if let Some(wait) = left(&counters, tried, now) {
            return Err(wait);
        }
        if counters.len() >= COUNTERS {
            counters.retain(|_, (since, _)| now.duration_since(*since) < WITHIN);
        }
        if counters.len() >= COUNTERS {
            counters.clear();
        }
        for (key, _) in tried {
            let counter = counters.entry(key.clone()).or_insert((now, 0));
            if now.duration_since(counter.0) >= WITHIN {
                *counter = (now, 0);
            }
            counter.1 = counter.1.saturating_add(1);
        }
        Ok(())
    }

    /// How long the caller has to wait, if they do; counts nothing.
    pub(crate) fn wait(&self, tried: &Counted, now: Timestamp) -> Option<SignedDuration> {
        left(&self.counters(), tried, now)
    }

    /// A try that was counted did not fail.
    pub(crate) fn give_back(&self, tried: &Counted) {
        let mut counters = self.counters();
        for (key, _) in tried {
            if let Some(counter) = counters.get_mut(key) {
                counter.1 = counter.1.saturating_sub(1);
            }
        }
    }

    fn counters(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Counters = HashMap<String, (Timestamp, u32)>;

fn left(counters: &Counters, tried: &Counted, now: Timestamp) -> Option<SignedDuration> {
    let of = |(key, most): &(String, u32)| {
        let (since, count) = counters.get(key)?;
        let left = WITHIN - now.duration_since(*since);
        (*count >= *most && left.is_positive()).then_some(left)
    };
    tried.iter().filter_map(of).max()
}

/// An IPv4 address, or the /64 of an IPv6 one.
fn network(source: IpAddr) -> String {
    match source.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fails_too_often_waits_and_others_do_not() {
        let limits = Limits::default();
        let now = Timestamp::UNIX_EPOCH;
        let [one, two]: [IpAddr; 2] = ["192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap()];
        let tries = |login: &str, source, at| limits.take(&sign_in(login, source), at);
        for _ in 0..BOTH {
            assert_eq!(tries("dana", one, now), Ok(()));
        }
        assert_eq!(tries("DANA", one, now), Err(WITHIN), "letters' case is no way round");
        assert_eq!(tries("dana", two, now), Ok(()), "she herself, from elsewhere");
        assert_eq!(tries("priya", one, now), Ok(()), "somebody else, from there");
        assert_eq!(tries("dana", one, now + WITHIN), Ok(()), "it is over");
        for n in 0..NETWORK {
            let _ = tries(&format!("guess{n}"), two, now);
        }
        assert!(tries("priya", two, now).is_err(), "a scan is stopped as one");
    }

    #[test]
    fn what_strangers_fail_keeps_nobody_from_a_code() {
        let limits = Limits::default();
        let (now, dana) = (Timestamp::UNIX_EPOCH, PersonId(uuid::Uuid::from_u128(1)));
        let here: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..2 * NETWORK {
            let _ = limits.take(&sign_in("dana", here), now);
        }
        assert!(limits.take(&sign_in("dana", here), now).is_err());
        assert_eq!(limits.take(&code_of_browser(dana, &[1]), now), Ok(()));
        for _ in 0..CODES {
            assert_eq!(limits.take(&code_of_key(dana, "SHA256:k", here), now), Ok(()));
        }
        assert!(limits.take(&code_of_key(dana, "SHA256:k", here), now).is_err());
        assert_eq!(limits.take(&code_of_key(dana, "SHA256:other", here), now), Ok(()));
    }

    #[test]
    fn a_try_that_succeeds_is_given_back() {
        let limits = Limits::default();
        let tried = sign_in("dana", "192.0.2.1".parse().unwrap());
        for _ in 0..10 * BOTH {
            assert_eq!(limits.take(&tried, Timestamp::UNIX_EPOCH), Ok(()));
            limits.give_back(&tried);
        }
    }

    #[test]
    fn memory_is_bounded() {
        let limits = Limits::default();
        for n in 0..2 * COUNTERS {
            let source = IpAddr::from(u32::try_from(n).unwrap().to_be_bytes());
            limits.take(&sign_in(&format!("l{n}"), source), Timestamp::UNIX_EPOCH).unwrap();
        }
        assert!(limits.counters.lock().unwrap().len() <= COUNTERS + 2);
    }
}
