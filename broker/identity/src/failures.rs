//! Failed proofs at the SSH door. Who fails as somebody from somewhere again and again is not listened to any more in that
//! name from there, for a while: no failure is told from another. The person themselves never notices, from their own place
//! or from behind the same address: nobody guesses a key, so theirs is let in. In memory and bounded, as [`crate::limits`]
//! counts.
//!
//! Offers count for nothing: an agent offers what it has. Codes beside a proven key have their own count, which nobody
//! reaches who does not hold the key.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::limits::{Counted, Limits, at_the_ssh_door, key_of_login};

/// Counts failed proofs; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Failures(Arc<Limits>);

impl Failures {
    /// How long no failure in this user name's login from there is told from another; `None` when they are.
    #[must_use]
    pub fn held_back(&self, user: &str, source: IpAddr, now: Timestamp) -> Option<SignedDuration> {
        self.0.wait(&of(user, source), now)
    }

    /// Whether so much has failed from there that each connection may fail once only. Who has an enrolled key is let in
    /// all the same: many may be behind one address.
    #[must_use]
    pub fn is_short_with(&self, source: IpAddr, now: Timestamp) -> bool {
        self.0.wait(&at_the_ssh_door(source), now).is_some()
    }

    /// A proof has failed. Returns for how long the login is held back from there, if this was the failure that did it.
    #[must_use]
    pub fn failed(&self, user: &str, source: IpAddr, now: Timestamp) -> Option<SignedDuration> {
        // Beyond the most there is nothing to count.
        let _ = self.0.take(&at_the_ssh_door(source), now);
        let tried = of(user, source);
        self.0.take(&tried, now).ok().and_then(|()| self.0.wait(&tried, now))
    }
}

/// By login: who names another target is the same.
fn of(user: &str, source: IpAddr) -> Counted {
    key_of_login(user.split('+').next().unwrap_or_default(), source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fails_elsewhere_in_somebodys_name_keeps_only_themselves_out() {
        let failures = Failures::default();
        let now = Timestamp::UNIX_EPOCH;
        let [here, there]: [IpAddr; 2] = ["192.0.2.1".parse().unwrap(), "198.51.100.1".parse().unwrap()];
        let fails = |n: usize| failures.failed(&format!("dana+server-{n}"), there, now);
        let told: Vec<_> = (0..100).filter_map(fails).collect();
        assert_eq!(told.len(), 1, "it is told once");
        let held = |user: &str, source| failures.held_back(user, source, now).is_some();
        assert!(held("dana", there) && held("Dana+x+y", there), "whatever the target, and the case");
        assert!(!held("dana", here), "she herself, from her own place");
        assert!(!held("priya", there), "somebody else, from there");
        assert!(!failures.is_short_with(there, now));
        let later = now + SignedDuration::from_mins(10);
        assert!(failures.held_back("dana", there, later).is_none(), "it is over");
        for n in 0..1000 {
            let _ = failures.failed(&format!("guess{n}"), there, now);
        }
        assert!(failures.is_short_with(there, now) && !failures.is_short_with(here, now));
        assert!(!held("priya", there), "a scan keeps nobody with a key out");
    }
}
