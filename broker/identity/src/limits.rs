//! How often a sign-in may fail: per login and network, per login, and per network. In memory and bounded; a restart
//! forgives.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Over how long failures count.
const WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// Failures of one login from one network: a person who mistypes.
const BOTH: u32 = 6;
/// Failures of one login from everywhere: a guess that is spread out. Higher, since it also keeps the person out.
const LOGIN: u32 = 60;
/// Failures from one network: a hospital's proxy has many people behind it.
const NETWORK: u32 = 60;
/// Counters at once; beyond it the oldest go.
const COUNTERS: usize = 10_000;

/// Counts failures.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    counters: Mutex<HashMap<String, (Timestamp, u32)>>,
}

impl Limits {
    /// How long the caller has to wait before another try is looked at; `None` when it is now.
    pub(crate) fn wait(&self, login: &str, source: IpAddr, now: Timestamp) -> Option<SignedDuration> {
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let left = |(key, most): (String, u32)| {
            let (since, count) = counters.get(&key)?;
            let left = WITHIN - now.duration_since(*since);
            (*count >= most && left.is_positive()).then_some(left)
        };
        keys(login, source).into_iter().filter_map(left).max()
    }

    /// A try failed.
    pub(crate) fn failed(&self, login: &str, source: IpAddr, now: Timestamp) {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        if counters.len() >= COUNTERS {
            counters.retain(|_, (since, _)| now.duration_since(*since) < WITHIN);
        }
        if counters.len() >= COUNTERS {
            counters.clear();
        }
        for (key, _) in keys(login, source) {
            let counter = counters.entry(key).or_insert((now, 0));
            if now.duration_since(counter.0) >= WITHIN {
                *counter = (now, 0);
            }
            counter.1 = counter.1.saturating_add(1);
        }
    }
}

fn keys(login: &str, source: IpAddr) -> [(String, u32); 3] {
    let network = network(source);
    // A login may be anything that a caller sends: only so much of it is kept.
    let login: String = login.chars().take(64).collect::<String>().to_lowercase();
    [
        (format!("both {network} {login}"), BOTH),
        (format!("login {login}"), LOGIN),
        (format!("network {network}"), NETWORK),
    ]
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
        for _ in 0..BOTH {
            assert_eq!(limits.wait("dana", one, now), None);
            limits.failed("dana", one, now);
        }
        assert_eq!(limits.wait("DANA", one, now), Some(WITHIN), "letters' case is no way round");
        assert_eq!(limits.wait("dana", two, now), None, "she herself, from elsewhere");
        assert_eq!(limits.wait("priya", one, now), None, "somebody else, from there");
        assert_eq!(limits.wait("dana", one, now + WITHIN), None, "it is over");
        for n in 0..NETWORK {
            limits.failed(&format!("guess{n}"), two, now);
        }
        assert!(limits.wait("priya", two, now).is_some(), "a scan is stopped as one");
    }

    #[test]
    fn memory_is_bounded() {
        let limits = Limits::default();
        for n in 0..2 * COUNTERS {
            limits.failed(&format!("l{n}"), "192.0.2.1".parse().unwrap(), Timestamp::UNIX_EPOCH);
        }
        assert!(limits.counters.lock().unwrap().len() <= COUNTERS + 2);
    }
}
